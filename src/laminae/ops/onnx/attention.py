"""Attention. https://onnx.ai/onnx/operators/onnx__Attention.html"""

import math

from laminae.base import torch
from laminae.base.dtypes import from_code, torch_dtype
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape, known, product, same_dim
from laminae.ops.registry import operator
from laminae.ops.rules import total


def attention_shape(
    Q, K, V, attn_mask=None, past_key=None, past_value=None, nonpad_kv_seqlen=None, *, kv_num_heads=None, q_num_heads=None,
    n_outputs=1, **attributes,
):  # fmt: skip
    queries, keys, values = heads_dims("Q", Q, q_num_heads), heads_dims("K", K, kv_num_heads), heads_dims("V", V, kv_num_heads)
    for message, a, b in (
        ("Q and K differ in the size of a head", queries[3], keys[3]),
        ("K and V differ in length", keys[2], values[2]),
        ("K and V differ in heads", keys[1], values[1]),
    ):
        if not same_dim(a, b):
            raise ShapeError(message, {name: format_shape(x.shape) for name, x in (("Q", Q), ("K", K), ("V", V))})
    if isinstance(queries[1], int) and isinstance(keys[1], int) and queries[1] % keys[1]:
        raise ShapeError("the heads of Q are no multiple of those of K", {"Q": queries[1], "K": keys[1]})
    length = keys[2] if past_key is None else total([past_key.shape[2], keys[2]]) if past_key.dims else None
    Y = (*queries[:3], values[3]) if Q.rank == 4 else (*queries[0:3:2], product([queries[1], values[3]]))
    return (
        Spec(Q.dtype, Y),
        Spec(K.dtype, (keys[0], keys[1], length, keys[3])),
        Spec(V.dtype, (values[0], values[1], length, values[3])),
        Spec(Q.dtype, (*queries[:3], length)),
    )


def heads_dims(name, x, heads):
    """[N, heads, length, size], also of [N, length, heads · size]."""
    if x.rank == 4:
        return x.shape
    if x.rank != 3 or not heads:
        raise ShapeError(
            f"{name} must have rank 4, or rank 3 and its number of heads as an attribute", {name: format_shape(x.shape)}
        )
    batch, length, hidden = x.shape
    if isinstance(hidden, int) and hidden % heads:
        raise ShapeError(f"{name} does not divide into heads", {name: format_shape(x.shape), "heads": heads})
    return batch, heads, length, hidden // heads if isinstance(hidden, int) else None


def attention_cost(Q, K, V, *inputs, **attributes):
    _, _, present_value, weights = attention_shape(Q, K, V, *inputs, **attributes)
    return math.prod(known(weights.shape)) * (
        known(heads_dims("Q", Q, attributes.get("q_num_heads")))[3] + known(present_value.shape)[3]
    )


@operator("Attention", since=23, kind="attention", shape=attention_shape, cost=attention_cost, aliases="any")
def attention(
    Q, K, V, attn_mask=None, past_key=None, past_value=None, nonpad_kv_seqlen=None, *, is_causal=0, kv_num_heads=None,
    left_window_size=-1, q_num_heads=None, qk_matmul_output_mode=0, right_window_size=-1, scale=None, softcap=0.0,
    softmax_precision=None, n_outputs=1,
):  # fmt: skip
    """Y = softmax(scale · Q Kᵀ + mask) V; Q [N, heads, L, size], K and V [N, heads, S, size], or each [N, length, heads · size].

    A past is put before K and V. Rows that may attend to nothing give zeros. Vaswani et al. 2017, section 3.2.1.
    """
    if Q.ndim == 3:
        Q = Q.unflatten(-1, (q_num_heads, -1)).transpose(1, 2)
        K, V = (x.unflatten(-1, (kv_num_heads, -1)).transpose(1, 2) for x in (K, V))
        flat = True
    else:
        flat = False
    offset = 0
    if past_key is not None:
        offset = past_key.shape[2]
        K, V = torch.cat([past_key, K], 2), torch.cat([past_value, V], 2)
    elif nonpad_kv_seqlen is not None:
        offset = nonpad_kv_seqlen.reshape(-1, 1, 1, 1) - Q.shape[2]
    scale = 1 / math.sqrt(Q.shape[3]) if scale is None else scale
    bounds = (left_window_size, 0 if is_causal else right_window_size)
    if n_outputs < 4 and not softcap and Q.dtype == V.dtype and softmax_precision in (None, 1):
        alone = attn_mask is None and past_key is None and nonpad_kv_seqlen is None and left_window_size < 0
        causal = bool(is_causal) and alone
        mask = None if causal else full_mask(Q, K.shape[2], attn_mask, nonpad_kv_seqlen, bounds, offset)
        Y, weights = fused(Q, K, V, mask, causal, scale), None
    else:
        mask = full_mask(Q, K.shape[2], attn_mask, nonpad_kv_seqlen, bounds, offset)
        Y, weights = attended(Q, K, V, mask, scale, softcap, softmax_precision, qk_matmul_output_mode)
    Y = Y.transpose(1, 2).flatten(2) if flat else Y
    return Y if n_outputs == 1 else (Y, K, V, weights)[:n_outputs]


