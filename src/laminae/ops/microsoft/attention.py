"""Attention. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.Attention"""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, known, same_dim
from laminae.ops.heads import default_scale, heads_size, mask_bias, merged, refuse, split, weighed, weighing_cost
from laminae.ops.registry import operator
from laminae.ops.rules import total


def widths(size, qkv_hidden_sizes):
    """The widths of Q, K and V: a third each where not given."""
    if qkv_hidden_sizes:
        return tuple(qkv_hidden_sizes)
    return (size // 3,) * 3 if isinstance(size, int) else (None,) * 3


def attention_shape(
    input, weights, bias=None, mask_index=None, past=None, attention_bias=None, past_sequence_length=None, *, num_heads,
    do_rotary=0, past_present_share_buffer=0, qkv_hidden_sizes=None, n_outputs=1, **attributes,
):  # fmt: skip
    refuse(do_rotary=do_rotary, past_present_share_buffer=past_present_share_buffer)
    if not same_dim(input.shape[2], weights.shape[0]):
        raise ShapeError("input and weights do not fit", {"expected": input.shape[2], "found": weights.shape[0]})
    batch, length, _ = input.shape
    _, key, value = widths(weights.shape[1], qkv_hidden_sizes)
    before = 0 if past is None else past.shape[3] if past.dims else None
    present = (2, batch, num_heads, total([before, length]), heads_size(key, num_heads, "the width of K"))
    return Spec(input.dtype, (batch, length, value)), Spec(input.dtype, present)


def attention_cost(
    input, weights, bias=None, mask_index=None, past=None, *others, num_heads, qkv_hidden_sizes=None, **attributes
):
    (batch, length, size), (_, width) = known(input.shape), known(weights.shape)
    _, key, value = widths(width, qkv_hidden_sizes)
    before = 0 if past is None else known(past.shape)[3]
    return batch * length * size * width + weighing_cost(batch, 1, length, before + length, key, value)


@operator("Attention", kind="attention", shape=attention_shape, cost=attention_cost, domain="com.microsoft")
def attention(
    input, weights, bias=None, mask_index=None, past=None, attention_bias=None, past_sequence_length=None, *, do_rotary=0,
    mask_filter_value=-10000.0, num_heads, past_present_share_buffer=0, qkv_hidden_sizes=None, rotary_embedding_dim=0,
    scale=0.0, unidirectional=0, n_outputs=1,
):  # fmt: skip
    """softmax(scale · Q Kᵀ + mask) V with Q, K, V = input · weights + bias; input [N, T, size], weights [size, Q + K + V].

    A past [2, N, heads, before, head size] is put before K and V. Vaswani et al. 2017, section 3.2.
    """
    refuse(do_rotary=do_rotary, past_present_share_buffer=past_present_share_buffer)
    projected = input @ weights if bias is None else input @ weights + bias
    Q, K, V = (split(x, num_heads) for x in projected.split(widths(weights.shape[1], qkv_hidden_sizes), -1))
    before = 0
    if past is not None:
        before, K, V = past.shape[3], torch.cat([past[0], K], 2), torch.cat([past[1], V], 2)
    added = mask_bias(
        mask_index, len(Q), Q.shape[2], K.shape[2], before, unidirectional, attention_bias, mask_filter_value, Q
    )  # fmt: skip
    Y, _ = weighed(Q, K, V, added, default_scale(scale, Q.shape[3]))
    return merged(Y) if n_outputs == 1 else (merged(Y), torch.stack([K, V]))
