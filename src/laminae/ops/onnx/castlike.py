"""CastLike. https://onnx.ai/onnx/operators/onnx__CastLike.html"""

from laminae.base.dtypes import dtype_name
from laminae.base.shapes import Spec
from laminae.ops.casting import cast_to
from laminae.ops.costs import free
from laminae.ops.registry import operator
from laminae.ops.shape_arithmetic import contents, unchanged


def cast_like_shape(input, target_type, *, saturate=1, round_mode="up"):
    return Spec(target_type.dtype, input.dims, contents(unchanged, (input,), target_type.dtype))


@operator("CastLike", since=15, kind="cast", shape=cast_like_shape, cost=free, aliases=True)
def cast_like(input, target_type, *, saturate=1, round_mode="up"):
    """The elements in the dtype of another tensor; any shape, same shape out."""
    return cast_to(input, dtype_name(target_type), saturate, round_mode)
