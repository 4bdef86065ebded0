"""ai.onnx.preview.training.Gradient: derivatives of values of the graph around it, against those written out by hand."""

import numpy as np
import onnx.parser
import pytest

import laminae as lm

TEXT = """
<ir_version: 8, opset_import: ["": 17, "ai.onnx.preview.training": 1]>
g (float[3] x) => (float o, float[3] dx, float[3] dw, float[3] dxx)
<float[3] w = {1.0, -2.0, 0.5}>
{
  h = Mul(x, w)
  c = Mul(h, h)
  cubes = Mul(c, x)
  o = ReduceSum<keepdims = 0>(cubes)
  dx, dw = ai.onnx.preview.training.Gradient<xs = ["x", "w"], y = "o">(x, w)
  dxx = ai.onnx.preview.training.Gradient<xs = ["x"], zs = ["w"], y = "dx">(x, w)
}
"""
X = np.array([0.5, 2.0, -1.0], dtype=np.float32)
W = np.array([1.0, -2.0, 0.5], dtype=np.float32)


def test_first_and_second_derivatives_with_parameters():
    """o = Σ w² x³."""
    o, dx, dw, dxx = lm.open(onnx.parser.parse_model(TEXT))(X)
    np.testing.assert_allclose(o, (W**2 * X**3).sum(), rtol=1e-6)
    np.testing.assert_allclose(dx, 3 * W**2 * X**2, rtol=1e-6)
    np.testing.assert_allclose(dw, 2 * W * X**3, rtol=1e-6)
    np.testing.assert_allclose(dxx, 6 * W**2 * X, rtol=1e-6)


def test_the_values_may_be_others_than_those_of_the_graph():
    text = TEXT.replace('Gradient<xs = ["x"], zs = ["w"], y = "dx">(x, w)', 'Gradient<xs = ["h"], zs = ["x"], y = "o">(w, x)')
    *_, dh = lm.open(onnx.parser.parse_model(text))(X)
    np.testing.assert_allclose(dh, 2 * W * X, rtol=1e-6)


@pytest.mark.parametrize(("old", "new"), [('y = "o"', 'y = "nowhere"'), ('xs = ["x", "w"]', 'xs = ["w", "w"]')])
def test_a_value_that_cannot_be_made_is_told(old, new):
    with pytest.raises(lm.LaminaeError, match="Gradient"):
        lm.open(onnx.parser.parse_model(TEXT.replace(old, new)))(X)
