"""A forward pass told in a terminal: what each layer did, where NaN or Inf began, how the output compares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laminae.base.arrays import as_numpy, facts
from laminae.base.shapes import format_shape
from laminae.cli.printing import console
from laminae.see.comparison import comparison_table
from laminae.see.small import is_small, small_table
from laminae.see.table import trace_table
from laminae.see.text import clean, count

if TYPE_CHECKING:
    from laminae.api.model import Model
    from laminae.api.trace import Comparison, Trace


def tell(model: Model, trace: Trace, comparison: Comparison | None, *, statistics: bool = False, full: bool = False) -> None:
    """Print it: a small pass with its numbers, a larger one as a row for each layer."""
    odd = not_finite(trace)
    records = trace.records(statistics=True)
    small = is_small(records) and not statistics
    single = comparison.outputs[0] if comparison is not None and len(comparison.outputs) == 1 else None
    if small:
        expected = None if single is None else [sample.expected for sample in single.samples]
        table = small_table(records, None, expected, single, facts=trace.facts(), ms=trace.ms)
    else:
        table = trace_table(records, trace.facts(), ms=trace.ms, statistics=statistics, full=full)
    console().print(table)
    if not small and comparison is None:
        for name, value in trace.outputs.items():
            console().print(f"\n{answer(name, value)}", soft_wrap=True)
    if odd:
        console().print(f"\n{odd}", style="red", soft_wrap=True)
    if comparison is not None and not (small and single is not None):
        console().print()
        console().print(comparison_table(comparison.outputs, None))


MOST = 8
"""Numbers of an output that are printed under the table."""


def answer(name: str, value: Any) -> str:
    """An output in a line: its first numbers, and of a row of scores the highest."""
    known = facts(value)
    if known is None or known[0] is None:
        return clean(f"output {name}: {known[1] if known else 'nothing'}")
    array = as_numpy(value)
    numbers = ", ".join(f"{x:.6g}" if isinstance(x, float) else str(x) for x in array.ravel()[:MOST].tolist())
    more = f", … ({array.size:,} in all)" if array.size > MOST else ""
    scores = array.ndim == 2 and len(array) == 1 and array.shape[1] > 1 and array.dtype.kind == "f"
    best = f"   highest at {int(array[0].argmax())}: {float(array.max()):.6g}" if scores else ""
    return clean(f"output {name} {format_shape(known[0])}: {numbers}{more}{best}")


def not_finite(trace: Trace) -> str:
    """Which layer first shows NaN or Inf; empty where none does."""
    entry = trace.first_not_finite()
    if entry is None:
        return ""
    stats = [stat for stat in entry.statistics if stat is not None]
    nan, inf = sum(stat.nan for stat in stats), sum(stat.inf for stat in stats)
    held = " and ".join(f"{number:,} {word}" for number, word in ((nan, "NaN"), (inf, "Inf")) if number)
    place = f"layer {entry.index} of {count(len(trace), 'layer').split()[0]}"
    origin = ": the input itself holds them" if entry.is_input else ""
    return clean(f"NaN or Inf first in layer {entry.name!r} ({entry.op}, {place}): {held}{origin}")
