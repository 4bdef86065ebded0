"""SequenceConstruct. https://onnx.ai/onnx/operators/onnx__SequenceConstruct.html"""

from laminae.ops.costs import view
from laminae.ops.registry import operator


@operator("SequenceConstruct", since=11, kind="sequence", cost=view, aliases="any")
def sequenceconstruct(*inputs):
    """The tensors as a sequence, in order."""
    return list(inputs)
