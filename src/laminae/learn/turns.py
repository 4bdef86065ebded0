"""Every turn of a layer in a pass with the layer itself: what a backward pass goes through, from the last to the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from laminae.base.arrays import is_tensor
from laminae.engines.run import Run
from laminae.graph import Layer
from laminae.trace.record import Entry, Record


@dataclass(frozen=True, eq=False)
class Turn:
    """entry: as the trace names it. values: its outputs with their history. prefix: the path of the body it ran in."""

    entry: Entry
    layer: Layer
    prefix: str
    values: tuple[Any, ...]

    @property
    def name(self) -> str:
        return self.entry.name

    def reached(self) -> list[tuple[int, Any]]:
        """The outputs that derivatives can go through, with their places."""
        return [(i, x) for i, x in enumerate(self.values) if is_tensor(x) and x.requires_grad]


def turns(record: Record) -> list[Turn]:
    """In forward order; those inside bodies after the layer that they ran in."""
    pairs = zip(record.entries, _layers(record.run, ""), strict=True)
    return [Turn(entry, layer, prefix, entry.values) for entry, (layer, prefix) in pairs]


def _layers(run: Run, prefix: str) -> Iterator[tuple[Layer, str]]:
    for step in run.plan.order:
        yield step.layer, prefix
        for label, inner in run.inner.get(step.layer, ()):
            yield from _layers(inner, f"{prefix}{step.about.path}/{label}/")
