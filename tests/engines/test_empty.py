"""Empty batches and zero sizes follow the reference evaluator, or ONNX Runtime where that one fails on them."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx.reference import ReferenceEvaluator

import laminae as lm
from laminae.files.onnx_writer import to_proto

IMAGE = lm.Input((2, 8, 8), name="x")
ROWS = lm.Input((5, 6), name="x")


@pytest.mark.parametrize(
    "layer",
    [lm.Conv(3, 3), lm.Conv(3, 3, padding=1, stride=2), lm.ConvTranspose(3, 2), lm.MaxPool(2), lm.AvgPool(2), lm.GlobalAvgPool(),
     lm.BatchNorm(), lm.Flatten(), lm.Softmax(1), lm.ReLU(), lm.GELU(), lm.Linear(4), lm.InstanceNorm()],
    ids=repr,
)  # fmt: skip
def test_an_empty_batch_of_images(layer):
    same_as_reference(lm.Model.chain(IMAGE, layer), np.zeros((0, 2, 8, 8), np.float32))


@pytest.mark.parametrize(
    "layer",
    [lm.Linear(4), lm.LayerNorm(), lm.RMSNorm(), lm.Softmax(), lm.MultiHeadAttention(2), lm.Mish(), lm.HardSwish()],
    ids=repr,
)
def test_an_empty_batch_of_rows(layer):
    same_as_reference(lm.Model.chain(ROWS, layer), np.zeros((0, 5, 6), np.float32))


@pytest.mark.parametrize(("operator", "attributes", "shape"), [
    ("ReduceSum", {}, (0, 3)), ("ReduceProd", {}, (2, 0)), ("ReduceMax", {"keepdims": 0}, (0, 3)), ("Concat", {"axis": 0}, (0, 3)),
    ("Transpose", {}, (0, 3)), ("Shape", {}, (0, 3)), ("Size", {}, (4, 0)), ("MatMul", {}, (0, 0)), ("Flatten", {}, (0, 3, 2)),
    ("Add", {}, (1, 0)), ("ReduceMean", {"keepdims": 1}, (3, 0)), ("Identity", {}, (0,)), ("NonZero", {}, (0, 2)), ("Softmax", {}, (2, 0)),
])  # fmt: skip
def test_zero_sizes_of_single_operators(operator, attributes, shape):
    inputs = ["x", "x"] if operator in ("Concat", "MatMul", "Add") else ["x"]
    node = onnx.helper.make_node(operator, inputs, ["y"], **attributes)
    x, y = onnx.helper.make_tensor_value_info("x", 1, shape), onnx.helper.make_empty_tensor_value_info("y")
    imports = [onnx.helper.make_opsetid("", 23)]
    proto = onnx.helper.make_model(onnx.helper.make_graph([node], "one", [x], [y]), opset_imports=imports, ir_version=11)
    same_as_reference(lm.open(proto), np.zeros(shape, np.float32), proto)


@pytest.mark.parametrize(("layer", "shape"), [(lm.Reshape((4, -1)), (0, 4, 32)), (lm.GroupNorm(2), (0, 2, 8, 8))], ids=repr)
def test_where_both_evaluators_fail_the_declared_sizes_hold(layer, shape):
    """Both stumble over a Reshape to -1 of no elements; the rest of the sizes says what it must be."""
    model = lm.Model.chain(IMAGE, layer)
    assert model.records()[-1].outputs[0].shape == ("batch", *shape[1:])
    assert tuple(model(np.zeros((0, 2, 8, 8), np.float32)).shape) == shape


def same_as_reference(model, x, proto=None):
    """Beside the reference evaluator; where it fails on an empty array, beside ONNX Runtime."""
    proto = proto or to_proto(model.graph)
    with np.errstate(all="ignore"):
        try:
            (expected,) = ReferenceEvaluator(proto).run(None, {"x": x})
        except (ValueError, TypeError, ZeroDivisionError):
            (expected,) = ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, {"x": x})
    found = model(x).numpy()
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-6)
