"""A gradient check as a table: derivatives against differences, for each layer and weight."""

from __future__ import annotations

from collections.abc import Sequence

from laminae.base.learned import CheckRecord
from laminae.see.rendering import Column, Row, Table
from laminae.see.text import count, number

COLUMNS = (
    Column("#", right=True),
    Column("layer", shrink=12),
    Column("operator", shrink=10, drop=2),
    Column("of", shrink=10),
    Column("checked", right=True),
    Column("kinks", right=True, drop=1),
    Column("relative error", right=True),
    Column("right?"),
)


def gradients_table(records: Sequence[CheckRecord], blame: str, title: str) -> Table:
    """In reverse forward order."""
    rows = [_row(record, blame) for record in records]
    kinks = sum(record.kinks for record in records)
    notes = [f"To blame: {blame!r}: derivatives behind it are right, those before it are not."] if blame else []
    if kinks:
        notes.append(f"{count(kinks, 'element')} left out: a kink lies where they were moved.")
    checked = sum(record.checked for record in records)
    return Table(COLUMNS, rows, title=title, aside=f"{checked:,} elements, in float64", notes=notes)


def _row(record: CheckRecord, blame: str) -> Row:
    told = number(record.error, 2) if record.checked > record.kinks else ""
    of = record.weight or "delta"
    checked = f"{record.checked} of {record.elements}" if record.checked < record.elements else str(record.checked)
    sign = ("✓" if record.correct else "✗") if record.checked > record.kinks else "kinks only"
    cells = (str(record.index), record.layer, record.op, of, checked, str(record.kinks or ""), told, sign)
    return Row(cells, "bold red" if record.layer == blame else "")
