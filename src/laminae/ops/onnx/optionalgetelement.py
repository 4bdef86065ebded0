"""OptionalGetElement. https://onnx.ai/onnx/operators/onnx__OptionalGetElement.html"""

from laminae.base.errors import LayerError
from laminae.base.shapes import Spec
from laminae.ops.costs import view
from laminae.ops.registry import operator


def optionalgetelement_shape(input):
    return Spec(input.dtype, input.dims)


@operator("OptionalGetElement", since=15, kind="optional", shape=optionalgetelement_shape, cost=view, aliases=True)
def optionalgetelement(input):
    """What the optional holds, or the input itself where it is none. Raises LayerError where it holds nothing."""
    if input is None:
        raise LayerError("the optional has no element", {"the way out": "ask OptionalHasElement before"})
    return input
