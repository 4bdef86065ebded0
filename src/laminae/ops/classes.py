"""What the classifiers and regressors of ai.onnx.ml share: labels, and what becomes of scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from laminae.base import torch
from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.host import HostArray
from laminae.base.shapes import Dim, Spec, known

if TYPE_CHECKING:
    from torch import Tensor

ML = "ai.onnx.ml"
TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")


def labelled(ints: Sequence[int] | None, strings: Sequence[str] | None) -> Callable[[Tensor], Any]:
    """The function from places of classes to their labels: int64, or strings where those are given."""
    if strings:
        names = np.array(strings, dtype=object)
        return lambda places: HostArray(names[places.cpu().numpy()])
    numbers = torch.tensor(ints or [], dtype=torch.int64)
    return lambda places: numbers[places] if len(numbers) else places


def classifier_shape(X: Spec, strings: Sequence[str] | None, classes: Dim) -> tuple[Spec, Spec]:
    """A label for each row of X, and a score for each class."""
    rows = X.dims[0] if X.dims is not None and len(X.dims) == 2 else None
    return Spec("string" if strings else "int64", (rows,)), Spec("float32", (rows, classes))


def per_column(name: str, values: Sequence[Any] | Tensor, X: Tensor) -> None:
    """Raises ShapeError unless there is one value, or one for each column of X."""
    columns = X.shape[-1] if X.ndim else 1
    if len(values) not in (1, columns):
        raise ShapeError(f"{name} must be one, or one per column", {"expected": f"1 or {columns}", "found": len(values)})


def transformed(scores: Tensor, post_transform: str) -> Tensor:
    """The scores of the last axis after `post_transform`. SOFTMAX_ZERO leaves scores of 0 at 0."""
    if post_transform == "NONE":
        return scores
    if post_transform == "SOFTMAX":
        return torch.softmax(scores, -1)
    if post_transform == "LOGISTIC":
        return torch.sigmoid(scores)
    if post_transform == "SOFTMAX_ZERO":
        return _softmax_zero(scores)
    if post_transform == "PROBIT":
        return torch.special.ndtri(scores)  # type: ignore[no-any-return]
    raise AttributeValueError(f"no post_transform {post_transform!r}", {"known": ", ".join(TRANSFORMS)})


def two_scores(score: Tensor, other: Tensor, post_transform: str) -> Tensor:
    """[rows, 1], the one score of two classes, the second's, and the first's in its place before it, `other`.

    As in ONNX Runtime, LOGISTIC gives σ(-score) and σ(score), and a softmax of one score leaves it as it is.
    """
    if post_transform == "LOGISTIC":
        return torch.sigmoid(torch.cat([-score, score], -1))
    scores = torch.cat([other, score], -1)
    return transformed(scores, post_transform) if post_transform == "PROBIT" else scores


def _softmax_zero(scores: Tensor) -> Tensor:
    largest = scores.amax(-1, keepdim=True)
    powers = torch.where(scores.abs() > 1e-7, torch.exp(scores - largest), scores * torch.exp(-largest))
    total = powers.sum(-1, keepdim=True)
    return torch.where(total == 0, 0.5, powers / total)


def rows_of(X):
    """How many rows X [rows, features] has; a vector is one."""
    return known(X.shape)[0] if X.rank > 1 else 1
