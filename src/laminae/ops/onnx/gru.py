"""GRU. https://onnx.ai/onnx/operators/onnx__GRU.html"""

from laminae.base import torch
from laminae.ops.recurrent import (
    activation_functions,
    activations_of,
    fused,
    fused_ready,
    recurrent_cost,
    recurrent_shape,
    stepwise,
    torch_weights,
)
from laminae.ops.registry import operator

DEFAULT = ["sigmoid", "tanh"]
ORDER = (1, 0, 2)
"""torch's order of the gates, r z h, by their places here."""


def gru_shape(X, W, R, B=None, *states, direction="forward", hidden_size=None, layout=0, **attributes):
    return recurrent_shape(3, 1, X, W, R, B, direction=direction, hidden_size=hidden_size, layout=layout)


def gru_cost(X, W, R, *inputs, **attributes):
    return recurrent_cost(X, W, R)


def gru_ready(X, W, R, B=None, sequence_lens=None, initial_h=None, **attributes):
    names = activations_of(attributes.get("activations"), DEFAULT, attributes.get("direction", "forward"))
    if not is_fused(names, sequence_lens, attributes.get("clip"), attributes.get("linear_before_reset")):
        return None
    return fused_ready(gru, torch._VF.gru, ORDER, X, W, R, B, (initial_h,), attributes)


@operator("GRU", kind="recurrent", shape=gru_shape, cost=gru_cost, ready=gru_ready)
def gru(
    X,
    W,
    R,
    B=None,
    sequence_lens=None,
    initial_h=None,
    *,
    activation_alpha=None,
    activation_beta=None,
    activations=None,
    clip=None,
    direction="forward",
    hidden_size=None,
    layout=0,
    linear_before_reset=0,
    output_sequence=0,
    n_outputs=2,
):
    """Y [T, D, N, H] and Y_h [D, N, H] from X [T, N, I], W [D, 3H, I], R [D, 3H, H], B [D, 6H]; gates z r h.

    H = (1 - z) · h + z · H. Cho et al. 2014; shapes in layout 1: see `laminae.ops.recurrent`.
    """
    names = activations_of(activations, DEFAULT, direction)
    if X.shape[layout] and is_fused(names, sequence_lens, clip, linear_before_reset):
        outputs = fused(torch._VF.gru, X, torch_weights(W, R, B, ORDER), R, [initial_h], direction, layout)
    else:
        functions = activation_functions(names, activation_alpha, activation_beta, clip)
        cell = cell_linear if linear_before_reset else cell_default
        outputs = stepwise(cell, X, W, R, B, sequence_lens, [initial_h], functions, direction, layout)
    return outputs[:n_outputs] if n_outputs > 1 else outputs[0]


def is_fused(names, sequence_lens, clip, linear_before_reset):
    """Whether torch has a kernel for it."""
    return bool(linear_before_reset) and sequence_lens is None and not clip and all(each == DEFAULT for each in names)


def cell_linear(gates, states, R, bias, functions):
    """h = g(Wx + r · (R H + bias))"""
    (H,), (f, g) = states, functions
    z_x, r_x, h_x = gates.chunk(3, 1)
    z_h, r_h, h_h = torch.addmm(bias, H, R.t()).chunk(3, 1)
    z, r = f(z_x + z_h), f(r_x + r_h)
    return ((1 - z) * g(h_x + r * h_h) + z * H,)


def cell_default(gates, states, R, bias, functions):
    """h = g(Wx + R (r · H) + bias)"""
    (H,), (f, g) = states, functions
    n = 2 * H.shape[1]
    z, r = f(torch.addmm(gates[:, :n] + bias[:n], H, R[:n].t())).chunk(2, 1)
    h = g(torch.addmm(gates[:, n:] + bias[n:], r * H, R[n:].t()))
    return ((1 - z) * h + z * H,)
