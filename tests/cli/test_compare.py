"""`laminae compare`: what it prints, its exit codes, its JSON, and how bad use ends."""

from __future__ import annotations

import json

import numpy as np
import pytest

import laminae as lm
from tests.cli.running import Desk
from tests.see.pages import document_in

WEIGHT = np.array([[1, 2, 3], [-1, 0.5, -2]], np.float32)


@pytest.fixture
def two(desk: Desk) -> Desk:
    """a.onnx, b.onnx, whose second layer has another weight, and x.npy."""
    desk.save("x.npy", np.array([[1, 2, 3], [-1, 0, 2]], np.float32))
    for name, factor in (("a", 1.0), ("b", 1.5)):
        layers = (
            lm.Input(3, name="x"),
            lm.Linear(2, weight=WEIGHT * factor, bias=[0, 1], name="fc1"),
            lm.ReLU(name="relu"),
            lm.Linear(1, weight=[[1, -2]], bias=[0], name="fc2"),
        )
        lm.Model.chain(*layers, name=name).save(desk.folder / f"{name}.onnx")
    return desk


def test_the_first_layer_that_differs_is_told_with_exit_code_one(two: Desk) -> None:
    answer = two.run("compare", "a.onnx", "b.onnx", "--input", "x.npy")
    assert answer.code == 1
    assert answer.out.splitlines() == [
        "b against a                                                4 layers, differing: 1 layer by itself, 2 inherited",
        "",
        "  #  layer  operator  output  max abs  max rel  cosine  wrong  own  own dB",
        "  1  x      Input     [2, 3]        0        0  1.0000           0          ✓",
        "  2  fc1    Gemm      [2, 2]        7     0.75  0.9996   100%    7     5.8  ✗ own ← first ← largest own",
        "  3  relu   Relu      [2, 2]        7      0.5  1.0000    50%    0          inherited",
        "  4  fc2    Gemm      [2, 1]        7      0.5  1.0000   100%    0          inherited",
        "",
        "The difference begins at 'fc1' (layer 2, Gemm): 100% of 4 elements out of tolerance, at most 7 off at [1, 1]",
        "(-3.5 for -2).",
    ]
    assert answer.err == ""


def test_a_model_and_itself_and_its_own_values_are_right_with_exit_code_zero(two: Desk) -> None:
    assert two.run("compare", "a.onnx", "a.onnx", "--input", "x.npy").code == 0
    assert two.run("run", "a.onnx", "--input", "x.npy", "--out", "values").code == 0
    assert two.run("compare", "a.onnx", "values", "--input", "x.npy").code == 0
    assert two.run("compare", "values", "a.onnx", "--input", "x.npy").code == 0
    answer = two.run("compare", "b.onnx", "values", "--input", "x.npy")
    assert answer.code == 1
    assert "The difference begins at 'fc1'" in answer.out
    np.savez(two.folder / "y.npz", fc2=lm.open(two.folder / "a.onnx")(np.load("x.npy")).numpy())
    assert two.run("compare", "a.onnx", "y.npz", "--input", "x.npy").code == 0
    assert two.run("compare", "b.onnx", "y.npz", "--input", "x.npy").code == 1


def test_a_wide_enough_tolerance_makes_it_right(two: Desk) -> None:
    assert two.run("compare", "a.onnx", "b.onnx", "--input", "x.npy", "--atol", "10").code == 0


def test_json_is_one_object_with_every_layer(two: Desk) -> None:
    answer = two.run("compare", "a.onnx", "b.onnx", "--random", "--seed", "4", "--json")
    assert answer.code == 1
    held = json.loads(answer.out)
    assert (held["correct"], held["first"]["name"], held["own_worst"]["other"]) == (False, "fc1", "fc1")
    assert [(x["name"], x["state"]) for x in held["layers"]] == [
        ("x", "same"),
        ("fc1", "own"),
        ("relu", "inherited"),
        ("fc2", "inherited"),
    ]
    x = np.random.default_rng(4).standard_normal((1, 3)).astype(np.float32)
    assert held["first"]["own"]["max_abs"] == pytest.approx(np.abs(x @ WEIGHT.T * 0.5).max(), rel=1e-5)
    assert held["layers"][0]["difference"]["snr"] is None


def test_the_table_fits_eighty_columns(two: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    answer = two.run("compare", "a.onnx", "b.onnx", "--input", "x.npy", "--full")
    assert max(map(len, answer.out.splitlines())) <= 80
    assert "fc1" in answer.out


def test_the_report_is_a_page_with_every_layer_and_what_matched_it(two: Desk) -> None:
    answer = two.run("compare", "a.onnx", "b.onnx", "--input", "x.npy", "--report", "page.html")
    assert answer.code == 1
    assert "The difference begins at 'fc1'" in answer.out
    assert "page.html  every layer" in answer.out
    told = document_in(two.folder / "page.html")
    assert told["title"] == "b against a"
    assert [layer["name"] for layer in told["layers"]] == ["x", "fc1", "relu", "fc2"]
    assert told["layers"][told["first"]]["name"] == "fc1"
    assert all(layer["difference"]["how"] for layer in told["layers"])
    assert [path.name for path in two.folder.iterdir() if path.name.startswith(".")] == []


def test_a_report_that_cannot_be_written_is_said_before_anything_runs(two: Desk) -> None:
    for place in ("missing/page.html", ".", "page.txt"):
        answer = two.run("compare", "a.onnx", "nothing.onnx", "--input", "x.npy", "--report", place)
        assert answer.code == 2
        assert "page.html" in answer.err or "is a folder" in answer.err or ".html" in answer.err
        assert "nothing.onnx" not in answer.err


def test_pairs_are_taken_from_the_command_line(two: Desk) -> None:
    answer = two.run("compare", "a.onnx", "b.onnx", "--input", "x.npy", "--match", "relu=relu", "--match", "fc2=", "--json")
    states = {layer["name"]: layer["how"] for layer in json.loads(answer.out)["layers"]}
    assert states["relu"] == "given"
    assert "fc2" not in states or states["fc2"] == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("a.onnx", "b.onnx"), "compare needs an input"),
        (("a.onnx", "b.onnx", "--input", "x.npy", "--random"), "compare needs one input"),
        (("a.onnx", "missing.onnx", "--input", "x.npy"), "missing.onnx"),
        (("a.onnx", "missing.npz", "--input", "x.npy"), "there is no file"),
        (("x.npy", "x.npy", "--input", "x.npy"), "compare needs a model"),
        (("a.onnx", "x.npy", "--input", "x.npy"), "holds no names"),
        (("a.onnx", "b.onnx", "--input", "x.npy", "--match", "fc1"), "says no pair"),
        (("a.onnx", "b.onnx", "--input", "x.npy", "--match", "fc1=nobody"), "there is no layer 'nobody' in b"),
        (("a.onnx", "b.onnx", "--input", "x.npy", "--engine", "abacus"), "there is no engine 'abacus'"),
        (("a.onnx", "b.onnx", "--random", *("--engine", "torch") * 3), "two sides, not 3 engines"),
        (("a.onnx", "picture.onnx", "--input", "x.npy"), "input 'image' has another rank"),
    ],
)
def test_bad_use_ends_in_one_message_and_exit_code_two(two: Desk, arguments: tuple[str, ...], told: str) -> None:
    answer = two.run("compare", *arguments)
    assert answer.code == 2
    assert told in answer.err
    assert answer.out == ""
    assert "Traceback" not in answer.err
