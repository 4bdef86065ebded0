"""SoftmaxCrossEntropyLoss. https://onnx.ai/onnx/operators/onnx__SoftmaxCrossEntropyLoss.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.losses import class_loss, loss_shape
from laminae.ops.registry import operator


def softmaxcrossentropyloss_shape(scores, labels, weights=None, *, ignore_index=None, reduction="mean", n_outputs=1):
    return loss_shape(scores, labels, weights, reduction), Spec(scores.dtype, scores.dims)


def softmaxcrossentropyloss_cost(scores, labels, weights=None, **attributes):
    """LogSoftmax, then the weight and the sum of each label's number."""
    return 5 * scores.size + 2 * labels.size


@operator(
    "SoftmaxCrossEntropyLoss", since=12, kind="loss", shape=softmaxcrossentropyloss_shape, cost=softmaxcrossentropyloss_cost
)
def softmaxcrossentropyloss(scores, labels, weights=None, *, ignore_index=None, reduction="mean", n_outputs=1):
    """-log softmax(scores)[n, c, …] · weights[c] at the true class c; scores [N, C, *sizes], labels [N, *sizes].

    The loss is [N, *sizes], or its sum, or its mean: sum over sum of weights; second output the log-probabilities.
    """
    log_prob = torch.log_softmax(scores, 1)
    output = class_loss(log_prob, labels, weights, ignore_index, reduction)
    return output if n_outputs == 1 else (output, log_prob)
