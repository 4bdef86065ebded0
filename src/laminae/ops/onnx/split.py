"""Split. https://onnx.ai/onnx/operators/onnx__Split.html"""

from operator import methodcaller

import numpy as np

from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape
from laminae.ops.costs import view
from laminae.ops.ready import awaiting_first
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, moved, open_list, total


def split_shape(input, split=None, *, axis=0, num_outputs=None, n_outputs):
    wanted = None if split is None else open_list(split)
    return split_2_shape(input, axis=axis, split=wanted, n_outputs=n_outputs)


def split_2_shape(input, *, axis=0, split=None, n_outputs):
    axis = axis_of(axis, input.rank)
    size = input.shape[axis]
    if split is None:
        split = _parts(size, n_outputs) if isinstance(size, int) else [size if n_outputs == 1 else None] * n_outputs
    whole = total(split)
    if len(split) != n_outputs or (isinstance(size, int) and isinstance(whole, int) and size != whole):
        raise _misfit(split, n_outputs, size)
    return tuple(_part(input, axis, split, i) for i in range(n_outputs))


def _misfit(split, n_outputs, size):
    return ShapeError(
        "the parts do not make up the whole",
        {"expected": f"{n_outputs} sizes, together {'?' if size is None else size}", "found": format_shape(split)},
    )


def _part(input, axis, split, i):
    dims = (*input.shape[:axis], split[i], *input.shape[axis + 1 :])
    begin = total(split[:i])
    if not isinstance(begin, int):
        return Spec(input.dtype, dims)
    return moved(input, dims, lambda content: np.take(content, range(begin, begin + split[i]), axis))


def _parts(size, n):
    """Equal sizes, the last ones smaller where the whole does not divide."""
    part = -(-size // n)
    return [max(0, min(part, size - i * part)) for i in range(n)]


def split_ready(split=None, *, axis=0, num_outputs=None, n_outputs):
    return methodcaller("split_with_sizes", split.tolist(), axis) if split is not None and len(split) == n_outputs else None


@operator(
    "Split",
    several=True,
    since=13,
    kind="movement",
    shape=split_shape,
    cost=view,
    aliases=True,
    ready=awaiting_first(split_ready),
)
def split(input, split=None, *, axis=0, num_outputs=None, n_outputs):
    """`input` in parts along `axis`, of the sizes `split`; equal ones where not given (the last may be smaller)."""
    sizes = _parts(input.shape[axis], n_outputs) if split is None else split.tolist()
    if len(sizes) != n_outputs:
        raise _misfit(sizes, n_outputs, input.shape[axis])
    return input.split(sizes, axis)


@operator("Split", several=True, since=2, kind="movement", shape=split_2_shape, cost=view, aliases=True)
def split_2(input, *, axis=0, split=None, n_outputs):
    """Until opset 12, `split` is an attribute."""
    return input.split(_parts(input.shape[axis], n_outputs) if split is None else list(split), axis)


def split_1_shape(input, split_sizes=None, *, axis=0, split=None, n_outputs):
    return split_2_shape(input, axis=axis, split=split if split_sizes is None else open_list(split_sizes), n_outputs=n_outputs)


@operator("Split", several=True, since=1, kind="movement", shape=split_1_shape, cost=view, aliases=True)
def split_1(input, split_sizes=None, *, axis=0, split=None, n_outputs):
    """In opset 1, an attribute or an input (both called split)."""
    return split_2(input, axis=axis, split=split if split_sizes is None else split_sizes.tolist(), n_outputs=n_outputs)
