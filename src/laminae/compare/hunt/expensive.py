"""The most expensive layers: what takes the time, beside what there is to compute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from laminae.base.findings import NOTE, Finding
from laminae.compare.hunt.sight import Sight
from laminae.compare.hunt.turns import Turn

KIND = "expensive"

LEAST = 1.0
"""Milliseconds of a pass that is worth the saving: of shorter ones the clock and the first call tell more than the layers."""

USUAL = 3
"""Times the mean of all layers that a layer must take to be told."""


def expensive(sight: Sight) -> Iterator[Finding]:
    """Notes: the layers that take a large part of the time, most first."""
    times, total = sight.times, sum(sight.times.values())
    if total < LEAST:
        return
    outer = {turn.name: turn for turn in sight.turns if turn.around is None}
    least = max(sight.thresholds.share, USUAL / len(times))
    found = sorted((name for name in times if times[name] / total >= least and name in outer), key=lambda name: -times[name])
    told = found[: int(sight.thresholds.top)]
    costs = sight.costs() if told else {}
    adds = {name: cost.multiply_adds for name, cost in costs.items() if cost.multiply_adds is not None}
    for name in told:
        yield _finding(outer[name], times[name], total, adds)


def _finding(turn: Turn, ms: float, total: float, adds: Mapping[str, int]) -> Finding:
    share, size = ms / total, sum(g.bytes for g in turn.outputs if g is not None)
    every = sum(adds.values())
    part = adds.get(turn.name, 0) / every if every and turn.name in adds else None
    work = "" if part is None else f", with {part:.0%} of the multiply-adds"
    text = f"it takes {ms:.3g} of {total:.3g} ms, {share:.0%} of the time{work}."
    lean = part is not None and part < share / 3
    advice = "it moves memory more than it computes: fuse it, or make it read less" if lean else "the first place to save time"
    evidence = {"ms": ms, "share": share, "bytes": size, "multiply_adds": adds.get(turn.name), "share of multiply_adds": part}
    return Finding(
        KIND, turn.name, NOTE, f"{share:.0%} of the time", text, advice, turn.layer.operator, turn.index, (turn.name,), evidence
    )
