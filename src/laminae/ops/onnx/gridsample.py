"""GridSample. https://onnx.ai/onnx/operators/onnx__GridSample.html"""

import itertools

from laminae.base import torch
from laminae.base.errors import DTypeError, ShapeError
from laminae.base.host import HostArray
from laminae.base.shapes import Spec, format_shape, same_dim
from laminae.ops.bits import movable, restored
from laminae.ops.casting import as_numbers
from laminae.ops.registry import operator
from laminae.ops.resampling import cubic_kernel
from laminae.ops.rules import agreed

MODES = {"linear": "bilinear", "cubic": "bicubic"}
"""The words of opset 20 on, and torch's."""


def gridsample_shape(X, grid, *, align_corners=0, mode="linear", padding_mode="zeros"):
    if X.rank != grid.rank or X.rank < 3 or not same_dim(grid.shape[-1], X.rank - 2):
        expected = "X [N, C, *sizes] and grid [N, *out sizes, number of sizes]"
        raise ShapeError(
            "the grid does not fit", {"expected": expected, "found": format_shape(X.shape) + " and " + format_shape(grid.shape)}
        )
    return Spec(X.dtype, (agreed(X.shape[0], grid.shape[0]), X.shape[1], *grid.shape[1:-1]))


TAPS = {"nearest": 0, "bilinear": 2, "bicubic": 4}
"""Mode → the neighbours along each axis that are weighed."""


def gridsample_cost(X, grid, *, mode="linear", outputs, **attributes):
    return outputs[0].size * TAPS[MODES.get(mode, mode)] ** (X.rank - 2)


@operator("GridSample", since=16, kind="resampling", shape=gridsample_shape, cost=gridsample_cost)
def gridsample(X, grid, *, align_corners=0, mode="linear", padding_mode="zeros"):
    """`X` at the places that `grid` names, -1 to 1 across each axis, innermost axis first; [N, C, *grid sizes]."""
    mode, rank = MODES.get(mode, mode), X.ndim - 2
    if not X.is_floating_point() or not X.numel() or not grid.numel() or rank > 3 or (rank == 3 and mode == "bicubic"):
        return _any_rank(X, grid, bool(align_corners), mode, padding_mode)
    grid = grid.to(X.dtype)
    if rank == 1:
        plane = torch.stack([grid[..., 0], torch.zeros_like(grid[..., 0])], -1).unsqueeze(1)
        return torch.nn.functional.grid_sample(X.unsqueeze(2), plane, mode, padding_mode, bool(align_corners)).squeeze(2)
    return torch.nn.functional.grid_sample(X, grid, mode, padding_mode, bool(align_corners))


def _any_rank(X, grid, align, mode, padding):
    """The same for any number of axes: a sum over the corners around each place."""
    n, c, *dims = X.shape
    places = grid.flip(-1).reshape(n, -1, len(dims)).unbind(-1)
    flat = X.flatten(2)
    if not flat.numel():
        return X.new_zeros(n, c, *grid.shape[1:-1])
    if mode == "nearest" and not X.is_floating_point():
        return _picked(X, places, dims, align, padding).reshape(n, c, *grid.shape[1:-1])
    if isinstance(X, HostArray):
        raise DTypeError(f"between {X.dtype} values there is nothing", {"expected": "numbers, or mode 'nearest'"})
    flat = flat if X.dtype.is_signed else as_numbers(flat, torch.float64)  # torch has few kernels for unsigned integers
    Y = 0
    for corner in itertools.product(*(_taps(x, d, align, mode, padding) for x, d in zip(places, dims, strict=True))):
        index, weight = 0, 1
        for (place, part), d in zip(corner, dims, strict=True):
            index, weight = index * d + place, weight * part
        Y = Y + flat.gather(2, index.unsqueeze(1).expand(-1, c, -1)) * weight.unsqueeze(1)
    return Y.reshape(n, c, *grid.shape[1:-1]).to(X.dtype)


def _picked(X, places, dims, align, padding):
    """The nearest elements as they are, of any dtype: [N, C, places]; 0 or "" outside."""
    index, inside = 0, True
    for x, d in zip(places, dims, strict=True):
        ((place, weight),) = _taps(x, d, align, "nearest", padding)
        index, inside = index * d + place, inside & (weight > 0)
    flat = movable(X).flatten(2)
    taken = flat.gather(2, index.unsqueeze(1).expand(-1, flat.shape[1], -1))
    outside = torch.constant_pad_nd(flat[:1, :1, :0].flatten(), (0, 1))
    return restored(torch.where(inside.unsqueeze(1), taken, outside), X.dtype)


def _taps(x, d, align, mode, padding):
    """(index, weight) of the elements of an axis of `d` that a place takes."""
    x = (x + 1) / 2 * (d - 1) if align else ((x + 1) * d - 1) / 2
    if mode == "nearest":
        x = x.round()
    if mode != "bicubic":
        x = _inside(x, d, align, padding)
    first, count = (x.floor() - 1, 4) if mode == "bicubic" else (x.round(), 1) if mode == "nearest" else (x.floor(), 2)
    taps = []
    for k in range(count):
        i = first + k
        weight = cubic_kernel(x - i, -0.75) if mode == "bicubic" else torch.ones_like(x) if count == 1 else 1 - (x - i).abs()
        if padding == "zeros":
            weight = weight * ((i >= 0) & (i < d))
        taps.append((_inside(i, d, align, padding).clamp(0, d - 1).long(), weight))
    return taps


def _inside(x, d, align, padding):
    """A place outside, led back as the padding says."""
    if padding == "border":
        return x.clamp(0, d - 1)
    if padding == "reflection":
        low, span = (0.0, d - 1) if align else (-0.5, d)
        if span == 0:
            return torch.zeros_like(x)
        x = (x - low).remainder(2 * span)
        return (torch.minimum(x, 2 * span - x) + low).clamp(0, d - 1)
    return x
