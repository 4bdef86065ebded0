"""NegativeLogLikelihoodLoss. https://onnx.ai/onnx/operators/onnx__NegativeLogLikelihoodLoss.html"""

from laminae.ops.losses import class_loss, loss_shape
from laminae.ops.registry import operator


def negativeloglikelihoodloss_shape(input, target, weight=None, *, ignore_index=None, reduction="mean"):
    return loss_shape(input, target, weight, reduction)


def negativeloglikelihoodloss_cost(input, target, weight=None, **attributes):
    """The weight and the sum of each target's number."""
    return 2 * target.size


@operator(
    "NegativeLogLikelihoodLoss", since=12, kind="loss", shape=negativeloglikelihoodloss_shape, cost=negativeloglikelihoodloss_cost
)
def negativeloglikelihoodloss(input, target, weight=None, *, ignore_index=None, reduction="mean"):
    """-input[n, c, …] · weight[c] at the true class c; input [N, C, *sizes] log-probabilities, target [N, *sizes].

    The loss is [N, *sizes], or its sum, or its mean: sum over sum of weights. `ignore_index` as target counts nothing.
    """
    return class_loss(input, target, weight, ignore_index, reduction)
