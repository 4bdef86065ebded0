"""Sliding windows as drawn: sizes that they fit into, and the attributes that say so."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.ops.draws.drawing import Draw

AUTO_PADS = ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")


def window(
    draw: Draw, axes: int, *, dilated: bool = True, pads: int = 2, most: int = 3, cropped: bool = False
) -> tuple[list[int], list[int], dict[str, Any]]:
    """(sizes, kernel, attributes without kernel_shape): nearly always one window or more, and no window of pads alone.

    pads: the most of them, and fewer than the kernel's reach; most: the longest stride and kernel. cropped: also where
    SAME's formula gives pads below zero, which not all operators say what to do with.
    """
    each = st.lists(st.integers(1, most), min_size=axes, max_size=axes)
    kernel, strides = draw(each), draw(each)
    dilations = draw(st.lists(st.integers(1, 2), min_size=axes, max_size=axes)) if dilated else [1] * axes
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    attributes: dict[str, Any] = {}
    auto_pad = draw(st.sampled_from((*AUTO_PADS, None, "NOTSET")))
    same = auto_pad in ("SAME_UPPER", "SAME_LOWER")
    if same and not cropped:
        strides = [min(s, r) for s, r in zip(strides, reach, strict=True)]
    if max(strides) > 1 or draw(st.booleans()):
        attributes["strides"] = strides
    if max(dilations) > 1 or (dilated and draw(st.booleans())):
        attributes["dilations"] = dilations
    ends = [0] * (2 * axes)
    if auto_pad is not None:
        attributes["auto_pad"] = auto_pad
    if auto_pad in (None, "NOTSET") and draw(st.booleans()):
        ends = [draw(st.integers(0, min(pads, r - 1))) for r in reach * 2]
        attributes["pads"] = ends
    least = [d if same else max(d, r - a - b) for r, d, a, b in zip(reach, dilations, ends[:axes], ends[axes:], strict=True)]
    return [low + draw(st.integers(0, 4 if axes < 3 else 2)) for low in least], kernel, attributes


def spatial(draw: Draw) -> int:
    """How many axes a window has: mostly two."""
    return draw(st.sampled_from((2, 1, 2, 3)))
