"""A backward pass as a table: from the loss to the input layer, each layer's delta and its weights' derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.learned import DeltaRecord
from laminae.base.shapes import format_shape
from laminae.see.rendering import Column, Row, Table
from laminae.see.text import number, plain, together

SAMPLES, ELEMENTS, LAYERS = 6, 6, 30
"""How much a table holds that shows every number; elements are those of one sample in one layer."""


def backward_table(records: Sequence[DeltaRecord], title: str, *, notes: Sequence[str] = ()) -> Table:
    """In reverse forward order. Of few samples and small layers every number is shown, else norm, largest and zeros."""
    shown = [record for record in records if record.op != "Input" or not record.state]
    samples = _samples(shown)
    columns = [Column("#", right=True), Column("layer", shrink=12), Column("operator", shrink=10), Column("delta", drop=1)]
    columns += [Column(f"sample {i}") for i in range(samples)] if samples else list(NUMBERS)
    columns += [Column("‖derivatives of weights‖", shrink=28)]
    rows = [Row((*_what(record), *_numbers(record, samples), _weights(record)), _style(record)) for record in shown]
    return Table(columns, rows, title=title, notes=list(notes))


NUMBERS = (Column("‖delta‖", right=True), Column("largest", right=True, drop=3), Column("zeros", right=True, drop=2))


def _what(record: DeltaRecord) -> tuple[str, ...]:
    return (
        str(record.index),
        record.name,
        record.op,
        record.state or (format_shape(record.shape) if record.shape is not None else ""),
    )


def _numbers(record: DeltaRecord, samples: int) -> tuple[str, ...]:
    if record.state or record.norm is None:
        return ("",) * (samples or len(NUMBERS))
    if not samples:
        zeros = "" if not record.zeros else f"{record.zeros:.0%}"
        return number(record.norm, 3), number(record.largest, 3), zeros
    value = plain(as_numpy(record.value))
    if value.ndim == 0:
        return (number(float(value)), *("",) * (samples - 1))
    texts, each = together(value, 4), max(value[0].size, 1)
    return tuple(" ".join(texts[i * each : (i + 1) * each]) for i in range(len(value)))


def _weights(record: DeltaRecord) -> str:
    """The norm of each."""
    told = (number(w.norm, 2) if w.norm is not None else "frozen" if w.frozen else "none" for w in record.weights)
    return ", ".join(f"{w.name.rsplit('.', 1)[-1]} {text}" for w, text in zip(record.weights, told, strict=True))


def _style(record: DeltaRecord) -> str:
    return "dim" if record.state else ""


def _samples(records: Sequence[DeltaRecord]) -> int:
    """How many samples there are where every number can be shown, else 0."""
    arrays: list[Any] = [record.value for record in records if not record.state and record.value is not None]
    shapes = [tuple(array.shape) for array in arrays if len(array.shape)]
    counts = {shape[0] for shape in shapes}
    small = len(records) <= LAYERS and len(counts) == 1 and max(counts) <= SAMPLES
    return next(iter(counts)) if small and all(int(np.prod(shape[1:])) <= ELEMENTS for shape in shapes) else 0
