"""SplitToSequence. https://onnx.ai/onnx/operators/onnx__SplitToSequence.html"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.ops.costs import view
from laminae.ops.registry import operator


@operator("SplitToSequence", since=11, kind="sequence", cost=view, aliases=True)
def splittosequence(input, split=None, *, axis=0, keepdims=1):
    """The parts of a tensor along `axis`: of the sizes in `split`, of one size where it has rank 0, else of size 1.

    Parts of size 1 that `split` did not ask for lose the axis unless `keepdims`.
    """
    if input.shape[axis] == 0 and (split is None or split.ndim == 0):
        return []  # torch makes one part of nothing
    if split is None:
        return list(torch.split(input, 1, axis) if keepdims else torch.unbind(input, axis))
    sizes = split.tolist()
    if isinstance(sizes, int):
        if sizes <= 0:
            raise ShapeError("the size of the parts must be positive", {"found": sizes})
        return list(torch.split(input, sizes, axis))
    if sum(sizes) != input.shape[axis] or min(sizes, default=0) < 0:
        raise ShapeError("the parts do not add up to the axis", {"expected": input.shape[axis], "found": sizes})
    return list(torch.split(input, sizes, axis))
