"""GroupQueryAttention. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.GroupQueryAttention"""

import math

from laminae.base import torch
from laminae.base.shapes import Spec, known, product
from laminae.ops.heads import default_scale, heads_size, merged, refuse, split, weighing_cost
from laminae.ops.microsoft.simplifiedlayernormalization import root_mean_square
from laminae.ops.onnx.attention import fused
from laminae.ops.onnx.rotaryembedding import rotaryembedding
from laminae.ops.registry import operator
from laminae.ops.spectra import scalar


def groupqueryattention_shape(
    query, key, value, past_key, past_value, seqlens_k, total_sequence_length, *others, kv_num_heads, num_heads,
    kv_cache_bit_width=0, k_quant_type="NONE", v_quant_type="NONE", sliding_window_cache=0, n_outputs=1, **attributes,
):  # fmt: skip
    refuse_cache_forms(kv_cache_bit_width, k_quant_type, v_quant_type, sliding_window_cache)
    batch, length, width = query.shape
    heads = num_heads if key is not None else num_heads + 2 * kv_num_heads
    size, reach = heads_size(width, heads, "query"), scalar(total_sequence_length)
    cached = 0 if past_key is None else past_key.shape[2] if past_key.dims else None
    kept = max(reach, cached) if isinstance(reach, int) and isinstance(cached, int) else None
    present = Spec(query.dtype, (batch, kv_num_heads, kept, size))
    return (
        Spec(query.dtype, (batch, length, product([num_heads, size]))),
        present,
        present,
        Spec(query.dtype, (batch, num_heads, length, reach)),
    )


def groupqueryattention_cost(
    query, key, value, past_key, past_value, seqlens_k, total_sequence_length, *others, kv_num_heads, num_heads, **attributes
):
    batch, length, width = known(query.shape)
    size = width // (num_heads if key is not None else num_heads + 2 * kv_num_heads)
    (reach,) = known([scalar(total_sequence_length)])
    return weighing_cost(batch, num_heads, length, reach, size, size)


@operator(
    "GroupQueryAttention",
    kind="attention",
    shape=groupqueryattention_shape,
    cost=groupqueryattention_cost,
    domain="com.microsoft",
)
def groupqueryattention(
    query, key=None, value=None, past_key=None, past_value=None, seqlens_k=None, total_sequence_length=None, cos_cache=None,
    sin_cache=None, position_ids=None, attention_bias=None, head_sink=None, k_scale=None, v_scale=None, q_norm_weight=None,
    k_norm_weight=None, query_seqlens=None, *, causal=1, do_rotary=0, k_norm_epsilon=None, k_quant_type="NONE",
    kv_cache_bit_width=0, kv_num_heads, local_window_size=-1, num_heads, q_norm_epsilon=None,
    qk_norm_epsilon=9.999999974752427e-07, qk_output=0, rotary_interleaved=0, scale=0.0, sliding_window_cache=0,
    smooth_softmax=-1, softcap=0.0, v_quant_type="NONE", n_outputs=1,
):  # fmt: skip
    """softmax(scale · Q Kᵀ + mask) V where a head of K and V serves several of Q; query [N, T, heads · size], or all in query.

    The cache past_key, past_value [N, kv heads, room, size] holds what came before; row n ends at seqlens_k[n] + 1 once the
    new are in. A query looks at itself and what came before it, at most local_window_size places. Ainslie et al. 2023.
    """
    refuse_cache_forms(kv_cache_bit_width, k_quant_type, v_quant_type, sliding_window_cache)
    Q, K, V = by_heads(query, key, value, num_heads, kv_num_heads)
    if q_norm_weight is not None:
        Q = root_mean_square(Q, -1, q_norm_epsilon or qk_norm_epsilon)[0] * q_norm_weight
        K = root_mean_square(K, -1, k_norm_epsilon or qk_norm_epsilon)[0] * k_norm_weight
    end = seqlens_k.reshape(-1).long() + 1
    begin = end - (end.clamp(max=Q.shape[2]) if query_seqlens is None else query_seqlens.reshape(-1).long())
    place = begin.unsqueeze(1) + torch.arange(Q.shape[2], device=Q.device)
    if do_rotary:
        turn = place if position_ids is None else position_ids
        Q, K = (turned(x, cos_cache, sin_cache, turn, rotary_interleaved) for x in (Q, K))
    reach = int(total_sequence_length)
    present_key, present_value = (cached(past, new, reach, begin, end) for past, new in ((past_key, K), (past_value, V)))
    near, far = present_key[:, :, :reach], present_value[:, :, :reach]
    seen = window(place, end, reach, causal, local_window_size)
    sink = head_sink if head_sink is not None else Q.new_zeros(num_heads) if smooth_softmax > 0 else None
    Y, scores = shared(Q, near, far, seen, attention_bias, default_scale(scale, Q.shape[3]), softcap, sink, qk_output)
    return merged(Y) if n_outputs == 1 else (merged(Y), present_key, present_value, scores)[:n_outputs]


