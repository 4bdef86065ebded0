"""What a trace says of each layer, beside NumPy."""

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import laminae as lm
from laminae.base.statistics import CHUNK, statistics

FLOATS = st.floats(width=32, allow_nan=True, allow_infinity=True)


@given(arrays.arrays(np.float32, arrays.array_shapes(max_dims=3, min_side=0), elements=FLOATS))
def test_statistics_are_numpys_over_the_finite_elements(array):
    found = statistics(torch.from_numpy(array))
    finite = array[np.isfinite(array)].astype(np.float64)
    assert (found.nan, found.inf) == (np.isnan(array).sum(), np.isinf(array).sum())
    if array.size:
        assert found.zeros == pytest.approx((array == 0).mean())
    if finite.size:
        assert (found.min, found.max) == (finite.min(), finite.max())
        assert found.mean == pytest.approx(finite.mean(), rel=1e-9, abs=1e-12 * abs(finite).max())
        assert found.std == pytest.approx(finite.std(), rel=1e-6, abs=1e-6 * abs(finite).max())
    else:
        assert (found.mean, found.std, found.min, found.max) == (None,) * 4


def test_statistics_of_more_than_one_chunk():
    array = np.random.default_rng(0).standard_normal(CHUNK + 1000).astype(np.float32)
    found = statistics(torch.from_numpy(array))
    assert found.mean == pytest.approx(array.mean(dtype=np.float64), abs=1e-9)
    assert found.std == pytest.approx(array.std(dtype=np.float64), rel=1e-9)


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.bfloat16, torch.float16, torch.uint8, torch.complex64])
def test_statistics_of_other_dtypes(dtype):
    found = statistics(torch.tensor([0, 1, 1, 0]).to(dtype))
    assert (found.mean, found.std, found.min, found.max, found.zeros) == (0.5, 0.5, 0.0, 1.0, 0.5)


def model():
    return lm.Model.chain(
        lm.Input(2, name="x"), lm.Linear(2, weight=[[1, 0], [0, 1]], bias=[0, 0], name="a"), lm.ReLU(name="b"), name="m"
    )


def test_the_first_layer_with_nan_or_inf_is_named():
    assert model().run([[1.0, 2.0]]).first_not_finite() is None
    assert model().run([[np.nan, 2.0]]).first_not_finite().name == "x"
    m = lm.Model.chain(
        lm.Input(2, name="x"),
        lm.Softplus(name="s"),
        lm.Linear(2, weight=[[3e38, 3e38]] * 2, bias=[0, 0], name="big"),
        lm.ReLU(name="r"),
    )
    assert m.run([[10.0, 20.0]]).first_not_finite().name == "big"


def test_a_trace_has_every_layer_in_order_with_its_facts():
    trace = model().run([[1.0, -2.0], [3.0, 4.0]])
    assert [(e.index, e.name, e.op) for e in trace.layers] == [(1, "x", "Input"), (2, "a", "Gemm"), (3, "b", "Relu")]
    assert [r.outputs[0].shape for r in trace.records()] == [(2, 2)] * 3
    assert [r.bytes for r in trace.records()] == [16] * 3
    assert [r.parameters for r in trace.records()] == [0, 6, 0]
    assert all(e.ms >= 0 for e in trace.layers)
    assert trace.output.tolist() == trace[-1].tolist() == trace["b"].tolist() == [[1, 0], [3, 4]]
    assert [e.name for e in trace] == ["x", "a", "b"]
    assert "b" in trace
    assert "c" not in trace
    assert not trace.output.requires_grad


def test_a_model_is_pickled_and_copied_with_its_parameters_a_trace_says_why_not():
    m = model()
    y = m([[1.0, -2.0]])
    for twin in (pickle.loads(pickle.dumps(m)), copy.deepcopy(m)):
        assert torch.equal(twin([[1.0, -2.0]]), y)
        assert twin.equals(m)
    layer = pickle.loads(pickle.dumps(m["a"]))
    assert layer.name == "a"
    assert torch.equal(layer([[1.0, -2.0]]), m["a"]([[1.0, -2.0]]))
    with pytest.raises(lm.UsageError, match="not pickled"):
        pickle.dumps(m.run([[1.0, 2.0]]))


def test_an_output_declared_twice_has_two_names():
    x = lm.Input(2, name="x")
    y = lm.ReLU(name="y")(x)
    graph = lm.Model(x, y).graph
    graph.outputs = (graph.outputs[0], graph.outputs[0])
    graph.changed()
    m = lm.Model(graph=graph)
    assert len(m([[1.0, 2.0]])) == 2
    assert list(m.run([[1.0, 2.0]]).outputs) == ["y", "y#2"]
    assert m.run([[1.0, 2.0]]).compare([[[1, 2]], [[1, 2]]]).correct


def test_parameters_are_assigned_by_copy():
    m, new = model(), np.full((2, 2), 2, np.float32)
    m.parameters["a.weight"].assign(new)
    new[:] = 50
    assert m([[1.0, 1.0]]).tolist() == [[4, 4]]
    with pytest.raises(lm.ShapeError, match="another shape"):
        m.parameters["a.weight"].assign(np.zeros((3, 2), np.float32))
    with pytest.raises(lm.DTypeError, match="float32, not float64"):
        m.parameters["a.weight"].assign([[1.0, 2.0], [3.0, 4.0]])


def test_a_copy_of_a_model_that_trains_has_leaves_of_its_own():
    m = model()
    m.parameters["a.weight"].tensor().requires_grad_()
    twin = copy.deepcopy(m)
    assert twin.parameters["a.weight"].tensor().is_leaf
    assert twin.parameters["a.weight"].tensor().grad_fn is None
