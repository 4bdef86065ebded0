"""NaN and Inf: where each comes from, what entered there, how the numbers came to that, and what became of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from laminae.base.findings import NOTE, PROBLEM, WARNING, Finding
from laminae.compare.hunt.because import because
from laminae.compare.hunt.entered import Entered, entered
from laminae.compare.hunt.sight import Sight
from laminae.compare.hunt.turns import Read, Turn, value_of
from laminae.graph import Layer, Parameter

KIND = "not finite"
MOST = 8
"""Layers that are told one by one, each for a pass that fetches what entered."""


def not_finite(sight: Sight) -> Iterator[Finding]:
    """One finding for each layer that makes NaN or Inf out of finite numbers, and for each input that holds them.

    It is told of the first of a layer's turns. A problem where it reaches an output; an Inf that does not (a mask) is a note, a
    NaN a warning.
    """
    odd = [turn for turn in sight.turns if not turn.finite]
    if not odd:
        return
    several: dict[Layer, list[Turn]] = {}
    for turn in odd:
        if not _given(turn):
            several.setdefault(turn.layer, []).append(turn)
    told, absorbed = 0, []
    for turns in several.values():
        reached = _reached(turns, odd)
        if not _outputs([*turns, *reached]) and not _nan([*turns, *reached]):
            absorbed += turns
        elif told < MOST:
            told += 1
            yield _origin(sight, turns[0], sorted([*turns[1:], *reached], key=lambda turn: turn.index))
    if absorbed:
        yield _absorbed(absorbed)


def reached_by(sight: Sight, parameter: Parameter) -> list[Turn]:
    """The turns that are not finite because a parameter is not, in order."""
    odd = [turn for turn in sight.turns if not turn.finite]
    first = [turn for turn in odd if any(read is not None and read.parameter is parameter for read in turn.reads)]
    return sorted([*first, *_reached(first, odd)], key=lambda turn: turn.index)


def _given(turn: Turn) -> bool:
    """Whether something it had to do with was not finite already."""
    parameters = any(r is not None and r.parameter is not None and r.gauge is not None and not r.gauge.finite for r in turn.reads)
    return parameters or any(not source.finite for source in turn.sources())


def _reached(origins: Sequence[Turn], odd: Sequence[Turn]) -> list[Turn]:
    """The other turns that are not finite and have, over others that are not, to do with these; in the order they ended."""
    begun, found = set(origins), set(origins)
    for turn in odd:
        if turn not in found and any(source in found for source in turn.sources()):
            found.add(turn)
    return [turn for turn in odd if turn in found and turn not in begun]


def _nan(turns: Sequence[Turn]) -> bool:
    return any(g is not None and g.nan for turn in turns for g in turn.outputs)


def _outputs(turns: Sequence[Turn]) -> list[Turn]:
    return [turn for turn in turns if turn.is_output]


def _origin(sight: Sight, turn: Turn, reached: Sequence[Turn]) -> Finding:
    at = next(i for i, g in enumerate(turn.outputs) if g is not None and not g.finite)
    g = turn.outputs[at]
    assert g is not None
    outputs = [t.name for t in [turn, *reached] if t.is_output]
    became = next((t for t in reached if _nan([t]) and not _nan([turn])), None)
    held = _held(g.nan, g.inf, g.size)
    evidence: dict[str, Any] = {"nan": g.nan, "inf": g.inf, "of": g.size, "outputs": outputs, "reaches": len(reached)}
    why, advice, what, numbers = _why(sight, turn, at, g.odd)
    evidence |= {"at": list(g.odd or ()), "entered": numbers, "because": why, "chain": [_link(t) for t in _chain(turn)]}
    text = f"{held}{what}"
    text += f"; NaN from {became.name!r} on" if became is not None else ""
    text += f"; {_reaches(reached, outputs)}"
    if became is not None:
        evidence["becomes NaN"] = became.name
    severity = PROBLEM if outputs else WARNING
    layers = (turn.name, *(t.name for t in reached))
    return Finding(KIND, turn.name, severity, held, text + ".", advice, turn.layer.operator, turn.index, layers, evidence)


def _reaches(reached: Sequence[Turn], outputs: Sequence[str]) -> str:
    many = f"{len(reached)} layers after it" if len(reached) != 1 else "1 layer after it"
    if outputs:
        return f"it reaches {many} and the output {', '.join(map(repr, outputs[:3]))}" if reached else "it is the model's output"
    return f"it reaches {many}, no output" if reached else "no layer after it takes it up"


def _why(sight: Sight, turn: Turn, at: int, index: tuple[int, ...] | None) -> tuple[str, str, str, list[dict[str, Any]]]:
    """Why, what to do, the same in the text, and what entered."""
    if turn.layer.is_input and turn.around is None:
        return "the input itself holds it", "clean what goes in", ": the input itself holds them", []
    if at or index is None:
        return "", "look at what entered: trace[layer], or model.steps(x, until='nan')", "", []
    makers = {read.maker.layer for read in turn.values if read.maker is not None}
    record = sight.again({turn.layer, *makers})
    whole = value_of(record, Read(next(v.name for v in turn.layer.outputs if v is not None), None, turn))
    made = float(whole[index]) if whole is not None else math.nan
    numbers = entered(turn, record, index)
    why, advice = because(turn, numbers, made)
    name = "NaN" if math.isnan(made) else "Inf" if made > 0 else "-Inf"
    place = f"element [{', '.join(map(str, index))}] is {name}" if index else f"it is {name}"
    inputs = "; ".join(map(_words, numbers))
    what = f": {place}, made of {inputs}: {why}" if inputs else f": {place}: {why}"
    return why, advice, what, [_plain(n) for n in numbers]


def _words(n: Entered) -> str:
    """`log.x = -2`, or how many numbers of what range."""
    odd = [name for name, there in (("NaN", any(map(math.isnan, n.numbers))), ("Inf", any(map(math.isinf, n.numbers)))) if there]
    if n.count == 1:
        return f"{n.name} {n.numbers[0]:.5g}"
    if math.isnan(n.low):
        return f"{n.name} ({n.count} numbers, none finite)"
    ends = f"from {n.low:.4g} to {n.high:.4g}" if n.low != n.high else f"of {n.low:.4g}"
    return f"{n.name} ({n.count:,} numbers {ends}{' and ' + ', '.join(odd) if odd else ''})"


def _plain(n: Entered) -> dict[str, Any]:
    return {"input": n.name, "numbers": list(n.numbers), "count": n.count, "which": n.how, "min": n.low, "max": n.high}


def _held(nan: int, inf: int, size: int) -> str:
    parts = [f"{number:,} {word}" for number, word in ((nan, "NaN"), (inf, "Inf")) if number]
    return f"{' and '.join(parts)} of {size:,}"


def _chain(origin: Turn) -> list[Turn]:
    """From a layer back to the input, each time along what has the largest magnitude."""
    chain, turn = [origin], origin
    while True:
        sources = [s for s in turn.sources() if s.index != turn.index and s not in chain]
        if not sources:
            return chain
        turn = max(sources, key=lambda s: (s.output is not None and s.output.is_float, s.output.largest if s.output else 0.0))
        chain.append(turn)


def _link(turn: Turn) -> dict[str, Any]:
    g = turn.output
    ends = {} if g is None else {"min": g.min, "max": g.max, "nan": g.nan, "inf": g.inf}
    return {"layer": turn.name, "operator": turn.layer.operator, **ends}


def _absorbed(turns: Sequence[Turn]) -> Finding:
    first = turns[0]
    names = [turn.name for turn in turns]
    where = f"{len(names)} layers make Inf" if len(names) > 1 else "it makes Inf"
    text = f"{where} and no output shows it, as with a mask that a softmax takes up or a power that a tanh bounds."
    advice = "nothing, where it is meant so"
    return Finding(
        KIND, first.name, NOTE, "Inf that reaches no output", text, advice, first.layer.operator, first.index, tuple(names)
    )
