"""SwiGLU. https://onnx.ai/onnx/operators/onnx__SwiGLU.html"""

from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape, same_shape
from laminae.ops.costs import each_output
from laminae.ops.onnx.swish import swish
from laminae.ops.registry import operator


def swiglu_shape(A, B, *, alpha=1.0):
    if not same_shape(A.dims, B.dims):
        raise ShapeError("A and B must be of one shape", {"A": format_shape(A.dims), "B": format_shape(B.dims)})
    return Spec(A.dtype, B.dims if A.dims is None else A.dims)


@operator("SwiGLU", since=28, kind="activation", shape=swiglu_shape, cost=each_output(2))
def swiglu(A, B, *, alpha=1.0):
    """A · sigmoid(alpha · A) · B, element by element; both of one shape. Shazeer 2020."""
    if A.shape != B.shape:
        raise ShapeError("A and B must be of one shape")
    return swish(A, alpha=alpha) * B
