"""What of a model learns, as a table: each parameter of floats, who reads it, and why it does not where it does not."""

from __future__ import annotations

from collections.abc import Sequence

from laminae.base.learned import LearnsRecord
from laminae.base.shapes import format_shape
from laminae.see.rendering import Column, Row, Table
from laminae.see.text import count

COLUMNS = (
    Column("parameter", shrink=20),
    Column("shape", right=True),
    Column("read by", shrink=10, drop=1),
    Column("learns?", shrink=22),
)


def learns_table(records: Sequence[LearnsRecord], title: str, notes: Sequence[str] = ()) -> Table:
    """In the order of the parameters. notes: what was done to the model so that it can learn."""
    rows = [Row((r.name, format_shape(r.shape), _read(r), "✓" if r.learns else r.because or "✗")) for r in records]
    tied = [r.name for r in records if r.learns and len(r.readers) > 1]
    said = list(notes)
    if tied:
        said.append(f"Read by several layers, as one weight: {_listed(tied)}.")
    folded = [f"{r.name} from {r.folded}" for r in records if r.folded]
    if folded:
        said.append(f"Computed by the exporter, once and for all: {_listed(folded)}.")
    joined = [r.name for r in records if r.joined]
    if joined:
        said.append(f"What followed is folded in, a BatchNorm most likely, as it ran in evaluation: {_listed(joined)}.")
    learning = [r for r in records if r.learns]
    aside = f"{count(len(learning), 'weight')} of {count(len(records), 'parameter')} of floats"
    return Table(COLUMNS, rows, title=title, aside=aside, notes=said)


def _read(record: LearnsRecord) -> str:
    more = len(record.readers) - 1
    return (record.readers[0] + (f" +{more}" if more else "")) if record.readers else "–"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
