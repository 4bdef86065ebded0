"""Quantization: an integer q stands for (q - zero point) · scale; scales are one for all, per index of an axis, or per block."""

from laminae.base import torch
from laminae.base.dtypes import BITS, torch_dtype
from laminae.base.errors import ShapeError
from laminae.base.host import DTYPES as HOST_DTYPES
from laminae.base.shapes import format_shape, same_dim
from laminae.ops.casting import cast_to
from laminae.ops.rules import axis_of


def spread(parameter, shape, axis, block_size):
    """A scale or zero point in a shape that broadcasts to that of the tensor."""
    if parameter.numel() == 1 and not block_size:
        return parameter.reshape(())
    if not block_size:
        return parameter.reshape([-1 if i == axis % len(shape) else 1 for i in range(len(shape))])
    return parameter.repeat_interleave(block_size, axis).narrow(axis, 0, shape[axis])


def check_granularity(x, scale, axis, block_size):
    """Raises ShapeError where the scale is neither one number nor one per index of the axis nor one per block."""
    if x.dims is None or scale.dims is None or scale.rank == 0 or scale.dims == (1,):
        return
    axis = axis_of(axis, x.rank)
    if block_size:
        blocks = -(-x.dims[axis] // block_size) if isinstance(x.dims[axis], int) else None
        expected = (*x.dims[:axis], blocks, *x.dims[axis + 1 :])
    else:
        expected = (x.dims[axis],)
    if len(expected) != scale.rank or not all(map(same_dim, expected, scale.dims)):
        raise ShapeError("the scale does not fit", {"expected": format_shape(expected), "found": format_shape(scale.dims)})


def quantized(numbers, name, saturate=1):
    """Rounded numbers (or any, for narrow floats) in the dtype of that name, kept within its range."""
    if name not in HOST_DTYPES:
        return saturated(numbers, torch_dtype(name), saturate)
    if "int" in name:
        low, high = limits(name)
        return cast_to(numbers.clamp(low, high), name)
    return cast_to(numbers, name)


def limits(name):
    """The least and the largest number of an integer dtype smaller than a byte."""
    bits = BITS[name]
    return (0, 2**bits - 1) if name.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def saturated(numbers, dtype, saturate=1):
    """Rounded numbers (or any, for 8-bit floats) in a narrow dtype, kept within its range."""
    if dtype.is_floating_point:
        limits = torch.finfo(dtype)
        return (numbers.clamp(limits.min, limits.max) if saturate else numbers).to(dtype)
    limits = torch.iinfo(dtype)
    return numbers.clamp(limits.min, limits.max).to(torch.int32).to(dtype)


def requantized(total, scale, zero_point):
    """round(total · scale) + zero point, in the zero point's dtype; `total` holds exact integers."""
    return saturated((total.double() * scale).round() + zero_point.double(), zero_point.dtype)


def column(parameter, rank):
    """One per channel of axis 0, or one for all, for a tensor of that rank."""
    return parameter.reshape(-1, *[1] * (rank - 1)) if parameter.numel() > 1 else parameter.reshape(())
