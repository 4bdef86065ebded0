"""Adagrad. https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adagrad.html"""

from laminae.ops.optimizers import stepped, stepped_shape, stepping_cost
from laminae.ops.registry import operator


@operator(
    "Adagrad", several=True, kind="optimizer", shape=stepped_shape(3), cost=stepping_cost(3, 6), domain="ai.onnx.preview.training"
)
def adagrad(R, T, *inputs, decay_factor=0.0, epsilon=9.999999974752427e-07, norm_coefficient=0.0):
    """X - R / (1 + T · decay_factor) · g / (√H + epsilon) with H the sum of all g² so far, g the gradient + norm_coefficient · X.

    `inputs` are all X, all gradients, all H; the outputs all new X, all new H. Duchi, Hazan, Singer 2011.
    """
    rate = R / (1 + T.item() * decay_factor)

    def step(X, G, H):
        gradient = norm_coefficient * X + G
        kept = H + gradient * gradient
        return X - rate * gradient / (kept.sqrt() + epsilon), kept

    return stepped(step, inputs, 3)
