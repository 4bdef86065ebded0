"""Two models held against each other as a table: every layer with its error, its own error, and where the difference begins."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from laminae.base.differences import INHERITED, ONLY_A, ONLY_B, OWN, REPLACED, SAME, Difference, LayerComparison
from laminae.base.shapes import format_shape
from laminae.see.rendering import Column, Row, Table
from laminae.see.text import count, number

MOST = 40
"""Of more rows only those that tell something are shown."""

AROUND, WORST = 2, 5
"""So many rows beside the first difference, and so many of the largest own errors, are always shown."""

MARKS = {SAME: "✓", INHERITED: "inherited", OWN: "✗ own", ONLY_A: "✗ only in a", ONLY_B: "✗ only in b", REPLACED: "✗ replaced"}
STYLES = {SAME: "", INHERITED: "", OWN: "red", ONLY_A: "red", ONLY_B: "red", REPLACED: "red"}

COLUMNS = (
    Column("#", right=True),
    Column("layer", shrink=14),
    Column("in b", shrink=12),
    Column("operator", shrink=9, drop=4),
    Column("output", drop=5),
    Column("max abs", right=True, drop=1),
    Column("max rel", right=True, drop=6),
    Column("cosine", right=True, drop=7),
    Column("wrong", right=True, drop=3),
    Column("own", right=True),
    Column("own dB", right=True, drop=2),
    Column(""),
    Column("matched by", drop=8),
)


def differences_table(
    layers: Sequence[LayerComparison],
    first: LayerComparison | None,
    worst: LayerComparison | None,
    *,
    title: str,
    notes: Sequence[str] = (),
    full: bool = False,
) -> Table:
    """A row for each layer, in a's forward order. first: where the difference begins; worst: the largest own error.

    max abs, max rel, cosine, wrong (share of elements out of tolerance): of the two runs. own: the largest absolute error of b's
    layer on a's values, and in dB the size of the values beside it. full: every row, and what matched the two layers; else the
    rows that tell something.
    """
    rows = [*_rows(layers, first, worst, full)]
    verdict = [*_first(first), *_worst(worst, first)]
    named = any(row.cells[2] for row in rows)
    columns = [Column("") if column.name == "in b" and not named else column for column in COLUMNS[: None if full else -1]]
    rows = rows if full else [Row(row.cells[:-1], row.style) for row in rows]
    return Table(columns, rows, title=title, aside=_summary(layers), notes=[*verdict, *notes, *_folded(rows)])


def _summary(layers: Sequence[LayerComparison]) -> str:
    states = Counter(layer.state for layer in layers)
    own = len(layers) - states[SAME] - states[INHERITED]
    parts = [f"{count(own, 'layer')} by itself" if own == 1 else f"{own} layers by themselves"] if own else []
    parts += [f"{states[INHERITED]} inherited"] if states[INHERITED] else []
    return f"{count(len(layers), 'layer')}, " + ("differing: " + ", ".join(parts) if parts else "all within tolerance")


def _rows(
    layers: Sequence[LayerComparison], first: LayerComparison | None, worst: LayerComparison | None, full: bool
) -> Iterator[Row]:
    shown = range(len(layers)) if full or len(layers) <= MOST else _interesting(layers, first)
    last = -1
    for at in shown:
        if at > last + 1:
            yield _between(layers[last + 1 : at])
        yield _row(layers[at], first, worst)
        last = at
    if last + 1 < len(layers):
        yield _between(layers[last + 1 :])


def _interesting(layers: Sequence[LayerComparison], first: LayerComparison | None) -> list[int]:
    """The first and the last, around the first difference, the largest own errors, and layers that only one model has."""
    kept = {0, len(layers) - 1}
    if first is not None:
        at = layers.index(first)
        kept |= set(range(max(at - AROUND, 0), min(at + AROUND + 1, len(layers))))
    own = [i for i, layer in enumerate(layers) if layer.own is not None and layer.own.max_abs > 0]
    kept |= set(sorted(own, key=lambda i: _snr(layers[i].own))[:WORST])
    alone = [i for i, layer in enumerate(layers) if layer.state in (ONLY_A, ONLY_B, REPLACED)]
    return sorted(kept | set(alone[:MOST]))


def _snr(own: Difference | None) -> float:
    return math.inf if own is None else own.snr


def _between(layers: Sequence[LayerComparison]) -> Row:
    states = Counter(layer.state for layer in layers)
    words = {SAME: "✓", INHERITED: "inherited"}
    told = ", ".join(f"{n} {words[state]}" for state, n in states.items() if state in words)
    own = sum(n for state, n in states.items() if state not in words)
    told = ", ".join(filter(None, [told, f"{own} own" if own else ""]))
    where = f"{layers[0].index}–{layers[-1].index}" if len(layers) > 1 else str(layers[0].index)
    return Row((where, f"… {count(len(layers), 'layer')}", "", "", "", "", "", "", "", "", "", told, ""), "dim")


def _row(layer: LayerComparison, first: LayerComparison | None, worst: LayerComparison | None) -> Row:
    ran, own = layer.difference, layer.own
    marks = (
        [MARKS[layer.state]]
        + (["← first"] if layer is first else [])
        + (["← largest own"] if layer is worst and not layer.correct else [])
    )
    cells = (
        str(layer.index),
        layer.name or "–",
        "" if layer.other == layer.name else layer.other,
        _operator(layer),
        _output(layer),
        "" if ran is None else number(ran.max_abs, 3),
        "" if ran is None else number(ran.max_rel, 3),
        "" if ran is None or ran.cosine is None else f"{ran.cosine:.4f}",
        "" if ran is None or not ran.wrong else _share(ran.wrong),
        "" if own is None else number(own.max_abs, 3),
        "" if own is None or math.isinf(own.snr) else f"{own.snr:.1f}",
        " ".join(marks) + (f": {layer.note}" if layer.note and layer.differs_itself and len(layer.note) < 24 else ""),
        layer.how,
    )
    return Row(cells, STYLES[layer.state])


def _operator(layer: LayerComparison) -> str:
    if not layer.op or not layer.other_op or layer.op == layer.other_op:
        return layer.op or layer.other_op
    return f"{layer.op} → {layer.other_op}"


def _output(layer: LayerComparison) -> str:
    one, other = layer.shape, layer.other_shape
    if one is None or other is None or one == other:
        return format_shape(one if one is not None else other) if (one or other) is not None else ""
    return f"{format_shape(one)} → {format_shape(other)}"


def _share(part: float) -> str:
    return f"{part:.0%}" if part >= 0.0095 else "<1%"


def _first(first: LayerComparison | None) -> list[str]:
    """The answer, in a sentence."""
    if first is None:
        return []
    where = f"layer {first.index}, {_operator(first)}"
    if first.state == ONLY_A:
        told = f"{first.name!r} ({where}) is missing in b"
    elif first.state == ONLY_B:
        told = f"{first.other!r} ({_operator(first)}) stands only in b, before layer {first.index}"
    elif first.state == REPLACED:
        told = f"{first.name!r} ({where}) became {first.other!r}"
    elif first.state == INHERITED:
        told = f"{first.name!r} ({where}), by rounding or what came before it"
    else:
        told = f"{first.name!r} ({where})" + (f", in b {first.other!r}" if first.other != first.name else "")
    numbers = next((_told(one) for one in (first.own, first.difference) if one is not None and not one.correct), "")
    more = "; ".join(filter(None, (numbers, first.note)))
    return [f"The difference begins at {told}: {more}."]


def _told(one: Difference) -> str:
    at = f" at {list(one.at)} ({number(one.found, 4)} for {number(one.expected, 4)})" if one.at else ""
    return f"{_share(one.wrong)} of {one.elements:,} elements out of tolerance, at most {number(one.max_abs, 3)} off{at}"


def _worst(worst: LayerComparison | None, first: LayerComparison | None) -> list[str]:
    if worst is None or worst is first or worst.own is None or worst.correct:
        return []
    dB = "" if math.isinf(worst.own.snr) else f", {worst.own.snr:.1f} dB"
    name = worst.name or worst.other
    return [f"The largest own error: {name!r} (layer {worst.index}, {_operator(worst)}): {number(worst.own.max_abs, 3)}{dB}."]


def _folded(rows: Sequence[Row]) -> list[str]:
    return (
        ["Layers that tell nothing are left out (…); --full shows them all."] if any(r.cells[1][:1] == "…" for r in rows) else []
    )
