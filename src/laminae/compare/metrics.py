"""Metrics by name, from torchmetrics."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from laminae.base import torch
from laminae.base.errors import ShapeError, UsageError
from laminae.base.shapes import format_shape

ERRORS = {"mse": "MeanSquaredError", "mae": "MeanAbsoluteError", "r2": "R2Score", "mape": "MeanAbsolutePercentageError"}
"""Metrics of numbers: output and expectation have one shape."""

CLASSES = {"accuracy": "Accuracy", "precision": "Precision", "recall": "Recall", "f1": "F1Score", "auroc": "AUROC"}
"""Metrics of classes: the output is [batch, classes] scores, the expectation [batch] ids. Averages are plain (micro)."""

NAMES = (*CLASSES, "top-K", *ERRORS)


class Metric:
    """One metric over all batches. Made at the first batch, when the number of classes is seen."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._make, self._prepare = _recipe(name)
        self._metric: Any = None

    def update(self, output: Any, expected: Any) -> None:
        """output, expected: tensors of one batch. Raises ShapeError where the metric cannot hold one against the other."""
        output, expected = self._prepare(self.name, output, expected)
        if self._metric is None:
            self._metric = self._make(output)
        self._metric.update(output, expected)

    def value(self) -> float:
        """Over all batches so far; NaN where there was none."""
        return float("nan") if self._metric is None else float(self._metric.compute())


def _recipe(name: str) -> tuple[Callable[[Any], Any], Callable[[str, Any, Any], tuple[Any, Any]]]:
    top = re.fullmatch(r"top-?(\d+)", name)
    if top:
        return lambda output: _classifier("Accuracy", output, top_k=int(top[1])), _classes
    if name in CLASSES:
        return lambda output: _classifier(CLASSES[name], output), _classes
    if name in ERRORS:
        return lambda output: _torchmetrics(ERRORS[name]), _numbers
    raise UsageError(f"there is no metric {name!r}", {"there are": ", ".join(NAMES)})


def _torchmetrics(kind: str, **arguments: Any) -> Any:
    import torchmetrics

    return getattr(torchmetrics, kind)(**arguments)


def _classifier(kind: str, output: Any, **arguments: Any) -> Any:
    classes = output.shape[1]
    average = {} if kind == "AUROC" else {"average": "micro"}
    return _torchmetrics(kind, task="multiclass", num_classes=classes, validate_args=False, **average, **arguments)


def _classes(name: str, output: Any, expected: Any) -> tuple[Any, Any]:
    if output.ndim == 1 or (output.ndim == 2 and output.shape[1] == 1):
        score = output.reshape(-1)
        output = torch.stack([1 - score, score], 1)
    if expected.ndim == output.ndim and expected.shape == output.shape:
        expected = expected.argmax(1)
    expected = expected.reshape(-1) if expected.ndim == 2 and expected.shape[1] == 1 else expected
    if output.ndim < 2 or expected.shape != output.shape[:1] + output.shape[2:]:
        raise _unfit(name, "[batch, classes] scores and [batch] ids", output, expected)
    return output, expected.long()


def _numbers(name: str, output: Any, expected: Any) -> tuple[Any, Any]:
    if output.shape != expected.shape:
        raise _unfit(name, "one shape: they are never broadcast", output, expected)
    return output.reshape(-1), expected.reshape(-1).to(output.dtype)


def _unfit(name: str, wanted: str, output: Any, expected: Any) -> ShapeError:
    return ShapeError(
        f"metric {name!r} cannot hold this output against this expectation",
        {"expected": wanted, "output": format_shape(tuple(output.shape)), "expectation": format_shape(tuple(expected.shape))},
    )


def metrics(names: Sequence[str] | str) -> list[Metric]:
    """The metrics of these names; raises UsageError for one that is not known."""
    return [Metric(name) for name in ([names] if isinstance(names, str) else names)]
