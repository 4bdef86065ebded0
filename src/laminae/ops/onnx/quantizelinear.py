"""QuantizeLinear. https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html"""

from laminae.base import torch
from laminae.base.dtypes import dtype_name, from_code, torch_dtype
from laminae.base.errors import DTypeError
from laminae.base.shapes import Spec
from laminae.ops.casting import as_numbers
from laminae.ops.costs import each_output
from laminae.ops.quantization import check_granularity, check_zero_point, quantized, spread
from laminae.ops.registry import operator


def quantizelinear_shape(x, y_scale, y_zero_point=None, *, axis=1, block_size=0, output_dtype=0, **attributes):
    check_granularity(x, y_scale, axis, block_size)
    dtype = y_zero_point.dtype if y_zero_point is not None else from_code(output_dtype) if output_dtype else "uint8"
    return Spec(dtype, x.dims)


NARROW = frozenset(
    {"int8", "uint8", "int16", "uint16", "int4", "uint4", "int2", "uint2", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2"}
    | {"float8_e5m2fnuz", "float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn"}
)
"""What can be quantized to."""


def check_target(name, output_dtype):
    """Raises DTypeError for what is no quantized dtype, and where output_dtype says another than the zero point."""
    if name not in NARROW or (output_dtype and from_code(output_dtype) != name):
        asked = from_code(output_dtype) if output_dtype else "nothing"
        raise DTypeError(f"cannot quantize to {name}", {"output_dtype": asked, "known": ", ".join(sorted(NARROW))})


@operator("QuantizeLinear", since=10, kind="quantization", shape=quantizelinear_shape, cost=each_output(4))
def quantizelinear(x, y_scale, y_zero_point=None, *, axis=1, block_size=0, output_dtype=0, precision=0, saturate=1):
    """round(x / y_scale) + y_zero_point, halves to even, kept in range; any shape, same shape out.

    One scale, one per index of `axis`, or one per block of `block_size` along it. The division has the scale's dtype.
    """
    name = dtype_name(y_zero_point) if y_zero_point is not None else from_code(output_dtype) if output_dtype else "uint8"
    check_target(name, output_dtype)
    if y_zero_point is not None:
        check_zero_point(y_scale, y_zero_point, name)
    y_scale = y_scale.float() if y_scale.dtype.itemsize == 1 else y_scale  # a power of two in one byte
    work = torch_dtype(from_code(precision)) if precision else y_scale.dtype
    if not work.is_floating_point:  # an integer scale cannot mean that the quotients be whole
        work = torch.float32
    y = x.to(work) / spread(y_scale.to(work), x.shape, axis, block_size)
    if "float" in name:
        return quantized(y, name, saturate)
    y = y.float().round_()
    if y_zero_point is not None:
        y = y.add_(spread(as_numbers(y_zero_point, torch.float32), x.shape, axis, block_size))
    return quantized(y, name)
