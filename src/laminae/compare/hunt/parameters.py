"""Parameters that hold NaN or Inf, nothing but zeros, or what another holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.base.findings import NOTE, PROBLEM, WARNING, Finding
from laminae.compare.hunt.gauge import Gauge, Look, gauge
from laminae.compare.hunt.not_finite import reached_by
from laminae.compare.hunt.sight import Sight
from laminae.compare.hunt.turns import Turn
from laminae.graph import Parameter

KIND = "parameter"
SMALL = 64
"""Parameters of fewer elements may well be alike by chance, or hold nothing but zeros."""


@dataclass(frozen=True)
class Owner:
    """The first layer that reads a parameter, by its name in the trace; all empty where none does."""

    name: str = ""
    op: str = ""
    index: int = 0


def parameters(sight: Sight) -> Iterator[Finding]:
    """NaN and Inf are problems, zeros throughout a matrix a warning, twins a note."""
    owners = _owners(sight)
    for parameter in owners:
        g = sight.parameters[parameter] if parameter in sight.parameters else gauge(parameter.tensor(), Look())
        if g is None:
            continue
        if not g.finite:
            yield from _not_finite(sight, parameter, g, owners[parameter])
        elif parameter.is_weight and len(parameter.shape) > 1 and g.all_zero and g.size >= sight.thresholds.elements:
            yield _zero(parameter, g, owners[parameter])
    yield from _twins(owners)


def _owners(sight: Sight) -> dict[Parameter, Owner]:
    """Every parameter with who owns it."""
    found: dict[Parameter, Owner] = {}
    first = {turn.layer: turn.index for turn in reversed(sight.turns)}
    for prefix, graph in sight.graph.graphs():
        for parameter in graph.parameters.values():
            readers = graph.readers(parameter)
            if readers and not found.get(parameter, Owner()).name:
                name = f"{prefix}{readers[0].path}" if prefix else readers[0].name
                found[parameter] = Owner(name, readers[0].operator, first.get(readers[0], 0))
            found.setdefault(parameter, Owner())
    return found


def _not_finite(sight: Sight, parameter: Parameter, g: Gauge, owner: Owner) -> Iterator[Finding]:
    """A mask's -Inf that no output shows is none of anybody's business."""
    reached = reached_by(sight, parameter)
    outputs = [turn.name for turn in reached if turn.is_output]
    seen_nan = any(out is not None and out.nan for turn in reached for out in turn.outputs)
    if not g.nan and not parameter.is_weight and not outputs and not seen_nan:
        return
    held = " and ".join(f"{n:,} {word}" for n, word in ((g.nan, "NaN"), (g.inf, "Inf")) if n)
    where = f"; first seen in the output of {reached[0].name!r}" if reached else "; no output of a layer shows it"
    text = f"parameter {parameter.name!r} holds {held} of {g.size:,}{where}"
    text += f", it reaches {', '.join(map(repr, outputs[:3]))}." if outputs else "."
    evidence = {
        "parameter": parameter.name,
        "nan": g.nan,
        "inf": g.inf,
        "of": g.size,
        "outputs": outputs,
        "at": list(g.odd or ()),
    }
    advice = "load good weights; a training that diverged leaves such"
    severity = PROBLEM if parameter.is_weight or outputs else WARNING
    yield _finding(owner, severity, f"{parameter.name}: {held}", text, advice, evidence, reached)


def _zero(parameter: Parameter, g: Gauge, owner: Owner) -> Finding:
    text = f"all {g.size:,} numbers of {parameter.name!r} are zero: what is multiplied by it is lost."
    advice = "load its weights; where it begins at zero on purpose (a residual branch, an adapter) it is not trained yet"
    return _finding(owner, WARNING, f"{parameter.name}: all zero", text, advice, {"parameter": parameter.name, "of": g.size})


def _twins(owners: dict[Parameter, Owner]) -> Iterator[Finding]:
    """Weights with the same numbers in memories of their own; constants are often alike, and so are rows of ones."""
    alike: dict[tuple[object, ...], list[Parameter]] = {}
    for parameter in owners:
        if parameter.is_weight and parameter.size >= SMALL and len(parameter.shape) > 1 and is_tensor(parameter.tensor()):
            alike.setdefault((parameter.shape, parameter.dtype, _sample(parameter)), []).append(parameter)
    for several in alike.values():
        first = several[0]
        same = [p for p in several[1:] if p.array.data_ptr() != first.array.data_ptr() and torch.equal(p.array, first.array)]
        varies = same and bool((first.array != first.array.reshape(-1)[0]).any())
        if varies:
            names = [p.name for p in (first, *same)]
            text = f"{', '.join(map(repr, names[:4]))} hold the same numbers, each in memory of its own ({first.nbytes:,} bytes)."
            advice = "tie them if they are meant to be one; else look whether one was loaded in the place of another"
            evidence = {"parameters": names, "bytes": first.nbytes * len(same)}
            yield _finding(owners[first], NOTE, f"{len(names)} of the same numbers", text, advice, evidence)


def _sample(parameter: Parameter) -> bytes:
    """The first and last few numbers: most parameters are told apart by these."""
    flat = parameter.array.detach().reshape(-1)
    return torch.cat([flat[:16], flat[-16:]]).cpu().double().numpy().tobytes()


def _finding(
    owner: Owner,
    severity: str,
    seen: str,
    text: str,
    advice: str,
    evidence: dict[str, object],
    reached: Sequence[Turn] = (),
) -> Finding:
    layers = tuple(dict.fromkeys(filter(None, (owner.name, *(turn.name for turn in reached)))))
    return Finding(KIND, owner.name, severity, seen, text, advice, owner.op, owner.index, layers, evidence)
