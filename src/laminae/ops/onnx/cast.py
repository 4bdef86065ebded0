"""Cast. https://onnx.ai/onnx/operators/onnx__Cast.html"""

from laminae.base.dtypes import from_code
from laminae.base.shapes import Spec
from laminae.ops.casting import cast_to
from laminae.ops.costs import free
from laminae.ops.registry import operator
from laminae.ops.rules import coded
from laminae.ops.shape_arithmetic import contents, unchanged


def cast_shape(input, *, to, saturate=1, round_mode="up"):
    dtype = to if isinstance(to, str) else coded(to)
    return Spec(dtype, input.dims, contents(unchanged, (input,), dtype))


@operator("Cast", since=6, kind="cast", shape=cast_shape, cost=free, aliases=True)
def cast(input, *, to, saturate=1, round_mode="up"):
    """The elements in another dtype, floats cut towards zero where that is an integer; any shape, same shape out.

    Strings are read and written as decimal numbers.
    """
    return cast_to(input, from_code(to), saturate, round_mode)


def named(to):
    """Our name of the dtype that Cast-1 calls FLOAT, DOUBLE, INT64 …"""
    return {"FLOAT": "float32", "DOUBLE": "float64"}.get(to, to.lower())


def cast_shape_1(input, *, to):
    return cast_shape(input, to=named(to))


@operator("Cast", since=1, kind="cast", shape=cast_shape_1, cost=free, aliases=True)
def cast_1(input, *, to):
    """Until opset 5, `to` is a word."""
    return cast_to(input, named(to))
