"""Three trained models nobody here wrote: expected outputs, and every stored output beside ONNX Runtime's."""

import numpy as np
import onnx
import pytest

import laminae as lm
from tests.shared import NAMES, every_value_by_onnx_runtime, model_expected, model_file, model_input


@pytest.mark.parametrize("name", NAMES)
def test_the_output_is_the_expected_one(name):
    model = lm.open(model_file(name))
    trace = model.run(model_input(name))
    assert trace.compare(model_expected(name)).correct


@pytest.mark.parametrize("name", NAMES)
def test_every_stored_output_is_onnx_runtimes(name, record_property):
    path, x = model_file(name), model_input(name)
    model = lm.open(path)
    trace = model.run(x)
    theirs = every_value_by_onnx_runtime(onnx.load(path), {model.graph.inputs[0].name: x})
    assert len(theirs) == len(model.layers) - 1
    worst = (0.0, "")
    for value, expected in theirs.items():
        found = trace.values[value].numpy()
        assert found.dtype == expected.dtype, value
        assert found.shape == expected.shape, value
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4, err_msg=value)
        if expected.size and expected.dtype.kind == "f":
            scale = max(1.0, float(np.abs(expected).max()))
            worst = max(worst, (float(np.abs(found - expected).max()) / scale, value))
    record_property("worst difference, by the value's scale", worst)
    print(f"{name}: {len(theirs)} values, worst difference {worst[0]:.2e} of the value's scale, in {worst[1]!r}")


@pytest.mark.parametrize("name", NAMES)
def test_shapes_known_before_the_run_are_the_runs(name):
    model, x = lm.open(model_file(name)), model_input(name)
    before = model.records(shapes={model.graph.inputs[0].name: x.shape})
    after = {entry.name: entry for entry in model.run(x).layers}
    for record in before:
        for output, value in zip(record.outputs, after[record.name].values, strict=True):
            assert output.shape == tuple(value.shape), record.name
            assert str(value.dtype) == f"torch.{output.dtype}", record.name


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_sound_model(name):
    assert [p for p in lm.open(model_file(name)).check() if p.severity == "error"] == []
