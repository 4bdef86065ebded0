"""LSTM, GRU and RNN. The evaluator heeds neither lengths nor clip nor activations: ONNX Runtime does."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.ops.draws.convolutions import tolerance
from tests.ops.draws.drawing import Draw, Drawn, Fault, array, draws

ACTIVATIONS = {
    "Relu": "", "Tanh": "", "Sigmoid": "", "Softsign": "", "Softplus": "", "LeakyRelu": "a", "ThresholdedRelu": "a", "Elu": "a",
    "Affine": "ab", "ScaledTanh": "ab", "HardSigmoid": "ab",
}  # fmt: skip
"""Which numbers each takes."""

GATES = {"LSTM": (4, 3), "GRU": (3, 2), "RNN": (1, 1)}
"""How many gates and how many activations."""

HEEDED = ("clip", "activations", "input_forget")

SAYS = (
    "sequence_lens: Optional tensor specifying lengths of the sequences in a batch. … clip: Clipping bounds the elements of a tensor "
    "in the range of [-threshold, +threshold] and is applied to the input of activations. … activations: A list of activation functions"
)


def _not_heeded(drawn: Drawn, opset: int) -> bool:
    given = (*drawn.inputs, None, None)[4]
    return given is not None or any(name in drawn.attributes for name in HEEDED)


@draws(
    "LSTM",
    "GRU",
    "RNN",
    opsets=lambda name: (3, 7, 14, 22, 27) if name == "GRU" else (7, 14, 22, 27),
    faults=[Fault(_not_heeded, SAYS, judge="onnxruntime")],
)
def recurrent(draw: Draw, opset: int, operator: str) -> Drawn:
    gates, functions = GATES[operator]
    steps, batch, width, hidden = draw(st.tuples(*[st.integers(1, 3)] * 4))
    direction = draw(st.sampled_from(("forward", "reverse", "bidirectional")))
    ways = 2 if direction == "bidirectional" else 1
    attributes: dict[str, Any] = {"hidden_size": hidden}
    if direction != "forward" or draw(st.booleans()):
        attributes["direction"] = direction
    if operator == "GRU" and draw(st.booleans()):
        attributes["linear_before_reset"] = draw(st.integers(0, 1))
    layout = opset >= 14 and draw(st.booleans())
    if layout:
        attributes["layout"] = 1
    odd = not layout and opset >= 7 and draw(st.booleans())  # ONNX Runtime has layout 0 only
    if odd:
        attributes |= odd_ones(draw, operator, functions * ways)
    dtype = "float32" if odd else draw(st.sampled_from(("float32", "float64", "float16")))
    state = (batch, ways, hidden) if layout else (ways, batch, hidden)
    x = (batch, steps, width) if layout else (steps, batch, width)
    shapes = [x, (ways, gates * hidden, width), (ways, gates * hidden, hidden), (ways, 2 * gates * hidden), None, state]
    if operator == "LSTM":
        shapes += [state, (ways, 3 * hidden)]
    inputs: list[Any] = [None if shape is None else array(draw, shape, dtype, low=-1, high=1) for shape in shapes]
    if odd and draw(st.booleans()):  # a length of 0 leaves open what the last state is
        inputs[4] = array(draw, (batch,), "int32", low=1, high=steps)
    for place in (3, 5, 6, 7)[: len(inputs) - 4]:
        if draw(st.booleans()):
            inputs[place] = None
    while inputs[-1] is None:
        inputs.pop()
    return Drawn(inputs, attributes, draw(st.integers(1, 3 if operator == "LSTM" else 2)), **tolerance(dtype))


def odd_ones(draw: Draw, operator: str, count: int) -> dict[str, Any]:
    """input_forget, activations with their numbers, and clip."""
    attributes: dict[str, Any] = {}
    if operator == "LSTM" and draw(st.booleans()):
        attributes["input_forget"] = draw(st.integers(0, 1))
    if draw(st.booleans()):
        names = attributes["activations"] = draw(st.lists(st.sampled_from(tuple(ACTIVATIONS)), min_size=count, max_size=count))
        for kind, name in (("a", "activation_alpha"), ("b", "activation_beta")):
            takers = sum(kind in ACTIVATIONS[each] for each in names)
            if takers:
                attributes[name] = [draw(st.integers(1, 6)) / 4 for _ in range(takers)]
    if operator == "LSTM" and "activations" not in attributes and draw(st.booleans()):
        attributes["clip"] = 2.0  # less than the gates, more than the cell, which ONNX Runtime does not clip for its activation
    elif operator != "LSTM" and draw(st.booleans()):
        attributes["clip"] = draw(st.sampled_from((0.3, 0.9)))
    return attributes
