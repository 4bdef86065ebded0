"""Optional. https://onnx.ai/onnx/operators/onnx__Optional.html"""

from laminae.base.shapes import Spec
from laminae.ops.costs import view
from laminae.ops.registry import operator


def optional_shape(input=None, *, type=None):
    return Spec() if input is None else Spec(input.dtype, input.dims)


@operator("Optional", since=15, kind="optional", shape=optional_shape, cost=view, aliases=True)
def optional(input=None, *, type=None):
    """The input as a value that may be missing; without an input, one that is missing, of the `type`."""
    return input
