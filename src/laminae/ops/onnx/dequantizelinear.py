"""DequantizeLinear. https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html"""

from laminae.base import torch
from laminae.base.dtypes import from_code, torch_dtype
from laminae.base.shapes import Spec
from laminae.ops.casting import as_numbers
from laminae.ops.quantization import check_granularity, spread
from laminae.ops.registry import operator


def dequantizelinear_shape(x, x_scale, x_zero_point=None, *, axis=1, block_size=0, output_dtype=0):
    check_granularity(x, x_scale, axis, block_size)
    return Spec(from_code(output_dtype) if output_dtype else x_scale.dtype, x.dims)


@operator("DequantizeLinear", since=10, kind="quantization", shape=dequantizelinear_shape)
def dequantizelinear(x, x_scale, x_zero_point=None, *, axis=1, block_size=0, output_dtype=0):
    """(x - x_zero_point) · x_scale; any shape, same shape out, of the scale's dtype or output_dtype.

    One scale, one per index of `axis`, or one per block of `block_size` along it.
    """
    dtype = torch_dtype(from_code(output_dtype)) if output_dtype else x_scale.dtype
    work = torch.promote_types(dtype, torch.float32)
    numbers = as_numbers(x, work)
    if x_zero_point is not None and not x.is_floating_point():
        numbers = numbers - spread(as_numbers(x_zero_point, work), x.shape, axis, block_size)
    return (numbers * spread(x_scale.to(work), x.shape, axis, block_size)).to(dtype)
