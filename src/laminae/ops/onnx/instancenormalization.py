"""InstanceNormalization. https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html"""

from laminae.base import torch
from laminae.ops.costs import normalizing
from laminae.ops.registry import operator
from laminae.ops.rules import per_channel


def instancenormalization_shape(input, scale, B, **attributes):
    return per_channel(input, scale=scale, B=B)


@operator("InstanceNormalization", kind="normalization", shape=instancenormalization_shape, cost=normalizing)
def instancenormalization(input, scale, B, *, consumed_inputs=None, epsilon=9.999999747378752e-06):
    """(x - mean) / √(var + epsilon) · scale + B, statistics per sample and channel; input [N, C, *sizes], same shape out.

    Ulyanov, Vedaldi, Lempitsky 2016.
    """
    if not input.numel():
        return input.clone()
    return torch.group_norm(input, input.shape[1], scale, B, epsilon, torch.backends.cudnn.enabled)
