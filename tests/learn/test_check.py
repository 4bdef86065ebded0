"""The gradient check: it passes what is right, and finds the layer whose derivative was made wrong."""

import numpy as np
import onnx.parser
import pytest
import torch

import laminae as lm
from tests.learn.modules import MODULES, ids, made


@pytest.mark.parametrize("name", MODULES)
def test_modules_are_right_and_stay_as_they_are(name):
    module, batch = made(name)
    x, expected = batch(), ids()
    model = lm.open(module, example=(x,))
    before = {k: v.clone() for k, v in module.state_dict().items()}
    draws = torch.get_rng_state()
    found = lm.check_gradients(model, x, expected, loss="cross_entropy", samples=4)
    assert found, str(found)
    assert found.worst.error < 1e-6
    assert all(torch.equal(v, before[k]) for k, v in module.state_dict().items())
    assert torch.equal(torch.get_rng_state(), draws)


class Wrong(torch.autograd.Function):
    """x², whose derivative is said to be x."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, delta):
        return delta * ctx.saved_tensors[0]


@lm.register_operator("WrongSquare", domain="test.learn", pure=True)
def wrong_square(x):
    return Wrong.apply(x)


TEXT = """
<ir_version: 8, opset_import: ["": 17, "test.learn": 1]>
g (float[n, 3] x) => (float[n, 3] y)
<float[3] w = {1.0, -2.0, 0.5}>
{
  h = Mul(x, w)
  a = Tanh(h)
  s = test.learn.WrongSquare(a)
  c = Tanh(a)
  y = Add(s, c)
}
"""


def test_the_wrong_layer_is_to_blame_among_those_that_read_the_same_value():
    model = lm.open(onnx.parser.parse_model(TEXT))
    x = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    found = lm.check_gradients(model, x, np.zeros((4, 3), np.float32))
    wrong = model.graph.layers[[layer.operator for layer in model.graph.layers].index("WrongSquare")].name
    assert not found
    assert found.blame == wrong
    assert [r.weight for r in found.records if not r.correct and r.weight] == ["w"]
    assert "To blame" in found.table().text()


def test_constants_and_casts_to_float_inside_a_file_are_made_wide():
    text = """
    <ir_version: 8, opset_import: ["": 17]>
    g (float[n, 3] x) => (float[n, 3] y)
    <float[3] w = {1.0, -2.0, 0.5}>
    { h = Mul(x, w)
      c = Cast<to = 1>(h)
      k = Constant<value_float = 0.1>()
      o = Constant<value = float[1] {0.3}>()
      m = Mul(c, k)
      n2 = LayerNormalization(m, w)
      y = Add(n2, o) }
    """
    model = lm.open(onnx.parser.parse_model(text))
    x = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    found = lm.check_gradients(model, x, np.zeros((4, 3), np.float32))
    assert found, str(found)
    assert found.worst.error < 1e-7
    assert model.parameters["w"].dtype == "float32"


def test_elements_at_a_kink_are_counted_and_left_out():
    model = lm.Model.chain(lm.Input(3, name="L1"), lm.ReLU(name="L2"))
    found = lm.check_gradients(model, [[0.0, 1.0, -1.0]], [[1.0, 1.0, 1.0]])
    at = next(record for record in found.records if record.layer == "L1")
    assert (at.kinks, at.checked, at.correct) == (1, 3, True)
