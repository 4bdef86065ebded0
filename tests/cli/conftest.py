"""The desk: a folder with the three patients' model in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import laminae as lm
from tests.cli.running import Desk, X


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "110")
    weights = [[1 / 200, -3000 / 11_600_000, 1 / 5_800]]
    layers = (lm.Input(3, name="L1"), lm.Linear(1, weight=weights, bias=[0], name="L2"), lm.ReLU(name="L3"))
    lm.Model.chain(*layers, name="patients").save("patients.onnx")
    lm.Model.chain(lm.Input((1, 4, 4), name="image"), lm.Flatten(name="flat"), name="picture").save("picture.onnx")
    np.save("x.npy", X)
    return Desk(tmp_path, capsys)
