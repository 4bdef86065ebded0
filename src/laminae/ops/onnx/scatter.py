"""Scatter, until opset 10; since then ScatterElements. https://onnx.ai/onnx/operators/onnx__Scatter.html"""

from laminae.ops.costs import combing
from laminae.ops.onnx.scatterelements import scatterelements, scatterelements_shape
from laminae.ops.registry import operator


@operator("Scatter", since=9, kind="selection", shape=scatterelements_shape, cost=combing)
def scatter(data, indices, updates, *, axis=0):
    """`data` with updates[i] put at the place indices[i] along `axis`; shape of `data`."""
    return scatterelements(data, indices, updates, axis=axis)
