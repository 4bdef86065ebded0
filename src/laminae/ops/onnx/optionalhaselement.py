"""OptionalHasElement. https://onnx.ai/onnx/operators/onnx__OptionalHasElement.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.costs import view
from laminae.ops.registry import operator


def optionalhaselement_shape(input=None):
    return Spec("bool", ())


@operator("OptionalHasElement", since=15, kind="optional", shape=optionalhaselement_shape, cost=view)
def optionalhaselement(input=None):
    """Whether there is an element; bool, of rank 0."""
    return torch.tensor(input is not None)
