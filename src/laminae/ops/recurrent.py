"""What RNN, GRU and LSTM share: directions, layouts, lengths, activations; torch's fused kernels and explicit time steps.

T time steps, N samples, I input size, H hidden size, D directions, G gates. X [T, N, I] (layout 1: [N, T, I]),
W [D, G · H, I], R [D, G · H, H], B [D, 2 · G · H], states [D, N, H] (layout 1: [N, D, H]).
"""

import math

from laminae.base import torch
from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.shapes import Spec, format_shape, known, same_dim
from laminae.ops.ready import LATER, awaits, filled, held, room_for

REVERSED = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}
"""Whether each direction runs from the end."""

DEFAULTS = (("direction", "forward"), ("layout", 0), ("n_outputs", 1))
"""What the fused kernels heed of the attributes, and how it is where it is not given."""

ACTIVATIONS = {
    "relu": (lambda x, a, b: x.relu(), None, None),
    "tanh": (lambda x, a, b: x.tanh(), None, None),
    "sigmoid": (lambda x, a, b: x.sigmoid(), None, None),
    "affine": (lambda x, a, b: a * x + b, 1.0, 0.0),
    "leakyrelu": (lambda x, a, b: torch.where(x >= 0, x, a * x), 0.01, None),
    "thresholdedrelu": (lambda x, a, b: torch.where(x >= a, x, 0.0), 1.0, None),
    "scaledtanh": (lambda x, a, b: a * (b * x).tanh(), 1.0, 1.0),
    "hardsigmoid": (lambda x, a, b: (a * x + b).clamp(0, 1), 0.2, 0.5),
    "elu": (lambda x, a, b: torch.nn.functional.elu(x, a), 1.0, None),
    "softsign": (lambda x, a, b: x / (1 + x.abs()), None, None),
    "softplus": (lambda x, a, b: torch.nn.functional.softplus(x), None, None),
}
"""Name: function of x, alpha and beta; their defaults, None where the function takes none."""


def recurrent_shape(gates, n_states, X, W, R, B=None, *, direction="forward", hidden_size=None, layout=0):
    """Y [T, D, N, H] (layout 1: [N, T, D, H]) and the last states. Raises ShapeError where the weights do not fit."""
    if direction not in REVERSED:
        raise AttributeValueError(f"direction {direction!r} is not known", {"known": ", ".join(REVERSED)})
    D = len(REVERSED[direction])
    if X.rank != 3:
        raise ShapeError("X must have rank 3", {"X": format_shape(X.shape)})
    T, N = X.shape[1::-1] if layout else X.shape[:2]
    H = R.dims[-1] if R.dims else None
    H = hidden_size if H is None else H
    wide = [n * H if isinstance(H, int) else None for n in (gates, 2 * gates)]
    for name, found, expected in (("W", W, (D, wide[0], X.shape[2])), ("R", R, (D, wide[0], H)), ("B", B, (D, wide[1]))):
        if found is not None and found.dims is not None:
            fits = len(found.dims) == len(expected) and all(map(same_dim, found.dims, expected))
            if not fits:
                details = {"X": format_shape(X.shape), "expected": format_shape(expected), "found": format_shape(found.dims)}
                raise ShapeError(f"{name} does not fit", details)
    state = Spec(X.dtype, (N, D, H) if layout else (D, N, H))
    return Spec(X.dtype, (N, T, D, H) if layout else (T, D, N, H)), *[state] * n_states


def recurrent_cost(X, W, R):
    """T · N · D · G · H · (I + H)."""
    return math.prod(known(X.shape[:2])) * (math.prod(known(W.shape)) + math.prod(known(R.shape)))


def activations_of(names, default, direction):
    """The names for each direction, in small letters; `default` (also per direction) where none are given."""
    count, n = len(default), len(REVERSED[direction])
    found = [name.lower() for name in names] if names else list(default) * n
    return [found[i * count : (i + 1) * count] or found[:count] for i in range(n)]


def activation_functions(names, alphas, betas, clip):
    """One list of functions of x for each direction; alphas and betas are taken in order by those that have one."""
    alphas, betas = iter(alphas or ()), iter(betas or ())
    bound = math.inf if clip is None or clip == 0 else clip

    def made(name):
        if name not in ACTIVATIONS:
            raise AttributeValueError(f"activation {name!r} is not known", {"known": ", ".join(ACTIVATIONS)})
        function, alpha, beta = ACTIVATIONS[name]
        alpha = None if alpha is None else next(alphas, alpha)
        beta = None if beta is None else next(betas, beta)
        if bound == math.inf:
            return lambda x: function(x, alpha, beta)
        return lambda x: function(x.clamp(-bound, bound), alpha, beta)

    return [[made(name) for name in each] for each in names]


