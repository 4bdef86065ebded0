"""Constant outputs: what is the same for every sample, or at every position, though what goes in is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from laminae.base.findings import NOTE, PROBLEM, WARNING, Finding
from laminae.compare.hunt.gauge import Gauge
from laminae.compare.hunt.look import BOUNDS, COMPUTING, FAR, SOFTMAX, look_of
from laminae.compare.hunt.sight import Sight
from laminae.compare.hunt.turns import Turn

KIND = "constant"

SURE = frozenset({*BOUNDS, *SOFTMAX, "log_softmax", "logsoftmax", "_log_softmax"})
"""Operators that give the same where they are sure: that is saturation, told apart."""


def constant(sight: Sight) -> Iterator[Finding]:
    """A problem where a constant reaches an output, whose samples then are all the same; a warning where others go around it.

    What is the same at every position is a note.
    """
    stuck = [turn for turn in sight.turns if _stuck(sight, turn)]
    for turn in stuck:
        if not _read_stuck(turn) and turn.operator not in SURE:
            yield _samples(turn, _ends(turn, sight.turns))
    for turn in sight.turns:
        if (
            turn not in stuck
            and _flat(sight, turn)
            and not any(r.maker is not None and _flat(sight, r.maker) for r in turn.values)
        ):
            yield _positions(turn)


def _stuck(sight: Sight, turn: Turn) -> bool:
    """Whether all samples are alike, of what is not all zero (dead layers are told apart)."""
    g = turn.output
    if g is None or not g.is_float or not g.finite or turn.kind not in COMPUTING or g.all_zero or _trivial(turn, g):
        return False
    known = g.size >= sight.thresholds.elements or (turn.is_output and _read_stuck(turn))
    return bool(g.same_samples) and known and _differs(turn, g.shape[0])


def _trivial(turn: Turn, g: Gauge) -> bool:
    """A softmax over one place is 1, whatever goes in."""
    return look_of(turn.layer).rows is not None and g.min == g.max == 1.0


def _differs(turn: Turn, samples: int) -> bool:
    """Whether something it was made of, not far back, differs from sample to sample."""
    seen, layer = {turn}, [turn]
    for _ in range(FAR):
        reads = [read for one in layer for read in one.values if read.gauge is not None and read.gauge.shape[:1] == (samples,)]
        if any(read.gauge.same_samples is False for read in reads if read.gauge is not None):
            return True
        layer = list(dict.fromkeys(read.maker for read in reads if read.maker is not None and read.maker not in seen))
        seen.update(layer)
    return False


def _read_stuck(turn: Turn) -> bool:
    """Whether nothing it read itself differed: an earlier layer is where it began."""
    return not any(r.gauge is not None and r.gauge.is_float and r.gauge.same_samples is False for r in turn.values)


def _ends(turn: Turn, turns: Sequence[Turn]) -> list[str]:
    """The outputs that are the same for all samples because it is."""
    found = {turn}
    for other in turns:
        alike = other.output is not None and other.output.same_samples
        if alike and any(source in found for source in other.sources()):
            found.add(other)
    return [t.name for t in turns if t in found and t.is_output]


def _flat(sight: Sight, turn: Turn) -> bool:
    g = turn.output
    if g is None or not g.finite or turn.kind not in ("linear", "convolution", "attention", "activation") or g.all_zero:
        return False
    return bool(g.same_positions) and g.size >= sight.thresholds.elements


def _samples(turn: Turn, outputs: Sequence[str]) -> Finding:
    g = turn.output
    assert g is not None
    text = f"its output is the same for all {g.shape[0]} samples (to a millionth), though what it reads is not"
    text += f"; so is the output {', '.join(map(repr, outputs[:3]))}." if outputs else "."
    advice = "look at its weights: zero, or so small beside the bias that the input is lost"
    evidence = {"samples": g.shape[0], "outputs": list(outputs), "std": g.std}
    severity = PROBLEM if outputs else WARNING
    seen = f"{g.shape[0]} samples alike"
    return Finding(KIND, turn.name, severity, seen, text, advice, turn.layer.operator, turn.index, (turn.name,), evidence)


def _positions(turn: Turn) -> Finding:
    g = turn.output
    assert g is not None
    text = "within each sample its output is the same at every position."
    advice = "look at what goes in, and at its weights: every position sees the same"
    evidence = {"shape": list(g.shape)}
    return Finding(
        KIND, turn.name, NOTE, "all positions alike", text, advice, turn.layer.operator, turn.index, (turn.name,), evidence
    )
