"""Reports: one file that needs nothing else, with true numbers, of any size, whatever the names in the model are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import laminae as lm
from laminae.base.errors import FileError, ShapeError, UnknownNameError, UsageError
from tests.see.pages import document_in, require_alone


def network(size: int = 6, seed: int = 0) -> lm.Model:
    x = lm.Input((1, size, size), name="x")
    h = lm.ReLU(name="relu")(lm.Conv(4, 3, name="conv")(x))
    return lm.Model(x, lm.Linear(3, name="scores")(lm.Flatten(name="flat")(h)), seed=seed)


def image(size: int = 6, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=(2, 1, size, size)).astype(np.float32)


def test_every_number_in_it_is_the_traces(tmp_path: Path) -> None:
    trace = network().run(image())
    trace.report(tmp_path / "r.html")
    require_alone(tmp_path / "r.html")
    told = document_in(tmp_path / "r.html")
    assert [layer["name"] for layer in told["layers"]] == [entry.name for entry in trace.layers]
    for layer, entry in zip(told["layers"], trace.layers, strict=True):
        array = entry.output.numpy().astype(np.float64)
        found = layer["outputs"][0]["statistics"]
        assert found["min"] == array.min()
        assert found["max"] == array.max()
        assert found["mean"] == pytest.approx(array.mean(), rel=1e-12, abs=1e-15)
        assert found["std"] == pytest.approx(array.std(), rel=1e-12)
        assert found["zeros"] == np.mean(array == 0)
        counts, edges = np.histogram(array, 64)
        shown = layer["outputs"][0]["histogram"]
        assert sum(shown["counts"]) == array.size
        assert np.abs(np.cumsum(shown["counts"]) - np.cumsum(counts)).max() <= 2
        assert (shown["low"], shown["high"]) == pytest.approx((edges[0], edges[-1]))
        assert layer["outputs"][0]["shape"] == list(array.shape)


def test_it_tells_what_a_layer_is(tmp_path: Path) -> None:
    network().run(image()).report(tmp_path / "r.html")
    told = document_in(tmp_path / "r.html")
    conv = next(layer for layer in told["layers"] if layer["name"] == "conv")
    assert ["kernel_shape", "[3, 3]"] in [[name, value.replace("(", "[").replace(")", "]")] for name, value in conv["attributes"]]
    assert {weight["role"]: weight["shape"] for weight in conv["weights"]} == {"W": [4, 1, 3, 3], "B": [4]}
    assert told["documentation"]["/Conv"]["text"]
    assert told["documentation"]["/Conv"]["url"].startswith("https://onnx.ai/")
    assert told["layers"][conv["reads"][0]]["name"] == "x"


def test_names_and_metadata_are_text_and_nothing_else(tmp_path: Path) -> None:
    name = "</script><script>alert(1)</script>\"'<img src=x onerror=alert(2)>"
    x = lm.Input(3, name=name)
    model = lm.Model(x, lm.ReLU(name="</style><b>")(x))
    model.run(np.zeros((1, 3), np.float32)).report(tmp_path / "r.html")
    require_alone(tmp_path / "r.html")
    assert "alert(" not in (tmp_path / "r.html").read_text()
    assert document_in(tmp_path / "r.html")["layers"][0]["name"] == name


def test_what_was_expected_is_marked(tmp_path: Path) -> None:
    model = network()
    trace = model.run(image())
    wanted = trace.output.numpy().copy()
    wanted[1, 2] += 1
    trace.report(tmp_path / "r.html", expected=wanted)
    (found,) = document_in(tmp_path / "r.html")["expected"]
    assert not found["correct"]
    assert found["samples"] == [True, False]
    assert found["at"] == [1, 2]
    assert found["preview"]["kind"] == "numbers"
    assert [len(column) for column in found["preview"]["columns"]] == [3, 3]
    trace.report(tmp_path / "s.html", expected=trace.compare(trace.output))
    told = document_in(tmp_path / "s.html")
    assert told["expected"][0]["correct"]
    assert told["expected"][0]["preview"] is None  # a comparison holds but the worst element
    assert told["nodes"][told["expected"][0]["node"]]["lines"] == ["2 of 2 samples right"]
    with pytest.raises(ShapeError):
        trace.report(tmp_path / "t.html", expected=np.zeros((7, 7)))
    assert not (tmp_path / "t.html").exists()


def test_two_runs_stand_side_by_side(tmp_path: Path) -> None:
    model = network()
    a, b = model.run(image(seed=1)), model.run(image(seed=2))
    a.report(tmp_path / "r.html", beside=b)
    told = document_in(tmp_path / "r.html")
    for layer, here, there in zip(told["layers"], a.layers, b.layers, strict=True):
        assert layer["outputs"][0]["statistics"]["max"] == float(here.output.max())
        assert layer["beside"][0]["statistics"]["max"] == float(there.output.max())
        assert layer["difference"]["state"] != "same"
    assert told["first"] == 0


def test_a_comparison_shows_where_the_difference_begins(tmp_path: Path) -> None:
    a, b = network(), network()
    b["conv"].parameters["conv.weight"].tensor()[0, 0, 0, 0] += 1
    held = lm.compare(a, b, image())
    held.report(tmp_path / "r.html")
    require_alone(tmp_path / "r.html")
    told = document_in(tmp_path / "r.html")
    assert told["layers"][told["first"]]["name"] == "conv"
    states = {layer["name"]: layer["difference"]["state"] for layer in told["layers"]}
    assert states == {"x": "same", "conv": "own", "relu": "inherited", "flat": "inherited", "scores": "inherited"}
    assert told["layers"][told["first"]]["difference"]["own"]["max_abs"] == held["conv"].own.max_abs  # type: ignore[union-attr]


def test_what_was_hunted_down_is_told(tmp_path: Path) -> None:
    model = network()
    model["conv"].parameters["conv.bias"].tensor()[1] = float("nan")
    model.run(image()).report(tmp_path / "r.html")
    told = document_in(tmp_path / "r.html")
    problem = next(one for one in told["findings"] if one["kind"] == "parameter")
    assert problem["severity"] == "problem"
    assert told["layers"][problem["layer"]]["name"] == "conv"
    assert told["layers"][problem["layer"]]["outputs"][0]["statistics"]["nan"] == 2 * 4 * 4


def test_what_was_not_stored_is_said_to_be_so(tmp_path: Path) -> None:
    network().run(image(), store=["relu"]).report(tmp_path / "r.html")
    told = document_in(tmp_path / "r.html")
    made = {layer["name"]: layer["outputs"][0].get("statistics") for layer in told["layers"]}
    assert made["relu"] is not None
    assert made["conv"] is None
    assert any("nothing was hunted" in note for note in told["notes"])
    network().run(image(), store=[lm.Store("conv", reduce="stats"), lm.Store("relu", reduce="histogram")]).report(
        tmp_path / "s.html"
    )
    conv, relu = document_in(tmp_path / "s.html")["layers"][1:3]
    assert conv["outputs"][0]["statistics"]["zeros"] is not None
    assert sum(relu["outputs"][0]["histogram"]["counts"]) == 2 * 4 * 16


def test_pictures_give_way_so_that_it_stays_within_its_size(tmp_path: Path) -> None:
    x = lm.Input((3, 96, 96), name="x")
    h = x
    for i in range(6):
        h = lm.ReLU(name=f"relu{i}")(lm.Conv(16, 3, padding=1, name=f"conv{i}")(h))
    trace = lm.Model(x, h, seed=0).run(np.random.default_rng(0).normal(size=(1, 3, 96, 96)).astype(np.float32))
    trace.report(tmp_path / "large.html")
    whole = (tmp_path / "large.html").stat().st_size
    told = document_in(tmp_path / "large.html")
    assert not told["notes"]
    trace.report(tmp_path / "small.html", max_mb=0.2)
    small = document_in(tmp_path / "small.html")
    assert (tmp_path / "small.html").stat().st_size <= 200_000 < whole
    assert "Pictures are made smaller" in small["notes"][-1]
    assert [layer["outputs"][0]["statistics"] for layer in small["layers"]] == [
        layer["outputs"][0]["statistics"] for layer in told["layers"]
    ]
    with pytest.raises(UsageError, match="even without pictures"):
        trace.report(tmp_path / "none.html", max_mb=0.01)
    assert not (tmp_path / "none.html").exists()


def test_bad_places_and_names_are_refused(tmp_path: Path) -> None:
    trace = network().run(image())
    with pytest.raises(UsageError, match=r"\.html"):
        trace.report(tmp_path / "r.txt")
    with pytest.raises(FileError):
        trace.report(tmp_path / "missing" / "r.html")
    with pytest.raises(UnknownNameError):
        trace.report(tmp_path / "r.html", highlight="nothing")
    assert list(tmp_path.iterdir()) == []


def test_a_drawing_as_a_page_is_the_same_page(tmp_path: Path) -> None:
    model = network()
    model.draw(tmp_path / "m.html", highlight="conv")
    require_alone(tmp_path / "m.html")
    told = document_in(tmp_path / "m.html")
    assert [told["layers"][place]["name"] for place in told["highlight"]] == ["conv"]
    assert all("statistics" not in layer["outputs"][0] for layer in told["layers"])
    back = model.run(image(), backward=True).backward("mse", np.zeros((2, 3), np.float32))
    back.draw(tmp_path / "b.html")
    deltas = {layer["name"]: layer.get("delta") for layer in document_in(tmp_path / "b.html")["layers"]}
    assert deltas["scores"]["norm"] == pytest.approx(float(back["scores"].norm()))


def test_bodies_and_modules_in_groups_have_their_layers(tmp_path: Path) -> None:
    import torch

    module = torch.nn.Sequential(
        torch.nn.Sequential(torch.nn.Sequential(torch.nn.Linear(4, 4)), torch.nn.ReLU()), torch.nn.Linear(4, 2)
    )
    lm.open(module, example=(torch.zeros(1, 4),)).run(torch.ones(1, 4)).report(tmp_path / "m.html")
    told = document_in(tmp_path / "m.html")
    assert any(node["children"] for node in told["nodes"][1:])
    assert all(told["nodes"][layer["node"]]["layer"] == i for i, layer in enumerate(told["layers"]))
