"""Exploding and vanishing outputs: how the scale grows or shrinks from layer to layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from laminae.base.findings import PROBLEM, WARNING, Finding
from laminae.compare.hunt.gauge import Gauge
from laminae.compare.hunt.look import COMPUTING
from laminae.compare.hunt.sight import Sight
from laminae.compare.hunt.turns import Read, Turn

GROWS, SHRINKS = "exploding", "vanishing"

TOLD = COMPUTING - {"normalization"}
"""Kinds that are told."""

CARRYING = COMPUTING | {"arithmetic", "shape", "movement", "dropout", "identity", "resampling", "cast"}
"""Kinds through which a scale is followed."""

NOWHERE = frozenset({"constant", "reduction", "comparison", "cumulative", "random"})
"""Kinds at which no stretch begins: their scale says nothing of what the model makes."""

MASKED = 1e30
"""Numbers beyond this are a mask's."""

ROOTS = frozenset({"rsqrt", "sqrt", "reciprocal", "pow", "div", "add", "clamp", "clip"})
"""What a mean of squares becomes before something is divided by it."""

RESTARTS = frozenset({"softmax", "_softmax", "log_softmax", "logsoftmax"})


def scale(sight: Sight) -> Iterator[Finding]:
    """One finding for each stretch, at its most extreme layer: the standard deviation there beside that at its beginning.

    A stretch begins at an input, an embedding, a normalization, a softmax or the product of two values.
    """
    start: dict[Turn, Turn] = {}
    back: dict[Turn, Turn] = {}
    for turn in sight.turns:
        before = _main(turn)
        if before is None or turn.kind not in CARRYING or _restarts(turn):
            if turn.kind not in NOWHERE:
                start[turn] = turn
        elif before in start:
            start[turn], back[turn] = start[before], before
    worst: dict[tuple[Turn, str], tuple[float, Turn]] = {}
    for turn, first in start.items():
        ratio = _ratio(sight, turn, first)
        if ratio is None:
            continue
        kind = GROWS if ratio > 1 else SHRINKS
        size = max(ratio, 1 / ratio)
        if size >= sight.thresholds.growth and size > worst.get((first, kind), (0.0, turn))[0]:
            worst[first, kind] = size, turn
    for (_, kind), (size, turn) in worst.items():
        yield _finding(sight, kind, size, turn, _way(turn, back))


def _way(turn: Turn, back: Mapping[Turn, Turn]) -> tuple[Turn, ...]:
    """From the beginning of its stretch to a turn."""
    way = [turn]
    while way[-1] in back:
        way.append(back[way[-1]])
    return tuple(reversed(way))


def _main(turn: Turn) -> Turn | None:
    """The turn whose output it carries on: what it reads first, an attention's values, of what is added the largest."""
    reads = turn.reads
    if turn.kind == "attention":
        reads = reads[2:3] if len(reads) > 2 and reads[2] is not None and reads[2].maker is not None else reads[:1]
    elif turn.kind == "arithmetic":
        reads = tuple(read for read in reads if not _broadcast(turn, read))
    elif turn.kind not in ("linear", "movement"):
        reads = reads[:1]
    known = [
        (read.gauge.std, read.maker)
        for read in reads
        if read is not None and read.maker is not None and read.gauge is not None and _told(read.gauge)
    ]
    return max(known, key=lambda pair: pair[0] or 0.0)[1] if known else None


def _restarts(turn: Turn) -> bool:
    """Whether what it makes has a scale of its own: a normalization, also one made of a product with a mean's root, and the
    product of two values, as attention's scores are."""
    if turn.kind == "normalization" or turn.operator in RESTARTS:
        return True
    if turn.kind == "linear" and sum(read.maker is not None for read in turn.values) > 1:
        return True
    made = [read.maker for read in turn.reads if read is not None and read.maker is not None and _broadcast(turn, read)]
    return turn.kind == "arithmetic" and any(maker.kind == "reduction" or maker.operator in ROOTS for maker in made)


def _broadcast(turn: Turn, read: Read | None) -> bool:
    """Whether it has fewer elements than what is made of it."""
    g = None if read is None else read.gauge
    return g is not None and turn.output is not None and g.size < turn.output.size


def _told(g: Gauge) -> bool:
    """Whether its scale says something; that of a mask, which holds the dtype's least number, does not."""
    return g.is_float and g.finite and bool(g.std) and g.largest < MASKED


def _ratio(sight: Sight, turn: Turn, first: Turn) -> float | None:
    """Between the scales of two turns; None where they say nothing."""
    g, start, least = turn.output, first.output, sight.thresholds.elements
    if turn.kind not in TOLD or g is None or start is None or not g.finite or not g.std or not start.std:
        return None
    return g.std / start.std if min(g.size, start.size) >= least else None


def _finding(sight: Sight, kind: str, size: float, turn: Turn, way: tuple[Turn, ...]) -> Finding:
    first, stds = way[0], [t.output.std if t.output is not None else None for t in way]
    assert turn.output is not None
    assert first.output is not None
    known = [(t, std) for t, std in zip(way, stds, strict=True) if std]
    steps = [(b, y / x) for (_, x), (b, y) in pairwise(known)]
    step = (max if kind == GROWS else min)(steps, key=lambda pair: pair[1], default=(turn, 1.0))
    over = f"over {len(way) - 1} layer{'s' * (len(way) > 2)}"
    text = (
        f"the standard deviation {'grows' if kind == GROWS else 'shrinks'} from {first.output.std:.3g} at {first.name!r} to "
        f"{turn.output.std:.3g}, {size:.3g} times, {over}; most at {step[0].name!r} ({step[1]:.3g} times)."
    )
    advice = "normalize on the way, or begin from weights of a standard deviation of √(2 / inputs)"
    path: list[dict[str, Any]] = [{"layer": t.name, "std": std} for t, std in known]
    evidence = {
        "ratio": size if kind == GROWS else 1 / size,
        "from": first.name,
        "std": turn.output.std,
        "most": step[0].name,
        "way": path,
    }
    severity = PROBLEM if size >= sight.thresholds.growth**2 else WARNING
    layers = (turn.name, *(t.name for t in way[:-1]))
    sign = "×" if kind == GROWS else "÷"
    return Finding(
        kind, turn.name, severity, f"{sign} {size:.3g} {over}", text, advice, turn.layer.operator, turn.index, layers, evidence
    )
