"""CenterCropPad. https://onnx.ai/onnx/operators/onnx__CenterCropPad.html"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec
from laminae.ops.costs import free
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, sizes


def centercroppad_shape(input_data, shape, *, axes=None):
    dims = list(input_data.shape)
    places = range(len(dims)) if axes is None else [axis_of(axis, len(dims)) for axis in axes]
    wanted = sizes(shape)
    if len(wanted) != len(places):
        raise ShapeError("shape does not fit the axes", {"expected": f"{len(places)} sizes", "found": len(wanted)})
    for axis, size in zip(places, wanted, strict=True):
        dims[axis] = size
    return Spec(input_data.dtype, tuple(dims))


@operator("CenterCropPad", since=18, kind="movement", shape=centercroppad_shape, cost=free)
def centercroppad(input_data, shape, *, axes=None):
    """The middle of `input_data`, or `input_data` amid zeros, so that `axes` have the sizes that `shape` lists."""
    rank = input_data.ndim
    pads = [0] * (2 * rank)
    for axis, size in zip(range(rank) if axes is None else axes, shape.tolist(), strict=True):
        more, last = size - input_data.shape[axis], rank - 1 - axis % rank
        before = more // 2 if more > 0 else -(-more // 2)
        pads[2 * last : 2 * last + 2] = before, more - before
    return torch.constant_pad_nd(input_data, pads)
