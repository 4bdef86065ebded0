"""Each command's answer, word for word, and its exit code."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

import laminae as lm
from tests.cli.running import Desk, X

SHOWN = """\
patients · 3 layers · 4 parameters · input L1 [batch, 3] float32

  #  layer  operator  reads  output      dtype    parameters
  1  L1     Input     –      [batch, 3]  float32
  2  L2     Gemm      L1     [batch, 1]  float32           4
  3  L3     Relu      L2     [batch, 1]  float32

The cost of 2 layers hangs on batch: known with --dim batch=1.
"""

SIZED = """\
patients · 3 layers · 4 parameters · input L1 [batch, 3] float32                      12 mult-adds, 88 B moved

  #  layer  operator  reads  output  dtype    parameters  mult-adds  moved
  1  L1     Input     –      [3, 3]  float32
  2  L2     Gemm      L1     [3, 1]  float32           4          9   64 B
  3  L3     Relu      L2     [3, 1]  float32                      3   24 B
"""

TOLD = """\
patients · 3 layers · 4 parameters · input L1 [batch, 3] float32   forward pass, 3 samples, 0.00 ms

  #  layer  operator  reads  output    (100, 2000, 100)  (200, 0, 0)  (0, 2000, 3000)
  1  L1     Input     –      [3, 3]    100 2000 100      200 0 0      0 2000 3000
  2  L2     Gemm      L1     [3, 1]    0                 1            0
  3  L3     Relu      L2     [3, 1]    0                 1            0
                             expected  0                 1            1
                             correct?  ✓                 ✓            ✗                2 of 3
"""


def test_version(desk: Desk) -> None:
    answer = desk.run("--version")
    assert (answer.code, answer.out, answer.err) == (0, f"laminae {lm.__version__}\n", "")


def test_show(desk: Desk) -> None:
    answer = desk.run("show", "patients.onnx")
    assert (answer.code, answer.out, answer.err) == (0, SHOWN, "")


def test_show_with_a_size_tells_the_cost(desk: Desk) -> None:
    answer = desk.run("show", "patients.onnx", "--dim", "batch=3")
    assert (answer.code, answer.out, answer.err) == (0, SIZED, "")
    answer = desk.run("show", "patients.onnx", "--dim", "width=3")
    assert (answer.code, answer.out) == (2, "")
    assert "no input has an axis named 'width'" in answer.err


def test_check_of_a_sound_model(desk: Desk) -> None:
    answer = desk.run("check", "patients.onnx")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.endswith("✓ sound\n")


def test_run_against_an_expectation_that_is_not_met(desk: Desk) -> None:
    desk.save("y.npy", np.array([[0], [1], [1]], np.float32))
    answer = desk.run("run", "patients.onnx", "--input", "x.npy", "--expect", "y.npy")
    assert answer.out.startswith(TOLD)
    assert (answer.code, answer.err) == (1, "")


def test_run_against_an_expectation_that_is_met(desk: Desk) -> None:
    np.savez("y.npz", L3=np.array([[0], [1], [0]], np.float32))
    answer = desk.run("run", "patients.onnx", "--input", "x.npy", "--expect", "y.npz")
    assert (answer.code, answer.err) == (0, "")
    assert "3 of 3" in answer.out


def test_json_is_one_object_with_a_record_for_each_layer(desk: Desk) -> None:
    desk.save("y.npy", np.array([[0], [1], [1]], np.float32))
    answer = desk.run("run", "patients.onnx", "--input", "x.npy", "--expect", "y.npy", "--json")
    found = json.loads(answer.out)
    assert (answer.code, answer.err, answer.out.count("\n")) == (1, "", 1)
    assert list(found) == ["model", "layers", "outputs", "expectation"]
    keys = "index name op path inputs outputs shape dtype parameters ms bytes mean std min max zeros nan inf"
    assert [list(layer) for layer in found["layers"]] == [keys.split()] * 3
    assert [layer["name"] for layer in found["layers"]] == ["L1", "L2", "L3"]
    assert found["layers"][0]["mean"] == pytest.approx(float(X.mean(dtype=np.float64)))
    assert found["layers"][0]["zeros"] == pytest.approx(3 / 9)
    (output,) = found["outputs"].values()
    assert output["shape"] == [3, 1]
    assert np.allclose(output["values"], [[0], [1], [0]], atol=1e-6)
    assert [s["correct"] for s in found["expectation"]["outputs"][0]["samples"]] == [True, True, False]


def test_json_has_null_for_what_is_not_finite_and_the_layer_that_first_shows_it_is_named(desk: Desk) -> None:
    x = X.copy()
    x[0, 0], x[1, 1] = np.nan, np.inf
    desk.save("nan.npy", x)
    found = json.loads(desk.run("run", "patients.onnx", "--input", "nan.npy", "--json").out)
    assert found["layers"][0]["nan"] == 1
    assert found["layers"][0]["inf"] == 1
    (output,) = found["outputs"].values()
    assert output["values"][0] == [None]
    answer = desk.run("run", "patients.onnx", "--input", "nan.npy")
    assert answer.code == 0
    assert "NaN or Inf first in layer 'L1' (Input, layer 1 of 3): 1 NaN and 1 Inf: the input itself holds them" in answer.out


def test_out_writes_every_stored_output(desk: Desk) -> None:
    answer = desk.run("run", "patients.onnx", "--input", "x.npy", "--out", "stored")
    assert answer.code == 0
    acts = lm.load("stored")
    assert acts.layers == ("L1", "L2", "L3")
    np.testing.assert_array_equal(acts["L1"].numpy(), X)


def test_store_keeps_only_what_is_named(desk: Desk) -> None:
    desk.run("run", "patients.onnx", "--input", "x.npy", "--store", "L2", "--out", "stored")
    assert lm.load("stored").layers == ("L2",)


def test_evaluate_measures_a_dataset(desk: Desk) -> None:
    np.savez("data.npz", x=X, y=np.array([[0], [1], [1]], np.float32))
    answer = desk.run("evaluate", "patients.onnx", "--data", "data.npz", "--metric", "mae", "--batch", "2", "--json")
    found = json.loads(answer.out)
    assert answer.code == 0
    assert found["metrics"]["mae"] == pytest.approx(1 / 3, abs=1e-6)
    assert (found["samples"], found["batches"]) == (3, 2)
    assert "mae" in desk.run("evaluate", "patients.onnx", "--data", "data.npz", "--metric", "mae").out


def test_evaluate_takes_lines_of_numbers_whose_last_is_the_class(desk: Desk) -> None:
    pixels = np.eye(16, dtype=int)[:4]
    desk.write("data.csv", "\n".join(",".join(map(str, [*row, i])) for i, row in enumerate(pixels.tolist())))
    answer = desk.run("evaluate", "picture.onnx", "--data", "data.csv", "--json")
    assert json.loads(answer.out)["metrics"] == {"accuracy": 1.0}


def test_plugin_runs_before_the_model_is_opened(desk: Desk) -> None:
    desk.write("plug.py", "import sys\nsys.plugin_was_here = True\n")
    assert desk.run("show", "patients.onnx", "--plugin", "plug.py").code == 0
    assert vars(sys).pop("plugin_was_here")
