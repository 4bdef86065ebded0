"""RotaryEmbedding. https://onnx.ai/onnx/operators/onnx__RotaryEmbedding.html"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape, known
from laminae.ops.registry import operator


def rotaryembedding_shape(X, cos_cache, sin_cache, position_ids=None, *, interleaved=0, num_heads=None, rotary_embedding_dim=0):
    if X.rank == 3 and not num_heads:
        raise ShapeError("X of rank 3 needs the attribute num_heads", {"X": format_shape(X.shape)})
    if X.rank not in (3, 4):
        raise ShapeError("X must have rank 3 or 4", {"X": format_shape(X.shape)})
    return Spec(X.dtype, X.shape)


def rotaryembedding_cost(X, cos_cache, *inputs, num_heads=None, rotary_embedding_dim=0, **attributes):
    """Two products for each feature that turns."""
    size = known(X.shape)[-1] // (1 if X.rank == 4 else num_heads)
    return 2 * X.size * (rotary_embedding_dim or size) // max(1, size)


@operator("RotaryEmbedding", since=23, kind="attention", shape=rotaryembedding_shape, cost=rotaryembedding_cost)
def rotaryembedding(X, cos_cache, sin_cache, position_ids=None, *, interleaved=0, num_heads=None, rotary_embedding_dim=0):
    """Turns pairs of features by angles that grow with the position; X [N, heads, T, size] or [N, T, heads · size].

    (a, b) → (a cos - b sin, a sin + b cos); the caches are [N, T, pairs], or [positions, pairs] picked by position_ids
    [N, T]. Su et al. 2021.
    """
    heads = X if X.ndim == 4 else X.unflatten(-1, (num_heads, -1)).transpose(1, 2)
    if position_ids is not None:
        cos_cache, sin_cache = cos_cache[position_ids], sin_cache[position_ids]
    cos, sin = cos_cache.unsqueeze(1), sin_cache.unsqueeze(1)
    turning = heads[..., : rotary_embedding_dim or None]
    a, b = (turning[..., ::2], turning[..., 1::2]) if interleaved else turning.chunk(2, -1)
    turned = cos * a - sin * b, sin * a + cos * b
    Y = torch.stack(turned, -1).flatten(-2) if interleaved else torch.cat(turned, -1)
    if rotary_embedding_dim:
        Y = torch.cat([Y, heads[..., rotary_embedding_dim:]], -1)
    return Y if X.ndim == 4 else Y.transpose(1, 2).flatten(2)
