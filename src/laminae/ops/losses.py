"""Losses of classes: log-probabilities [N, C, *sizes] against the indices of the true classes [N, *sizes]."""

from laminae.base import torch
from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.shapes import Spec, format_shape, same_dim, same_shape

REDUCTIONS = ("none", "sum", "mean")

NEVER = -(2**62)
"""An index that no target has: what is ignored where nothing is."""


def class_loss(log_probabilities, target, weight, ignore_index, reduction):
    """-log p of the true class, times its weight; the mean is over the weights. Zero where the target is `ignore_index`."""
    index = NEVER if ignore_index is None else ignore_index
    return torch.nn.functional.nll_loss(log_probabilities, target.long(), weight, ignore_index=index, reduction=reduction)


def loss_shape(scores, target, weight, reduction):
    """The target's shape where nothing is reduced, else no axes."""
    if reduction not in REDUCTIONS:
        raise AttributeValueError(f"reduction {reduction!r} is not known", {"known": ", ".join(REDUCTIONS)})
    if scores.dims is not None and scores.rank < 2:
        raise ShapeError("the scores must be [N, C, *sizes]", {"found": format_shape(scores.dims)})
    expected = None if scores.dims is None else (scores.dims[0], *scores.dims[2:])
    if not same_shape(expected, target.dims):
        raise ShapeError(
            "the target does not fit the scores", {"expected": format_shape(expected), "found": format_shape(target.dims)}
        )
    classes = None if scores.dims is None else scores.dims[1]
    if weight is not None and weight.dims is not None and not (weight.rank == 1 and same_dim(weight.dims[0], classes)):
        raise ShapeError(
            "weight must have one element per class", {"expected": format_shape([classes]), "found": format_shape(weight.dims)}
        )
    if reduction != "none":
        return Spec(scores.dtype, ())
    return Spec(scores.dtype, expected if target.dims is None else target.dims)
