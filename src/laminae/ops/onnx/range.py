"""Range. https://onnx.ai/onnx/operators/onnx__Range.html"""

import math

import numpy as np

from laminae.base import torch
from laminae.base.dtypes import is_float, numpy_dtype
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec
from laminae.ops.costs import per_output
from laminae.ops.registry import operator


def range_shape(start, limit, delta, *, stash_type=1):
    begin, end, step = (None if x.value is None else np.asarray(x.value).reshape(-1).tolist()[0] for x in (start, limit, delta))
    if step == 0:
        raise ShapeError("delta is 0")
    if begin == 0 and step == 1 and isinstance(end, str):
        return Spec(start.dtype, (end,))
    if any(n is None or isinstance(n, str) for n in (begin, end, step)):
        return Spec(start.dtype, (None,))
    count = _count(begin, end, step)
    if count > 1024 or start.dtype is None or is_float(start.dtype):
        return Spec(start.dtype, (count,))
    return Spec(start.dtype, (count,), (begin + np.arange(count) * step).astype(numpy_dtype(start.dtype)))


def _count(start, limit, delta):
    steps = -((start - limit) // delta) if all(isinstance(n, int) for n in (start, limit, delta)) else (limit - start) / delta
    if not math.isfinite(steps):
        raise ShapeError("the range has no end", {"found": f"{start} to {limit} by {delta}"})
    return max(0, math.ceil(steps))


@operator("Range", since=11, kind="constant", shape=range_shape, cost=per_output)
def range_11(start, limit, delta, *, stash_type=1):
    """start, start + delta, … before `limit`; all three of one element."""
    begin, step = start.item(), delta.item()
    count = _count(begin, limit.item(), step)
    if start.requires_grad or delta.requires_grad:
        return start + torch.arange(count, dtype=start.dtype, device=start.device) * delta
    wide = torch.float64 if start.is_floating_point() else torch.int64
    return torch.arange(count, dtype=wide, device=start.device).mul_(step).add_(begin).to(start.dtype)
