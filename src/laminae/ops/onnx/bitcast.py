"""BitCast. https://onnx.ai/onnx/operators/onnx__BitCast.html"""

from laminae.base.dtypes import BITS, dtype_name, from_code, numpy_dtype, torch_dtype
from laminae.base.errors import DTypeError
from laminae.base.host import HostArray
from laminae.base.shapes import Spec
from laminae.ops.costs import view
from laminae.ops.registry import operator
from laminae.ops.rules import coded


def bitcast_shape(input, *, to):
    if input.dtype is not None:
        check_bits(input.dtype, coded(to))
    return Spec(coded(to), input.dims)


def check_bits(old, new):
    """Raises DTypeError where the sizes differ: torch would change the shape."""
    if bits(old) != bits(new):
        raise DTypeError(f"{old} cannot be read as {new}", {old: f"{bits(old)} bits", new: f"{bits(new)} bits"})


def bits(dtype):
    if dtype == "string":
        raise DTypeError("strings have no bits to read")
    return BITS.get(dtype) or 8 * numpy_dtype(dtype).itemsize


@operator("BitCast", since=26, kind="cast", shape=bitcast_shape, cost=view, aliases=True)
def bitcast(input, *, to):
    """The same bits, read as the dtype of number `to`, which must be of the same size; any shape, same shape out."""
    name = from_code(to)
    check_bits(dtype_name(input), name)
    return HostArray(input.array.view(numpy_dtype(name))) if isinstance(input, HostArray) else input.view(torch_dtype(name))
