"""Plain records that rooms hand to one another: what a layer did, what is wrong, how an output compares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from laminae.base.cost import NOT_KNOWN, Cost
from laminae.base.shapes import Shape

RTOL, ATOL = 1e-3, 1e-4
"""Wherever two values are compared: right is |found − expected| ≤ ATOL + RTOL · |expected|, unless told otherwise."""


@dataclass(frozen=True)
class Problem:
    """Something wrong with a model. layer: where (empty: the whole model). severity: "error" or "note"."""

    layer: str
    text: str
    severity: str = "error"


@dataclass(frozen=True)
class Statistics:
    """Of all elements of one stored output. zeros: share of exact zeros, 0 to 1; nan, inf: counts.

    mean, std, min, max are over the finite elements, in float64, None where there are none (std is of the population).
    """

    mean: float | None = None
    std: float | None = None
    min: float | None = None
    max: float | None = None
    zeros: float | None = None
    nan: int = 0
    inf: int = 0


@dataclass(frozen=True)
class Histogram:
    """How many elements lie in each bin. edges: one more than there are bins. others: how many are not finite."""

    counts: tuple[int, ...]
    edges: tuple[float, ...]
    others: int = 0


@dataclass(frozen=True)
class Effect:
    """What one patch did to the output. size: as it was measured, 0 where nothing changed."""

    layer: str
    op: str
    path: str
    patch: str
    size: float


@dataclass(frozen=True)
class OutputRecord:
    """One output of a layer. shape: numbers after a run, perhaps names before it. kept: what is kept of it, where not all is.

    statistics: of what is kept.
    """

    value: str
    shape: Shape | None
    dtype: str | None
    bytes: int | None = None
    statistics: Statistics | None = None
    kept: str = ""


@dataclass(frozen=True)
class ParameterRecord:
    """A parameter of a layer. role: the operator's name for it. learns: whether it is a weight, and no constant or statistic."""

    name: str
    role: str
    shape: tuple[int, ...]
    dtype: str
    bytes: int
    learns: bool


@dataclass(frozen=True)
class Anatomy:
    """What a layer is, told in words. documentation: a sentence on its operator, and where more stands; "" where none is known.

    attributes: names and values, those that are given.
    """

    documentation: str
    url: str
    opset: int
    attributes: tuple[tuple[str, str], ...]
    parameters: tuple[ParameterRecord, ...]


@dataclass(frozen=True)
class LayerRecord:
    """A layer as it stands in a table: what it is, and what it did where it ran.

    index: its place in forward order, from 1. parameters: number of elements of its weights. ms: time it took, None where an
    engine cannot tell. bytes: of all its outputs. cost: as far as shapes before a run tell it. state: "ran", "patched", in a
    resumed trace also "stored" (taken over) and "recomputed". inside: it stands in
    a body, of the layer whose path its own begins with. anatomy: what more there is to say of it, where that was asked for.
    """

    index: int
    name: str
    op: str
    path: str
    inputs: tuple[str, ...]
    reads: tuple[str, ...]
    outputs: tuple[OutputRecord, ...]
    parameters: int = 0
    ms: float | None = None
    domain: str = ""
    kind: str = ""
    values: tuple[Any, ...] = field(default=(), compare=False, repr=False)
    cost: Cost = NOT_KNOWN
    state: str = "ran"
    inside: bool = False
    anatomy: Anatomy | None = field(default=None, compare=False, repr=False)

    @property
    def bytes(self) -> int:
        """Of all its outputs together, 0 for those of which nothing is known."""
        return sum(out.bytes or 0 for out in self.outputs)


@dataclass(frozen=True)
class SampleComparison:
    """One sample's output held against the expectation."""

    sample: int
    correct: bool
    worst: float
    at: tuple[int, ...]
    found: Any
    expected: Any


@dataclass(frozen=True)
class OutputComparison:
    """One output held against the expectation, sample by sample.

    worst: the largest |found − expected|, at element `at`; allowed: atol + rtol · |expected| there.
    """

    name: str
    correct: bool
    worst: float
    at: tuple[int, ...]
    found: Any
    expected: Any
    allowed: float
    wrong_elements: int
    elements: int
    samples: tuple[SampleComparison, ...] = ()
    text: str = ""
