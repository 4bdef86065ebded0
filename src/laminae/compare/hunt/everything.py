"""All findings of a pass, in order of severity."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from laminae.base.findings import SEVERITIES, Finding
from laminae.compare.hunt.constant import constant
from laminae.compare.hunt.dead import dead
from laminae.compare.hunt.expensive import expensive
from laminae.compare.hunt.not_finite import not_finite
from laminae.compare.hunt.parameters import parameters
from laminae.compare.hunt.saturated import saturated
from laminae.compare.hunt.scale import scale
from laminae.compare.hunt.sight import Sight
from laminae.compare.hunt.unread import unread

HUNTS: tuple[Callable[[Sight], Iterator[Finding]], ...] = (
    not_finite,
    parameters,
    dead,
    constant,
    scale,
    saturated,
    unread,
    expensive,
)
"""In the order in which findings of one severity are told."""


def findings(sight: Sight) -> tuple[Finding, ...]:
    """Problems first, then warnings, then notes; of one severity by kind, then in forward order."""
    found = [finding for hunt in HUNTS for finding in _merged(hunt(sight))]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def _merged(several: Iterator[Finding]) -> Iterator[Finding]:
    """The turns of one layer in a body told once, with the first."""
    found: dict[tuple[str, str, str], Finding] = {}
    for finding in several:
        key = finding.kind, finding.severity, _layer(finding)
        if key not in found:
            found[key] = finding
            continue
        first = found[key]
        more = tuple(name for name in finding.layers if name not in first.layers)
        found[key] = replace(first, layers=(*first.layers, *more))
    yield from found.values()


def _layer(finding: Finding) -> str:
    """Its name without the number of its turn in a body; what is of no turn, by what it says."""
    name, _, turn = finding.layer.rpartition("#")
    inside = name and turn.isdigit() and "/" in name
    return name if inside else finding.layer if finding.kind not in ("parameter", "unread", "expensive") else finding.text
