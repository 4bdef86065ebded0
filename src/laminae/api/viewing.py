"""`trace.view()`, `model.view(x)`: what the viewer's page asks, answered by a trace and by runs that go on from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import laminae
from laminae.api.as_python import Source, as_python
from laminae.api.asked import arrays, asked
from laminae.api.comparing import ModelComparison, compare
from laminae.api.model import Model
from laminae.api.runs import RUNNING, Held, Runs
from laminae.api.trace import Trace
from laminae.base.arrays import as_numpy, is_array
from laminae.base.errors import LaminaeError, UnknownNameError, UsageError
from laminae.base.records import Histogram, OutputComparison, Statistics
from laminae.base.statistics import histogram, statistics
from laminae.data.tokenizer import tokenizer as tokenizer_of
from laminae.engines.choice import DEFAULT
from laminae.files.weights import weights_of
from laminae.see.document import Document, document
from laminae.see.document.numbers import histogram_json, statistics_json
from laminae.see.drawing.write import as_bytes
from laminae.see.preview import preview
from laminae.see.text import plain
from laminae.see.viewer.serve import Viewer
from laminae.see.viewer.session import FAILED, OPENING, READY, Session, State

SHOWN = 1_000
"""Elements of an output that come with the answer of a run."""

HUNTED = 1 << 26
"""Bytes of a pass in which the viewer hunts for faults before anything is seen of it."""


class Looked:
    """A model that a page looks into: opened by and by, then run, and run again in other ways.

    title: what the page is called until there is a trace. tokenizer: what makes ids of text. asked: whether a page has been
    looking; failure_told: whether it knows that there is nothing to see.
    """

    def __init__(self, title: str = "", tokenizer: Any = None) -> None:
        self._title, self._source = title, Source()
        self._tokenizer = None if tokenizer is None else tokenizer_of(tokenizer)
        self._state = State(OPENING, "opening", text=tokenizer is not None)
        self._runs: Runs | None = None
        self._comparison: ModelComparison | None = None
        self._compared: tuple[OutputComparison, ...] = ()
        self.asked = self.failure_told = False

    def session(self) -> Session:
        """What the viewer is handed."""
        return Session(
            title=lambda: self._title,
            state=self._told_state,
            document=lambda: _document(self.runs.first.trace, self._compared, self._comparison),
            told=lambda number: self._told(self.runs[number], ()),
            layer=self._layer,
            previews=self._previews,
            value=self._value,
            parameter=self._parameter,
            run=self._run,
            python=self._python,
            drawing=self._drawing,
        )

    @property
    def runs(self) -> Runs:
        if self._runs is None:
            raise UsageError("there is no trace to look into yet")
        return self._runs

    # -- how far it is ---------------------------------------------------------------------------------------------------

    def say(self, said: str, part: float | None = None) -> None:
        """What is being done before there is anything to see; part of it, 0 to 1."""
        self._state = State(OPENING, said, part, text=self._state.text)

    def show(
        self, trace: Trace, *, beside: Trace | Model | None = None, expected: Any = None, source: Source | None = None
    ) -> None:
        """The trace is there. beside: another one, or a model that runs the same input, to be held beside it. expected: what
        its outputs should be. source: where model and input are from, as Python.
        """
        self._source = source or Source()
        self._compared = () if expected is None else trace.compare(expected).outputs
        one = isinstance(beside, Trace) and beside._record.session is trace._record.session
        self._comparison = None if beside is None else compare(trace, beside)
        other = None if self._comparison is None else self._comparison.b
        matching = {entry.name: entry.name for entry in trace.layers} if one else getattr(self._comparison, "matching", {})
        self._title = trace.title
        self._runs = Runs(trace, other, matching)
        self._state = State(READY, text=self._state.text, beside=None if other is None else 1)

    def fail(self, error: LaminaeError) -> None:
        """There will be no trace."""
        self._state = State(FAILED, "", error=str(error), text=self._state.text)

    def _told_state(self) -> State:
        state = self._state
        self.asked, self.failure_told = True, state.state == FAILED
        return state

    # -- looking ---------------------------------------------------------------------------------------------------------

    def _layer(self, number: int, place: int) -> dict[str, Any]:
        return {"outputs": [_output(value) for value in self.runs.values(number, place)]}

    def _previews(self, number: int, places: Sequence[int]) -> dict[str, Any]:
        return {str(place): self._preview(number, place) for place in places}

    def _preview(self, number: int, place: int) -> Any:
        """Of the layer's first output; None where there is nothing to see."""
        try:
            values = self.runs.values(number, place)
        except UnknownNameError:
            self.runs[number]
            return None
        return _preview(values[0]) if values else None

    def _value(self, number: int, place: int, output: int) -> Any:
        values = self.runs.values(number, place)
        if output >= len(values):
            raise UnknownNameError(f"the layer has no output {output}", {"it has": len(values)})
        return values[output]

    def _parameter(self, name: str) -> Any:
        known = weights_of(self.runs.first.trace._record.session.graph)
        if name not in known:
            raise UnknownNameError(f"there is no parameter {name[:80]!r}")
        array = known[name].array
        return array if is_array(array) else as_numpy(array)

    def _drawing(self, number: int, form: str) -> bytes:
        trace = self.runs[number].trace
        return as_bytes(trace.records(), f".{form}", title=trace.title)

    # -- what if ---------------------------------------------------------------------------------------------------------

    def _run(self, words: Mapping[str, Any]) -> dict[str, Any]:
        wanted = asked(words)
        base = self.runs[wanted.base]
        graph = self.runs.first.trace._record.session.graph
        given = arrays(graph, wanted.inputs, self.runs.inputs(base.number), self._tokenizer)
        return self._told(self.runs.go({**base.inputs, **given}, wanted.patches), wanted.previews)

    def _told(self, run: Held, previews: Sequence[int]) -> dict[str, Any]:
        """What a run changed; statistics and previews of the layers that are named, if these changed."""
        layers: dict[str, Any] = {str(place): {"change": moved} for place, moved in run.changes.items()}
        for place in previews:
            if place in run.changes:
                made = self.runs.values(run.number, place)
                found = {"statistics": _statistics(made[0]), "preview": _preview(made[0])} if made else {}
                layers[str(place)] |= found
        shown = {name: _shown(value) for name, value in run.trace.outputs.items()}
        told = {"run": run.number, "ran": run.ran, "layers_changed": layers, "outputs": shown}
        told |= {"ms": run.trace.ms, "said": run.said, "patches": [repr(patch) for patch in run.patches]}
        return told | {"tokens": self._tokens(run)}

    def _tokens(self, run: Held) -> list[str] | None:
        """What the ids of the first sample stand for, of the first input that is ids."""
        if self._tokenizer is None:
            return None
        for value in self.runs.inputs(run.number).values():
            if is_array(value) and value.ndim in (1, 2) and str(value.dtype).startswith("torch.int") and value.numel():
                return self._tokenizer.pieces(value.reshape(-1, value.shape[-1])[0].tolist())
        return None

    def _python(self, number: int) -> str:
        run, first = self.runs[number], self.runs.first.trace
        if number == 1 and self._state.beside == 1:
            raise UsageError("this run is of what the model is compared with", {"the way out": "laminae.compare(a, b, x)"})
        session = first._record.session
        names = [value.name for value in session.graph.inputs] if session.interface is None else session.interface.names
        engine, device = first._record.run.engine.name, first._record.run.device
        options = {"engine": engine} if engine != DEFAULT else {}
        options |= {"device": str(device)} if device.type != "cpu" else {}
        patches = (*first.patches, *run.patches)
        return as_python(self._source, self.runs.inputs(0), run.inputs, patches, names, options)


