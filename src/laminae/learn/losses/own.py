"""A loss of one's own: any function of (output, expectation), as a layer."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from laminae.base.arrays import is_tensor
from laminae.base.errors import LayerError, UsageError
from laminae.base.shapes import format_shape
from laminae.graph import Value
from laminae.learn.losses.holding import tensor_of
from laminae.learn.losses.loss import Loss, Site
from laminae.ops.registry import operator

DOMAIN = "laminae.loss"

_names: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
_numbers = itertools.count(1)


@dataclass(frozen=True, repr=False)
class Own(Loss):
    """What a function makes of two tensors, the output and the expectation as it was given: a single number. It is not saved."""

    function: Callable[[Any, Any], Any] = None  # type: ignore[assignment]
    name: ClassVar[str] = "function"

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise UsageError(f"{self.function!r} is no loss", {"expected": "a function of (output, expected)"})

    def expect(self, output: Any, expected: Any, name: str) -> tuple[Any, ...]:
        return (tensor_of(expected, output),)

    def place(self, site: Site, output: Value, expected: tuple[Value, ...]) -> Value:
        return site.layer(self._operator(), output, *expected, domain=DOMAIN)

    def as_json(self) -> dict[str, Any]:
        """Raises UsageError: a function is code, and not kept."""
        raise UsageError(f"{self!r} cannot be saved", {"the way out": "a loss by name: 'mse', 'cross_entropy', …"})

    def __repr__(self) -> str:
        return f"loss.function({_called(self.function)})"

    def _operator(self) -> str:
        """The function as an operator: registered once."""
        if self.function in _names:
            return _names[self.function]
        function, name = self.function, _called(self.function)
        taken = set(_names.values())
        made = name if name not in taken else f"{name}_{next(_numbers)}"

        def run(output: Any, expected: Any) -> Any:
            found = function(output, expected)
            if not is_tensor(found) or found.numel() != 1:
                told = format_shape(tuple(found.shape)) if is_tensor(found) else type(found).__name__
                raise LayerError(
                    f"the loss {name!r} gave no single number", {"expected": "a tensor of one element", "found": told}
                )
            return found.reshape(())

        operator(made, foreign=True, aliases="any", kind="loss", pure=True, domain=DOMAIN)(run)
        _names[self.function] = made
        return made


def _called(function: Any) -> str:
    name = getattr(function, "__name__", type(function).__name__)
    return "function" if name == "<lambda>" else name
