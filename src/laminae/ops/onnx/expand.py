"""Expand. https://onnx.ai/onnx/operators/onnx__Expand.html"""

import numpy as np

from laminae.base.errors import ShapeError
from laminae.base.shapes import format_shape, known
from laminae.ops.costs import view
from laminae.ops.ready import awaiting_first
from laminae.ops.registry import operator
from laminae.ops.rules import broadcast_shapes, moved, sizes


def expand_shape(input, shape):
    dims = broadcast_shapes(input.shape, sizes(shape))
    return moved(input, dims, lambda content: np.broadcast_to(content, known(dims)))


def expand_ready(shape):
    wanted = shape.tolist()
    sizes = [_sizes(wanted, rank) for rank in range(len(wanted) + 1)]

    def call(input):
        rank = input.ndim
        return input.expand(*sizes[rank]) if 0 < rank < len(sizes) else input.expand(_sizes(wanted, rank))

    return call


@operator("Expand", kind="shape", shape=expand_shape, cost=view, aliases=True, ready=awaiting_first(expand_ready))
def expand(input, shape):
    """`input` broadcast together with the sizes that `shape` lists: a size of 1 on either side gives way."""
    return input.expand(_sizes(shape.tolist(), input.ndim))


def _sizes(wanted, rank):
    """What torch is to expand an input of that rank to: -1 for a size that stays."""
    if min(wanted, default=0) < 0:
        raise ShapeError("a size is negative", {"found": format_shape(wanted)})
    new = len(wanted) - rank
    return [-1] * -new + [-1 if n == 1 and i >= new else n for i, n in enumerate(wanted)]
