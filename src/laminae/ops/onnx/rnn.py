"""RNN. https://onnx.ai/onnx/operators/onnx__RNN.html"""

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

KERNELS = {"tanh": "rnn_tanh", "relu": "rnn_relu"}


def rnn_shape(X, W, R, B=None, *states, direction="forward", hidden_size=None, layout=0, **attributes):
    return recurrent_shape(1, 1, X, W, R, B, direction=direction, hidden_size=hidden_size, layout=layout)


def rnn_cost(X, W, R, *inputs, **attributes):
    return recurrent_cost(X, W, R)


def rnn_ready(X, W, R, B=None, sequence_lens=None, initial_h=None, **attributes):
    names = activations_of(attributes.get("activations"), ["tanh"], attributes.get("direction", "forward"))
    kernel = fused_kernel(names, sequence_lens, attributes.get("clip"))
    return None if kernel is None else fused_ready(rnn, kernel, (0,), X, W, R, B, (initial_h,), attributes)


@operator("RNN", kind="recurrent", shape=rnn_shape, cost=rnn_cost, ready=rnn_ready)
def rnn(
    X,
    W,
    R,
    B=None,
    sequence_lens=None,
    initial_h=None,
    *,
    activation_alpha=None,
    activation_beta=None,
    activations=("Tanh", "Tanh"),
    clip=None,
    direction="forward",
    hidden_size=None,
    layout=0,
    output_sequence=0,
    n_outputs=2,
):
    """Y [T, D, N, H] and Y_h [D, N, H] from X [T, N, I], W [D, H, I], R [D, H, H], B [D, 2H].

    H = tanh(W x + R H + B). Elman 1990; shapes in layout 1: see `laminae.ops.recurrent`.
    """
    names = activations_of(activations, ["tanh"], direction)
    kernel = fused_kernel(names, sequence_lens, clip)
    if kernel is not None and X.shape[layout]:
        outputs = fused(kernel, X, torch_weights(W, R, B, (0,)), R, [initial_h], direction, layout)
    else:
        functions = activation_functions(names, activation_alpha, activation_beta, clip)
        outputs = stepwise(cell, X, W, R, B, sequence_lens, [initial_h], functions, direction, layout)
    return outputs[:n_outputs] if n_outputs > 1 else outputs[0]


def fused_kernel(names, sequence_lens, clip):
    """torch's kernel for it, None where it has none."""
    (first,) = names[0]
    plain = sequence_lens is None and not clip and first in KERNELS and all(each == [first] for each in names)
    return getattr(torch._VF, KERNELS[first]) if plain else None


def cell(gates, states, R, bias, functions):
    (H,), (f,) = states, functions
    return (f(torch.addmm(gates + bias, H, R.t())),)
