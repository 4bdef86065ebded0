"""A pass as turns of layers in the order in which they ended, each with what was measured of what it read and made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from laminae.compare.hunt.gauge import Gauge, Look, gauge
from laminae.compare.hunt.look import kind_of, look_of, name_of
from laminae.engines.run import Run
from laminae.graph import Layer, Parameter, Value
from laminae.trace.record import Entry, Record


@dataclass(frozen=True, eq=False)
class Read:
    """What a turn read: a value, of which turn, or a parameter; a value whose maker is not known has neither."""

    name: str
    gauge: Gauge | None
    maker: Turn | None = None
    parameter: Parameter | None = None


@dataclass(eq=False)
class Turn:
    """A layer's turn. outputs: measured, None where there is nothing to measure; reads: in the operator's order, None for a gap.

    inside: the turns of its bodies, in order; around: the turn whose body this is, place: among those inside it. reach: how many
    turns back the pass before this one goes. is_output: whether the model declares a value of it as output.
    """

    layer: Layer
    name: str
    index: int
    ms: float | None
    kind: str
    operator: str
    reads: tuple[Read | None, ...] = ()
    outputs: tuple[Gauge | None, ...] = ()
    inside: list[Turn] = field(default_factory=list)
    around: Turn | None = None
    place: int = 0
    reach: int = 0
    is_output: bool = False

    @property
    def output(self) -> Gauge | None:
        """Of the first output."""
        return self.outputs[0] if self.outputs else None

    @property
    def values(self) -> tuple[Read, ...]:
        """What it read that other layers made."""
        return tuple(read for read in self.reads if read is not None and read.parameter is None)

    @property
    def finite(self) -> bool:
        return all(g is None or g.finite for g in self.outputs)

    def sources(self) -> Iterator[Turn]:
        """The turns that may have to do with what it made: those it read, in its bodies, and around an input of a body."""
        yield from (read.maker for read in self.values if read.maker is not None)
        yield from self.inside
        if self.layer.is_input and self.around is not None:
            yield from (read.maker for read in self.around.values if read.maker is not None)
            yield from self.around.inside[max(0, self.place - self.reach) : self.place]


class Turns:
    """Of one record, in the order in which they ended: the layers in a body before the layer that they stand in.

    whole: whether the record holds the values themselves, to be measured now. parameters: those that were read, measured.
    """

    def __init__(self, record: Record, *, whole: bool) -> None:
        self._entries = iter(record.entries)
        self._whole = whole
        self._outputs = set(record.run.plan.graph.outputs)
        self._layers: dict[Layer, tuple[str, str, Look]] = {}
        self.parameters: dict[Parameter, Gauge | None] = {}
        self.every: list[Turn] = []
        self._walk(record.run, {}, None)

    def _walk(self, run: Run, outer: dict[Value, Read], around: Turn | None) -> None:
        known = dict(outer)
        for step in run.plan.order:
            entry, layer = next(self._entries), step.layer
            kind, name, look = self._about(layer)
            turn = Turn(layer, entry.name, entry.index, entry.ms, kind, name, around=around)
            turn.reads = tuple(None if x is None else self._read(x, known) for x in (*layer.inputs, *layer.captures))
            turn.outputs = self._measured(entry, look)
            turn.reach = 2 * max((len(body.layers) for body in layer.bodies.values()), default=len(run.plan.order))
            turn.is_output = around is None and any(v in self._outputs for v in layer.outputs)
            for _, inner in run.inner.get(layer, ()):
                self._walk(inner, {v: known[v] for v in layer.captures if isinstance(v, Value) and v in known}, turn)
            names = [value for value in layer.outputs if value is not None]
            kept = [g for value, g in zip(layer.outputs, turn.outputs, strict=False) if value is not None]
            for value, seen in zip(names, kept, strict=False):
                known[value] = Read(value.name, seen, turn)
            self.every.append(turn)
            if around is not None:
                turn.place = len(around.inside)
                around.inside.append(turn)

    def _about(self, layer: Layer) -> tuple[str, str, Look]:
        """Kind, operator and look, found once for the turns of a layer."""
        if layer not in self._layers:
            self._layers[layer] = kind_of(layer), name_of(layer), look_of(layer)
        return self._layers[layer]

    def _measured(self, entry: Entry, look: Look) -> tuple[Gauge | None, ...]:
        if self._whole:
            return tuple(gauge(value, look) for value in entry.values)
        return tuple(value if isinstance(value, Gauge) else gauge(value, Look()) for value in entry.values)

    def _read(self, x: Value | Parameter, known: dict[Value, Read]) -> Read:
        if isinstance(x, Value):
            return known.get(x) or Read(x.name, None)
        if x not in self.parameters:
            self.parameters[x] = gauge(x.tensor(), Look())
        return Read(x.name, self.parameters[x], None, x)


def value_of(record: Record, read: Read, output: int = 0) -> Any:
    """What a turn read, whole, where a record holds it."""
    if read.parameter is not None:
        return read.parameter.tensor()
    if read.maker is None:
        return None
    entry = record.by_name.get(read.maker.name)
    if entry is None:
        return None
    for value, held in zip(read.maker.layer.outputs, entry.values, strict=False):
        if value is not None and value.name == read.name:
            return held
    return None
