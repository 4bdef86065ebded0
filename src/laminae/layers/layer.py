"""What all the builder's layers have in common: a name, a call that places them, and how they put operators in a graph."""

from __future__ import annotations

import dataclasses
import itertools
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from laminae.base.errors import UsageError
from laminae.graph import Value
from laminae.layers.input import Input
from laminae.layers.naming import require_name

if TYPE_CHECKING:
    from laminae.layers.placing import Place

Out = TypeVar("Out")
_numbers = itertools.count()


@dataclass(frozen=True, eq=False)
class Call:
    """A layer called on values. number: grows from call to call, so that the order of calling is known."""

    layer: BuilderLayer[Any]
    inputs: tuple[Source, ...]
    number: int


@dataclass(frozen=True, eq=False, repr=False)
class Placed:
    """A layer's output in a model that is still to be built: what calling a layer gives. call: by whom; index: which."""

    call: Call
    index: int = 0

    def __repr__(self) -> str:
        suffix = self.call.layer.results[self.index]
        return f"Placed({self.call.layer!r}{f', its {suffix[1:]}' if suffix else ''})"


Source = Placed | Input
"""What a layer can be called on."""


@dataclass(frozen=True, eq=False, repr=False)
class BuilderLayer(ABC, Generic[Out]):
    """A layer that is not yet in a model: what it is told when made. Calling it on an Input or on placed values places it.

    Calling it again shares its parameters. takes: how many values at least and at most (None: any number).
    results: what stands behind its name in the name of each value it gives. name: of the layer, and of its first value.
    """

    name: str | None = field(default=None, kw_only=True)
    takes: ClassVar[tuple[int, int | None]] = (1, 1)
    results: ClassVar[tuple[str, ...]] = ("",)

    def __call__(self, *inputs: Source) -> Out:
        """Place the layer behind `inputs`; a tuple where it gives several values."""
        require_name(self, self.name)
        for x in inputs:
            if not isinstance(x, (Placed, Input)):
                raise _not_placed(self, x)
        require_count(self, len(inputs))
        call = Call(self, inputs, next(_numbers))
        outs = tuple(Placed(call, index) for index in range(len(self.results)))
        return cast(Out, outs if len(outs) > 1 else outs[0])

    @abstractmethod
    def place(self, at: Place, *inputs: Any, **none: Any) -> Value | tuple[Value, ...]:
        """Put its operators in the graph behind the values `inputs`; what it gives, one value for each of `results`."""

    def __repr__(self) -> str:
        own = sorted(dataclasses.fields(self), key=lambda f: f.name == "name")
        told = [(f, getattr(self, f.name)) for f in own]
        plain = [f"{f.name}={_short(value)}" for f, value in told if value is not f.default]
        return f"{type(self).__name__}({', '.join(plain)})"


def require_count(layer: BuilderLayer[Any], count: int) -> None:
    """Raises UsageError unless the layer takes that many values."""
    least, most = layer.takes
    if count < least or (most is not None and count > most):
        expected = f"{least} or more" if most is None else str(least) if least == most else f"{least} to {most}"
        raise UsageError(f"{layer!r} was called on {count} values", {"layer": layer, "expected": expected, "found": count})


def _short(value: Any) -> str:
    if hasattr(value, "shape"):
        return f"<array {list(value.shape)}>"
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "…"


def _not_placed(layer: BuilderLayer[Any], found: Any) -> UsageError:
    if isinstance(found, (tuple, list)):
        way = "give the values one by one: layer(a, b); of a layer with several outputs choose: y, h, c = LSTM(8)(x)"
    elif isinstance(found, BuilderLayer):
        way = f"call it first: {type(layer).__name__}(…)({type(found).__name__}(…)(x))"
    else:
        way = "build a model and give it the data: Model.chain(Input(3), Linear(1))(data)"
    return UsageError(
        f"{layer!r} was called on a {type(found).__name__}",
        {"layer": layer, "expected": "an Input, or what calling a layer gave", "found": type(found).__name__, "the way out": way},
    )
