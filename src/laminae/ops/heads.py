"""Attention by heads, as ONNX Runtime's operators share it: [N, T, heads · size] taken apart, masked, weighed, put together."""

import math

from laminae.base import torch
from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.shapes import format_shape, known, product
from laminae.ops.onnx.attention import fused


def split(x, heads):
    """[N, T, heads · size] as [N, heads, T, size]."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def merged(x):
    """[N, heads, T, size] as [N, T, heads · size]."""
    return x.transpose(1, 2).flatten(2)


def weighed(Q, K, V, bias, scale, *, stages=False):
    """(softmax(scale · Q Kᵀ + bias) V, the scores with the bias); the scores only where asked for."""
    if not stages:
        return fused(Q, K, V, bias, False, scale), None
    scores = scale * Q @ K.transpose(2, 3)
    scores = scores if bias is None else scores + bias
    return torch.softmax(scores, -1) @ V, scores


def mask_bias(mask, batch, length, reach, past, unidirectional, attention_bias, low, like):
    """What is added to the scores: `low` where the mask is 0, the lowest number where a query would look ahead.

    mask: [N, reach] or [N, length, reach] of ones and zeros, [N] ends, [2 · N] ends and beginnings, or None.
    """
    bias = None
    if mask is not None:
        bias = torch.where(seen(mask, batch, reach), 0.0, low).to(like.dtype)
    if unidirectional:
        key = torch.arange(reach, device=like.device)
        ahead = key > past + torch.arange(length, device=like.device).unsqueeze(1)
        bias = torch.where(ahead, torch.finfo(like.dtype).min, like.new_zeros(()) if bias is None else bias)
    if attention_bias is None:
        return bias
    return attention_bias if bias is None else bias + attention_bias


def seen(mask, batch, reach):
    """Whether a key counts: [N, 1, 1 or length, reach]."""
    if mask.ndim == 2:
        return (mask > 0)[:, None, None, :]
    if mask.ndim == 3:
        return (mask > 0).unsqueeze(1)
    if mask.ndim > 1 or mask.numel() not in (batch, 2 * batch):
        raise ShapeError("this form of mask is not supported", {"found": format_shape(tuple(mask.shape))})
    key = torch.arange(reach, device=mask.device)
    inside = key < mask[:batch, None]
    if mask.numel() == 2 * batch:
        inside = inside & (key >= mask[batch:, None])
    return inside[:, None, None, :]


def default_scale(scale, size):
    return scale or 1 / math.sqrt(size)


def refuse(**attributes):
    """Raises AttributeValueError for the attributes that are set: ONNX Runtime has them for other devices."""
    found = [name for name, value in attributes.items() if value]
    if found:
        raise AttributeValueError(f"{', '.join(found)}: Laminae does not have this yet")


def heads_size(width, heads, what):
    """The size of one head; raises ShapeError where the width does not divide."""
    if not isinstance(width, int):
        return None
    if width % heads:
        raise ShapeError(f"{what} does not divide into {heads} heads", {"found": width})
    return width // heads


def weighing_cost(n, heads, length, reach, size, width):
    return product(known((n, heads, length, reach))) * (size + width)
