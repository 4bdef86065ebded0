"""FlexAttention. https://onnx.ai/onnx/operators/onnx_aionnxpreview_FlexAttention.html"""

import math

from laminae.base import torch
from laminae.base.cost import Cost, total
from laminae.base.dtypes import from_code, torch_dtype
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape, known, same_dim
from laminae.ops.costs import traffic
from laminae.ops.onnx.attention import fused
from laminae.ops.registry import operator


def flexattention_shape(Q, K, V, *, prob_mod=None, scale=None, score_mod=None, softmax_precision=None, context=None):
    if not Q.rank == K.rank == V.rank == 4:
        raise ShapeError("Q, K and V must be [N, heads, length, size]", {n: format_shape(x.shape) for n, x in shapes(Q, K, V)})
    pairs = ((Q.shape[3], K.shape[3]), (K.shape[2], V.shape[2]), (K.shape[1], V.shape[1]))
    if not all(same_dim(a, b) for a, b in pairs):
        raise ShapeError("Q, K and V do not fit", {name: format_shape(x.shape) for name, x in shapes(Q, K, V)})
    if isinstance(Q.shape[1], int) and isinstance(K.shape[1], int) and Q.shape[1] % K.shape[1]:
        raise ShapeError("the heads of Q are no multiple of those of K", {"Q": Q.shape[1], "K": K.shape[1]})
    return Spec(V.dtype, (*Q.shape[:3], V.shape[3]))


def shapes(Q, K, V):
    return ("Q", Q), ("K", K), ("V", V)


def flexattention_cost(Q, K, V, *, prob_mod=None, score_mod=None, context, **attributes):
    """That of attention, and of both bodies."""
    n, heads, length, size = known(Q.shape)
    _, _, reach, width = known(V.shape)
    scores = Spec(Q.dtype, (n, heads, length, reach))
    bodies = total(context.cost_body(body, scores) for body in (score_mod, prob_mod) if body is not None)
    return bodies + Cost(scores.size * (size + width), traffic(Q, K, V, Spec(V.dtype, (*Q.shape[:3], width))))


@operator("FlexAttention", kind="attention", shape=flexattention_shape, cost=flexattention_cost, domain="ai.onnx.preview")
def flexattention(Q, K, V, *, prob_mod=None, scale=None, score_mod=None, softmax_precision=None, context=None):
    """Y = prob_mod(softmax(score_mod(scale · Q Kᵀ))) V; Q [N, heads, L, size], K and V [N, heads, S, size].

    The two bodies take and give [N, heads, L, S]. A head of K and V serves several of Q.
    """
    scale = 1 / math.sqrt(Q.shape[3]) if scale is None else scale
    if score_mod is None and prob_mod is None and softmax_precision is None and Q.dtype == V.dtype:
        return fused(Q, K, V, None, False, scale)
    wide = torch_dtype(from_code(softmax_precision)) if softmax_precision else torch.promote_types(Q.dtype, torch.float32)
    groups = Q.shape[1] // K.shape[1]
    if groups > 1:
        K, V = K.repeat_interleave(groups, 1), V.repeat_interleave(groups, 1)
    root = math.sqrt(scale)
    scores = ((Q * root) @ (K * root).transpose(2, 3)).to(wide)
    if score_mod is not None:
        (scores,) = context.run_body(score_mod, scores)
    weights = torch.softmax(scores, -1)
    if prob_mod is not None:
        (weights,) = context.run_body(prob_mod, weights)
    return (weights.to(wide) @ V.to(wide)).to(V.dtype)
