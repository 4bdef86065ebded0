"""One draw run by Laminae and by the reference evaluator, and what came of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import helper

import laminae as lm
from laminae.base.arrays import as_numpy
from tests.ops.draws.drawing import Drawn, Strategy
from tests.ops.draws.judges import JUDGES

EQUAL, BOTH_REFUSE, UNJUDGED, EXCUSED = "equal", "both refuse", "the reference refuses", "the reference is wrong"

TOLERANCES = {"float64": (1e-7, 1e-9), "float32": (1e-4, 1e-5), "float16": (4e-3, 4e-3), "bfloat16": (3e-2, 3e-2), "complex64": (1e-4, 1e-5), "complex128": (1e-7, 1e-9)}  # fmt: skip
"""dtype → rtol, atol. Everything else must be equal."""


class DifferenceError(AssertionError):
    """Laminae and the reference evaluator do not agree, and the draw is in the message."""


def proto(strategy: Strategy, opset: int, drawn: Drawn) -> onnx.ModelProto:
    """The draw as a model of one node."""
    names = ["" if x is None else f"x{i}" for i, x in enumerate(drawn.inputs)]
    outputs = [f"y{i}" for i in range(drawn.outputs)]
    node = helper.make_node(strategy.operator, names, outputs, domain=strategy.domain, **drawn.attributes)
    given = [onnx.ValueInfoProto(name=n, type=_type(x)) for n, x in zip(names, drawn.inputs, strict=True) if x is not None]
    given += [onnx.ValueInfoProto(name=name, type=_type(x)) for name, x in drawn.around.items()]
    graph = helper.make_graph([node], strategy.name, given, [onnx.ValueInfoProto(name=n) for n in outputs])
    opsets = [helper.make_opsetid(strategy.domain, opset)] + ([helper.make_opsetid("", 27)] if strategy.domain else [])
    return helper.make_model(graph, opset_imports=opsets, ir_version=13)


def _type(x: Any) -> onnx.TypeProto:
    if isinstance(x, dict):
        key, value = next(iter(x.items()))
        code = {str: onnx.TensorProto.STRING, int: onnx.TensorProto.INT64, float: onnx.TensorProto.FLOAT}
        return helper.make_map_type_proto(code[type(key)], helper.make_tensor_type_proto(code[type(value)], []))
    if isinstance(x, list):
        return helper.make_sequence_type_proto(helper.make_tensor_type_proto(_code(x[0]) if x else 1, None))
    return helper.make_tensor_type_proto(_code(x), x.shape)


def _code(x: np.ndarray[Any, Any]) -> int:
    return onnx.TensorProto.STRING if x.dtype == object else helper.np_dtype_to_tensor_dtype(x.dtype)


def compare(strategy: Strategy, opset: int, drawn: Drawn) -> str:
    """What came of the draw: EQUAL, BOTH_REFUSE, UNJUDGED or EXCUSED. Raises DifferenceError."""
    fault = next((fault for fault in strategy.faults if fault.when(drawn, opset)), None)
    if fault is not None and fault.right is None and not fault.judge:
        return EXCUSED
    model = proto(strategy, opset, drawn)
    feeds = {f"x{i}": x for i, x in enumerate(drawn.inputs) if x is not None} | drawn.around
    judge = (fault and fault.judge) or strategy.judge
    right = fault.right if fault else None
    expected, refused = JUDGES[judge](model, feeds) if right is None else (list(right(drawn, opset)), "")
    told = f"{_told(strategy, opset, drawn)}\n{judge}: {expected}"
    forms = [(model, feeds), *_with_parameters(model, feeds)]
    outcomes = [_run(form, fed, drawn, told, None if refused else expected) for form, fed in forms]
    if UNJUDGED in outcomes:
        return EXCUSED if fault else UNJUDGED
    return outcomes[0]


def _with_parameters(model: onnx.ModelProto, feeds: dict[str, Any]) -> list[tuple[onnx.ModelProto, dict[str, Any]]]:
    """The model with all inputs but the first as its own parameters, which it may make ready before a run; none where it has none."""
    kept = {name: x for name, x in feeds.items() if name != "x0" and isinstance(x, np.ndarray)}
    if not kept or "x0" not in feeds:
        return []
    made = onnx.ModelProto()
    made.CopyFrom(model)
    made.graph.initializer.extend(onnx.numpy_helper.from_array(x, name) for name, x in kept.items())
    left = [one for one in made.graph.input if one.name not in kept]
    del made.graph.input[:]
    made.graph.input.extend(left)
    return [(made, {name: x for name, x in feeds.items() if name not in kept})]


def _run(model: onnx.ModelProto, feeds: dict[str, Any], drawn: Drawn, told: str, expected: list[Any] | None) -> str:
    """What came of one form of the model: EQUAL, BOTH_REFUSE or UNJUDGED. expected: None where the judge refuses."""
    kept = f"\nparameters: {', '.join(one.name for one in model.graph.initializer) or 'none'}"
    try:
        trace = lm.open(model).run(feeds)
    except lm.LaminaeError as error:
        if expected is None:
            return BOTH_REFUSE
        raise DifferenceError(f"{told}{kept}\nlaminae refuses: {error}") from error
    if expected is None:
        return UNJUDGED
    found = [trace.values[f"y{i}"] for i in range(drawn.outputs)]
    for i, (theirs, ours) in enumerate(zip(expected, found, strict=True)):
        problem = different(ours, theirs, drawn)
        if problem:
            raise DifferenceError(f"{told}{kept}\noutput {i}: {problem}\nlaminae: {ours}")
    return EQUAL


def different(ours: Any, theirs: Any, drawn: Drawn) -> str:
    """How the two differ, "" where they do not."""
    if isinstance(theirs, list) or isinstance(ours, list):
        if not isinstance(theirs, list) or not isinstance(ours, list) or len(theirs) != len(ours):
            return "one is a sequence of another length, or no sequence"
        return next((p for a, b in zip(ours, theirs, strict=True) if (p := different(a, b, drawn))), "")
    if isinstance(theirs, dict) and isinstance(ours, dict):
        same = ours.keys() == theirs.keys() and np.allclose([ours[key] for key in theirs], list(theirs.values()), equal_nan=True)
        return "" if same else "one map is another"
    if ours is None or theirs is None:
        return "" if ours is theirs else "one is absent"
    ours, theirs = as_numpy(ours), np.asarray(theirs)
    if theirs.dtype.kind in "US":
        theirs = theirs.astype(object)
    if ours.dtype != theirs.dtype:
        return f"dtype {ours.dtype}, expected {theirs.dtype}"
    if ours.shape != theirs.shape:
        return f"shape {ours.shape}, expected {theirs.shape}"
    if drawn.only_form:
        return ""
    if ours.dtype.name not in TOLERANCES and ours.dtype.kind in "iu" and (drawn.atol or 0) >= 1:
        far = np.abs(ours.astype(np.float64) - theirs.astype(np.float64)) > drawn.atol
        return f"{far.sum()} of {far.size} elements differ" if far.any() else ""
    if ours.dtype.name not in TOLERANCES:
        same = (
            ours == theirs
            if ours.dtype.kind in "biuOc"
            else (ours.astype(np.float64) == theirs.astype(np.float64)) | (_nan(ours) & _nan(theirs))
        )
        return "" if np.all(same) else f"{np.size(same) - np.sum(same)} of {np.size(same)} elements differ"  # fmt: skip
    rtol, atol = TOLERANCES[ours.dtype.name]
    wide = np.complex128 if ours.dtype.kind == "c" else np.float64
    rtol, atol = rtol if drawn.rtol is None else drawn.rtol, atol if drawn.atol is None else drawn.atol
    with np.errstate(all="ignore"):
        near = np.isclose(ours.astype(wide), theirs.astype(wide), rtol=rtol, atol=atol, equal_nan=True)
    return "" if near.all() else f"{(~near).sum()} of {near.size} elements differ"


def _nan(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.isnan(x.astype(np.float64))


def _told(strategy: Strategy, opset: int, drawn: Drawn) -> str:
    inputs = "\n".join(
        f"  x{i} = {x if x is None or isinstance(x, list | dict) else (x.dtype.name, x.shape, x.tolist())}"
        for i, x in enumerate(drawn.inputs)
    )
    return f"{strategy.name}, opset {opset}, {drawn.attributes}\n{inputs}"  # fmt: skip
