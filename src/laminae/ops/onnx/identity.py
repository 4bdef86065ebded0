"""Identity. https://onnx.ai/onnx/operators/onnx__Identity.html"""

from laminae.ops.costs import view
from laminae.ops.registry import operator


def identity_shape(input):
    return input


@operator("Identity", kind="identity", shape=identity_shape, cost=view, aliases=True)
def identity(input):
    """The input itself: a tensor, a sequence or an optional."""
    return input
