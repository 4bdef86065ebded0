"""Erf. https://onnx.ai/onnx/operators/onnx__Erf.html"""

from laminae.base import torch
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Erf", since=13, kind="arithmetic", shape=same_shape, cost=per_output, direct=lambda: torch.erf)
def erf(input):
    """The error function 2/√π · ∫₀ˣ exp(-t²) dt, element by element; any shape, same shape out."""
    return torch.erf(input)


@operator("Erf", since=9, kind="arithmetic", shape=same_shape, cost=per_output)
def erf_9(input):
    """Until opset 12, integers too, cut towards zero."""
    return torch.erf(input).to(input.dtype)
