"""`lm.evaluate`: a model held against a whole dataset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from laminae.api.model import Model
from laminae.compare.evaluate import Evaluation, evaluate_batches
from laminae.data import batches, samples


def evaluate(
    model: Model,
    data: Any,
    metrics: Any = "accuracy",
    *,
    batch: int = 64,
    output: int = 0,
    workers: int = 0,
    progress: Callable[[int], None] | None = None,
    **how: Any,
) -> Evaluation:
    """Run a dataset through a model in batches and hold the outputs against the expectations.

    data: a pair of arrays (x, expected), where x may be a tuple or a dict of several inputs; a path to an .npz, to a .csv or
    .parquet table, to a folder of images by class; a torch or Hugging Face dataset; or an iterable of batches: all that
    `laminae.data.samples` takes, and `how`, what else it is told (target="price", columns=[…], missing="drop", images=…). batch:
    samples at a time. output: which of several outputs. workers: processes that decode images. metrics, all in float64 over all
    batches together:

    - "accuracy", "top-5", "precision", "recall", "f1", "auroc": of class scores [batch, classes] and ids [batch], or the
      probability [batch] of class 1 of two. Precision, recall, f1 and auroc are macro: the mean over the classes.
    - "mse", "mae", "r2", "mape": of numbers of one shape, over all elements.
    - objects that have update(output, expected), compute() and reset(), as those of torchmetrics; a dict gives names to them.

    Raises FileError for data that cannot be read; ShapeError, DTypeError or UsageError where a metric cannot be taken, of a class
    id that is none naming it.
    """
    cut = batches(samples(data, **how), batch, workers=workers)
    return evaluate_batches(_call(model), cut, metrics, output=output, progress=progress)


def _call(model: Model) -> Callable[[Any], Any]:
    """Several inputs come as a tuple or a dict."""
    return lambda x: model(*x) if isinstance(x, tuple) else model(x)
