"""The derivatives of an LSTM's weights for each sample: one pass back through time for all, from which each one's sums are taken.

With gates a_t = W_ih·x_t + W_hh·h_{t−1} + b (Hochreiter, Schmidhuber 1997; in the order i, f, g, o of torch) and δ_t the
derivative by a_t, the derivative of W_ih is Σ δ_t·x_tᵀ, of W_hh Σ δ_t·h_{t−1}ᵀ, of each b Σ δ_t.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from laminae.base import torch
from laminae.graph import Layer
from laminae.ops.aten import filled


def lstm_derivatives(
    layer: Layer, inputs: Sequence[Any], wanted: Sequence[int], apart: Mapping[int, int], deltas: Sequence[Any]
) -> list[Any] | None:
    """[samples, *shape] for each wanted input; None for an LSTM that projects, drops out, or whose first state learns."""
    told = {name: filled(value, inputs) for name, value in layer.attributes.items()}
    params, first = told["params"], bool(told.get("batch_first"))
    directions = 2 if told.get("bidirectional") else 1
    each = 4 if told["has_biases"] else 2
    known = {id(tensor) for tensor in params}
    if (
        len(params) != each * directions * told["num_layers"]
        or (told.get("train") and told.get("dropout"))
        or apart.get(0) != (0 if first else 1)
        or any(id(inputs[place]) not in known for place in wanted)
    ):
        return None
    x = inputs[0].transpose(0, 1) if first else inputs[0]
    came = [delta.transpose(0, 1) if i == 0 and first and delta is not None else delta for i, delta in enumerate(deltas)]
    cells = [params[i : i + each] for i in range(0, len(params), each)]
    with torch.enable_grad():
        made, turns = _forward(x, told["hx"], cells, directions)
        pairs = [(y, delta) for y, delta in zip(made, came, strict=False) if delta is not None]
        gates = [gate for gate, _, _ in turns]
        found = torch.autograd.grad([y for y, _ in pairs], gates, [delta for _, delta in pairs])
    sums: dict[int, Any] = {}
    for cell, delta, (_, given, before) in zip(cells, found, turns, strict=True):
        for tensor, derivative in zip(cell, _sums(delta, given, before), strict=False):
            sums[id(tensor)] = sums[id(tensor)] + derivative if id(tensor) in sums else derivative
    return [sums[id(inputs[place])] for place in wanted]


def _sums(delta: Any, given: Any, before: Any) -> tuple[Any, Any, Any, Any]:
    turned = delta.permute(1, 2, 0)
    bias = turned.sum(2)
    return torch.bmm(turned, given.transpose(0, 1)), torch.bmm(turned, before.transpose(0, 1)), bias, bias


def _forward(x: Any, first: Sequence[Any], cells: Sequence[Sequence[Any]], directions: int) -> tuple[Any, list[Any]]:
    """The layer's outputs; for each layer and direction what is added to its gates, its input, its states before each step."""
    turns, last = [], []
    for level in range(0, len(cells), directions):
        made = []
        for way in range(directions):
            place = level + way
            y, end, turn = _direction(x, first[0][place], first[1][place], cells[place], way == 1)
            made.append(y)
            last.append(end)
            turns.append(turn)
        x = torch.cat(made, -1)
    return (x, *(torch.stack(states) for states in zip(*last, strict=True))), turns


def _direction(x: Any, h: Any, c: Any, cell: Sequence[Any], backward: bool) -> tuple[Any, Any, Any]:
    added = torch.zeros(*x.shape[:2], cell[0].shape[0], dtype=x.dtype, device=x.device, requires_grad=True)
    bias = cell[2] + cell[3] if len(cell) == 4 else None
    gates = (torch.nn.functional.linear(x, cell[0], bias) + added).unbind(0)
    states, before = [], []
    for gate in reversed(gates) if backward else gates:
        before.append(h.detach())
        i, f, g, o = torch.addmm(gate, h, cell[1].t()).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        states.append(h)
    step = -1 if backward else 1  # back into the order of time
    return torch.stack(states[::step]), (h, c), (added, x.detach(), torch.stack(before[::step]))
