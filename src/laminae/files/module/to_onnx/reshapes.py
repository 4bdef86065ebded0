"""Reshapes to sizes that vary, without arithmetic on sizes where ONNX can do without."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.fx.experimental.symbolic_shapes import statically_known_true

from laminae.files.module.to_onnx.place import place
from laminae.ops.aten import filled


def reshape(inputs: Sequence[Any], attributes: Mapping[str, Any], opset: int) -> Any:
    """Sizes that vary as 0, the input's own, and one as -1, what is left: no arithmetic on sizes is needed."""
    x, sizes = inputs[0], _sizes(inputs, attributes)
    if all(isinstance(size, int) for size in sizes) or 0 in [size for size in sizes if isinstance(size, int)]:
        return None
    target = [size if isinstance(size, int) else 0 if _is_own(size, i, x) else -1 for i, size in enumerate(sizes)]
    if target.count(-1) > 1:
        return None
    shape = list(x.reshape(sizes).shape)
    return place("Reshape", (x, torch.tensor(target)), {}, [(x.dtype, shape)], opset)[0]


def expand(inputs: Sequence[Any], attributes: Mapping[str, Any], opset: int) -> Any:
    """Sizes that stay as 1, which leaves them."""
    x, sizes = inputs[0], _sizes(inputs, attributes)
    first = len(sizes) - x.ndim
    if all(isinstance(size, int) for size in sizes):
        return None
    target = [1 if _is_own(size, i - first, x) else size for i, size in enumerate(sizes)]
    target = [1 if isinstance(size, int) and size == -1 else size for size in target]
    if not all(isinstance(size, int) for size in target):
        return None
    shape = list(x.expand(sizes).shape)
    return place("Expand", (x, torch.tensor(target)), {}, [(x.dtype, shape)], opset)[0]


def _sizes(inputs: Sequence[Any], attributes: Mapping[str, Any]) -> list[Any]:
    return list(filled(next(attributes[key] for key in ("shape", "size") if key in attributes), inputs))


def _is_own(size: Any, axis: int, x: Any) -> bool:
    """Whether a size that varies is that of an axis of x."""
    if isinstance(size, int) or not 0 <= axis < x.ndim:
        return False
    return bool(statically_known_true(size == x.shape[axis]))


def flatten(inputs: Sequence[Any], attributes: Mapping[str, Any], opset: int) -> Any:
    x = inputs[0]
    if attributes.get("start_dim", 0) != 1 or attributes.get("end_dim", -1) not in (-1, x.ndim - 1) or x.ndim < 2:
        return None
    return place("Flatten", (x,), {"axis": 1}, [(x.dtype, [x.shape[0], math.prod(x.shape[1:])])], opset)[0]
