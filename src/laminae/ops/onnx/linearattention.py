"""LinearAttention. https://onnx.ai/onnx/operators/onnx__LinearAttention.html"""

import math

from laminae.base import torch
from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.shapes import Spec, format_shape, known, same_dim
from laminae.ops.registry import operator

LONGEST = 64
"""Steps of a chunk at most: its masked product grows with their square."""

RULES = ("linear", "gated", "delta", "gated_delta")


def linearattention_shape(
    query, key, value, past_state=None, decay=None, beta=None, *, chunk_size=64, kv_num_heads, q_num_heads, scale=0.0,
    update_rule="gated_delta",
):  # fmt: skip
    check_rule(update_rule, decay, beta)
    if q_num_heads % kv_num_heads:
        raise ShapeError("the heads of query are no multiple of those of key", {"query": q_num_heads, "key": kv_num_heads})
    d_q, d_k, d_v = (
        head_size("query", query, q_num_heads),
        head_size("key", key, kv_num_heads),
        head_size("value", value, kv_num_heads),
    )
    if not same_dim(d_q, d_k):
        raise ShapeError("query and key differ in the size of a head", {"query": d_q, "key": d_k})
    state = (query.shape[0], kv_num_heads, d_k, d_v)
    width = d_v * q_num_heads if isinstance(d_v, int) else None
    return Spec(query.dtype, (*query.shape[:2], width)), Spec(query.dtype if past_state is None else past_state.dtype, state)


def check_rule(update_rule, decay, beta):
    """Raises an error where the rule is none, or lacks an input, or has one that it takes no notice of."""
    if update_rule not in RULES:
        raise AttributeValueError(f"update_rule {update_rule!r} is not known", {"known": ", ".join(RULES)})
    for name, given, needed in (("decay", decay, "gated" in update_rule), ("beta", beta, "delta" in update_rule)):
        if (given is not None) != needed:
            raise ShapeError(f"update_rule {update_rule!r} {'needs' if needed else 'takes no'} input {name}")


def head_size(name, x, heads):
    if x.rank != 3 or (isinstance(x.shape[2], int) and x.shape[2] % heads):
        raise ShapeError(f"{name} must be [N, T, {heads} heads · size]", {"found": format_shape(x.shape)})
    return x.shape[2] // heads if isinstance(x.shape[2], int) else None


def linearattention_cost(query, key, value, *inputs, update_rule="gated_delta", **attributes):
    """Each step of each state: k ⊗ v, the decay and what the delta rule reads, where they are; and qᵀ S."""
    _, state = linearattention_shape(query, key, value, *inputs, update_rule=update_rule, **attributes)
    n, heads, d_k, d_v = known(state.shape)
    products = 1 + ("gated" in update_rule) + ("delta" in update_rule)
    return n * known(query.shape)[1] * d_k * d_v * (products * heads + attributes["q_num_heads"])


@operator("LinearAttention", several=True, since=27, kind="attention", shape=linearattention_shape, cost=linearattention_cost)
def linearattention(
    query, key, value, past_state=None, decay=None, beta=None, *, chunk_size=64, kv_num_heads, q_num_heads, scale=0.0,
    update_rule="gated_delta",
):  # fmt: skip
    """Y[t] = scale · q[t]ᵀ S[t] with a state S [N, heads, d_k, d_v], in the order of t; inputs [N, T, heads · size].

    S[t] = e^g S[t-1] + k ⊗ v, where g is the decay, or with the delta rule, where β is `beta`, and S is the decayed state:
    S + β k ⊗ (v - Sᵀ k). A head of key and value serves several of query. Katharopoulos et al. 2020; Yang et al. 2024.
    """
    check_rule(update_rule, decay, beta)
    wide = torch.promote_types(query.dtype, torch.float32)
    q, k, v = per_head(query, q_num_heads, wide), per_head(key, kv_num_heads, wide), per_head(value, kv_num_heads, wide)
    q = q.unflatten(2, (kv_num_heads, -1)) * (scale or 1 / math.sqrt(q.shape[-1]))
    fading = None if decay is None else per_head(decay, kv_num_heads, wide).exp().unsqueeze(-1)
    rate = None if beta is None else beta.to(wide).transpose(0, 1).unsqueeze(-1)
    state = k.new_zeros(*k.shape[1:], v.shape[-1]) if past_state is None else past_state.to(wide)
    if update_rule == "linear" and v.isfinite().all():  # 0 · ∞ of a later step would reach an earlier one
        Y, state = by_chunks(q, k, v, state, min(max(chunk_size, 1), LONGEST))
        return Y.to(query.dtype), state.to(query.dtype if past_state is None else past_state.dtype)
    rows = []
    for t in range(query.shape[1]):
        state = state if fading is None else state * fading[t]
        news = v[t]
        if rate is not None:
            news = rate[t] * (news - (k[t].unsqueeze(-2) @ state).squeeze(-2))
        state = state + k[t].unsqueeze(-1) * news.unsqueeze(-2)
        rows.append((q[t] @ state).flatten(1))
    Y = torch.stack(rows, 1) if rows else query.new_zeros(query.shape[0], 0, q_num_heads * v.shape[-1])
    return Y.to(query.dtype), (state if rows else state.clone()).to(query.dtype if past_state is None else past_state.dtype)


def by_chunks(q, k, v, state, size):
    """Y [N, T, heads · d_v] and the last state, where the state only grows: within a chunk as a masked product, in one step.

    q [T, N, heads, group, d_k], k [T, N, heads, d_k], v [T, N, heads, d_v]. The chunkwise form of Hua et al. 2022.
    """
    outputs = [v.new_zeros(0, *q.shape[1:4], v.shape[-1])]
    state = state.clone()
    for queries, keys, values in zip(*(x.split(size) for x in (q, k, v)), strict=True):
        scores = torch.einsum("inhgd,jnhd->nhgij", queries, keys).tril()
        outputs.append(torch.einsum("nhgij,jnhv->inhgv", scores, values) + torch.einsum("inhgd,nhdv->inhgv", queries, state))
        state = state + torch.einsum("jnhd,jnhv->nhdv", keys, values)
    return torch.cat(outputs).transpose(0, 1).flatten(2), state


def per_head(x, heads, dtype):
    """[N, T, heads · size] as [T, N, heads, size]."""
    return x.to(dtype).unflatten(2, (heads, -1)).transpose(0, 1)
