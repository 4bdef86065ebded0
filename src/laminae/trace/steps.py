"""A forward pass in the hands of who looks: one layer at a time, what it was given at hand, its value open to change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from laminae.base.arrays import as_value, copy_of, facts, is_array
from laminae.base.dtypes import dtype_name
from laminae.base.errors import PatchError, UnknownNameError, UsageError
from laminae.base.records import LayerRecord, OutputRecord
from laminae.base.shapes import format_shape
from laminae.graph import Layer, Parameter, Value
from laminae.plan.plan import Step
from laminae.trace.session import Session


class Given(Mapping[str, Any]):
    """What a layer was given, by the names of the values and parameters that it reads.

    A value can be asked for by its layer's name too. What is handed out is a copy, made when asked for: writing into it changes
    nothing of the run.
    """

    def __init__(self, reads: Sequence[Value | Parameter | None], held: Sequence[Any]) -> None:
        self._held = {x.name: value for x, value in zip(reads, held, strict=True) if x is not None}
        makers = [(x.producer.name, x.name) for x in reads if isinstance(x, Value) and x.producer is not None]
        self._names = dict(reversed(makers)) | {name: name for name in self._held}
        self._copies: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        """A copy of what was read, by its name or that of the layer that made it. Raises UnknownNameError."""
        if name not in self._names:
            raise UnknownNameError(f"the layer reads no {name!r}", {"it reads": ", ".join(map(repr, self._held)) or "nothing"})
        own = self._names[name]
        if own not in self._copies:
            self._copies[own] = copy_of(self._held[own])
        return self._copies[own]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __repr__(self) -> str:
        return "{" + ", ".join(f"{name!r}: {_shown(value)}" for name, value in self._held.items()) + "}"


def _shown(value: Any) -> str:
    known = facts(value)
    return "nothing" if known is None else f"{format_shape(known[0])} {known[1]}" if known[0] is not None else known[1]


class Walk:
    """One forward pass of a session's graph, a layer at a time.

    layer: that ran last, None before the first; inputs: what it was given. records: a plain record for each layer that ran,
    without values. Raises InputError where the input layers cannot take x.
    """

    def __init__(self, session: Session, given: Sequence[Any], named: Mapping[str, Any], device: Any = None) -> None:
        self._session = session
        self._stepping = session.stepping(given, named, device)
        self._step: Step | None = None
        self.inputs = Given((), ())
        self._value: Any = None
        self.records: list[LayerRecord] = []
        self._closed = False

    @property
    def layer(self) -> Layer | None:
        return None if self._step is None else self._step.layer

    @property
    def done(self) -> bool:
        """Whether there is no layer left to run."""
        return self._stepping.done

    @property
    def left(self) -> int:
        """How many layers have not run."""
        return len(self._stepping.order) - len(self.records)

    def step(self) -> bool:
        """Run the next layer, with the layers in its bodies; whether there was one. Raises what `model(x)` would."""
        if self.done:
            return False
        self._step, spent = self._stepping.step()
        layer = self._step.layer
        self.inputs = Given((*layer.inputs, *layer.captures), self._stepping.given)
        self._value = None
        self.records.append(_record(len(self.records) + 1, self._step, self._stepping.made, spent))
        return True

    @property
    def made(self) -> Any:
        """The output itself, not to be written into: a tensor, a tuple where the layer has several."""
        made = self._stepping.made
        return made[0] if len(made) == 1 else made

    @property
    def value(self) -> Any:
        """The output as a copy, made when first asked for."""
        if self._value is None:
            made = self.made
            self._value = tuple(map(copy_of, made)) if isinstance(made, tuple) else copy_of(made)
        return self._value

    def replace(self, new: Any) -> None:
        """Put another value in place of the output of the layer that ran last: the layers that follow read it.

        new: a copy is taken; of several outputs a tuple, None for those that stay. Lists and numbers become the dtype that was
        there. Raises PatchError for an array of another dtype; UsageError before the first layer.
        """
        if self._step is None or self._closed:
            raise UsageError("no layer has run whose value could be replaced", {"the way out": "steps.step() first"})
        made = self._stepping.made
        several = len(made) > 1
        if several and not (isinstance(new, tuple | list) and len(new) == len(made)):
            raise PatchError(
                f"layer {self._step.layer.name!r} has {len(made)} outputs",
                {"give": "a tuple of as many, None for those that stay"},
            )
        parts = tuple(new) if several else (new,)
        self._stepping.put(tuple(_taken(self._step.layer, old, part, several) for old, part in zip(made, parts, strict=True)))
        self._value = None
        self.records[-1] = _record(len(self.records), self._step, self._stepping.made, self.records[-1].ms or 0.0)

    @property
    def output(self) -> Any:
        """What `model(x)` gives, with what was replaced. Raises UsageError while layers are left."""
        if self._closed or not self.done:
            if self._closed:
                raise UsageError("this pass was closed: its values are gone", {"the way out": "model.steps(x) begins another"})
            raise UsageError(f"this pass has not come to its end: {self.left} layers are left", {"the way out": "steps.run()"})
        return self._session.structured(tuple(map(copy_of, self._stepping.outputs)))

    def close(self) -> None:
        """Let go of every value; nothing can be run on from here."""
        self._closed = True
        self._stepping.close()
        self.inputs, self._value = Given((), ()), None


def _taken(layer: Layer, old: Any, new: Any, keep: bool) -> Any:
    """A value in place of another, in memory of its own."""
    if new is None and keep:
        return old
    if not is_array(old):
        return copy_of(new)
    if not is_array(new) and not hasattr(new, "__array__"):
        new = _numbers(layer, old, new)
    new = as_value(new)
    if dtype_name(new) != dtype_name(old):
        raise PatchError(
            f"layer {layer.name!r} gives another dtype",
            {"expected": dtype_name(old), "found": dtype_name(new), "write": "x.to(…)"},
        )
    return copy_of(new).to(old.device)


def _numbers(layer: Layer, old: Any, new: Any) -> Any:
    """Lists of numbers, or one for every element, in the dtype that was there."""
    try:
        made = old.new_tensor(new)
    except (TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise PatchError(
            f"layer {layer.name!r} cannot give a {type(new).__name__}", {"because": str(error).split("\n")[0]}
        ) from None
    return made.expand(old.shape) if isinstance(new, bool | int | float | complex) else made


def _record(index: int, step: Step, made: Sequence[Any], ms: float) -> LayerRecord:
    about, reads = step.about, tuple(layer.name for layer in step.about.previous)
    outputs = tuple(
        OutputRecord(name, *(facts(value) or (None, None, None)))
        for name, value in zip(about.outputs, made, strict=True)
        if name is not None
    )
    return LayerRecord(
        index, about.name, about.op, about.path, about.inputs, reads, outputs, about.parameters, ms, about.domain, about.kind
    )
