"""Who says what is right: the reference evaluator, and ONNX Runtime where that is wrong or refuses."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator

Verdict = tuple[list[Any], str]
"""The outputs, or none and why not."""

OPSETS = (24, 21)
"""The newest opset that ONNX Runtime takes whatever its build, and the last before versions that only added bfloat16."""


def reference(model: onnx.ModelProto, feeds: dict[str, Any]) -> Verdict:
    """What the reference evaluator gives, or why it does not. It prints and warns; its errors are of any kind."""
    copies = {name: x.copy() for name, x in feeds.items()}
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return list(ReferenceEvaluator(model).run(None, copies)), ""
    except Exception as error:  # whatever it is, it gave no result
        return [], f"{type(error).__name__}: {error}"


def runtime(model: onnx.ModelProto, feeds: dict[str, Any]) -> Verdict:
    """What ONNX Runtime gives on one thread, not optimized, or why it does not."""
    verdict: Verdict = [], ""
    for newest in OPSETS:
        verdict = _run(model, feeds, newest)
        if "NOT_IMPLEMENTED" not in verdict[1]:
            break
    return verdict


def _run(model: onnx.ModelProto, feeds: dict[str, Any], newest: int) -> Verdict:
    older = onnx.ModelProto()
    older.CopyFrom(model)
    older.ir_version = 10
    for opset in older.opset_import:
        if not opset.domain:
            opset.version = min(opset.version, newest)
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads, options.inter_op_num_threads = 4, 1, 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(older.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return list(session.run(None, feeds)), ""
    except Exception as error:  # whatever it is, it gave no result
        return [], f"{type(error).__name__}: {error}"


JUDGES: dict[str, Callable[[onnx.ModelProto, dict[str, Any]], Verdict]] = {"reference": reference, "onnxruntime": runtime}
