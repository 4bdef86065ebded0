"""Dead layers: outputs that are zero everywhere, and channels that are."""

from __future__ import annotations

from collections.abc import Iterator

from laminae.base.findings import PROBLEM, WARNING, Finding
from laminae.compare.hunt.gauge import Gauge
from laminae.compare.hunt.look import COMPUTING, RELUS
from laminae.compare.hunt.sight import Sight
from laminae.compare.hunt.turns import Turn

KIND = "dead"


def dead(sight: Sight) -> Iterator[Finding]:
    """A problem where a layer gives nothing but zeros out of numbers that vary; a warning where many of its channels are zero.

    Only the first of several in a row is told. Channels are told of activations that have zeros: the others have none.
    """
    limits = sight.thresholds
    for turn in sight.turns:
        g = turn.output
        if g is None or not g.is_float or not g.finite or turn.kind not in COMPUTING or g.size < limits.elements:
            continue
        if g.all_zero:
            if _varies(turn):
                yield _whole(turn, g)
        elif turn.operator in RELUS and g.channels > 1 and _observed(g) >= limits.observed and g.dead / g.channels >= limits.dead:
            yield _channels(turn, g)


def _observed(g: Gauge) -> int:
    """At how many samples and positions each channel was seen; one sample many times over is one."""
    return g.observed // g.shape[0] if g.same_samples else g.observed


def _varies(turn: Turn) -> bool:
    """Whether it was given something: float values that are not one number throughout, none of them all zero itself."""
    known = [read.gauge for read in turn.values if read.gauge is not None and read.gauge.is_float]
    return any(g.min != g.max for g in known) and not any(g.all_zero for g in known)


def _whole(turn: Turn, g: Gauge) -> Finding:
    before = next((read.gauge for read in turn.values if read.gauge is not None and read.gauge.is_float), None)
    given = "" if before is None or before.max is None else f"; it was given numbers from {before.min:.4g} to {before.max:.4g}"
    text = f"all {g.size:,} elements are zero for every sample{given}: what comes before it has no say in the output through it."
    advice = "look at the bias and the scale before it; a smaller learning rate, or an activation that does not die"
    evidence = {"zeros": 1.0, "elements": g.size}
    if before is not None:
        evidence |= {"given min": before.min or 0.0, "given max": before.max or 0.0}
    return Finding(KIND, turn.name, PROBLEM, "all zero", text, advice, turn.layer.operator, turn.index, (turn.name,), evidence)


def _channels(turn: Turn, g: Gauge) -> Finding:
    share = g.dead / g.channels
    text = f"{g.dead} of its {g.channels} channels are zero at all {g.observed:,} samples and positions."
    advice = "run more samples to be sure; dead channels can be pruned, or woken by a smaller learning rate or a leaky activation"
    evidence = {"dead": g.dead, "channels": g.channels, "share": share, "observed": g.observed}
    seen = f"{g.dead} of {g.channels} channels zero"
    return Finding(KIND, turn.name, WARNING, seen, text, advice, turn.layer.operator, turn.index, (turn.name,), evidence)
