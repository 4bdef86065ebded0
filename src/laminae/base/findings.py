"""What a hunt found, as plain records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PROBLEM, WARNING, NOTE = "problem", "warning", "note"
SEVERITIES = (PROBLEM, WARNING, NOTE)
"""A problem makes what the model gives wrong or empty; a warning most likely costs it something; a note is good to know."""


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    kind: "not finite", "dead", "saturated", "exploding", "vanishing", "constant", "parameter", "unread" or "expensive". layer:
    where, by its name in the trace, "" where it is of no layer. seen: the evidence in a few words; text: in a sentence or two;
    advice: what to do. layers: all that it is of, this one first. evidence: the numbers, by name.
    """

    kind: str
    layer: str
    severity: str
    seen: str
    text: str
    advice: str
    op: str = ""
    index: int = 0
    layers: tuple[str, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict, compare=False)
