"""Quantization: an integer q stands for (q - zero point) · scale; scales are one for all, per index of an axis, or per block."""

from laminae.base import torch
from laminae.base.dtypes import BITS, dtype_name, torch_dtype
from laminae.base.errors import DTypeError, ShapeError
from laminae.base.host import DTYPES as HOST_DTYPES
from laminae.base.shapes import format_shape, same_dim
from laminae.ops.casting import cast_to
from laminae.ops.float8 import to_float8
from laminae.ops.rules import axis_of


def spread(parameter, shape, axis, block_size):
    """A scale or zero point in a shape that broadcasts to that of the tensor. Raises ShapeError where it does not fit."""
    if parameter.numel() == 1 and (not block_size or parameter.ndim != len(shape)):
        return parameter.reshape(())
    axis = axis_of(axis, len(shape))
    expected = fitting(shape, axis, block_size)
    if tuple(parameter.shape) != expected:
        raise does_not_fit(expected, parameter.shape)
    if not block_size:
        return parameter.reshape([-1 if i == axis else 1 for i in range(len(shape))])
    return parameter.repeat_interleave(block_size, axis).narrow(axis, 0, shape[axis])


def fitting(shape, axis, block_size):
    """The shape of a scale: one per index of the axis, or per block."""
    if not block_size:
        return (shape[axis],)
    blocks = -(-shape[axis] // block_size) if isinstance(shape[axis], int) else None
    return (*shape[:axis], blocks, *shape[axis + 1 :])


def does_not_fit(expected, found):
    return ShapeError("the scale does not fit", {"expected": format_shape(expected), "found": format_shape(found)})


def check_zero_point(scale, zero_point, of):
    """Raises ShapeError where the zero point has another shape than the scale, DTypeError where another dtype than `of`."""
    if zero_point.shape != scale.shape and (zero_point.numel() != 1 or scale.numel() != 1):
        shapes = {"scale": format_shape(scale.shape), "zero point": format_shape(zero_point.shape)}
        raise ShapeError("scale and zero point must be of one shape", shapes)
    if dtype_name(zero_point) != of:
        raise DTypeError("the zero point is of another dtype", {"expected": of, "found": dtype_name(zero_point)})


def check_granularity(x, scale, axis, block_size):
    """Raises ShapeError where the scale is neither one number nor one per index of the axis nor one per block."""
    if x.dims is None or scale.dims is None or scale.rank == 0 or scale.dims == (1,):
        return
    expected = fitting(x.dims, axis_of(axis, x.rank), block_size)
    if len(expected) != scale.rank or not all(map(same_dim, expected, scale.dims)):
        raise does_not_fit(expected, scale.dims)


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
    """Rounded numbers (or any, for 8-bit floats) in a narrow dtype, kept within its range. They may be overwritten."""
    if dtype.is_floating_point:
        return to_float8(numbers, dtype, saturate, "up")
    limits = torch.iinfo(dtype)
    return numbers.clamp_(limits.min, limits.max).to(torch.int32).to(dtype)


def requantized(total, scale, zero_point):
    """round(total · scale) + zero point, in the zero point's dtype; `total` holds exact integers, and may be overwritten."""
    numbers, zero = total.double(), zero_point.double()
    if max(scale.ndim, zero.ndim) > numbers.ndim:
        return saturated((numbers * scale).round_() + zero, zero_point.dtype)
    return saturated(numbers.mul_(scale).round_().add_(zero), zero_point.dtype)


def column(parameter, rank):
    """One per channel of axis 0, or one for all, for a tensor of that rank."""
    return parameter.reshape(-1, *[1] * (rank - 1)) if parameter.numel() > 1 else parameter.reshape(())
