"""One node of the main domain, run on arrays."""

import numpy as np

import laminae as lm
from laminae.base.arrays import as_numpy
from tests.ops.draws.compared import proto
from tests.ops.draws.drawing import Drawn, Strategy


def run(operator, opset, *inputs, outputs=1, **attributes):
    """Its outputs, as a list; inputs that are None are left out."""
    drawn = Drawn(inputs, attributes, outputs)
    model = proto(Strategy(operator, "", (opset,), lambda draw, opset: drawn, ()), opset, drawn)
    values = lm.open(model).run({f"x{i}": x for i, x in enumerate(inputs) if x is not None}).values
    return [as_numpy(values[f"y{i}"]) for i in range(outputs)]


def same(found, expected, *, near=0.0):
    """Asserts that dtype, shape and elements are the same."""
    expected = np.asarray(expected)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    if near:
        np.testing.assert_allclose(found.astype(np.float64), expected.astype(np.float64), rtol=near, atol=near)
    else:
        np.testing.assert_array_equal(found, expected)


def floats(*numbers, shape=(-1,), dtype=np.float32):
    return np.array(numbers, dtype).reshape(shape)


def integers(*numbers, shape=(-1,), dtype=np.int64):
    return np.array(numbers, dtype).reshape(shape)
