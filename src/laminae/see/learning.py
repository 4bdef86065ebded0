"""A history of learning as a table: a row for each epoch."""

from __future__ import annotations

from collections.abc import Sequence

from laminae.base.learned import EpochRecord
from laminae.see.rendering import Column, Row, Table
from laminae.see.text import amount, number


def history_table(records: Sequence[EpochRecord], title: str, *, best: int | None = None, notes: Sequence[str] = ()) -> Table:
    """best: the epoch that is marked."""
    held_out = any(record.validation is not None for record in records)
    names = list(dict.fromkeys(name for record in records for name, _ in record.metrics))
    columns = [Column("epoch", right=True), Column("loss", right=True)]
    columns += [Column("held out", right=True)] if held_out else []
    columns += [*(Column(name, right=True) for name in names), Column("rate", right=True, drop=2)]
    columns += [Column("samples/s", right=True, drop=1), Column("", drop=3)]
    return Table(columns, [_row(record, names, best, held_out) for record in records], title=title, notes=list(notes))


def _row(record: EpochRecord, names: Sequence[str], best: int | None, held_out: bool) -> Row:
    known = dict(record.metrics)
    measured = [number(record.validation)] if held_out else []
    measured += [number(known[name]) if name in known else "" for name in names]
    cells = (str(record.epoch), number(record.loss), *measured, number(record.rate, 3), amount(round(record.speed)))
    return Row((*cells, "← best" if record.epoch == best else ""))
