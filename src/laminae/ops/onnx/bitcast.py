"""BitCast. https://onnx.ai/onnx/operators/onnx__BitCast.html"""

from laminae.base.dtypes import BITS, from_code, numpy_dtype, torch_dtype
from laminae.base.errors import DTypeError
from laminae.base.shapes import Spec
from laminae.ops.registry import operator
from laminae.ops.rules import coded


def bitcast_shape(input, *, to):
    dtype = coded(to)
    if input.dtype is not None and bits(dtype) != bits(input.dtype):
        raise DTypeError(
            f"{input.dtype} cannot be read as {dtype}", {input.dtype: f"{bits(input.dtype)} bits", dtype: f"{bits(dtype)} bits"}
        )
    return Spec(dtype, input.dims)


def bits(dtype):
    if dtype == "string":
        raise DTypeError("strings have no bits to read")
    return BITS.get(dtype) or 8 * numpy_dtype(dtype).itemsize


@operator("BitCast", since=26, kind="cast", shape=bitcast_shape, aliases=True)
def bitcast(input, *, to):
    """The same bits, read as the dtype of number `to`, which must be of the same size; any shape, same shape out."""
    return input.view(torch_dtype(from_code(to)))
