"""AffineGrid. https://onnx.ai/onnx/operators/onnx__AffineGrid.html"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape, known, same_dim
from laminae.ops.registry import operator
from laminae.ops.rules import agreed, open_list


def affinegrid_shape(theta, size, *, align_corners=0):
    batch, _, *sizes = open_list(size)
    n = len(sizes)
    if theta.dims is not None and not (theta.rank == 3 and same_dim(theta.dims[1], n) and same_dim(theta.dims[2], n + 1)):
        details = {"expected": format_shape([batch, n, n + 1]), "found": format_shape(theta.dims)}
        raise ShapeError(f"theta does not fit a size with {n} spatial axes", details)
    return Spec(theta.dtype, (batch if theta.dims is None else agreed(theta.dims[0], batch), *sizes, n))


def affinegrid_cost(theta, size, *, outputs, **attributes):
    """Each place is the product of a matrix and a place of the regular grid, with a 1 behind it."""
    (axes,) = known(outputs[0].shape[-1:])
    return outputs[0].size * (axes + 1)


@operator("AffineGrid", since=20, kind="resampling", shape=affinegrid_shape, cost=affinegrid_cost)
def affinegrid(theta, size, *, align_corners=0):
    """Where each place of a [N, C, (D,) H, W] image lies after `theta` [N, 2, 3] or [N, 3, 4]: [N, (D,) H, W, 2 or 3].

    -1 to 1 across each axis, innermost axis first: from edge to edge, or where aligned from centre to centre of the corners.
    """
    wide = theta if theta.dtype.itemsize > 2 else theta.float()  # torch's grid has no 16-bit floats
    return torch.nn.functional.affine_grid(wide, size.tolist(), bool(align_corners)).to(theta.dtype)