def refuse_cache_forms(kv_cache_bit_width, k_quant_type, v_quant_type, sliding_window_cache):
    refuse(
        kv_cache_bit_width=kv_cache_bit_width,
        k_quant_type=k_quant_type != "NONE",
        v_quant_type=v_quant_type != "NONE",
        sliding_window_cache=sliding_window_cache,
    )


def by_heads(query, key, value, heads, kv_heads):
    """Q, K, V as [N, heads, T, size], also of all in one."""
    if key is None:
        size = query.shape[-1] // (heads + 2 * kv_heads)
        query, key, value = query.split((heads * size, kv_heads * size, kv_heads * size), -1)
    return split(query, heads), split(key, kv_heads), split(value, kv_heads)


def turned(x, cos_cache, sin_cache, place, interleaved):
    """Rotary positions of the first features: as many as the caches have pairs for; padding may stand behind their end."""
    features = 2 * cos_cache.shape[1]
    part = features if features < x.shape[3] else 0
    place = place.clamp(max=len(cos_cache) - 1)
    return rotaryembedding(x, cos_cache, sin_cache, place, interleaved=interleaved, rotary_embedding_dim=part)


def cached(past, new, reach, begin, end):
    """The past with the new rows at `begin` to `end` of each batch entry: [N, heads, room, size]."""
    room = reach if past is None else max(reach, past.shape[2])
    place = torch.arange(room, device=new.device)
    index = (place - begin.unsqueeze(1)).clamp(0, new.shape[2] - 1)[:, None, :, None]
    put = new.gather(2, index.expand(-1, new.shape[1], -1, new.shape[3]))
    fresh = ((place >= begin.unsqueeze(1)) & (place < end.unsqueeze(1)))[:, None, :, None]
    if past is None:
        return torch.where(fresh, put, 0.0)
    return torch.where(fresh, put, torch.nn.functional.pad(past, (0, 0, 0, room - past.shape[2])))


def window(place, end, reach, causal, left):
    """Which keys a query sees: [N, 1, T, reach]."""
    key = torch.arange(reach, device=place.device)
    seen = key < end[:, None, None]
    if causal:
        seen = seen & (key <= place.unsqueeze(-1))
    if left > 0:
        seen = seen & (key > place.unsqueeze(-1) - left)
    return seen.expand(-1, place.shape[1], -1).unsqueeze(1)


def shared(Q, K, V, seen, attention_bias, scale, softcap, sink, qk_output):
    """(Y, scores before (1) or after (2) the softmax); by torch's own kernel where nothing is asked that it cannot do."""
    if not softcap and sink is None and not qk_output:
        bias = torch.where(seen, Q.new_zeros(()) if attention_bias is None else attention_bias, -math.inf)
        return fused(Q, K, V, bias, False, scale), None
    groups = Q.shape[1] // K.shape[1]
    K, V = K.repeat_interleave(groups, 1), V.repeat_interleave(groups, 1)
    scores = scale * Q @ K.transpose(2, 3)
    scores = softcap * torch.tanh(scores / softcap) if softcap else scores
    scores = scores if attention_bias is None else scores + attention_bias
    weights = sunk(torch.where(seen, scores, -math.inf), sink)
    return weights @ V, scores if qk_output == 1 else weights


def sunk(scores, sink):
    """The softmax, with a sink [heads] that takes its part and gives nothing."""
    if sink is None:
        return torch.softmax(scores, -1)
    column = sink.to(scores.dtype).reshape(1, -1, 1, 1).expand(*scores.shape[:3], 1)
    return torch.softmax(torch.cat([scores, column], -1), -1)[..., :-1]
