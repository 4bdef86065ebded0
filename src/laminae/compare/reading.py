"""A value of b as a value of a, and back: another dtype, held as whole numbers with a scale, other axes, another shape."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any

from laminae.base import torch
from laminae.base.arrays import as_value, is_tensor
from laminae.base.errors import LaminaeError
from laminae.base.shapes import format_shape
from laminae.compare.kinds import MOVING, OUTPUT_SCALE
from laminae.compare.numbers import difference
from laminae.compare.sides import Node, Side

MOST_AXES = 5
"""Of values with more axes no other order is looked for."""

ALIKE = 15.0
"""dB of signal to noise from which on two values are the same one in another layout."""


@dataclass(frozen=True, eq=False)
class Reading:
    """scale, zero: of whole numbers that stand for (number − zero) · scale; axes: the order in which b's axes are a's.

    shape: a's, where b has the same numbers in another.
    """

    scale: Any = None
    zero: Any = None
    axes: tuple[int, ...] | None = None
    shape: tuple[int, ...] | None = None

    def seen(self, found: Any) -> Any:
        """What b made, as a would have it."""
        if not is_tensor(found):
            return found
        if self.scale is not None:
            found = (found.to(torch.float32) - self.zero) * self.scale
        if self.axes is not None:
            found = found.permute(self.axes)
        return found if self.shape is None else found.reshape(self.shape)

    def given(self, expected: Any, like: Any) -> Any:
        """What a made, as b would have it: of the dtype, the layout and on the device of what b made itself."""
        if not is_tensor(expected) or not is_tensor(like):
            return like if is_tensor(like) or is_tensor(expected) else expected
        if self.shape is not None:
            expected = expected.reshape(tuple(like.shape[i] for i in self.axes) if self.axes else tuple(like.shape))
        if self.axes is not None:
            expected = expected.permute([self.axes.index(i) for i in range(len(self.axes))])
        if self.scale is not None:
            limits = torch.iinfo(like.dtype)
            expected = torch.clamp(torch.round(expected / self.scale) + self.zero, limits.min, limits.max)
        made = expected.to(like.device, like.dtype)
        return made if self is PLAIN else made.contiguous()  # the order in memory decides which kernel runs, and so the last bits

    @property
    def note(self) -> str:
        """What is otherwise about b's value, in words."""
        parts = ["read through its scale"] if self.scale is not None else []
        parts += [f"axes in the order {list(self.axes)}"] if self.axes is not None else []
        return ", ".join([*parts, *(["in another shape"] if self.shape is not None else [])])


PLAIN = Reading()


def reading(side: Side, node: Node, found: Any, expected: Any, rtol: float, atol: float, *, relaid: bool = True) -> Reading:
    """How what a layer of b made is to be read beside what a made. Shapes are never broadcast.

    relaid: whether it may be the same numbers in another layout.
    """
    if not is_tensor(found) or not is_tensor(expected):
        return PLAIN
    scale, zero = (None, None) if found.is_floating_point() or not expected.is_floating_point() else _scale(side, node)
    first = PLAIN if scale is None else Reading(scale, zero)
    if found.shape == expected.shape or not relaid:
        return first
    for axes in _orders(tuple(found.shape), tuple(expected.shape)):
        other = Reading(scale, zero, axes)
        if _alike(other.seen(found), expected, rtol, atol):
            return other
    if found.numel() == expected.numel():
        other = Reading(scale, zero, None, tuple(expected.shape))
        if _alike(other.seen(found), expected, rtol, atol):
            return other
    return first


def other_shapes(found: Any, expected: Any) -> str:
    """`[2, 3] became [1, 3]`; empty where shapes are not what differs."""
    shapes = [getattr(value, "shape", None) for value in (expected, found)]
    if None in shapes or shapes[0] == shapes[1]:
        return ""
    return " became ".join(format_shape(tuple(shape)) for shape in shapes if shape is not None)


def _orders(found: tuple[int, ...], expected: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Every order of axes that makes the one shape the other."""
    if sorted(found) != sorted(expected) or not 1 < len(found) <= MOST_AXES:
        return []
    return [axes for axes in permutations(range(len(found))) if tuple(found[i] for i in axes) == expected]


def _alike(found: Any, expected: Any, rtol: float, atol: float) -> bool:
    try:
        one = difference(found, expected, rtol, atol)
    except LaminaeError:
        return False
    return one.correct or one.snr > ALIKE


def _scale(side: Side, node: Node) -> tuple[Any, Any]:
    """By which an output of whole numbers is held, from the operator that made it or from what it moved."""
    for _ in range(len(side.nodes)):
        place = OUTPUT_SCALE.get(node.op)
        if place is not None:
            scale = _constant(side, node, place)
            zero = _constant(side, node, place + 1)
            return scale, 0 if zero is None else zero.to(torch.float32)
        name = next((name for name in node.inputs if name in side.made_by), None)
        if node.kind not in MOVING or name is None:
            return None, None
        node = side.made_by[name][0]
    return None, None


def _constant(side: Side, node: Node, place: int) -> Any:
    name = node.inputs[place] if place < len(node.inputs) else ""
    if name in side.parameters:
        return as_value(side.parameters[name].array)
    return side.value(name) if name in side.made_by else None
