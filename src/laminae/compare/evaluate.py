"""A model held against a whole dataset, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from laminae.base.arrays import is_array
from laminae.base.errors import DTypeError, UsageError
from laminae.compare.metrics import metrics


@dataclass(frozen=True)
class Evaluation:
    """metrics: name → value over all samples. seconds: of the forward passes."""

    metrics: dict[str, float]
    samples: int
    batches: int
    seconds: float

    def __getitem__(self, name: str) -> float:
        """The value of a metric. Raises UsageError for one that was not taken."""
        if name not in self.metrics:
            raise UsageError(f"metric {name!r} was not taken", {"taken": ", ".join(self.metrics)})
        return self.metrics[name]

    def __str__(self) -> str:
        rows = [f"{name:<12} {value:.4f}" for name, value in self.metrics.items()]
        return "\n".join([*rows, f"{'samples':<12} {self.samples}", f"{'seconds':<12} {self.seconds:.3f}"])


def evaluate_batches(
    call: Callable[[Any], Any],
    batches: Iterable[tuple[Any, Any]],
    names: Any,
    *,
    output: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Run every batch and hold its output against its expectation.

    batches: pairs (x, expected), the first axis of both the samples. names: of metrics, see `compare.metrics`. output: which
    of several outputs. progress: told the number of samples done. Raises UsageError where there is no batch, or no such
    output, and what the metrics raise.
    """
    measured = metrics(names)
    samples = count = 0
    seconds = 0.0
    for x, expected in batches:
        start = perf_counter()
        made = call(x)
        seconds += perf_counter() - start
        chosen, wanted = _chosen(made, output), _expected(expected)
        for metric in measured:
            metric.update(chosen, wanted)
        samples, count = samples + (int(chosen.shape[0]) if len(chosen.shape) else 1), count + 1
        if progress is not None:
            progress(samples)
    if not count:
        raise UsageError("there is no batch to evaluate on", {"expected": "at least one pair of input and expectation"})
    return Evaluation({m.name: m.value() for m in measured}, samples, count, seconds)


def _chosen(made: Any, output: Any) -> Any:
    """The one output that is measured."""
    outputs = made if isinstance(made, tuple) else (made,)
    if not isinstance(output, int) or isinstance(output, bool) or not -len(outputs) <= output < len(outputs):
        raise UsageError(f"there is no output {output!r}", {"expected": f"a number from 0 to {len(outputs) - 1}"})
    chosen = outputs[output]
    if not hasattr(chosen, "shape"):
        found = {"found": "nothing" if chosen is None else f"a {type(chosen).__name__}", "expected": "an array"}
        raise DTypeError(f"output {output} cannot be measured", found)
    return chosen


def _expected(expected: Any) -> Any:
    several = isinstance(expected, tuple) and any(is_array(part) or getattr(part, "shape", ()) for part in expected)
    if several or isinstance(expected, Mapping):
        way = {"give": "that of one output, and which with output="}
        raise UsageError(f"a batch holds {len(expected)} expectations", way)
    return expected
