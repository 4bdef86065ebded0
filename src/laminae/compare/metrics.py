"""Metrics by name, from torchmetrics, in float64, over any number of batches of any sizes."""

from __future__ import annotations

import difflib
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from laminae.base import torch
from laminae.base.errors import UsageError
from laminae.compare.held import Array, Held
from laminae.compare.own_metric import Own, is_metric

ERRORS = {
    "mse": "MeanSquaredError",
    "mae": "MeanAbsoluteError",
    "r2": "R2Score",
    "mape": "MeanAbsolutePercentageError",
}
"""Metrics of numbers: output and expectation have one shape."""

CLASSES = {"accuracy": "Accuracy", "precision": "Precision", "recall": "Recall", "f1": "F1Score", "auroc": "AUROC"}
"""Metrics of classes: the output is [batch, classes, …] scores, the expectation [batch, …] ids or the output's shape, one-hot.

An output [batch] or [batch, 1] is the probability of class 1 of two. Precision, recall, f1 and auroc are macro: the plain
mean over the classes. (Micro, over all samples, each of the first three would be the accuracy.)
"""

NAMES = (*CLASSES, "top-K", *ERRORS)


class Metric:
    """One metric over all batches. The torchmetrics object is made at the first batch, when the classes are known."""

    def __init__(self, name: str) -> None:
        self.name = self.known_as = name
        self._make, self._numbers = _recipe(name)
        self._held = Held(name)
        self._metric: Any = None
        self._kept: list[tuple[Array, Array]] = []

    @property
    def higher(self) -> bool:
        """Whether the higher is the better."""
        return self.known_as not in ERRORS or self.known_as == "r2"

    def update(self, output: Any, expected: Any) -> None:
        """Take in one batch, arrays or tensors.

        Raises ShapeError, DTypeError or UsageError where the metric cannot hold one against the other; of an id that is no
        class it names the sample, counted over all batches. What was taken in before stays.
        """
        a, b = self._held.take(output, expected)
        with np.errstate(all="ignore"):
            found, wanted = self._held.numbers(a, b) if self._numbers else self._held.classes(a, b)
        if self._metric is None:
            self._metric = self._make(found).set_dtype(torch.float64)
        if self.known_as == "auroc":
            self._kept.append((found, wanted))
        elif found.size:
            self._metric.update(torch.from_numpy(found.astype(np.float64)), torch.from_numpy(wanted))
        self._held.count(a)

    def value(self) -> float:
        """Over all batches so far; NaN where there was no sample."""
        if self.known_as == "auroc" and self._kept:
            return self._auroc(np.concatenate([s for s, _ in self._kept]), np.concatenate([ids for _, ids in self._kept]))
        if self._metric is None or not self._metric.update_called:
            return float("nan")
        return float(self._metric.compute())

    def _auroc(self, scores: Array, ids: Array) -> float:
        """The mean over the classes of which there are samples, and others. Scores outside 0 to 1 are logits, in all batches."""
        scores = scores.astype(np.float64)
        if scores.size and (scores.min() < 0 or scores.max() > 1):
            powers = np.exp(scores - scores.max(axis=1, keepdims=True))
            scores = powers / powers.sum(axis=1, keepdims=True)
        counts = np.bincount(ids, minlength=scores.shape[1])
        both = (counts > 0) & (counts < len(ids))
        if not both.any() or np.isnan(scores).any():
            return float("nan")
        self._metric.reset()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # classes without a sample are left out here
            self._metric.update(torch.from_numpy(scores), torch.from_numpy(ids))
            return float(self._metric.compute().numpy()[both].mean())


def _recipe(name: str) -> tuple[Callable[[Array], Any], bool]:
    """How the torchmetrics object is made from the first batch, and whether it takes numbers rather than classes."""
    top = re.fullmatch(r"top-?([0-9]{1,9})", name)
    if top and int(top[1]):
        return lambda scores: _top(int(top[1]), scores), False
    if name in CLASSES:
        average = {"accuracy": "micro", "auroc": "none"}.get(name, "macro")
        return lambda scores: _classifier(CLASSES[name], scores, average=average), False
    if name in ERRORS:
        return lambda numbers: _torchmetrics(ERRORS[name]), True
    near = difflib.get_close_matches(name, NAMES, n=3, cutoff=0.5)
    rows = {"did you mean": ", ".join(map(repr, near))} if near else {}
    raise UsageError(f"there is no metric {name!r}", {**rows, "there are": ", ".join(NAMES), "K": "1 or more"})


def _top(k: int, scores: Array) -> Any:
    if k > scores.shape[1]:
        raise UsageError(f"there is no top-{k} of {scores.shape[1]} classes", {"at most": f"top-{scores.shape[1]}"})
    return _classifier("Accuracy", scores, average="micro", top_k=k)


def _classifier(kind: str, scores: Array, **arguments: Any) -> Any:
    return _torchmetrics(kind, task="multiclass", num_classes=scores.shape[1], validate_args=False, **arguments)


def _torchmetrics(kind: str, **arguments: Any) -> Any:
    import torchmetrics

    return getattr(torchmetrics, kind)(**arguments)


def metrics(wanted: Any) -> list[Metric | Own]:
    """The metrics of these names, each once, and those that are objects, under the names that a dict gives them, else of their
    class. Raises UsageError for one that is not known.
    """
    if isinstance(wanted, Mapping):
        return [_named(name, one) for name, one in wanted.items()]
    many = [wanted] if isinstance(wanted, str) or is_metric(wanted) else wanted
    if not isinstance(many, Sequence | set | frozenset) or not many:
        raise UsageError(
            f"metrics={wanted!r} names no metrics", {"expected": "a name or a list of names", "there are": ", ".join(NAMES)}
        )
    found = [_named(one if isinstance(one, str) else type(one).__name__, one) for one in many]
    return list({metric.name: metric for metric in found}.values())


def _named(name: Any, one: Any) -> Metric | Own:
    if is_metric(one):
        return Own(str(name), one)
    if not isinstance(one, str):
        raise UsageError(
            f"{one!r} is no metric",
            {"expected": "a name, or an object with update, compute and reset", "there are": ", ".join(NAMES)},
        )
    metric = Metric(one)
    metric.name, metric.known_as = str(name), one
    return metric
