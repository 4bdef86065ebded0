"""What ran, in forward order: one entry for each turn of a layer, those inside bodies included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from laminae.base.arrays import facts
from laminae.base.records import LayerRecord, OutputRecord, Statistics
from laminae.engines.run import Run
from laminae.graph import Layer
from laminae.plan.about import About
from laminae.plan.anatomy import anatomy as anatomy_of
from laminae.trace.patch import Patch

if TYPE_CHECKING:
    from laminae.trace.session import Session
from laminae.base.statistics import statistics


@dataclass(frozen=True, eq=False, repr=False)
class Entry:
    """One turn of a layer. name: unique in the trace, a path for layers in bodies (`If_12/then/LSTM_3`, passes `#2`).

    about: the layer as it was when it ran. values: its outputs, None where one is left out or not kept. ms: the time it took.
    reads: the names in the trace of the layers it read. inside: whether it ran in a body. state: "ran", or "patched", "stored"
    (taken over from the trace this one resumed), "recomputed" (not stored there, and needed). why: the engine had nothing to
    keep. part: what is kept of the outputs, in words, where it is not all of them.
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
    state: str = "ran"
    why: str = ""
    part: str = ""
    _cache: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def op(self) -> str:
        """The operator's name."""
        return self.about.op

    @property
    def is_input(self) -> bool:
        """Whether it is an input layer, whose output is the `x` it was given."""
        return self.about.is_input

    @property
    def output(self) -> Any:
        """The stored output: a tensor, or a tuple where the layer has several."""
        return self.values[0] if len(self.values) == 1 else self.values

    @property
    def statistics(self) -> tuple[Statistics | None, ...]:
        """Of each output, computed when first asked for."""
        if "statistics" not in self._cache:
            self._cache["statistics"] = tuple(map(_statistics, self.values))
        return self._cache["statistics"]  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        shapes = ", ".join(str(known[0] if known[0] is not None else known[1]) for known in map(facts, self.values) if known)
        kept = f"kept: {self.part}" if self.part else shapes or "not stored"
        return f"Entry({self.index}, {self.name!r}, {self.op}, {kept})"

    def record(self, *, statistics: bool = False, anatomy: bool = False) -> LayerRecord:
        """As a plain record for tables, drawings and JSON; with statistics of its outputs, and with what the layer is."""
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
            outputs=tuple(_output(name, v, note, stat, self.part) for name, v, note, stat in parts if name is not None),
            parameters=self.about.parameters,
            ms=self.ms,
            domain=self.about.domain,
            kind=self.about.kind,
            values=self.values,
            state=self.state,
            inside=self.inside,
            anatomy=anatomy_of(self.about) if anatomy else None,
        )


def _statistics(value: Any) -> Statistics | None:
    return value if value is None or isinstance(value, Statistics) else statistics(value)


def _output(name: str, value: Any, note: Any, stat: Statistics | None, part: str) -> OutputRecord:
    """What the layer gave, also where only a part of it is kept."""
    shape, dtype, size = (part and note) or facts(value) or note or (None, None, None)
    return OutputRecord(name, shape, dtype, size, stat, part)


class Record:
    """All entries of one run, and the values by name.

    patches: what was put in place of what. states: how a layer's output came about, where it is not that it ran. resumed:
    whether it went on from another run. inside: whether a turn in a body was patched, by its name. revision: of the graph, then.
    """

    def __init__(
        self,
        run: Run,
        session: Session,
        patches: tuple[Patch, ...] = (),
        states: Mapping[Layer, str] | None = None,
        *,
        resumed: bool = False,
        inside: Callable[[str], object] | None = None,
    ) -> None:
        self.run = run
        self.session = session
        self.patches, self.states, self.resumed, self.inside = patches, states or {}, resumed, inside
        self.revision = session.graph.revision

    @cached_property
    def output(self) -> Any:
        """What `model(x)` gives."""
        return self.session.structured(self.run.outputs)

    @property
    def summary(self) -> str:
        """What there is to say of how it ran, in one line: on which other engine, and what of it ran again."""
        return " · ".join(filter(None, (self.run.said, self._resumption())))

    def _resumption(self) -> str:
        """Of a resumed run: how many layers ran, and which had to although nothing of theirs changed."""
        if not self.resumed:
            return ""
        layers = [entry for entry in self.entries if not entry.inside and not entry.is_input]
        ran = len(layers if self.run.ran is None else self.run.ran)
        again = [entry.name for entry in layers if entry.state == "recomputed"]
        names = ", ".join(again[:3]) + (f" and {len(again) - 3} more" if len(again) > 3 else "")
        more = f", {len(again)} of them not stored before ({names})" if again else ""
        return f"resumed: {ran} of {len(layers)} layers ran{more}"

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """In forward order; a layer stands before the layers that ran inside it."""
        passes: Counter[str] = Counter()
        turns = _turns(self.run, "", passes, {}, self.states)
        entries = (Entry(i, *turn) for i, turn in enumerate(turns, 1))
        return tuple(replace(e, state="patched") if e.inside and self.inside and self.inside(e.name) else e for e in entries)

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
        run = self.run
        stored = {
            name: run.values[slot]
            for step in run.plan.order
            if step.kept and step.layer not in run.missing
            for name, slot in zip(step.about.outputs, step.places, strict=True)
            if name is not None and slot is not None
        }
        return stored | {name: value for name, value in self.outputs.items() if name not in stored}

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The outputs by name, in order; a value that is an output twice is `y` and `y#2`."""
        return dict(zip(self.run.plan.output_names, self.run.outputs, strict=True))

    @property
    def ms(self) -> float:
        """Of the whole pass."""
        return self.run.ms


def _turns(
    run: Run, prefix: str, passes: Counter[str], outer: dict[Layer, str], states: Mapping[Layer, str]
) -> Iterator[tuple[Any, ...]]:
    """outer: the names in the trace of the layers around this body. states: of outermost layers, where they did not just run."""
    times = iter(run.times())
    names = dict(outer)
    for step in run.plan.order:
        ms = next(times) if not step.layer.is_input else 0.0 if run.ticks else None
        name, path = _numbered(prefix, step.about, passes)
        names[step.layer] = name
        reads = tuple(names.get(layer, layer.name) for layer in step.about.previous)
        kept, why = step.kept and step.layer not in run.missing, run.missing.get(step.layer, "")
        values = tuple(run.values[slot] if slot is not None and kept else None for slot in step.places)
        part = step.rule.what if kept and step.rule is not None and not step.rule.whole else ""
        notes, state = run.note(step.layer), states.get(step.layer, "ran")
        yield name, path, step.about, values, kept, ms, notes, reads, bool(prefix), state, why, part
        for label, inner in run.inner.get(step.layer, ()):
            yield from _turns(inner, f"{prefix}{step.about.path}/{label}/", passes, names, {})


def _numbered(prefix: str, about: About, passes: Counter[str]) -> tuple[str, str]:
    """The name and path of this turn: inside a body, a layer's second turn is its pass `#2`."""
    if not prefix:
        return about.name, about.path
    path = prefix + about.path
    passes[path] += 1
    path = path if passes[path] == 1 else f"{path}#{passes[path]}"
    return path, path
