"""Models, traces and backward passes draw themselves; notebooks show them; the command line writes files."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import laminae as lm
from laminae.base.errors import UnknownNameError
from laminae.cli.main import run


def small() -> lm.Model:
    return lm.Model.chain(lm.Input(3, name="x"), lm.Linear(2, name="fc"), lm.ReLU(name="relu"), seed=0, name="<b>small")


def control() -> lm.Model:
    """A Loop that adds x four times, then an If."""
    value = lambda name, kind=TensorProto.FLOAT, shape=(3,): helper.make_tensor_value_info(name, kind, shape)  # noqa: E731
    node = helper.make_node
    body = helper.make_graph(
        [node("Add", ["v", "x"], ["v1"], name="add"), node("Identity", ["c"], ["c1"], name="again")],
        "body",
        [value("i", TensorProto.INT64, ()), value("c", TensorProto.BOOL, ()), value("v")],
        [value("c1", TensorProto.BOOL, ()), value("v1")],
    )
    then = helper.make_graph([node("Relu", ["y"], ["t"], name="relu")], "then", [], [value("t")])
    other = helper.make_graph([node("Neg", ["y"], ["n"], name="neg")], "else", [], [value("n")])
    constants = {"k": (TensorProto.INT64, 4), "yes": (TensorProto.BOOL, True)}
    made = [
        node("Constant", [], [name], value=helper.make_tensor(name, kind, [], [number]), name=name)
        for name, (kind, number) in constants.items()
    ]
    loop = node("Loop", ["k", "yes", "x"], ["y"], body=body, name="loop")
    branch = node("If", ["yes"], ["out"], then_branch=then, else_branch=other, name="branch")
    graph = helper.make_graph([*made, loop, branch], "control", [value("x")], [value("out")])
    return lm.open(onnx.helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))


def texts(path: Path) -> list[str]:
    return [e.text or "" for e in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")]


def test_a_model_a_trace_and_a_backward_pass_draw_themselves(tmp_path: Path) -> None:
    model, x = small(), np.ones((2, 3), np.float32)
    model.draw(tmp_path / "m.svg", highlight="fc")
    assert "highlighted" in texts(tmp_path / "m.svg")
    trace = model.run(x)
    trace.draw(tmp_path / "t.svg", expected=trace.output.numpy())
    assert texts(tmp_path / "t.svg").count("✓") == 2
    model.draw(tmp_path / "v.svg", values=trace, expected=trace.output.numpy())
    assert (tmp_path / "v.svg").read_bytes() == (tmp_path / "t.svg").read_bytes()
    back = model.run(x, backward=True).backward("mse", np.zeros((2, 2), np.float32))
    model.draw(tmp_path / "b.svg", values=back)
    assert "backward: deltas" in texts(tmp_path / "b.svg")
    assert any(text.startswith("‖delta‖") for text in texts(tmp_path / "b.svg"))
    with pytest.raises(UnknownNameError):
        model.draw(tmp_path / "m.svg", highlight="gone")


def test_bodies_are_groups_of_their_layers_before_and_after_a_run(tmp_path: Path) -> None:
    model = control()
    model.draw(tmp_path / "m.svg")
    assert {"loop", "body", "branch", "then/relu", "else/neg", "add"} <= set(texts(tmp_path / "m.svg"))
    model.run(np.array([1, 2, 3], np.float32)).draw(tmp_path / "t.svg")
    found = texts(tmp_path / "t.svg")
    assert {"loop", "body", "branch", "then/relu", "× 4"} <= set(found)
    assert "else/neg" not in found


def test_notebooks_show_the_drawing_and_the_table_and_large_models_the_table_alone() -> None:
    model = small()
    shown = model._repr_html_()
    assert "<svg" in shown
    assert "<table" in shown
    assert "<b>" not in shown
    assert "<svg" in model.run(np.ones((1, 3), np.float32))._repr_html_()
    ElementTree.fromstring(model._repr_svg_() or "")


def test_a_layer_shows_what_it_reads_and_who_reads_it() -> None:
    layer = small()["fc"]
    shown = layer._repr_html_()
    assert "<svg" in shown
    assert "fc.weight" in shown
    names = [e.text for e in ElementTree.fromstring(layer._repr_svg_()).iter("{http://www.w3.org/2000/svg}text")]
    assert {"x", "fc", "relu"} <= set(names)


def test_the_command_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small().save(tmp_path / "m.onnx")
    np.save(tmp_path / "x.npy", np.ones((1, 3), np.float32))
    np.save(tmp_path / "y.npy", np.full((1, 2), 9, np.float32))
    arguments = ["--out", str(tmp_path / "m.svg"), "--input", str(tmp_path / "x.npy"), "--expect", str(tmp_path / "y.npy")]
    assert run(["draw", str(tmp_path / "m.onnx"), *arguments, "--highlight", "op:Gemm", "--depth", "1"]) == 0
    assert "✗" in texts(tmp_path / "m.svg")
    assert "wrote" in capsys.readouterr().out
    assert run(["draw", str(tmp_path / "m.onnx"), "--out", str(tmp_path / "m.gif")]) == 2
    assert run(["draw", str(tmp_path / "m.onnx"), "--out", str(tmp_path / "n.svg"), "--expect", "y.npy"]) == 2
