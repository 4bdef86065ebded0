"""Expand. https://onnx.ai/onnx/operators/onnx__Expand.html"""

import numpy as np

from laminae.base.shapes import known
from laminae.ops.registry import operator
from laminae.ops.rules import broadcast_shapes, moved, sizes


def expand_shape(input, shape):
    dims = broadcast_shapes(input.shape, sizes(shape))
    return moved(input, dims, lambda content: np.broadcast_to(content, known(dims)))


@operator("Expand", kind="shape", shape=expand_shape, aliases=True)
def expand(input, shape):
    """`input` broadcast together with the sizes that `shape` lists: a size of 1 on either side gives way."""
    wanted = shape.tolist()
    new = len(wanted) - input.ndim
    return input.expand([-1] * -new + [-1 if n == 1 and i >= new else n for i, n in enumerate(wanted)])
