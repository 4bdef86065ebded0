"""A small forward pass with its numbers: layers down, samples across, the expectation beneath."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.records import LayerRecord, OutputComparison
from laminae.base.shapes import format_shape
from laminae.see.rendering import Column, Row, Table
from laminae.see.table import pass_facts
from laminae.see.text import number, plain, together

LAYERS, SAMPLES, ELEMENTS = 30, 6, 6
"""How many of each a small table holds; elements are those of one sample in one layer."""


def is_small(records: Sequence[LayerRecord]) -> bool:
    """Whether every layer stored one output, of few elements for each of the same few samples."""
    first = [r.values[0] if len(r.values) == 1 else None for r in records]
    if not first or len(first) > LAYERS or any(v is None or not hasattr(v, "shape") or len(v.shape) < 1 for v in first):
        return False
    samples = {int(v.shape[0]) for v in first if v is not None}
    return (
        len(samples) == 1 and 1 <= min(samples) <= SAMPLES and all(_size(v.shape[1:]) <= ELEMENTS for v in first if v is not None)
    )


def small_table(
    records: Sequence[LayerRecord],
    x: Any = None,
    expected: Any = None,
    comparison: OutputComparison | None = None,
    *,
    facts: str = "",
    ms: float | None = None,
) -> Table:
    """Each layer's stored output, a column for each sample of `x` (the first layer's output where not given).

    expected, comparison: what the output should be and how it compares, as two more rows.
    """
    arrays = [plain(as_numpy(record.values[0])) for record in records]
    given = arrays[0] if x is None else plain(as_numpy(x))
    rows = [_row(record, array) for record, array in zip(records, arrays, strict=True)]
    rows += _expectation(None if expected is None else plain(as_numpy(expected)), comparison)
    names = [Column(sample_name(sample), shrink=16) for sample in given]
    what = [Column("#", right=True), Column("layer", shrink=8), Column("operator", shrink=8), Column("reads", shrink=6, drop=3)]
    columns = [*what, Column("output"), *names, Column("", drop=2)]
    return Table(columns, rows, title=facts, aside=pass_facts(records, ms), notes=_rounded(arrays))


def sample_name(sample: np.ndarray[Any, Any]) -> str:
    """`(100, 2000, 100)`."""
    texts = together(sample)
    return texts[0] if sample.ndim == 0 else f"({', '.join(texts)})"


def _size(shape: Sequence[int]) -> int:
    return int(np.prod([int(n) for n in shape], dtype=np.int64))


def _row(record: LayerRecord, array: np.ndarray[Any, Any]) -> Row:
    what = (str(record.index), record.name, record.op, ", ".join(record.reads) or "–", format_shape(array.shape))
    return Row((*what, *_cells(array), ""))


def _cells(array: np.ndarray[Any, Any]) -> list[str]:
    """The numbers of each sample, all rounded as the row they stand in."""
    each = max(_size(array.shape[1:]), 1)
    texts = together(array)
    return [" ".join(texts[i * each : (i + 1) * each]) for i in range(len(array))]


def _expectation(expected: np.ndarray[Any, Any] | None, comparison: OutputComparison | None) -> list[Row]:
    rows = []
    if expected is not None:
        rows.append(Row(("", "", "", "", "expected", *_cells(expected), "")))
    if comparison is not None:
        right = [sample.correct for sample in comparison.samples]
        signs = ["✓" if correct else "✗" for correct in right]
        rows.append(Row(("", "", "", "", "correct?", *signs, f"{sum(right)} of {len(right)}")))
    return rows


def _rounded(arrays: Sequence[np.ndarray[Any, Any]]) -> list[str]:
    """A note where a number that is not zero reads 0, with the largest such."""
    hidden = [
        abs(float(value))
        for array in arrays
        if array.dtype.kind == "f"
        for value, text in zip(array.reshape(-1).tolist(), together(array), strict=True)
        if value != 0 and text == "0"
    ]
    return [f"Rounded: 0 stands for as much as {number(max(hidden), 2)} beside the larger numbers of its row."] if hidden else []
