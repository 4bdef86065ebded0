"""`lm.hunt`: what is wrong inside a model, seen in one pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from laminae.api.model import Model
from laminae.base.findings import PROBLEM, Finding
from laminae.compare.hunt.everything import findings
from laminae.compare.hunt.sight import of_model, of_trace
from laminae.compare.hunt.thresholds import DEFAULTS, Thresholds, thresholds
from laminae.see.findings import findings_table, summary
from laminae.see.rendering import Table
from laminae.trace.record import Record


class Hunt:
    """What was found, problems first. Prints as a table; `hunt.problems`, `hunt.of("dead")`, `hunt[0].text`."""

    def __init__(self, found: tuple[Finding, ...], facts: str) -> None:
        self.findings, self._facts = found, facts

    @property
    def problems(self) -> tuple[Finding, ...]:
        """Those that make what the model gives wrong or empty."""
        return tuple(finding for finding in self.findings if finding.severity == PROBLEM)

    @property
    def sound(self) -> bool:
        """Whether there is no problem; warnings and notes are none."""
        return not self.problems

    def of(self, kind: str) -> tuple[Finding, ...]:
        """Those of a kind: "not finite", "dead", "saturated", "exploding", "vanishing", "constant", "parameter", "unread",
        "expensive"."""
        return tuple(finding for finding in self.findings if finding.kind == kind)

    def table(self) -> Table:
        """A row for each finding, and under the rows what was seen and what to do."""
        return findings_table(self.findings, self._facts)

    def __getitem__(self, place: int) -> Finding:
        """A finding by its place, from 0: problems first. Raises IndexError."""
        return self.findings[place]

    def __len__(self) -> int:
        return len(self.findings)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __repr__(self) -> str:
        return f"Hunt({summary(self.findings)})"

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def hunt(
    model: Model,
    /,
    *inputs: Any,
    patch: Any = None,
    device: Any = None,
    dead: float = DEFAULTS.dead,
    saturated: float = DEFAULTS.saturated,
    clipped: float = DEFAULTS.clipped,
    limit: float = DEFAULTS.limit,
    growth: float = DEFAULTS.growth,
    elements: int = DEFAULTS.elements,
    observed: int = DEFAULTS.observed,
    share: float = DEFAULTS.share,
    top: int = DEFAULTS.top,
    **named: Any,
) -> Hunt:
    """Look for what is wrong inside a model, for this `x`, given as to `model.run`; several samples tell more than one.

    Found are: where NaN and Inf come from, with the numbers that made them; dead, saturated, exploding, vanishing and constant
    layers; parameters that are not finite, all zero or twins; what nobody reads; the most expensive layers. Outputs are
    measured as they are made and let go, so that it takes the memory of a plain pass; a second pass takes the times, another
    keeps the few values that made a NaN. The model, its buffers and torch's generator are left as they were.

    dead: the share of a layer's channels that are zero everywhere, from which on it is a warning (0.5). saturated: the
    share of an activation's values at its limits (0.9). clipped: the share of whole numbers at the ends of their dtype (0.05).
    limit: the share of a dtype's largest number (0.5). growth: how many times the scale may grow or shrink between two
    normalizations (10,000); its square is a problem. elements: outputs with fewer are not judged (16). observed: samples and
    positions at which a channel must be seen (256). share, top: from which part of the time a layer is expensive (0.1), and how
    many of them are told (3).

    patch, device: as for `model.run`. Raises what `model.run` raises.
    """
    limits = Thresholds(dead, saturated, clipped, limit, growth, elements, observed, share, top)
    return Hunt(findings(of_model(model._session, inputs, named, device, patch, limits)), model.facts())


def hunt_trace(record: Record, facts: str, **limits: float) -> Hunt:
    """The same of a pass that a trace has recorded."""
    return Hunt(findings(of_trace(record, thresholds(limits))), facts)
