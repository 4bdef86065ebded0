"""DequantizeLinear. https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html"""

from laminae.base import torch
from laminae.base.dtypes import dtype_name, from_code, torch_dtype
from laminae.base.errors import DTypeError
from laminae.base.shapes import Spec
from laminae.ops.casting import as_numbers
from laminae.ops.costs import each_output
from laminae.ops.quantization import check_granularity, check_zero_point, spread
from laminae.ops.ready import awaiting_first
from laminae.ops.registry import operator


def dequantizelinear_shape(x, x_scale, x_zero_point=None, *, axis=1, block_size=0, output_dtype=0):
    check_granularity(x, x_scale, axis, block_size)
    dtype = "float32" if x_scale.dtype == "float8_e8m0fnu" else x_scale.dtype
    return Spec(from_code(output_dtype) if output_dtype else dtype, x.dims)


def dequantizelinear_ready(x_scale, x_zero_point=None, *, axis=1, block_size=0, output_dtype=0):
    """One float32 scale for all and a zero point of x's own dtype, each as a tensor of one number."""
    whole = x_zero_point is not None and x_zero_point.numel() == 1 and not x_zero_point.is_floating_point()
    if x_scale.numel() != 1 or x_scale.dtype != torch.float32 or block_size or output_dtype or not whole:
        return None
    scale, zero, dtype = x_scale.reshape(()), x_zero_point.to(torch.float32).reshape(()), x_zero_point.dtype

    def call(x):
        if x.dtype != dtype:
            return dequantizelinear(x, x_scale, x_zero_point, axis=axis)
        return x.to(torch.float32).sub_(zero).mul_(scale)

    return call


@operator(
    "DequantizeLinear",
    since=10,
    kind="quantization",
    shape=dequantizelinear_shape,
    cost=each_output(2),
    ready=awaiting_first(dequantizelinear_ready),
)
def dequantizelinear(x, x_scale, x_zero_point=None, *, axis=1, block_size=0, output_dtype=0):
    """(x - x_zero_point) · x_scale; any shape, same shape out, of the scale's dtype (float32 for one of 8 bits) or output_dtype.

    One scale, one per index of `axis`, or one per block of `block_size` along it.
    """
    x_scale = x_scale.float() if x_scale.dtype.itemsize == 1 else x_scale  # a power of two in one byte
    dtype = torch_dtype(from_code(output_dtype)) if output_dtype else x_scale.dtype
    if not dtype.is_floating_point:
        raise DTypeError("an output_dtype that is no float", {"found": from_code(output_dtype)})
    if x_zero_point is not None:
        check_zero_point(x_scale, x_zero_point, dtype_name(x))
    work = torch.promote_types(dtype, torch.float32)
    numbers = as_numbers(x, work) if x.dtype != work else x.clone()
    if x_zero_point is not None and not x.is_floating_point():
        numbers.sub_(spread(as_numbers(x_zero_point, work), x.shape, axis, block_size))
    return numbers.mul_(spread(x_scale.to(work), x.shape, axis, block_size)).to(dtype)
