"""Clip. https://onnx.ai/onnx/operators/onnx__Clip.html"""

from operator import methodcaller

import numpy as np

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape
from laminae.ops.costs import per_output
from laminae.ops.ready import awaiting_first
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape
from laminae.ops.unsigned import in_numpy

FLOAT_MAX = 3.4028234663852886e38


def clip_shape(input, min=None, max=None):
    for name, bound in (("min", min), ("max", max)):
        if bound is not None and bound.dims and any(isinstance(size, int) and size != 1 for size in bound.dims):
            raise ShapeError(f"{name} must be a scalar", {"found": format_shape(bound.dims)})
    return Spec(input.dtype, input.dims)


def _fixed(bound):
    return bound is None or (bound.is_cpu and not bound.requires_grad)


def clip_ready(min=None, max=None):
    bounds = [bound for bound in (min, max) if bound is not None]
    if not bounds or not all(bound.is_cpu and (bound.dtype.is_signed or bound.dtype == torch.uint8) for bound in bounds):
        return None
    return methodcaller("clamp", *(None if bound is None else bound.item() for bound in (min, max)))


@operator("Clip", since=11, kind="activation", shape=clip_shape, cost=per_output, aliases=True, ready=awaiting_first(clip_ready))
def clip(input, min=None, max=None):
    """min(max, max(min, x)), element by element; any shape. Without bounds the input itself."""
    if min is None and max is None:
        return input
    try:
        if _fixed(min) and _fixed(max):  # numbers are up to four times as fast as tensors
            return torch.clamp(input, None if min is None else min.item(), None if max is None else max.item())
        return torch.clamp(input, min, max)
    except (NotImplementedError, RuntimeError):
        if input.dtype.is_signed:
            raise
        raised = input if min is None else in_numpy(np.maximum, input, min)
        return raised if max is None else in_numpy(np.minimum, raised, max)


@operator("Clip", since=6, kind="activation", shape=same_shape, cost=per_output)
def clip_6(input, *, min=-FLOAT_MAX, max=FLOAT_MAX):
    """Until opset 10, the bounds are attributes, and float32's own where not given."""
    largest = torch.finfo(input.dtype).max
    return torch.clamp(input, -largest if min < -largest else min, largest if max > largest else max)


@operator("Clip", since=1, kind="activation", shape=same_shape, cost=per_output, aliases=True)
def clip_1(input, *, min=None, max=None, consumed_inputs=None):
    """Until opset 5, a bound not given is none."""
    return input if min is None and max is None else torch.clamp(input, min, max)
