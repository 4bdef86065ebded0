"""Sparse initializers and constants: read with their zeros, written as they were."""

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import laminae as lm
from laminae.files import onnx_writer
from tests.files import small

DENSE = np.array([[0, 1.5, 0], [0, 0, -2]], np.float32)


def sparse(indices, name="s"):
    values = numpy_helper.from_array(np.array([1.5, -2], np.float32), name)
    return onnx.SparseTensorProto(values=values, indices=numpy_helper.from_array(np.array(indices, np.int64)), dims=[2, 3])


@pytest.mark.parametrize("indices", [[1, 5], [[0, 1], [1, 2]]])
def test_sparse_initializer(indices, tmp_path):
    proto = small.model(
        [small.node("Add", ["x", "s"], ["y"])], inputs=[small.value("x", (2, 3))], outputs=[small.value("y", (2, 3))]
    )
    proto.graph.sparse_initializer.append(sparse(indices))
    model = lm.open(proto)
    x = np.ones((2, 3), np.float32)
    assert np.array_equal(model(x), x + DENSE)
    assert model.parameters["s"].shape == (2, 3)
    model.save(tmp_path / "m.onnx")
    again = lm.open(tmp_path / "m.onnx")
    assert model.equals(again)
    onnx.checker.check_model(tmp_path / "m.onnx")
    saved = onnx.load(tmp_path / "m.onnx").graph
    assert [t.values.name for t in saved.sparse_initializer] == ["s"]
    assert not saved.initializer
    assert np.array_equal(again(x), x + DENSE)


def test_sparse_constant():
    proto = small.model([small.node("Constant", [], ["c"], sparse_value=sparse([1, 5], "")), small.node("Add", ["x", "c"], ["y"])],
                        inputs=[small.value("x", (2, 3))], outputs=[small.value("y", (2, 3))])  # fmt: skip
    x = np.ones((2, 3), np.float32)
    model = lm.open(proto)
    assert np.array_equal(model(x), x + DENSE)
    assert model.equals(lm.open(onnx_writer.to_bytes(model.graph)))
    assert model.records()[1].outputs[0].shape == (2, 3)


def test_nothing_but_positive_zeros_is_left_out():
    proto = small.model(
        [small.node("Add", ["x", "s"], ["y"])], inputs=[small.value("x", (2, 3))], outputs=[small.value("y", (2, 3))]
    )
    proto.graph.sparse_initializer.append(sparse([1, 5]))
    model = lm.open(proto)
    model.parameters["s"].assign(np.array([[np.nan, -0.0, 0], [0, 0, 7]], np.float32))
    assert model.equals(lm.open(onnx_writer.to_bytes(model.graph)))
