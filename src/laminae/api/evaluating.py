"""`lm.evaluate`: a model held against a whole dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import index
from typing import Any

from laminae.api.model import Model
from laminae.base.errors import UsageError
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

    data: a pair of arrays (x, expected), where x may be a tuple or a dict of several inputs; a path to an .npz; or an
    iterable of batches. batch: samples at a time. output: which of several outputs. metrics, all in float64 over all
    batches together:

    - "accuracy", "top-5", "precision", "recall", "f1", "auroc": of class scores [batch, classes] and ids [batch], or the
      probability [batch] of class 1 of two. Precision, recall, f1 and auroc are macro: the mean over the classes.
    - "mse", "mae", "r2", "mape": of numbers of one shape, over all elements.

    Raises ShapeError, DTypeError or UsageError where a metric cannot be taken, of a class id that is none naming it.
    """
    return evaluate_batches(_call(model), _batches(data, batch), metrics, output=output, progress=progress)


def _batches(data: Any, batch: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(data, tuple) and len(data) != 2 and not _is_batches(data):
        raise UsageError(
            f"the data is a tuple of {len(data)}", {"expected": "(x, expected); several inputs as ((a, b), expected)"}
        )
    size = _size(batch)
    try:
        return batches(iter(data) if _is_batches(data) else data, size)
    except (TypeError, ValueError) as error:
        reason = str(error).split("\n")[0]
        raise UsageError("cannot take batches from this data", {"because": reason, "expected": "(x, expected), arrays"}) from None


def _is_batches(data: Any) -> bool:
    """Whether a sequence holds batches, not the arrays of one pair: an expectation is no tuple of several."""
    pairs = isinstance(data, tuple | list) and all(isinstance(part, tuple) and len(part) == 2 for part in data)
    return pairs and (isinstance(data, list) or len(data) != 2)


def _size(batch: Any) -> int:
    try:
        size = 0 if isinstance(batch, bool) else index(batch)
    except TypeError:
        size = 0
    if size < 1:
        raise UsageError(f"batch={batch!r} is no number of samples", {"expected": "a whole number, 1 or more"})
    return size


def _call(model: Model) -> Callable[[Any], Any]:
    """Several inputs come as a tuple or a dict."""
    return lambda x: model(*x) if isinstance(x, tuple) else model(x)
