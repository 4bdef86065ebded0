"""What ran, in forward order: one entry for each turn of a layer, those inside bodies included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from laminae.base.arrays import facts
from laminae.base.records import LayerRecord, OutputRecord, Statistics
from laminae.engines.torch import Run
from laminae.graph import Layer
from laminae.plan.about import About
from laminae.trace.statistics import statistics


@dataclass(frozen=True, eq=False, repr=False)
class Entry:
    """One turn of a layer. name: unique in the trace, a path for layers in bodies (`If_12/then/LSTM_3`, passes `#2`).

    about: the layer as it was when it ran. values: its outputs, None where one is left out or not kept. ms: the time it took.
    reads: the names in the trace of the layers it read. inside: whether it ran in a body.
    """

    index: int
    name: str
    path: str
    about: About
    values: tuple[Any, ...]
    kept: bool
    ms: float | None
    notes: tuple[Any, ...] = ()
    reads: tuple[str, ...] = ()
    inside: bool = False
    _cache: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def op(self) -> str:
        """The operator's name."""
        return self.about.op

    @property
    def is_input(self) -> bool:
        return self.about.is_input

    @property
    def output(self) -> Any:
        """The stored output: a tensor, or a tuple where the layer has several."""
        return self.values[0] if len(self.values) == 1 else self.values

    @property
    def statistics(self) -> tuple[Statistics | None, ...]:
        """Of each output, computed when first asked for."""
        if "statistics" not in self._cache:
            self._cache["statistics"] = tuple(None if v is None else statistics(v) for v in self.values)
        return self._cache["statistics"]  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        shapes = ", ".join(str(known[0] if known[0] is not None else known[1]) for known in map(facts, self.values) if known)
        return f"Entry({self.index}, {self.name!r}, {self.op}, {shapes or 'not stored'})"

    def record(self, *, statistics: bool = False) -> LayerRecord:
        """As a plain record for tables, drawings and JSON."""
        count = len(self.values)
        stats = self.statistics if statistics else (None,) * count
        parts = zip(self.about.outputs, self.values, self.notes or (None,) * count, stats, strict=True)
        return LayerRecord(
            index=self.index,
            name=self.name,
            op=self.op,
            path=self.path,
            inputs=self.about.inputs,
            reads=self.reads,
            outputs=tuple(_output(name, *rest) for name, *rest in parts if name is not None),
            parameters=self.about.parameters,
            ms=self.ms,
            domain=self.about.domain,
            kind=self.about.kind,
            values=self.values,
        )


def _output(name: str, value: Any, note: Any, stat: Statistics | None) -> OutputRecord:
    shape, dtype, size = facts(value) or note or (None, None, None)
    return OutputRecord(name, shape, dtype, size, stat)


class Record:
    """All entries of one run, and the values by name."""

    def __init__(self, run: Run, structured: Callable[[tuple[Any, ...]], Any]) -> None:
        self.run = run
        self._structured = structured

    @cached_property
    def output(self) -> Any:
        """What `model(x)` gives."""
        return self._structured(self.run.outputs)

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """In forward order; a layer stands before the layers that ran inside it."""
        passes: Counter[str] = Counter()
        turns = _turns(self.run, "", passes, {})
        return tuple(Entry(i, *turn) for i, turn in enumerate(turns, 1))

    @cached_property
    def by_name(self) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for entry in self.entries:
            found.setdefault(entry.name, entry)
        for entry in self.entries:
            found.setdefault(entry.path, entry)
        return found

    @cached_property
    def values(self) -> dict[str, Any]:
        """The stored outputs of the outermost graph by value name."""
        plan = self.run.program.plan
        stored = {
            name: self.run.values[slot]
            for step in plan.order
            if step.kept
            for name, slot in zip(step.about.outputs, step.writes, strict=True)
            if name is not None and slot is not None
        }
        return stored | self.outputs

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The outputs by name, in order; a value that is an output twice is `y` and `y#2`."""
        return dict(zip(self.run.program.plan.output_names, self.run.outputs, strict=True))

    @property
    def ms(self) -> float:
        """Of the whole pass."""
        ticks = self.run.ticks
        return (ticks[-1] - ticks[0]) * 1e3 if ticks else 0.0


def _turns(run: Run, prefix: str, passes: Counter[str], outer: dict[Layer, str]) -> Iterator[tuple[Any, ...]]:
    """outer: the names in the trace of the layers around this body."""
    place = 0
    names = dict(outer)
    for step in run.program.plan.order:
        ms = 0.0 if run.ticks else None
        if not step.layer.is_input:
            ms = (run.ticks[place + 1] - run.ticks[place]) * 1e3 if run.ticks else None
            place += 1
        name, path = _numbered(prefix, step.about, passes)
        names[step.layer] = name
        reads = tuple(names.get(layer, layer.name) for layer in step.about.previous)
        values = tuple(run.values[slot] if slot is not None and step.kept else None for slot in step.writes)
        yield name, path, step.about, values, step.kept, ms, run.notes.get(step.layer, ()), reads, bool(prefix)
        for label, inner in run.inner.get(step.layer, ()):
            yield from _turns(inner, f"{prefix}{step.about.path}/{label}/", passes, names)


def _numbered(prefix: str, about: About, passes: Counter[str]) -> tuple[str, str]:
    """The name and path of this turn: inside a body, a layer's second turn is its pass `#2`."""
    if not prefix:
        return about.name, about.path
    path = prefix + about.path
    passes[path] += 1
    path = path if passes[path] == 1 else f"{path}#{passes[path]}"
    return path, path