def fused(Q, K, V, mask, causal, scale):
    """By torch's own kernel, which gives zeros for rows without a key; on the CPU 16-bit floats go through float32."""
    shared = Q.shape[1] != K.shape[1]
    if Q.is_cpu and Q.itemsize == 2:
        mask = None if mask is None else mask.float()
        return fused(Q.float(), K.float(), V.float(), mask, causal, scale).to(Q.dtype)
    return torch.nn.functional.scaled_dot_product_attention(Q, K, V, mask, 0.0, causal, scale=scale, enable_gqa=shared)


def full_mask(Q, length, attn_mask, nonpad_kv_seqlen, bounds, offset):
    """What is added to the scores, [N or 1, heads or 1, L, S], minus infinity where a query may not look; None for nothing."""
    left, right = bounds
    if bounds == (-1, -1) and attn_mask is None and nonpad_kv_seqlen is None:
        return None
    key = torch.arange(length, device=Q.device)
    reach = key - torch.arange(Q.shape[2], device=Q.device).unsqueeze(1) - offset
    allowed = []
    if left >= 0:
        allowed.append(reach >= -left)
    if right >= 0:
        allowed.append(reach <= right)
    if nonpad_kv_seqlen is not None:
        allowed.append(key < nonpad_kv_seqlen.reshape(-1, 1, 1, 1))
    bias = None
    if attn_mask is not None:
        missing = length - attn_mask.shape[-1]
        if attn_mask.dtype == torch.bool:
            allowed.append(torch.nn.functional.pad(attn_mask, (0, missing), value=False))
        else:
            bias = torch.nn.functional.pad(attn_mask.to(Q.dtype), (0, missing), value=-math.inf)
    if not allowed:
        return bias
    open_to = allowed[0]
    for more in allowed[1:]:
        open_to = open_to & more
    return torch.where(open_to, Q.new_zeros(()) if bias is None else bias, -math.inf)


def attended(Q, K, V, mask, scale, softcap, softmax_precision, mode):
    """Y, and the weights at the stage that `mode` asks for: 0 the scores, 1 capped, 2 masked, 3 after the softmax."""
    dead = None if mask is None else torch.isneginf(mask).all(-1, keepdim=True)
    groups = Q.shape[1] // K.shape[1]
    if groups > 1:
        K, V = K.repeat_interleave(groups, 1), V.repeat_interleave(groups, 1)
    root = math.sqrt(scale)
    stages = [(Q * root) @ (K * root).transpose(2, 3)]
    stages.append(softcap * torch.tanh(stages[0] / softcap) if softcap > 0 else stages[0])
    stages.append(stages[1] if mask is None else stages[1] + mask)
    precise = stages[2] if softmax_precision is None else stages[2].to(torch_dtype(from_code(softmax_precision)))
    weights = torch.softmax(precise if dead is None else precise.masked_fill(dead, 0.0), -1).to(Q.dtype)
    stages.append(weights if dead is None else weights.masked_fill(dead, 0.0))
    return (stages[3].to(V.dtype) @ V).to(Q.dtype), stages[mode]
