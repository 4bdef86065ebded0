"""MultiHeadAttention. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MultiHeadAttention"""

from laminae.base import torch
from laminae.base.shapes import Spec, known, product
from laminae.ops.heads import default_scale, heads_size, mask_bias, merged, refuse, split, weighed, weighing_cost
from laminae.ops.registry import operator
from laminae.ops.rules import total


def multiheadattention_shape(
    query, key=None, value=None, bias=None, key_padding_mask=None, attention_bias=None, past_key=None, past_value=None,
    past_sequence_length=None, cache_indirection=None, *, num_heads, n_outputs=1, **attributes,
):  # fmt: skip
    refuse(past_sequence_length=past_sequence_length is not None, cache_indirection=cache_indirection is not None)
    batch, length, reach, size, width = sizes(query, key, value, num_heads)
    before = 0 if past_key is None else past_key.shape[2] if past_key.dims else None
    reach = total([before, reach])
    return (
        Spec(query.dtype, (batch, length, product([num_heads, width]))),
        Spec(query.dtype, (batch, num_heads, reach, size)),
        Spec(query.dtype, (batch, num_heads, reach, width)),
        Spec(query.dtype, (batch, num_heads, length, reach)),
    )


def sizes(query, key, value, heads):
    """(N, queries, keys, size of a head, size of a head of V)."""
    if query.rank == 5:
        batch, length, _, _, size = query.shape
        return batch, length, length, size, size
    batch, length, width = query.shape
    size = heads_size(width, heads, "query")
    if key.rank == 5:
        return batch, length, key.shape[1], size, size
    if key.rank == 4:
        return batch, length, key.shape[2], size, value.shape[3]
    return batch, length, key.shape[1], size, heads_size(value.shape[2], heads, "value")


def multiheadattention_cost(
    query, key=None, value=None, bias=None, key_padding_mask=None, attention_bias=None, past_key=None, *others, num_heads,
    **attributes,
):  # fmt: skip
    batch, length, reach, size, width = known(sizes(query, key, value, num_heads))
    before = 0 if past_key is None else known(past_key.shape)[2]
    return weighing_cost(batch, num_heads, length, before + reach, size, width)


@operator(
    "MultiHeadAttention", kind="attention", shape=multiheadattention_shape, cost=multiheadattention_cost, domain="com.microsoft"
)
def multiheadattention(
    query, key=None, value=None, bias=None, key_padding_mask=None, attention_bias=None, past_key=None, past_value=None,
    past_sequence_length=None, cache_indirection=None, *, mask_filter_value=-10000.0, num_heads, scale=0.0,
    unidirectional=0, n_outputs=1,
):  # fmt: skip
    """softmax(scale · Q Kᵀ + mask) V; query [N, T, heads · size], key and value [N, S, heads · size] or [N, heads, S, size].

    Or all in query [N, T, heads, 3, size], or key and value in key [N, S, heads, 2, size]; the bias of Q, K and V is added.
    Further outputs: K and V with the past before them, the scores.
    """
    refuse(past_sequence_length=past_sequence_length is not None, cache_indirection=cache_indirection is not None)
    Q, K, V = taken_apart(query, key, value, bias, num_heads)
    before = 0
    if past_key is not None:
        before, K, V = past_key.shape[2], torch.cat([past_key, K], 2), torch.cat([past_value, V], 2)
    added = mask_bias(
        key_padding_mask, len(Q), Q.shape[2], K.shape[2], before, unidirectional, attention_bias, mask_filter_value, Q
    )  # fmt: skip
    Y, scores = weighed(Q, K, V, added, default_scale(scale, Q.shape[3]), stages=n_outputs == 4)
    return merged(Y) if n_outputs == 1 else (merged(Y), K.clone(), V.clone(), scores)[:n_outputs]


def taken_apart(query, key, value, bias, heads):
    """Q, K, V as [N, heads, T, size], each with its part of the bias; K and V that come by heads have theirs already."""
    if query.ndim == 5:
        query, key, value = (part.flatten(2) for part in query.unbind(3))
    elif key.ndim == 5:
        key, value = (part.flatten(2) for part in key.unbind(3))
    by_heads = key.ndim == 4
    if bias is not None:
        width = query.shape[-1]
        query = query + bias[:width]
        if not by_heads:
            key, value = key + bias[width : 2 * width], value + bias[2 * width :]
    return split(query, heads), *((key, value) if by_heads else (split(key, heads), split(value, heads)))