def fused(kernel, X, weights, R, initial, direction, layout):
    """By a kernel of torch for one layer (`torch._VF.lstm`, …) with `weights` in its order."""
    X = X.transpose(0, 1) if layout else X
    X = X.flip(0) if direction == "reverse" else X
    (T, N, _), (D, _, H) = X.shape, R.shape
    states = [X.new_zeros(D, N, H) if s is None else (s.transpose(0, 1) if layout else s).contiguous() for s in initial]
    hidden = states if len(states) > 1 else states[0]
    Y, *last = kernel(X, hidden, weights, len(weights) > 2 * D, 1, 0.0, torch.is_grad_enabled(), D == 2, False)
    Y = Y.reshape(T, N, D, H)
    Y = Y.flip(0) if direction == "reverse" else Y
    return arranged(Y.transpose(1, 2), last, layout)


def torch_weights(W, R, B, order):
    """What the kernels take: for each direction W, R and the two biases, with the gates in another order."""
    weights = []
    for d in range(len(W)):
        biases = [] if B is None else B[d].chunk(2)
        weights += [ordered(w, order) for w in (W[d], R[d], *biases)]
    return weights


def fused_ready(run, kernel, order, X, W, R, B, initial, attributes):
    """The fused kernel with weights put in order before the run; None where these come with it, or there is no room for them."""
    copies = len(order) > 1
    if X is not LATER or awaits(W, R, B) or (copies and not room_for(sum(x.nbytes for x in (W, R, B) if x is not None))):
        return None
    weights = torch_weights(W, R, B, order)
    held(*weights if copies else ())
    direction, layout, n_outputs = (attributes.get(name, default) for name, default in DEFAULTS)

    def call(X, *initial):
        if not X.shape[layout]:
            return run(X, W, R, B, None, *initial, **attributes)
        outputs = fused(kernel, X, weights, R, initial, direction, layout)
        return outputs[:n_outputs] if n_outputs > 1 else outputs[0]

    return filled(call, (X, *initial))


def ordered(w, order):
    """The gates of w along its first axis in another order."""
    if len(order) == 1:
        return w
    gates = w.chunk(len(order))
    return torch.cat([gates[i] for i in order])


def stepwise(cell, X, W, R, B, sequence_lens, initial, functions, direction, layout):
    """By explicit time steps; `cell(gates, states, R, bias, functions)` gives the new states, the hidden one first."""
    X = X.transpose(0, 1) if layout else X
    N, H = X.shape[1], R.shape[-1]
    outputs, last = [], []
    for d, backward in enumerate(REVERSED[direction]):
        states = tuple(X.new_zeros(N, H) if s is None else s[:, d] if layout else s[d] for s in initial)
        bias_w, bias_r = B[d].chunk(2) if B is not None else (None, X.new_zeros(R.shape[1]))
        gates = torch.nn.functional.linear(X, W[d], bias_w)
        Y, states = steps(cell, gates, states, (R[d], bias_r, functions[d]), sequence_lens, backward)
        outputs.append(Y)
        last.append(states)
    return arranged(torch.stack(outputs, 1), [torch.stack(states) for states in zip(*last, strict=True)], layout)


def steps(cell, gates, states, weights, sequence_lens, backward):
    """All hidden states [T, N, H] and the last states. Past a sample's length its states stay, its outputs are zeros."""
    times = list(enumerate(gates.unbind(0)))
    outputs = []
    for t, gate in reversed(times) if backward else times:
        new = cell(gate, states, *weights)
        if sequence_lens is not None:
            live = (t < sequence_lens).unsqueeze(-1)
            new = tuple(torch.where(live, after, before) for after, before in zip(new, states, strict=True))
            outputs.append(torch.where(live, new[0], 0.0))
        else:
            outputs.append(new[0])
        states = new
    if not outputs:
        return gates.new_zeros(0, *states[0].shape), states
    return torch.stack(outputs[::-1] if backward else outputs), states


def arranged(Y, last, layout):
    """Y [T, D, N, H] and states [D, N, H] as the layout wants them."""
    return (Y.permute(2, 0, 1, 3), *(s.transpose(0, 1) for s in last)) if layout else (Y, *last)
