"""The runs of a viewer: each goes on from one before it, and is held against the first."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from laminae.api.trace import Trace
from laminae.base.arrays import facts
from laminae.base.errors import PatchError, UnknownNameError
from laminae.trace.change import change, unmoved
from laminae.trace.inputs import take
from laminae.trace.patch import Patch, replace, same
from laminae.trace.record import Entry
from laminae.trace.resume import PATCHED, RAN

MOST, LARGEST = 32, 1 << 31
"""Runs that are held, and bytes of what they have made: beyond these the oldest go."""

RUNNING = threading.RLock()
"""Two runs at once would take each other's cores."""


@dataclass(frozen=True, eq=False)
class Held:
    """One run. inputs: by input layer, those that are others than the first run's; patches: on top of its own.

    entries: by the place of the layer in the first run. changes: how far layers that moved are from the first run, relative, None
    where nobody can tell. ran: how many layers ran for it. bytes: that it alone holds. said: how it came about.
    """

    number: int
    trace: Trace
    inputs: Mapping[str, Any]
    patches: tuple[Patch, ...]
    entries: Mapping[int, Entry]
    changes: Mapping[int, float | None]
    ran: int
    bytes: int = 0
    said: str = ""


class Runs:
    """trace: run 0, which stays. beside: run 1, of another model or input, with the layer of it for each layer of the first."""

    def __init__(self, trace: Trace, beside: Trace | None = None, matching: Mapping[str, str] | None = None) -> None:
        self._places = {entry.name: place for place, entry in enumerate(trace.layers)}
        first = Held(0, trace, {}, (), dict(enumerate(trace.layers)), {}, len(trace), said=trace.facts())
        self._held = {0: first}
        self._kept = {0}
        self._next = 1
        self._again: tuple[Entry | None, tuple[Any, ...]] = (None, ())
        if beside is not None:
            self._add(self._beside(beside, matching or {}))
            self._kept.add(1)

    @property
    def first(self) -> Held:
        return self._held[0]

    def __getitem__(self, number: int) -> Held:
        """Raises UnknownNameError for one that never was, or is held no longer."""
        found = self._held.get(number)
        if found is not None:
            return found
        if number < self._next:
            rows = {"because": f"the last {MOST} runs are held", "the way out": "ask for it again"}
            raise UnknownNameError(f"run {number} is held no longer", rows)
        raise UnknownNameError(f"there is no run {number}", {"there are": f"runs 0 to {self._next - 1}"})

    def values(self, number: int, place: int) -> tuple[Any, ...]:
        """What a layer made in a run, one for each output that has a name; made again where it was not stored.

        Raises UnknownNameError for a layer that is not there or did not run, and where nothing of it can be had.
        """
        run = self[number]
        if place not in self.first.entries:
            raise UnknownNameError(f"there is no layer {place}", {"there are": f"layers 0 to {len(self.first.entries) - 1}"})
        entry = run.entries.get(place)
        if entry is None:
            raise UnknownNameError(f"layer {self.first.entries[place].name!r} did not run in run {number}")
        made = entry.values if entry.kept else self._made_again(run, entry)
        return tuple(value for name, value in zip(entry.about.outputs, made, strict=True) if name is not None)

    def _made_again(self, run: Held, entry: Entry) -> tuple[Any, ...]:
        """From what is stored before it. The last one is held: one look takes several requests."""
        if self._again[0] is entry:
            return self._again[1]
        if entry.inside or entry.why:
            because = entry.why or "it stands in a body"
            raise UnknownNameError(f"the output of layer {entry.name!r} was not stored", {"because": because})
        record = run.trace._record
        with RUNNING:
            layer = record.session.graph.index.by_name[entry.name]
            made = record.session.resume(record, (), store=[entry.name], wanted=[layer])
        self._again = entry, made.by_name[entry.name].values
        return self._again[1]

    def inputs(self, number: int) -> dict[str, Any]:
        """What went into the input layers of a run, by their names."""
        record = self.first.trace._record
        stored = record.run.stored()
        graph = record.session.graph
        own = {layer.name: stored.get(value) for layer, value in zip(graph.input_layers, graph.inputs, strict=True)}
        return own | dict(self[number].inputs)

    def go(self, inputs: Mapping[str, Any], patches: Sequence[Patch]) -> Held:
        """The run with these inputs in place of the first run's, and these patches on top of its own.

        inputs: as a user gives them, by the input layer's name; checked as those of any run. It goes on from the held run that
        needs the least, so that only what depends on what is new runs; where there is such a run already, it is that one.
        """
        patches = tuple(patches)
        with RUNNING:
            taken = self._taken(inputs)
            start = max(self._starts(taken, patches), key=lambda run: len(run.patches) + bool(run.inputs))
            rest = list(patches[len(start.patches) :])
            if start.inputs.keys() != taken.keys():
                rest = [replace(name, value) for name, value in taken.items()] + rest
            if not rest:
                return start
            trace = start.trace.resume(rest)
            return self._add(self._new(trace, start, taken, patches))

    def _taken(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """As the input layers take them, those left out that are the first run's. Raises InputError."""
        if not inputs:
            return {}
        record = self.first.trace._record
        own = self.inputs(0)
        given = take(record.session.graph, (), {**own, **inputs}, record.run.device, snapshot=True)
        names = [layer.name for layer in record.session.graph.input_layers]
        found = {name: value for name, value in zip(names, given, strict=True) if name in inputs and not same(value, own[name])}
        odd = next((name for name, value in found.items() if value is None), None)
        if odd is not None:
            raise PatchError(
                f"input {odd!r} cannot be left out in a run that goes on from another", {"the way out": "model.run(x)"}
            )
        return found

    def _starts(self, inputs: Mapping[str, Any], patches: tuple[Patch, ...]) -> Iterable[Held]:
        """The runs that can be gone on from: with a part of these patches, and these inputs or the first run's."""
        yield self.first
        for run in self._held.values():
            of_this = run.trace._record.session is self.first.trace._record.session and run.number not in self._kept
            if of_this and run.patches == patches[: len(run.patches)] and _equal(run.inputs, inputs):
                yield run

    def _new(self, trace: Trace, start: Held, inputs: Mapping[str, Any], patches: tuple[Patch, ...]) -> Held:
        entries = {self._places[entry.name]: entry for entry in trace.layers if entry.name in self._places}
        changes, size = {}, 0
        for place, entry in entries.items():
            before = start.entries.get(place)
            if before is not None and entry.kept and unmoved(entry.values, before.values):
                if place in start.changes:
                    changes[place] = start.changes[place]
                continue
            size += sum(known[2] for known in map(facts, entry.values) if known is not None)
            moved = self._moved(place, entry)
            if moved != 0.0:
                changes[place] = moved
        ran = trace._record.run.ran
        count = len(trace) if ran is None else len(ran)
        return Held(self._next, trace, inputs, patches, entries, changes, count, size, trace._record.summary)

    def _moved(self, place: int, entry: Entry) -> float | None:
        """Of a layer that was not stored it is known whether it ran because something changed, and not how far it moved."""
        before = self.first.entries[place]
        if entry.kept and before.kept:
            return change(entry.values, before.values)
        return None if entry.state in (PATCHED, RAN) and not entry.inside else 0.0

    def _beside(self, trace: Trace, matching: Mapping[str, str]) -> Held:
        """Another trace, its layers in the places of those that they were held beside."""
        theirs = {entry.name: entry for entry in trace.layers}
        pairs = {place: theirs[matching[name]] for name, place in self._places.items() if matching.get(name) in theirs}
        changes = {place: moved for place, entry in pairs.items() if (moved := self._moved(place, entry)) != 0.0}
        return Held(1, trace, {}, (), pairs, changes, len(trace), said=trace.facts())

    def _add(self, run: Held) -> Held:
        self._held[run.number] = run
        self._next = run.number + 1
        loose = [number for number in self._held if number not in self._kept]
        while len(loose) > 1 and (len(self._held) > MOST or sum(self._held[n].bytes for n in loose) > LARGEST):
            del self._held[loose.pop(0)]
        return run


def _equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