def view(trace: Trace, *, port: int, beside: Trace | Model | None, expected: Any, tokenizer: Any, browser: bool) -> Viewer:
    """As `Trace.view`."""
    looked = Looked(trace.title, tokenizer)
    looked.show(trace, beside=beside, expected=expected)
    viewer = Viewer(looked.session(), port)
    if browser:
        viewer.open_browser()
    return viewer


# -- as JSON -------------------------------------------------------------------------------------------------------------


def _document(trace: Trace, compared: Sequence[OutputComparison], comparison: ModelComparison | None) -> dict[str, Any]:
    """What the page draws; values are asked for when they are looked at, only a small pass is looked through before."""
    more: dict[str, Any] = {}
    if comparison is not None:
        first = comparison.first
        more = {"differences": comparison.layers, "other": _other(comparison), "first": "" if first is None else first.name}
    if trace.complete and sum(record.bytes for record in trace.records()) <= HUNTED:
        with RUNNING:
            more["findings"] = tuple(trace.hunt())
    records = trace.records(anatomy=True)
    about: dict[str, Any] = {"title": trace.title, "facts": trace.facts(), "version": laminae.__version__, "ms": trace.ms}
    return document(Document(records, compared=compared, live=True, **about, **more))


def _other(comparison: ModelComparison) -> str:
    """What stands beside, by its name where that tells it apart."""
    mine, theirs = comparison.names
    return theirs if theirs != mine else "the other"


def _preview(value: Any) -> Any:
    """What is seen of a value at a glance."""
    found = preview(value)
    return None if found is None else found.as_json()


def _output(value: Any) -> dict[str, Any]:
    counted = value if isinstance(value, Histogram) else histogram(value) if is_array(value) else None
    bins = None if counted is None else histogram_json(counted)
    return {"statistics": _statistics(value), "histogram": bins, "preview": _preview(value)}


def _statistics(value: Any) -> dict[str, Any] | None:
    """None of what has none: nothing, texts, sequences, what has no elements."""
    return statistics_json(value if isinstance(value, Statistics) else statistics(value))


def _shown(value: Any) -> dict[str, Any]:
    """An output: its numbers, row by row, where they are few."""
    if not is_array(value):
        return {"shape": None, "dtype": type(value).__name__, "values": None}
    few = value.numel() <= SHOWN
    array = plain(as_numpy(value)) if few else None
    numbers = None if array is None or array.dtype.kind == "c" else array.ravel().tolist()
    return {"shape": list(value.shape), "dtype": str(value.dtype).removeprefix("torch."), "values": numbers}


__all__ = ["Looked", "Source", "view"]
