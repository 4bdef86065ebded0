"""Attention in its kinds, and rotary embeddings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from onnx import TensorProto, helper

from tests.ops.draws.compared import proto
from tests.ops.draws.convolutions import tolerance
from tests.ops.draws.drawing import STRATEGIES, Draw, Drawn, Fault, array, draws
from tests.ops.draws.judges import reference

FLOATS = ("float32", "float64", "float16", "bfloat16")
CODES = {
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
    "float16": TensorProto.FLOAT16,
    "bfloat16": TensorProto.BFLOAT16,
}


def near(dtype: str) -> dict[str, Any]:
    """The root of the scale is one of float32 in the evaluator."""
    if dtype == "float64":
        return {"rtol": 1e-5, "atol": 1e-6}
    return {"rtol": 1e-3, "atol": 1e-4} if dtype == "float32" else {"rtol": 5e-2, "atol": 1e-1}


def _capped(drawn: Drawn, opset: int) -> bool:
    """Whether the scores are asked for as they are, and capped for the rest: the evaluator gives the capped ones."""
    a = drawn.attributes
    return drawn.outputs == 4 and not a.get("qk_matmul_output_mode", 0) and a.get("softcap", 0.0) > 0


def _with_raw_scores(drawn: Drawn, opset: int) -> list[Any]:
    """The evaluator's outputs, but the scores from its run without the cap."""
    feeds = {f"x{i}": x for i, x in enumerate(drawn.inputs) if x is not None}
    raw = replace(drawn, attributes=drawn.attributes | {"softcap": 0.0})
    first, second = (reference(proto(STRATEGIES["Attention"], opset, each), feeds)[0] for each in (drawn, raw))
    return [*first[:3], second[3]]


@draws(
    "Attention",
    opsets=(23, 24, 25, 27),
    faults=[Fault(_capped, "0 (default): raw QK matmul result; 1: after softcap", _with_raw_scores)],
)
def attention(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(FLOATS))
    batch, kv_heads, length, reach, size, width = draw(st.tuples(*[st.integers(1, 3)] * 6))
    heads = kv_heads * draw(st.integers(1, 2))
    attributes: dict[str, Any] = {}
    shapes = [(batch, heads, length, size), (batch, kv_heads, reach, size), (batch, kv_heads, reach, width)]
    if draw(st.booleans()):
        attributes |= {"q_num_heads": heads, "kv_num_heads": kv_heads}
        shapes = [(n, long, h * each) for n, h, long, each in shapes]
    inputs: list[Any] = [array(draw, shape, dtype, low=-1, high=1) for shape in shapes] + [None] * 4
    past = draw(st.integers(0, 3)) if draw(st.booleans()) else None
    if past is not None:
        inputs[4:6] = [array(draw, (batch, kv_heads, past, n), dtype, low=-1, high=1) for n in (size, width)]
    elif opset >= 24 and draw(st.booleans()):
        inputs[6] = array(draw, (batch,), "int64", low=0, high=reach)
    total = reach + (past or 0)
    if draw(st.booleans()):
        inputs[3] = masked(draw, (batch, heads, length, total), dtype, opset)
    for name, values in (
        ("is_causal", (0, 1)), ("scale", (0.5, 2.0)), ("softcap", (0.0, 1.5)), ("softmax_precision", tuple(CODES.values())),
        ("left_window_size", (-1, 0, 1)), ("right_window_size", (-1, 0, 1)),
    ):  # fmt: skip
        if draw(st.integers(0, 2)) == 0 and (opset >= 25 or "window" not in name):
            attributes[name] = draw(st.sampled_from(values))
    outputs = 1 if inputs[6] is not None else draw(st.sampled_from((1, 3, 4)))
    if outputs == 4 and draw(st.booleans()):
        attributes["qk_matmul_output_mode"] = draw(st.integers(0, 3))
    while inputs[-1] is None:
        inputs.pop()
    return Drawn(inputs, attributes, outputs, **near(least(dtype, attributes)))


def least(dtype: str, attributes: dict[str, Any]) -> str:
    """The narrower of the inputs' dtype and that of the softmax."""
    narrow = [name for name, code in CODES.items() if code == attributes.get("softmax_precision")]
    return max([dtype, *narrow], key=("float64", "float32", "float16", "bfloat16").index)


