"""`laminae hunt`: what it prints, its JSON, its exit code."""

import json

import numpy as np
import pytest

import laminae as lm
from tests.cli.running import Desk
from tests.compare.hunt.planting import SAMPLES, chain, healthy, linear, weights


@pytest.fixture
def hunter(desk: Desk) -> Desk:
    healthy().save("sound.onnx")
    odd = chain(
        linear(32, 8, "a"), lm.ReLU(name="r"), linear(32, 32, "b", bias=np.full(32, -1e4, np.float32)), lm.ReLU(name="dead")
    )
    odd.insert(linear(4, 32, "c", bias=np.arange(4, dtype=np.float32)), after="dead")
    odd.save("dead.onnx")
    chain(linear(32, 8, "a", weight=weights(32, 8) * 500), lm.Tanh(name="t"), linear(4, 32, "b", 1)).save("warned.onnx")
    np.save("samples.npy", SAMPLES)
    return desk


def test_a_sound_model_is_0(hunter):
    answer = hunter.run("hunt", "sound.onnx", "-i", "samples.npy", "--threshold", "top=0")
    assert answer.code == 0
    assert "nothing found" in answer.out


def test_a_problem_is_1_with_what_was_seen_and_what_to_do(hunter):
    answer = hunter.run("hunt", "dead.onnx", "-i", "samples.npy", "--threshold", "top=0")
    assert answer.code == 1
    assert "problem   dead" in answer.out
    assert "all 9,600 elements are zero for every sample" in answer.out.replace("\n", " ")
    assert "→ look at the bias" in answer.out


def test_warnings_and_notes_are_0(hunter):
    answer = hunter.run("hunt", "warned.onnx", "-i", "samples.npy")
    assert answer.code == 0
    assert "saturated" in answer.out


def test_json_is_one_object(hunter):
    samples = SAMPLES.copy()
    samples[3, 3] = np.inf
    hunter.save("odd.npy", samples)
    answer = hunter.run("hunt", "sound.onnx", "-i", "odd.npy", "--json")
    held = json.loads(answer.out)
    assert answer.code == 1
    assert held["problems"] == 1
    first = held["findings"][0]
    assert (first["kind"], first["severity"], first["layer"]) == ("not finite", "problem", "x")
    assert first["evidence"]["at"] == [3, 3]
    assert first["layers"][0] == "x"


def test_numbers_that_json_has_not_are_texts(hunter):
    w = weights(32, 32, seed=1)
    w[0, 0] = np.inf
    chain(linear(32, 8, "a"), linear(32, 32, "b", weight=w), lm.Softmax(name="s")).save("inf.onnx")
    answer = hunter.run("hunt", "inf.onnx", "-i", "samples.npy", "--json")
    assert answer.code == 1
    assert json.loads(answer.out)["findings"][0]["kind"] == "parameter"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sound.onnx"], "hunt needs an input"),
        (["sound.onnx", "-i", "samples.npy", "--random"], "hunt needs one input"),
        (["sound.onnx", "-i", "samples.npy", "--threshold", "deadly=1"], "there is no threshold 'deadly'"),
        (["sound.onnx", "-i", "samples.npy", "--threshold", "dead"], "says no number"),
        (["sound.onnx", "-i", "samples.npy", "--threshold", "dead=-1"], "is no number"),
        (["missing.onnx", "--random"], "missing.onnx"),
    ],
)
def test_bad_use_is_2(hunter, arguments, says):
    answer = hunter.run("hunt", *arguments)
    assert answer.code == 2
    assert says in answer.err
    assert answer.out == ""


def test_random_input_of_the_declared_shape(hunter):
    answer = hunter.run("hunt", "sound.onnx", "--random", "--dim", "batch=300", "--seed", "3", "--threshold", "top=0")
    assert answer.code == 0
