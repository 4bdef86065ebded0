"""`lm.evaluate`: a model held against a whole dataset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from laminae.api.model import Model
from laminae.compare.evaluate import Evaluation, evaluate_batches
from laminae.data.batches import batches


def evaluate(
    model: Model,
    data: Any,
    metrics: Sequence[str] | str = "accuracy",
    *,
    batch: int = 64,
    output: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Run a dataset through a model in batches and hold the outputs against the expectations.

    data: a pair of arrays (x, expected), a path to an .npz, or an iterable of batches. metrics: "accuracy", "top-5", "precision",
    "recall", "f1", "auroc" on class scores [batch, classes] and ids [batch]; "mse", "mae", "r2", "mape" on numbers of one shape.
    batch: samples at a time. output: which of several outputs. Raises ShapeError where a metric cannot be taken.
    """
    return evaluate_batches(_call(model), batches(data, batch), metrics, output=output, progress=progress)


def _call(model: Model) -> Callable[[Any], Any]:
    """Several inputs come as a tuple or a dict."""
    return lambda x: model(*x) if isinstance(x, tuple) else model(x)
