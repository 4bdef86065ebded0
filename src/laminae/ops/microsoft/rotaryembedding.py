"""RotaryEmbedding. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.RotaryEmbedding"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape, known
from laminae.ops.onnx import rotaryembedding as standard
from laminae.ops.registry import operator


def rotaryembedding_shape(input, position_ids, cos_cache, sin_cache, **attributes):
    if input.rank not in (3, 4):
        raise ShapeError("input must have rank 3 or 4", {"input": format_shape(input.shape)})
    return Spec(input.dtype, input.shape)


def rotaryembedding_cost(input, position_ids, cos_cache, sin_cache, *, num_heads=0, rotary_embedding_dim=0, **attributes):
    """Two products for each feature that turns."""
    heads = num_heads or known(input.shape)[-1] // (2 * known(cos_cache.shape)[-1])
    return standard.rotaryembedding_cost(input, cos_cache, num_heads=heads, rotary_embedding_dim=rotary_embedding_dim)


@operator("RotaryEmbedding", kind="attention", shape=rotaryembedding_shape, cost=rotaryembedding_cost, domain="com.microsoft")
def rotaryembedding(
    input, position_ids, cos_cache, sin_cache, *, interleaved=0, is_packed_batching=0, num_heads=0, rotary_embedding_dim=0,
    scale=1.0,
):  # fmt: skip
    """Turns pairs of features by angles that grow with the position; input [N, heads, T, size] or [N, T, heads · size].

    The caches are [positions, pairs], picked by position_ids [N, T], or from one number on. Su et al. 2021.
    """
    heads = num_heads or input.shape[-1] // (2 * cos_cache.shape[-1])
    if position_ids.ndim == 1:
        length = input.shape[-2]
        position_ids = (position_ids + torch.arange(length, device=input.device)).expand(input.shape[0], length)
    return standard.rotaryembedding(
        input, cos_cache, sin_cache, position_ids.long(), interleaved=interleaved, num_heads=heads,
        rotary_embedding_dim=rotary_embedding_dim,
    )  # fmt: skip