def masked(draw: Draw, whole: tuple[int, ...], dtype: str, opset: int) -> np.ndarray[Any, Any]:
    """A mask that broadcasts to the scores, from opset 24 on sometimes too short."""
    *front, total = whole
    if opset >= 24 and draw(st.integers(0, 3)) == 0:
        total = draw(st.integers(1, total))
    rank = draw(st.integers(2, 4))
    shape = (*[draw(st.sampled_from((1, n))) for n in front[4 - rank : 2]], front[2], total)
    if draw(st.booleans()):
        return array(draw, shape, "bool")
    mask = array(draw, shape, dtype)
    return np.where(array(draw, shape, "bool"), mask, np.asarray(-np.inf, mask.dtype)) if draw(st.booleans()) else mask


@draws("RotaryEmbedding", opsets=(23, 27))
def rotary_embedding(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(("float32", "float16", "bfloat16")))
    batch, heads, length, half = draw(st.tuples(*[st.integers(1, 3)] * 4))
    size = 2 * half + draw(st.sampled_from((0, 0, 2, 4)))
    attributes: dict[str, Any] = {"interleaved": draw(st.integers(0, 1))} if draw(st.booleans()) else {}
    if size != 2 * half or draw(st.booleans()):
        attributes["rotary_embedding_dim"] = 2 * half
    flat = draw(st.booleans())
    if flat:
        attributes["num_heads"] = heads
    x = array(draw, (batch, length, heads * size) if flat else (batch, heads, length, size), dtype)
    indexed = draw(st.booleans())
    longest = length + 2
    caches = [array(draw, (longest, half) if indexed else (batch, length, half), dtype, low=-1, high=1) for _ in range(2)]
    places = [array(draw, (batch, length), "int64", low=0, high=longest - 1)] if indexed else []
    return Drawn([x, *caches, *places], attributes, **tolerance(dtype))


@draws("LinearAttention", opsets=(27, 28))
def linear_attention(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(("float32", "float16", "bfloat16")))
    batch, kv_heads, length, size, width = draw(st.tuples(*[st.integers(1, 3)] * 5))
    heads = kv_heads * draw(st.integers(1, 2))
    attributes: dict[str, Any] = {"q_num_heads": heads, "kv_num_heads": kv_heads}
    rule = draw(st.sampled_from(("linear", "gated", "delta", "gated_delta")))
    if rule != "gated_delta" or draw(st.booleans()):
        attributes["update_rule"] = rule
    if draw(st.booleans()):
        attributes["scale"] = draw(st.sampled_from((0.0, 0.5)))
    if draw(st.booleans()):
        attributes["chunk_size"] = draw(st.integers(1, 4))
    shapes = [(batch, length, n) for n in (heads * size, kv_heads * size, kv_heads * width)]
    inputs: list[Any] = [array(draw, shape, dtype, low=-1, high=1) for shape in shapes] + [None] * 3
    if draw(st.booleans()):
        state = draw(st.sampled_from((dtype, "float32")))
        inputs[3] = array(draw, (batch, kv_heads, size, width), state, low=-1, high=1)
    if "gated" in rule:
        inputs[4] = array(draw, (batch, length, kv_heads * draw(st.sampled_from((1, size)))), dtype, low=-1, high=0)
    if "delta" in rule:
        inputs[5] = array(draw, (batch, length, draw(st.sampled_from((1, kv_heads)))), dtype, low=0, high=1)
    while inputs[-1] is None:
        inputs.pop()
    return Drawn(inputs, attributes, 2, **tolerance(dtype))


def body(name: str, kind: int) -> Any:
    """A graph of one node: score_mod or prob_mod."""
    return helper.make_graph(
        [helper.make_node(name, ["x"], ["y"])],
        name,
        [helper.make_tensor_value_info("x", kind, None)],
        [helper.make_tensor_value_info("y", kind, None)],
    )


@draws("FlexAttention", opsets=(1,), domain="ai.onnx.preview")
def flex_attention(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(FLOATS))
    batch, kv_heads, length, reach, size, width = draw(st.tuples(*[st.integers(1, 3)] * 6))
    heads = kv_heads * draw(st.integers(1, 2))
    attributes: dict[str, Any] = {"scale": draw(st.sampled_from((0.25, 2.0)))} if draw(st.booleans()) else {}
    precision = "float64" if dtype == "float64" else "float32"
    if draw(st.booleans()):
        precision = draw(st.sampled_from(("float32", "float64", "float16")))
        attributes["softmax_precision"] = CODES[precision]
    for name, operators in (("score_mod", ("Tanh", "Neg")), ("prob_mod", ("Sqrt", "Neg"))):
        if draw(st.booleans()):
            attributes[name] = body(draw(st.sampled_from(operators)), CODES[precision])
    shapes = [(batch, heads, length, size), (batch, kv_heads, reach, size), (batch, kv_heads, reach, width)]
    return Drawn([array(draw, shape, dtype, low=-1, high=1) for shape in shapes], attributes, **near(least(dtype, attributes)))
