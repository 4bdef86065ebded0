"""A model's layers as a table, and what each did in a forward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from laminae.base.cost import total
from laminae.base.records import LayerRecord, OutputRecord
from laminae.base.shapes import format_shape
from laminae.see.folding import Node, fold, title, unfold
from laminae.see.marks import Marks
from laminae.see.rendering import Column, Row, Table
from laminae.see.text import amount, count, memory, number

__all__ = ["Table", "model_table", "trace_table"]

WHAT = (
    Column("#", right=True),
    Column("layer", shrink=14),
    Column("operator", shrink=14),
    Column("reads", shrink=10, drop=5),
    Column("output"),
    Column("dtype", drop=6),
)
STATISTICS = ("mean", "std", "min", "max", "zeros")
DROP = {"std": 3, "zeros": 2}

MAIN_DOMAINS = ("", "laminae", "torch.ops.aten", "torch.sym")
"""Domains whose operators are called by their name alone."""


def model_table(records: Sequence[LayerRecord], facts: str, *, full: bool = False) -> Table:
    """For `show`: the layers in order, what each reads and makes, its parameters, its cost; many are folded unless `full`.

    mult-adds: operations on elements; moved: bytes of what it reads and makes; `–` where sizes do not tell.
    """

    def more(node: Node, output: OutputRecord | None) -> tuple[str, ...]:
        if output is None:
            return ("",) * (1 + len(costs))
        size = sum(record.parameters for record in node.records)
        cost = total(record.cost for record in node.records)
        cells = {"mult-adds": "" if cost.multiply_adds == 0 else amount(cost.multiply_adds), "moved": _moved(cost.bytes)}
        return (f"{size:,}" if size else "", *(cells[column.name] for column in costs))

    costs = _costs(records)
    columns = (*WHAT, Column("parameters", right=True, drop=1), *costs)
    notes = [*_notes(records, full), *_open_costs(records)]
    return Table(columns, _rows(records, full, more), title=facts, aside=cost_facts(records), notes=notes)


def cost_facts(records: Sequence[LayerRecord]) -> str:
    """`87.2 M mult-adds, 74 MB moved`; `at least` where some layer's are not known, empty where none's are."""
    parts = []
    for name, show, costs in (
        (" mult-adds", amount, [record.cost.multiply_adds for record in records]),
        (" moved", memory, [record.cost.bytes for record in records]),
    ):
        known = sum(cost for cost in costs if cost is not None)
        if known or None not in costs:
            parts.append(("at least " if None in costs else "") + show(known) + name)
    return ", ".join(parts)


def _costs(records: Sequence[LayerRecord]) -> tuple[Column, ...]:
    """The columns of what is known of at least one layer."""
    found = (
        (Column("mult-adds", right=True, drop=2), any(record.cost.multiply_adds for record in records)),
        (Column("moved", right=True, drop=7), any(record.cost.bytes for record in records)),
    )
    return tuple(column for column, known in found if known)


def _moved(size: int | None) -> str:
    return "–" if size is None else memory(size) if size else ""


def _open_costs(records: Sequence[LayerRecord]) -> list[str]:
    """Which named sizes leave costs open."""
    open_ = [record for record in records if record.cost.multiply_adds is None]
    dims = (dim for record in records if record.op == "Input" for out in record.outputs for dim in out.shape or ())
    names = list(dict.fromkeys(dim for dim in dims if isinstance(dim, str)))
    if not open_ or not names:
        return []
    given = " ".join(f"--dim {name}=1" for name in names)
    return [f"The cost of {count(len(open_), 'layer')} hangs on {', '.join(names)}: known with {given}."]


def trace_table(
    records: Sequence[LayerRecord], facts: str, *, ms: float | None, statistics: bool = False, full: bool = False
) -> Table:
    """For `run`: what each layer made, how long it took, and with `statistics` what its output is made of.

    What is expensive (a large part of the time) and what is odd (NaN, Inf, nothing but zeros) is marked.
    """
    marks = Marks(records)

    def more(node: Node, output: OutputRecord | None) -> tuple[str, ...]:
        if output is None:
            return ("",) * (2 + len(STATISTICS) * statistics) + ("",)
        time = _milliseconds([record.ms for record in node.records], ms)
        stats = _statistics(node, output) if statistics else ()
        return (time, memory(sum(record.bytes for record in node.records)), *stats, marks.of(node.records))

    columns: tuple[Column, ...] = (*WHAT, Column("ms", right=True, drop=1), Column("bytes", right=True, drop=4))
    if statistics:
        columns += tuple(Column(name, right=True, drop=DROP.get(name, 0)) for name in STATISTICS)
    rows = [Row(row.cells, "red" if marks.odd(row.cells[-1]) else row.style) for row in _rows(records, full, more)]
    return Table((*columns, Column("")), rows, title=facts, aside=pass_facts(records, ms), notes=_notes(records, full))


def pass_facts(records: Sequence[LayerRecord], ms: float | None) -> str:
    """`forward pass, 3 samples, 0.04 ms`."""
    shape = next((r.outputs[0].shape for r in records if r.op == "Input" and r.outputs), None)
    samples = [count(shape[0], "sample")] if shape and len(shape) > 1 and isinstance(shape[0], int) else []
    return ", ".join(["forward pass", *samples, *([f"{ms:,.2f} ms"] if ms is not None else [])])


def _rows(records: Sequence[LayerRecord], full: bool, more: Callable[[Node, OutputRecord | None], tuple[str, ...]]) -> list[Row]:
    """The rows of all nodes; a layer's second and further outputs each have a row beneath it."""
    leaves = {record.name: record.path.rsplit("/", 1)[-1] for record in records}
    rows = []
    for node in unfold(records) if full else fold(records):
        group = bool(node.children) or node.label == "…"
        outputs: tuple[OutputRecord | None, ...] = node.records[-1].outputs or (None,)
        first = outputs[-1] if group else outputs[0]
        what = (_place(node), "  " * node.depth + title(node), _operator(node), "" if group else _reads(node, leaves))
        told = more(node, first or OutputRecord("", None, None))
        rows.append(Row((*what, *_made(first), *told), "bold" if node.children else ""))
        for other in () if group else outputs[1:]:
            rows.append(Row(("", "", "", "", *_made(other), *more(node, None))))
    return rows


