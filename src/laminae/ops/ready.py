"""What an operator makes of parameters before the first run: weights in a kernel's order, axes and sizes as plain numbers.

    @operator("Squeeze", since=13, …, ready=awaiting_first(lambda axes: methodcaller("squeeze", tuple(axes.tolist()))))
    def squeeze(data, axes=None): ...

A `ready` rule is called with the operator's inputs and attributes: an input that is a parameter as its tensor, one that is
left out as None, one that the run brings as LATER. It gives a function of the latter alone that gives the same bits as the
operator, or None where there is nothing to be won. It is called again when one of the parameters has changed.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, Final

from laminae.base.settings import settings


class _Later:
    def __repr__(self) -> str:
        return "LATER"


LATER: Final = _Later()
"""Stands for an input that only the run brings."""

_held = 0
"""Bytes that weights made ready take in this process."""


def awaits(*inputs: Any) -> bool:
    """Whether only the run brings one of them."""
    return any(x is LATER for x in inputs)


def awaiting_first(make: Callable[..., Callable[..., Any] | None]) -> Callable[..., Callable[..., Any] | None]:
    """The rule for operators whose first input alone comes with the run; `make` takes the others."""

    def rule(first: Any, *others: Any, **attributes: Any) -> Callable[..., Any] | None:
        return None if first is not LATER or awaits(*others) else make(*others, **attributes)

    return rule


def filled(run: Callable[..., Any], inputs: tuple[Any, ...]) -> Callable[..., Any]:
    """`run` with these inputs; what stands LATER among them is what the function is called with."""
    places = [i for i, x in enumerate(inputs) if x is LATER]

    def call(*later: Any) -> Any:
        every = list(inputs)
        for place, x in zip(places, later, strict=True):
            every[place] = x
        return run(*every)

    return call


def room_for(nbytes: int) -> bool:
    """Whether weights made ready may take so many bytes more: `laminae.settings.max_ready_bytes`."""
    return _held + nbytes <= settings.max_ready_bytes


def held(*tensors: Any) -> None:
    """Count what these tensors take as long as they live."""
    global _held
    for tensor in tensors:
        _held += tensor.nbytes
        weakref.finalize(tensor, _let_go, tensor.nbytes)


def _let_go(nbytes: int) -> None:
    global _held
    _held -= nbytes
