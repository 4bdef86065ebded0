"""Plain records of a comparison: how two values differ, and what became of each layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from laminae.base.shapes import Shape

SAME, OWN, INHERITED = "same", "own", "inherited"
ONLY_A, ONLY_B, REPLACED = "only in a", "only in b", "replaced"
"""What became of a layer. same: within tolerance. own: it differs by itself. inherited: only because of layers before it.

only in a, only in b, replaced: layers without a counterpart, which make a difference.
"""


@dataclass(frozen=True)
class Difference:
    """One array held against another of its shape; all in float64.

    max_abs: the largest |found − expected|, max_rel: the largest |found − expected| / |expected| where `expected` is not 0.
    cosine: of the angle between the two as vectors, None where one of them is zero. snr: in dB, infinite where nothing differs:
    10 log10(Σ expected² / Σ (found − expected)²). wrong: share of elements out of tolerance, 0 to 1. at: the element that
    oversteps its tolerance most.
    """

    correct: bool
    max_abs: float = 0.0
    max_rel: float = 0.0
    cosine: float | None = None
    snr: float = float("inf")
    wrong: float = 0.0
    elements: int = 0
    at: tuple[int, ...] = ()
    found: Any = None
    expected: Any = None


@dataclass(frozen=True)
class LayerComparison:
    """A layer of `a` beside the one of `b` that makes the same value.

    index: place in a's forward order, from 1 (of one that only `b` has: of the layer of `a` that it stands before). name, op: of
    the layer in `a`; other, other_op: in `b`; empty where there is none. state: `same`, `own`, `inherited`, `only in a`,
    `only in b` or `replaced`. how: what matched the two. difference: of what the two made in their runs. own: of what b's layer
    makes of a's values. through: more layers of `b` that make the value with it, joins: of `a`; of a row without counterpart
    more of its kind. shape, other_shape: of the output, as each has it. note: what else is to say.
    """

    index: int
    name: str
    other: str
    op: str
    other_op: str
    state: str
    how: str = ""
    shape: Shape | None = None
    other_shape: Shape | None = None
    difference: Difference | None = None
    own: Difference | None = None
    through: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    note: str = ""

    @property
    def differs_itself(self) -> bool:
        """Whether the difference begins here."""
        return self.state not in (SAME, INHERITED)

    @property
    def correct(self) -> bool:
        """Whether nothing about it is out of tolerance."""
        return self.state == SAME

    def plain(self) -> Mapping[str, Any]:
        """As a dict for JSON; numbers may be infinite."""
        return asdict(self)
