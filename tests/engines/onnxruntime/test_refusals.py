"""What engine="onnxruntime" cannot do, it says: which layer, why, and the way out."""

import sys

import numpy as np
import onnx
import pytest
import torch

import laminae as lm
from laminae.base.lazy import LazyModule
from laminae.engines.onnxruntime import lazy
from tests.engines.onnxruntime.test_values import made

ORT = {"engine": "onnxruntime"}
FLOAT = onnx.TensorProto.FLOAT


def chain():
    return lm.Model.chain(lm.Input(3, name="x"), lm.Linear(2, name="fc"), lm.ReLU(name="relu"))


def test_an_engine_that_there_is_not():
    with pytest.raises(lm.UsageError, match="torch, onnxruntime"):
        chain()([[1, 2, 3]], engine="tensorflow")


def test_a_backward_pass():
    with pytest.raises(lm.EngineError, match="engine='torch'"):
        chain().run([[1, 2, 3]], backward=True, **ORT)


def test_an_operator_that_it_lacks_is_named_with_its_layer():
    node = onnx.helper.make_node("ImageDecoder", ["x"], ["y"], name="decoder")
    model = lm.open(made([node], [("x", onnx.TensorProto.UINT8, ["n"])], ["y"]))
    with pytest.raises(lm.EngineError) as error:
        model(np.zeros(9, np.uint8), **ORT)
    assert "layer 'decoder'" in str(error.value)
    assert "ImageDecoder" in str(error.value)
    assert "engine='torch'" in str(error.value)


def test_an_element_type_that_it_lacks():
    node = onnx.helper.make_node("Add", ["x", "x"], ["y"], name="sum")
    model = lm.open(made([node], [("x", onnx.TensorProto.BFLOAT16, ["n"])], ["y"]))
    with pytest.raises(lm.EngineError, match="'sum'"):
        model(torch.ones(3, dtype=torch.bfloat16), **ORT)


def test_a_layer_of_python_code():
    lm.register_operator("PlusOneHere", lambda x: x + 1, domain="my.refusals")
    node = onnx.helper.make_node("PlusOneHere", ["x"], ["y"], name="mine", domain="my.refusals")
    model = lm.open(made([node], [("x", FLOAT, ["n"])], ["y"]))
    assert model(np.ones(1, np.float32)).item() == 2
    with pytest.raises(lm.EngineError, match="'mine'"):
        model(np.ones(1, np.float32), **ORT)


def test_a_layer_that_fails_while_it_runs_is_named():
    node = onnx.helper.make_node("MatMul", ["x", "w"], ["y"], name="product")
    model = lm.open(made([node], [("x", FLOAT, None), ("w", FLOAT, None)], ["y"]))
    with pytest.raises(lm.ShapeError, match="'product'"):
        model(np.ones((2, 3), np.float32), np.ones((2, 3), np.float32), **ORT)


def test_a_patch_inside_a_body():
    bodies = {
        key: onnx.helper.make_graph(
            [onnx.helper.make_node(op, ["x"], [key], name=op.lower())], key, [], [onnx.helper.make_empty_tensor_value_info(key)]
        )
        for key, op in (("then_branch", "Relu"), ("else_branch", "Neg"))
    }
    nodes = [onnx.helper.make_node("If", ["c"], ["y"], name="choice", **bodies)]
    model = lm.open(made(nodes, [("x", FLOAT, [2]), ("c", onnx.TensorProto.BOOL, [])], ["y"]))
    x = np.array([-1, 1], np.float32), np.array(False)
    with pytest.raises(lm.EngineError, match="body"):
        model.run(*x, patch=lm.patch.scale("choice/else/neg", 2.0), **ORT)


def test_what_draws_at_random_is_not_drawn_again():
    nodes = [
        onnx.helper.make_node("Relu", ["x"], ["a"], name="relu"),
        onnx.helper.make_node("RandomNormalLike", ["a"], ["n"], name="noise"),
        onnx.helper.make_node("Add", ["a", "n"], ["y"], name="sum"),
    ]
    trace = lm.open(made(nodes, [("x", FLOAT, ["n"])], ["y"])).run(np.ones(3, np.float32), **ORT)
    with pytest.raises(lm.PatchError, match="'noise'"):
        trace.resume(lm.patch.zero("relu"))
    assert torch.allclose(trace.resume(lm.patch.scale("noise", 0.0)).output, torch.ones(3))


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.setattr(lazy, "onnxruntime", LazyModule("onnxruntime"))
    with pytest.raises(lm.MissingPackageError, match=r"laminae\[onnxruntime\]"):
        chain()([[1, 2, 3]], **ORT)


@pytest.mark.gpu
def test_another_device():
    with pytest.raises(lm.UsageError, match="CPU"):
        chain()([[1, 2, 3]], device="cuda", **ORT)