def _place(node: Node) -> str:
    first, last = node.records[0].index, node.records[-1].index
    return str(first) if first == last else f"{first}–{last}"


def _operator(node: Node) -> str:
    if node.children or node.label == "…":
        return count(len(node.block), "layer") + (f" × {node.times}" if node.times > 1 else "")
    domain = node.records[0].domain
    name = node.records[0].op if domain in MAIN_DOMAINS else f"{domain}.{node.records[0].op}"
    return name + (f" × {node.times}" if node.times > 1 else "")


def _reads(node: Node, leaves: dict[str, str]) -> str:
    return ", ".join(leaves.get(name, name) for name in node.records[0].reads) or "–"


def _made(output: OutputRecord | None) -> tuple[str, str]:
    return ("", "") if output is None else (format_shape(output.shape), output.dtype or "")


def _milliseconds(times: Sequence[float | None], total: float | None) -> str:
    known = [time for time in times if time is not None]
    return f"{sum(known):.{3 if (total or 0) < 100 else 1}f}" if known else "–"


def _statistics(node: Node, output: OutputRecord) -> tuple[str, ...]:
    stat = output.statistics
    if stat is None or len(node.records) > 1:
        return ("",) * len(STATISTICS)
    share = "" if stat.zeros is None else f"{stat.zeros:.0%}"
    return (*(number(v, 3) for v in (stat.mean, stat.std, stat.min, stat.max)), share)


def _notes(records: Sequence[LayerRecord], full: bool) -> list[str]:
    folded = not full and any(node.children or node.times > 1 or node.label == "…" for node in fold(records))
    shown = len(records) > 60 and folded
    return ["Groups are closed and repeats shown once (× n); --full opens them all."] if shown else []
