"""DynamicQuantizeLinear. https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.costs import each_input
from laminae.ops.quantization import saturated
from laminae.ops.registry import operator


def dynamicquantizelinear_shape(x):
    return Spec("uint8", x.dims), Spec("float32", ()), Spec("uint8", ())


@operator(
    "DynamicQuantizeLinear", several=True, since=11, kind="quantization", shape=dynamicquantizelinear_shape, cost=each_input(6)
)
def dynamicquantizelinear(x):
    """x in uint8, with the scale and zero point by which 0 to 255 cover its range and zero; any shape, same shape out."""
    low, high = torch.aminmax(x)
    low, high = low.clamp(max=0), high.clamp(min=0)
    y_scale = torch.where(high == low, 1.0, high - low) / 255
    y_zero_point = (-low / y_scale).clamp(0, 255).round()
    return saturated((x / y_scale).round() + y_zero_point, torch.uint8), y_scale, y_zero_point.to(torch.uint8)
