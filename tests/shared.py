"""The three real models beside the checkout: where they are, and how a test says that they are not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

MODELS = Path(__file__).resolve().parents[2] / "shared" / "models"
NAMES = ("mnist", "ultraface-slim-320", "magika-fast-v2_1")


def model_file(name: str) -> Path:
    """The model's file; the test is skipped where it is missing."""
    path = MODELS / f"{name}.onnx"
    if not path.exists():
        pytest.skip(f"{path} is not here: the real models lie beside the checkout")
    return path


def model_input(name: str) -> np.ndarray:
    return np.load(MODELS / f"{name}.input.npy")


def model_expected(name: str) -> dict[str, np.ndarray]:
    return dict(np.load(MODELS / f"{name}.expected.npz"))


def every_value_by_onnx_runtime(proto: onnx.ModelProto, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """ONNX Runtime's own value for every value of the outermost graph: all nodes made outputs, nothing fused away."""
    import onnxruntime as ort

    watched = onnx.ModelProto()
    watched.CopyFrom(proto)
    known = {out.name for out in watched.graph.output}
    for node in watched.graph.node:
        for name in node.output:
            if name and name not in known:
                watched.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
                known.add(name)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(watched.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [out.name for out in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))
