"""LSTM. https://onnx.ai/onnx/operators/onnx__LSTM.html"""

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

DEFAULT = ["sigmoid", "tanh", "tanh"]
ORDER = (0, 2, 3, 1)
"""torch's order of the gates, i f c o, by their places here."""


def lstm_shape(X, W, R, B=None, *states, direction="forward", hidden_size=None, layout=0, **attributes):
    return recurrent_shape(4, 2, X, W, R, B, direction=direction, hidden_size=hidden_size, layout=layout)


def lstm_cost(X, W, R, *inputs, **attributes):
    return recurrent_cost(X, W, R)


def lstm_ready(X, W, R, B=None, sequence_lens=None, initial_h=None, initial_c=None, P=None, **attributes):
    names = activations_of(attributes.get("activations"), DEFAULT, attributes.get("direction", "forward"))
    if not is_fused(names, sequence_lens, P, attributes.get("clip"), attributes.get("input_forget")):
        return None
    return fused_ready(lstm, torch._VF.lstm, ORDER, X, W, R, B, (initial_h, initial_c), attributes)


@operator("LSTM", kind="recurrent", shape=lstm_shape, cost=lstm_cost, ready=lstm_ready)
def lstm(
    X,
    W,
    R,
    B=None,
    sequence_lens=None,
    initial_h=None,
    initial_c=None,
    P=None,
    *,
    activation_alpha=None,
    activation_beta=None,
    activations=None,
    clip=None,
    direction="forward",
    hidden_size=None,
    input_forget=0,
    layout=0,
    output_sequence=0,
    n_outputs=3,
):
    """Y [T, D, N, H], Y_h and Y_c [D, N, H] from X [T, N, I], W [D, 4H, I], R [D, 4H, H], B [D, 8H], P [D, 3H]; gates i o f c.

    C = f · C + i · c, H = o · tanh(C). Hochreiter, Schmidhuber 1997; shapes in layout 1: see `laminae.ops.recurrent`.
    """
    names = activations_of(activations, DEFAULT, direction)
    initial = [initial_h, initial_c]
    if X.shape[layout] and is_fused(names, sequence_lens, P, clip, input_forget):
        outputs = fused(torch._VF.lstm, X, torch_weights(W, R, B, ORDER), R, initial, direction, layout)
    else:
        peepholes = (P if P is not None else X.new_zeros(R.shape[0], 3 * R.shape[-1])).unbind(0)
        functions = activation_functions(names, activation_alpha, activation_beta, clip)
        functions = [(f, p, input_forget) for f, p in zip(functions, peepholes, strict=True)]
        outputs = stepwise(cell, X, W, R, B, sequence_lens, initial, functions, direction, layout)
    return outputs[:n_outputs] if n_outputs > 1 else outputs[0]


def is_fused(names, sequence_lens, P, clip, input_forget):
    """Whether torch has a kernel for it."""
    plain = sequence_lens is None and P is None and not clip and not input_forget
    return plain and all(each == DEFAULT for each in names)


def cell(gates, states, R, bias, functions):
    (H, C), ((f, g, h), P, input_forget) = states, functions
    i, o, forget, c = torch.addmm(gates + bias, H, R.t()).chunk(4, 1)
    p_i, p_o, p_f = P.chunk(3)
    i = f(i + p_i * C)
    forget = 1 - i if input_forget else f(forget + p_f * C)
    C = forget * C + i * g(c)
    return f(o + p_o * C) * h(C), C
