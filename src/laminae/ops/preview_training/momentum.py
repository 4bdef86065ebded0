"""Momentum. https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Momentum.html"""

from laminae.ops.optimizers import stepped, stepped_shape, stepping_cost
from laminae.ops.registry import operator


@operator(
    "Momentum",
    several=True,
    kind="optimizer",
    shape=stepped_shape(3),
    cost=stepping_cost(3, 4),
    domain="ai.onnx.preview.training",
)
def momentum(R, T, *inputs, alpha, beta, mode, norm_coefficient):
    """X - R · V, with V = alpha · V + beta · g, g the gradient + norm_coefficient · X; at step 0 beta counts as 1.

    Nesterov: X - R · (g + alpha · V). `inputs` are all X, all gradients, all V; the outputs all new X, all new V.
    """
    share = beta if T.item() > 0 else 1.0

    def step(X, G, V):
        gradient = norm_coefficient * X + G
        velocity = alpha * V + share * gradient
        directions = {"standard": velocity, "nesterov": gradient + alpha * velocity}
        return X - R * directions[mode], velocity

    return stepped(step, inputs, 3)
