"""Records made by hand: what tables and drawings are tested on, without running anything."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from laminae.base.records import LayerRecord, OutputComparison, OutputRecord, SampleComparison, Statistics

GOLDEN = Path(__file__).parent / "golden"
FACTS = "patients · 3 layers · 4 parameters · input L1 [batch, 3] float32"
X = np.array([[100, 2000, 100], [200, 0, 0], [0, 2000, 3000]], np.float32)
O2 = np.array([[0], [1], [0]], np.float32)
EXPECTED = np.array([[0], [1], [1]], np.float32)


def record(
    index: int,
    name: str,
    op: str,
    reads: Sequence[str] = (),
    *values: Any,
    path: str = "",
    parameters: int = 0,
    ms: float | None = 0.01,
    statistics: Statistics | None = None,
) -> LayerRecord:
    """A layer that stored `values`."""
    outputs = tuple(OutputRecord(f"{name}:{i}", v.shape, str(v.dtype), v.nbytes, statistics) for i, v in enumerate(values))
    domain = "laminae" if op == "Input" else ""
    return LayerRecord(index, name, op, path or name, tuple(reads), tuple(reads), outputs, parameters, ms, domain, "", values)


def patients() -> list[LayerRecord]:
    return [
        record(1, "L1", "Input", (), X),
        record(2, "L2", "Gemm", ["L1"], O2, parameters=4),
        record(3, "L3", "Relu", ["L2"], O2),
    ]


def compared(found: Any = O2, expected: Any = EXPECTED, name: str = "L3") -> OutputComparison:
    """By the default tolerances, written down independently of `laminae.compare`."""
    error = np.abs(found - expected)
    worst = tuple(int(i) for i in np.unravel_index(int(error.argmax()), error.shape))
    samples = []
    for i, (a, b, e) in enumerate(zip(found, expected, error, strict=True)):
        at = tuple(int(j) for j in np.unravel_index(int(e.argmax()), e.shape))
        samples.append(SampleComparison(i, bool((e <= 1e-4 + 1e-3 * np.abs(b)).all()), float(e.max()), at, a, b))
    wrong = int((error > 1e-4 + 1e-3 * np.abs(expected)).sum())
    allowed = 1e-4 + 1e-3 * abs(float(expected[worst]))
    return OutputComparison(
        name, not wrong, float(error.max()), worst, found[worst], expected[worst], allowed, wrong, error.size, tuple(samples)
    )


def network(blocks: int = 12, layers: int = 40) -> list[LayerRecord]:
    """An encoder of equal blocks, as an exporter names them."""
    found = [record(1, "ids", "Input", (), np.zeros((1, 8), np.int64))]
    hidden = np.ones((1, 8, 16), np.float32)
    for block in range(blocks):
        for i in range(layers):
            op, part = (("MatMul", "attention"), ("Add", "attention"), ("Relu", "mlp"))[i * 3 // layers]
            name = f"{op}_{len(found)}"
            path = f"encoder/layer/{block}/{part}/{name}"
            found.append(record(len(found) + 1, name, op, [found[-1].name], hidden, path=path, parameters=16 * (op == "MatMul")))
    return [*found, record(len(found) + 1, "scores", "Gemm", [found[-1].name], np.ones((1, 3), np.float32), parameters=51)]


def same_as_golden(text: str, name: str) -> None:
    """The text is the one kept in golden/; LAMINAE_GOLDEN=write keeps a new one, to be looked at before it is committed.

    The bytes of PNGs are left out: they differ between versions of zlib, and have a test of their own.
    """
    text = re.sub(r"base64,[^\"]+", "base64,", text)
    kept = GOLDEN / name
    if os.environ.get("LAMINAE_GOLDEN") == "write":
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")
