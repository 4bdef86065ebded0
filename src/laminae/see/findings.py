"""What a hunt found, as a table, and under it each finding in words with what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from laminae.base.findings import NOTE, PROBLEM, SEVERITIES, Finding
from laminae.see.rendering import Column, Row, Table
from laminae.see.text import count, number

STYLES = {PROBLEM: "red", NOTE: "dim"}
NAMES = {"nan": "NaN", "inf": "Inf"}
MOST = 6
"""Findings of one kind and severity that are printed."""
LINKS = 6
"""Layers of a chain that are told one by one."""


def findings_table(findings: Sequence[Finding], facts: str) -> Table:
    """A row for each finding, problems first; the notes say what was seen, where the numbers came from and what to do."""
    shown = _shown(findings)
    columns = [
        Column("", right=True),
        Column("severity"),
        Column("kind"),
        Column("layer", shrink=16),
        Column("operator", shrink=10, drop=2),
        Column("seen", shrink=24),
    ]
    rows = [Row((str(i), f.severity, f.kind, f.layer or "–", f.op, f.seen), STYLES.get(f.severity, "")) for i, f in shown]
    notes = [line for i, finding in shown for line in _told(i, finding)]
    left = Counter((f.severity, f.kind) for f in findings) - Counter((f.severity, f.kind) for _, f in shown)
    notes += [f"And {count(n, severity)} more of kind {kind!r}." for (severity, kind), n in left.items()]
    return Table(columns if rows else [], rows, title=facts, aside=summary(findings), notes=notes)


def _shown(findings: Sequence[Finding]) -> list[tuple[int, Finding]]:
    """With their places, the first few of each kind and severity: of forty dead layers the first tell enough."""
    seen: Counter[tuple[str, str]] = Counter()
    made = []
    for place, finding in enumerate(findings, 1):
        seen[finding.severity, finding.kind] += 1
        if seen[finding.severity, finding.kind] <= MOST:
            made.append((place, finding))
    return made


def summary(findings: Sequence[Finding]) -> str:
    """`1 problem, 2 warnings, 3 notes`."""
    counts = Counter(finding.severity for finding in findings)
    return ", ".join(count(counts[severity], severity) for severity in SEVERITIES if counts[severity]) or "nothing found"


def _told(place: int, finding: Finding) -> list[str]:
    """A paragraph: what was seen, how the numbers came to that, what to do."""
    where = f"{finding.layer!r}: " if finding.layer else ""
    chain = finding.evidence.get("chain") or ()
    way = [f"The way there: {_chain(chain)}."] if len(chain) > 1 else []
    return [" ".join([f"{place}. {where}{finding.text}", *way]), f"→ {finding.advice}."]


def _chain(links: Sequence[Mapping[str, Any]]) -> str:
    """From the input to the layer; a long one without its middle."""
    told = [_link(link) for link in reversed(links)]
    if len(told) > LINKS:
        told = [*told[:2], f"… {len(told) - LINKS} more …", *told[2 - LINKS :]]
    return " → ".join(told)


def _link(link: Mapping[str, Any]) -> str:
    odd = [word for word in ("nan", "inf") if link.get(word)]
    ends = [] if link.get("max") is None else [f"{number(link['min'], 3)} to {number(link['max'], 3)}"]
    told = ", ".join([*ends, *(f"{number(link[word])} {NAMES[word]}" for word in odd)])
    return f"{link['layer']} ({told})" if told else str(link["layer"])
