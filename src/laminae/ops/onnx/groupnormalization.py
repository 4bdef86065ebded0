"""GroupNormalization. https://onnx.ai/onnx/operators/onnx__GroupNormalization.html"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape
from laminae.ops.costs import normalizing
from laminae.ops.registry import operator
from laminae.ops.rules import per_channel


def groupnormalization_shape(X, scale, bias, *, num_groups, **attributes):
    divided(X, num_groups)
    return per_channel(X, scale=scale, bias=bias)


def groupnormalization_shape_18(X, scale, bias, *, num_groups, **attributes):
    divided(X, num_groups)
    return Spec(X.dtype, X.shape)


def divided(X, num_groups):
    if isinstance(X.shape[1], int) and X.shape[1] % num_groups:
        raise ShapeError("the channels of X do not divide into groups", {"X": format_shape(X.shape), "num_groups": num_groups})


@operator("GroupNormalization", since=21, kind="normalization", shape=groupnormalization_shape, cost=normalizing)
def groupnormalization(X, scale, bias, *, epsilon=9.999999747378752e-06, num_groups, stash_type=1):
    """(x - mean) / √(var + epsilon) over each group of channels, then · scale + bias per channel; X [N, C, *sizes].

    Wu, He 2018.
    """
    return torch.group_norm(X, num_groups, scale, bias, epsilon, torch.backends.cudnn.enabled)


@operator("GroupNormalization", since=18, kind="normalization", shape=groupnormalization_shape_18, cost=normalizing)
def groupnormalization_18(X, scale, bias, *, epsilon=9.999999747378752e-06, num_groups):
    """Until opset 20, scale and bias per group."""
    repeats = X.shape[1] // num_groups
    scale, bias = scale.repeat_interleave(repeats), bias.repeat_interleave(repeats)
    return torch.group_norm(X, num_groups, scale, bias, epsilon, torch.backends.cudnn.enabled)
