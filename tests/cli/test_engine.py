"""`laminae run --engine`: the same answer by another engine, said in the table; what it cannot is exit 2."""

import json

import pytest

from laminae.cli.main import run
from tests.shared import MODELS, model_file


@pytest.fixture
def mnist():
    model_file("mnist")
    return [str(MODELS / "mnist.onnx"), "--input", str(MODELS / "mnist.input.npy")]


def test_the_expectation_is_met_by_the_other_engine_which_is_named(mnist, capsys):
    assert run(["run", *mnist, "--engine", "onnxruntime", "--expect", str(MODELS / "mnist.expected.npz")]) == 0
    told = capsys.readouterr().out
    assert "engine onnxruntime" in told
    assert "1 of 1 sample right" in told


def test_layers_have_no_time_of_their_own_in_json(mnist, capsys):
    assert run(["run", *mnist, "--engine", "onnxruntime", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {layer["ms"] for layer in document["layers"] if layer["op"] != "Input"} == {None}
    assert document["model"]["ms"] > 0


def test_an_engine_that_there_is_not_is_bad_use(mnist, capsys):
    assert run(["run", *mnist, "--engine", "abacus"]) == 2
    assert "torch, onnxruntime" in capsys.readouterr().err
