"""A model held against a whole dataset, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from laminae.base.arrays import as_value, is_tensor
from laminae.base.errors import UsageError
from laminae.compare.metrics import metrics


@dataclass(frozen=True)
class Evaluation:
    """metrics: name → value over all samples. seconds: of the forward passes."""

    metrics: dict[str, float]
    samples: int
    batches: int
    seconds: float

    def __getitem__(self, name: str) -> float:
        return self.metrics[name]

    def __str__(self) -> str:
        rows = [f"{name:<12} {value:.4f}" for name, value in self.metrics.items()]
        return "\n".join([*rows, f"{'samples':<12} {self.samples}", f"{'seconds':<12} {self.seconds:.3f}"])


def evaluate_batches(
    call: Callable[[Any], Any],
    batches: Iterable[tuple[Any, Any]],
    names: Sequence[str] | str,
    *,
    output: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Run every batch and hold its output against its expectation.

    batches: pairs (x, expected), the first axis of both the samples. names: of metrics, see `compare.metrics`. output: which
    of several outputs. progress: told the number of samples done. Raises UsageError where there is no batch.
    """
    measured = metrics(names)
    samples = count = 0
    seconds = 0.0
    for x, expected in batches:
        start = perf_counter()
        made = call(x)
        seconds += perf_counter() - start
        made = (made[output] if isinstance(made, tuple) else made).cpu()
        wanted = expected if is_tensor(expected) else as_value(expected)
        for metric in measured:
            metric.update(made, wanted)
        samples, count = samples + len(wanted), count + 1
        if progress is not None:
            progress(samples)
    if not count:
        raise UsageError("there is no batch to evaluate on", {"expected": "at least one pair of input and expectation"})
    return Evaluation({m.name: m.value() for m in measured}, samples, count, seconds)
