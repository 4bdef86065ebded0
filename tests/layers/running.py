"""Runs a built graph by Laminae's own engine, and by ONNX Runtime for an answer that is not ourselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from laminae.graph import Graph
from laminae.trace.session import Session


def run(graph: Graph, *xs: Any) -> list[np.ndarray[Any, Any]]:
    """Every output, by Laminae."""
    found = Session(graph).call(xs, {})
    return [out.detach().numpy() for out in (found if isinstance(found, tuple) else (found,))]


def run_onnxruntime(graph: Graph, *xs: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    """Every output, by ONNX Runtime, after onnx's checker has agreed."""
    import onnx
    import onnxruntime

    from laminae.files import onnx_writer

    proto = onnx_writer.to_proto(graph)
    onnx.checker.check_model(proto, full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return list(session.run(None, {value.name: x for value, x in zip(graph.inputs, xs, strict=True)}))


def give(graph: Graph, values: dict[str, Any]) -> None:
    """Put these values into the parameters of those names."""
    for name, value in values.items():
        graph.parameters[name].assign(value.detach().numpy() if isinstance(value, torch.Tensor) else np.array(value))


def assert_close(found: np.ndarray[Any, Any], expected: Any, *, bound: float = 1e-5) -> None:
    """Equal within `bound` of the largest expected number."""
    expected = expected.detach().numpy() if isinstance(expected, torch.Tensor) else np.asarray(expected)
    assert found.shape == expected.shape, f"{found.shape} is not {expected.shape}"
    assert found.dtype == expected.dtype
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=bound * scale)
