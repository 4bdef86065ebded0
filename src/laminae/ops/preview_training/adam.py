"""Adam. https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Adam.html"""

import math

from laminae.ops.optimizers import stepped, stepped_shape, stepping_cost
from laminae.ops.registry import operator


@operator(
    "Adam", several=True, kind="optimizer", shape=stepped_shape(4), cost=stepping_cost(4, 9), domain="ai.onnx.preview.training"
)
def adam(
    R, T, *inputs, alpha=0.8999999761581421, beta=0.9990000128746033, epsilon=9.999999974752427e-07, norm_coefficient=0.0,
    norm_coefficient_post=0.0,
):  # fmt: skip
    """X - R' · V / (√H + epsilon): V and H running means of g and g², g the gradient + norm_coefficient · X.

    R' is R · √(1 - beta^T) / (1 - alpha^T), or R at step 0. `inputs` are all X, all gradients, all V, all H; the outputs
    all new X, V, H. Kingma, Ba 2015, algorithm 1.
    """
    count = T.item()
    rate = R * math.sqrt(1 - beta**count) / (1 - alpha**count) if count > 0 else R

    def step(X, G, V, H):
        gradient = norm_coefficient * X + G
        mean = alpha * V + (1 - alpha) * gradient
        square = beta * H + (1 - beta) * gradient * gradient
        return (1 - norm_coefficient_post) * (X - rate * mean / (square.sqrt() + epsilon)), mean, square

    return stepped(step, inputs, 4)
