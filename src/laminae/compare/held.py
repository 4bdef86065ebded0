"""What a metric is given, made sure of: scores and ids, or numbers, of shapes and values that can be held against each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.dtypes import CODES, dtype_name
from laminae.base.errors import DTypeError, ShapeError, UsageError
from laminae.base.shapes import format_shape

Array = np.ndarray[Any, Any]


class Held:
    """The batches of one metric, one after another; what is wrong names the sample, counted over all of them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._classes, self._samples = 0, 0

    def take(self, output: Any, expected: Any) -> tuple[Array, Array]:
        """Both as arrays of real numbers."""
        return _array(self.name, "output", output), _array(self.name, "expectation", expected)

    def count(self, output: Array) -> None:
        """A batch has been taken in."""
        self._samples += output.shape[0] if output.ndim else 1

    def numbers(self, output: Array, expected: Array) -> tuple[Array, Array]:
        """Both in float64, flat."""
        if output.shape != expected.shape:
            raise _unfit(self.name, "one shape: they are never broadcast", output, expected)
        return output.astype(np.float64).reshape(-1), expected.astype(np.float64).reshape(-1)

    def classes(self, output: Array, expected: Array) -> tuple[Array, Array]:
        """Scores [samples, classes] and ids [samples]."""
        wide = output if output.dtype.kind in "biu" else output.astype(np.float64)
        one_score = output.ndim == 1 or (output.ndim == 2 and output.shape[1] == 1)
        scores = self._two(wide.reshape(-1)) if one_score else wide
        if expected.shape == scores.shape and scores.ndim > 1:
            expected = self._hot(expected)
        elif expected.ndim == 2 and expected.shape[1] == 1 and scores.ndim == 2:
            expected = expected.reshape(-1)
        if scores.ndim < 2 or not scores.shape[1] or expected.shape != scores.shape[:1] + scores.shape[2:]:
            raise _unfit(self.name, "[batch, classes] scores and [batch] ids", output, expected)
        if self._classes not in (0, scores.shape[1]):
            found = {"before": f"{self._classes} classes", "this batch": f"{scores.shape[1]} classes"}
            raise ShapeError(f"metric {self.name!r}: the batches have other numbers of classes", found)
        self._whole(np.all(scores == scores, axis=1), scores, "the output", "scores that are not NaN")
        ids = self._ids(expected, scores.shape[1])
        self._classes = scores.shape[1]
        return np.moveaxis(scores, 1, -1).reshape(-1, self._classes), ids.reshape(-1)

    def _two(self, score: Array) -> Array:
        score = score.astype(np.float64)
        if self.name != "auroc":
            right: Array = np.isnan(score) | ((score >= 0) & (score <= 1))
            self._whole(right, score, "the one score", "a probability of class 1, 0 to 1, as of a Sigmoid layer")
        return np.stack([1 - score, score], axis=1)

    def _hot(self, expected: Array) -> Array:
        best = expected == expected.max(axis=1, keepdims=True, initial=0)
        self._whole(best.sum(axis=1) == 1, expected, "the expectation", "one highest class for each sample")
        ids: Array = expected.argmax(axis=1)
        return ids

    def _ids(self, expected: Array, classes: int) -> Array:
        wide = expected if expected.dtype.kind in "biu" else expected.astype(np.float64)
        right: Array = (wide >= 0) & (wide < classes) & (np.mod(wide, 1) == 0)
        self._whole(right, expected, "the expectation", f"whole ids from 0 to {classes - 1}")
        return wide.astype(np.int64)

    def _whole(self, right: Array, held: Array, what: str, wanted: str) -> None:
        """Raises UsageError naming the first place that is not right."""
        if right.all():
            return
        at = [int(i) for i in np.unravel_index(int(np.argmin(right)), right.shape)]
        found = held[tuple(at)] if held.ndim == right.ndim else np.moveaxis(held, 1, -1)[tuple(at)]
        found = found.tolist() if found.size <= 10 else "a row of many"
        where = f"sample {self._samples + at[0]}" + (f" at {at[1:]}" if at[1:] else "")
        raise UsageError(f"metric {self.name!r}: {what} of {where} is {found}", {"expected": wanted})


def _array(name: str, what: str, held: Any) -> Array:
    """Real numbers as an array. Raises ShapeError for ragged lists, DTypeError for texts, complex numbers, maps, nothing."""
    try:
        array = as_numpy(held)
    except (TypeError, ValueError, RuntimeError) as error:
        reason = str(error).split("\n")[0]
        raise ShapeError(f"metric {name!r}: the {what} cannot be made one array", {"because": reason}) from None
    if array.dtype.kind not in "biuf" and (array.dtype.kind in "cOUS" or dtype_name(array) not in CODES):
        text = array.dtype != object or any(isinstance(one, str | bytes) for one in array.reshape(-1)[:1])
        found = dtype_name(array) if text else type(array.reshape(-1).tolist()[0] if array.size else None).__name__
        raise DTypeError(f"metric {name!r} cannot take this {what}", {"expected": "real numbers", "found": found})
    return array


def _unfit(name: str, wanted: str, output: Array, expected: Array) -> ShapeError:
    return ShapeError(
        f"metric {name!r} cannot hold this output against this expectation",
        {"expected": wanted, "output": format_shape(output.shape), "expectation": format_shape(expected.shape)},
    )
