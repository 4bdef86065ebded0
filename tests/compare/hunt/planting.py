"""Models with one thing planted in them, and the input that shows it."""

from __future__ import annotations

import numpy as np
import onnx.parser

import laminae as lm

RNG = np.random.default_rng(0)
SAMPLES = np.random.default_rng(1).standard_normal((300, 8)).astype(np.float32)


def weights(*shape: int, seed: int = 0, scale: float | None = None) -> np.ndarray:
    """Normal numbers of the standard deviation √(2 / inputs), unless told otherwise."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32) * np.float32(scale or np.sqrt(2 / shape[-1]))


def linear(out: int, inputs: int, name: str, seed: int = 0, **changes: np.ndarray) -> lm.Linear:
    given = {"weight": weights(out, inputs, seed=seed), "bias": np.zeros(out, np.float32)} | changes
    return lm.Linear(out, name=name, **given)


def chain(*layers: object, size: object = 8) -> lm.Model:
    return lm.Model.chain(lm.Input(size, name="x"), *layers)


def healthy() -> lm.Model:
    return chain(linear(32, 8, "a"), lm.ReLU(name="r"), linear(32, 32, "b", 1), lm.ReLU(name="s"), linear(4, 32, "c", 2))


def onnx_model(text: str) -> lm.Model:
    proto = onnx.parser.parse_model(text)
    onnx.checker.check_model(proto)
    return lm.open(proto)


def kinds(found: lm.Hunt) -> list[tuple[str, str, str]]:
    """What was found, times apart: they are the machine's."""
    return [(f.severity, f.kind, f.layer) for f in found if f.kind != "expensive"]
