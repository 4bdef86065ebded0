"""The tour: the patients' numbers by hand, digits that are learned, files that are written, 80 columns."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import laminae as lm
from laminae.cli import digits, patients_learning
from tests.cli.running import Desk

X = np.array([[100, 2000, 100], [200, 0, 0], [0, 2000, 3000]], float)
T = np.array([0.0, 1.0, 1.0])
W = np.array([1 / 200, -3000 / 11_600_000, 1 / 5_800])


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("batch", [1, 3])
def test_the_patients_epoch_is_the_one_by_hand(batch: int) -> None:
    """y = w·x, delta = (y − t) / n of L2 and delta · w of L1, Σ delta · x of the weights, which move by −1e-7 of it."""
    weights = W.copy()
    steps = list(patients_learning.epoch(patients_learning.model(), batch))
    assert len(steps) == 3 // batch
    for at, step in enumerate(steps):
        x, t = X[at * batch : (at + 1) * batch], T[at * batch : (at + 1) * batch]
        y = x @ weights
        delta = (y - t) / batch
        np.testing.assert_allclose(step.output[:, 0], y, atol=2e-7)
        np.testing.assert_allclose(step.loss, 0.5 * np.mean((y - t) ** 2), atol=1e-6)
        np.testing.assert_allclose(step.deltas["L2"][:, 0], delta, atol=2e-7)
        np.testing.assert_allclose(step.deltas["L1"], np.outer(delta, weights), atol=1e-9)
        np.testing.assert_allclose(step.derivative[0], delta @ x, atol=1e-3)
        weights -= 1e-7 * (delta @ x)
        np.testing.assert_allclose(step.weights[0], weights, atol=1e-9)
    np.testing.assert_allclose(weights, W + np.array([0, 2e-4, 3e-4]) / batch, rtol=1e-12)


def test_the_third_patient_stands_on_the_kink() -> None:
    """On paper w·x is 0 there; which side of it is rounding's to say, and torch's own ReLU answers in the same way."""
    told = patients_learning._kink()
    for dtype in (torch.float32, torch.float64):
        weight = torch.tensor(W[None], dtype=dtype, requires_grad=True)
        y = torch.nn.functional.linear(torch.tensor(X[2:], dtype=dtype), weight)
        torch.nn.functional.mse_loss(torch.relu(y), torch.ones(1, 1, dtype=dtype)).backward()
        assert abs(float(y.detach())) < 1e-7
        word = "learns" if weight.grad is not None and weight.grad.abs().max() > 0 else "learns nothing"
        assert f"in {str(dtype).removeprefix('torch.')} ({word})" in told


def test_the_tour_tells_all_three_parts_and_writes_three_files(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    answer = desk.run("demo", "--out", "tour")
    assert (answer.code, answer.err) == (0, "")
    told = " ".join(answer.out.split())
    assert "Right: patients 1, 2. Wrong: patient 3" in told
    for row in (
        "delta of L2 0 0 -1 delta",
        "delta of L2 0 0 -0.333",
        "patient 1, expected 0 0 0.43 0.143",
        "patient 2, expected 1 1 1 1",
        "patient 3, expected 1 0 1.3 0.43",
        "mean loss 0.167 0.0458 0.0569",
    ):
        assert row in told
    assert re.search(r"It is an? (\d); the model says \1, ✓ right\.", told)
    (accuracy,) = re.findall(r"it has never seen: ([\d.]+)% right", told)
    assert float(accuracy) >= 98.5
    assert sorted(p.name for p in Path("tour").iterdir()) == ["digits.html", "digits.onnx", "digits.svg", "patients.svg"]
    assert max(map(len, answer.out.splitlines())) <= 80
    assert desk.run("check", "tour/digits.onnx").code == 0
    kept = digits.read()
    found = lm.evaluate(lm.open("tour/digits.onnx"), (kept.held_x, kept.held_y))
    assert found["accuracy"] == pytest.approx(float(accuracy) / 100, abs=1e-3)


def test_without_scikit_learn_it_says_what_to_install(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    answer = desk.run("demo", "--out", "tour")
    assert answer.code == 0
    assert "pip install 'laminae[demo]'" in answer.out
    assert [p.name for p in Path("tour").iterdir()] == ["patients.svg"]
