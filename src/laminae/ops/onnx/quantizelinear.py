"""QuantizeLinear. https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html"""

from laminae.base import torch
from laminae.base.dtypes import dtype_name, from_code, torch_dtype
from laminae.base.shapes import Spec
from laminae.ops.casting import as_numbers
from laminae.ops.quantization import check_granularity, quantized, spread
from laminae.ops.registry import operator


def quantizelinear_shape(x, y_scale, y_zero_point=None, *, axis=1, block_size=0, output_dtype=0, **attributes):
    check_granularity(x, y_scale, axis, block_size)
    dtype = y_zero_point.dtype if y_zero_point is not None else from_code(output_dtype) if output_dtype else "uint8"
    return Spec(dtype, x.dims)


@operator("QuantizeLinear", since=10, kind="quantization", shape=quantizelinear_shape)
def quantizelinear(x, y_scale, y_zero_point=None, *, axis=1, block_size=0, output_dtype=0, precision=0, saturate=1):
    """round(x / y_scale) + y_zero_point, halves to even, kept in range; any shape, same shape out.

    One scale, one per index of `axis`, or one per block of `block_size` along it. The division has the scale's dtype.
    """
    name = dtype_name(y_zero_point) if y_zero_point is not None else from_code(output_dtype) if output_dtype else "uint8"
    work = torch_dtype(from_code(precision)) if precision else y_scale.dtype
    y = x.to(work) / spread(y_scale.to(work), x.shape, axis, block_size)
    if "float" in name:
        return quantized(y, name, saturate)
    y = y.float().round()
    if y_zero_point is not None:
        y = y + spread(as_numbers(y_zero_point, torch.float32), x.shape, axis, block_size)
    return quantized(y, name)
