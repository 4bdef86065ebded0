"""Compress. https://onnx.ai/onnx/operators/onnx__Compress.html"""

import numpy as np

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.bits import chosen
from laminae.ops.costs import free
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of


def compress_shape(input, condition, *, axis=None):
    kept = None if condition.value is None or condition.value.dtype == object else int(np.count_nonzero(condition.value))
    if axis is None:
        return Spec(input.dtype, (kept,))
    axis = axis_of(axis, input.rank)
    return Spec(input.dtype, (*input.shape[:axis], kept, *input.shape[axis + 1 :]))


@operator("Compress", since=9, kind="selection", shape=compress_shape, cost=free)
def compress(input, condition, *, axis=None):
    """The slices along `axis` (of the flattened input where not given) for which `condition`, [n], is true."""
    places = torch.nonzero(condition).flatten()
    return chosen(input.flatten(), 0, places) if axis is None else chosen(input, axis, places)
