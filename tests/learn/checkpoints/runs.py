"""Small runs of every kind, to be stopped and gone on with: each a fresh model, its data, and what `lm.fit` is called with."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnx import TensorProto, helper, numpy_helper

import laminae as lm
from tests.learn.modules import CLASSES, made

SAMPLES, BATCH = 44, 8
"""Five batches of eight and one of four."""


@functools.cache
def onnx_file() -> bytes:
    """A convolution, BatchNormalization, a Dropout that drops, and a Gemm, of the ONNX vocabulary."""
    draw = np.random.default_rng(0)
    weights = {
        "conv.weight": draw.normal(size=(4, 1, 3, 3)) / 3,
        "scale": np.ones(4), "bias": np.zeros(4), "mean": np.zeros(4), "var": np.ones(4),
        "out.weight": draw.normal(size=(CLASSES, 144)) / 12, "out.bias": np.zeros(CLASSES), "ratio": np.array(0.3),
    }  # fmt: skip
    held = [numpy_helper.from_array(array.astype(np.float32), name) for name, array in weights.items()]
    nodes = [
        helper.make_node("Conv", ["x", "conv.weight"], ["c"]),
        helper.make_node("BatchNormalization", ["c", "scale", "bias", "mean", "var"], ["n"]),
        helper.make_node("Relu", ["n"], ["r"]),
        helper.make_node("Dropout", ["r", "ratio", "training"], ["d"]),
        helper.make_node("Flatten", ["d"], ["f"]),
        helper.make_node("Gemm", ["f", "out.weight", "out.bias"], ["y"], transB=1),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 1, 8, 8])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", CLASSES])
    graph = helper.make_graph(nodes, "small", [x], [y], [*held, numpy_helper.from_array(np.array(True), "training")])
    made: bytes = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    return made


def model_of(kind: str) -> lm.Model:
    """One with the same weights each time; opened once, for that takes longer than to learn."""
    model, first = _opened(kind)
    for name, box in model._weights().items():
        box.assign(first[name])
    return model


@functools.cache
def _opened(kind: str) -> tuple[lm.Model, dict[str, Any]]:
    model = _made(kind)
    return model, weights_of(model)


def _made(kind: str) -> lm.Model:
    if kind == "onnx":
        return lm.open(onnx_file())
    if kind == "built":
        return lm.Model.chain(lm.Input(6), lm.Linear(16), lm.Dropout(0.3), lm.ReLU(), lm.Linear(CLASSES), seed=0)
    module, batch = made(kind)
    x = batch()
    return lm.open(module, example=(x,), dynamic=(x[:3],))


def data_of(kind: str, seed: int = 0) -> tuple[Any, Any]:
    torch.manual_seed(seed)
    shapes = {"mlp": (6,), "built": (6,), "cnn": (1, 8, 8), "onnx": (1, 8, 8), "lstm": (7, 3)}
    x = torch.randint(0, 11, (SAMPLES, 9)) if kind == "transformer" else torch.randn(SAMPLES, *shapes[kind])
    return x.numpy(), torch.randint(0, CLASSES, (SAMPLES,)).numpy()


def fit(kind: str, out: Path, **more: Any) -> tuple[dict[str, Any], lm.History]:
    """Weights and statistics afterwards, and the history."""
    model = more.pop("model", None) or model_of(kind)
    given = {"data": data_of(kind), "epochs": 3, "batch": BATCH, "loss": "cross_entropy", "seed": 3} | more
    history = lm.fit(model, given.pop("data"), out=out, **given)
    return weights_of(model), history


def weights_of(model: lm.Model) -> dict[str, Any]:
    return {name: torch.as_tensor(np.array(box)) for name, box in model._weights().items()}


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return list(a) == list(b) and all(torch.equal(a[name].nan_to_num(7), b[name].nan_to_num(7)) for name in a)


def timeless(history: lm.History) -> list[Any]:
    return [replace(record, seconds=0.0) for record in history]


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a run by its path, but for times."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("times"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def stopping_at(batch: int) -> Any:
    """A callback that stops after so many batches."""
    seen = 0

    def stop(told: Any) -> bool:
        nonlocal seen
        seen += hasattr(told, "batch")
        return seen == batch and hasattr(told, "batch")

    return stop
