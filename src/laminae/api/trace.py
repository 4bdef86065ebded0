"""The record of one forward pass as users hold it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from laminae.api.sweeping import Effects, Sweep
from laminae.base.errors import UnknownNameError, UsageError
from laminae.base.records import ATOL, RTOL, LayerRecord, OutputComparison
from laminae.compare.expectation import compare, times_allowed
from laminae.graph.select import is_glob, matches, unknown
from laminae.see.comparison import comparison_table
from laminae.see.drawing import notebook
from laminae.see.drawing.write import draw
from laminae.see.report import LIMIT
from laminae.see.table import Table, trace_table
from laminae.trace.disk.single import saved
from laminae.trace.effects import effects
from laminae.trace.patch import Patch, zero
from laminae.trace.record import Entry, Record
from laminae.trace.sweep import sweep

if TYPE_CHECKING:
    from laminae.api.hunting import Hunt
    from laminae.api.learning import Backward
    from laminae.api.model import Model
    from laminae.see.viewer.serve import Viewer


class Comparison:
    """Outputs held against the expectation. True where every output is right; prints as a table."""

    def __init__(self, outputs: tuple[OutputComparison, ...], x: Any, title: str) -> None:
        self.outputs = outputs
        self._x, self._title = x, title

    @property
    def correct(self) -> bool:
        """Whether every output is within tolerance."""
        return bool(self.outputs) and all(output.correct for output in self.outputs)

    @property
    def worst(self) -> OutputComparison:
        """The output with the element that oversteps its tolerance most; of equals, that of the larger error.

        Raises UsageError where no output was compared.
        """
        if not self.outputs:
            raise UsageError("no output was compared, so none is the worst")
        return max(self.outputs, key=lambda o: (float(times_allowed(o.worst, o.allowed)), o.worst))

    def table(self) -> Table:
        """x | expected | model(x) | correct?, a row for each sample."""
        return comparison_table(self.outputs, self._x)

    def __bool__(self) -> bool:
        return self.correct

    def __str__(self) -> str:
        return str(self.table())

    def __repr__(self) -> str:
        if not self.outputs:
            return "Comparison(of no output)"
        right = sum(o.correct for o in self.outputs)
        return f"Comparison({right} of {len(self.outputs)} outputs right, worst {self.worst.worst:.3g} in {self.worst.name!r})"

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


class Trace:
    """What every layer made, in forward order.

    `trace["L2"]` is a layer's output (a tuple where it has several); a group gives its last layer's; a glob a dict.
    As in torch, an output may be a view of another (a Reshape of what it read): write into a copy.
    """

    def __init__(self, record: Record, title: str, facts: str) -> None:
        self._record = record
        self.title = title
        self._facts = facts

    @property
    def layers(self) -> tuple[Entry, ...]:
        """What ran, in order; layers inside bodies by path."""
        return self._record.entries

    @property
    def values(self) -> Mapping[str, Any]:
        """Stored outputs by value name."""
        return self._record.values

    @property
    def output(self) -> Any:
        """What `model(x)` gives: a tensor, a tuple where there are several, or the structure of the module it was read from."""
        return self._record.output

    @property
    def outputs(self) -> dict[str, Any]:
        """The outputs by name, in order."""
        return self._record.outputs

    @property
    def ms(self) -> float:
        """Time of the whole pass, in milliseconds; of a resumed one, of the layers that ran."""
        return self._record.ms

    @property
    def complete(self) -> bool:
        """Whether every output of every layer was stored, and all of it."""
        return all(entry.kept and not entry.part for entry in self.layers)

    def facts(self) -> str:
        """One line: the model, and how it ran: on which other engine, how many layers of a resumed pass."""
        return " · ".join(filter(None, (self._facts, self._record.summary)))

    def __getitem__(self, name: str | int) -> Any:
        """What a layer stored, by name, path or place, or by a value's name; of a group its last layer's; of a glob a dict.

        A tensor, or a tuple where the layer has several outputs. Raises UnknownNameError for what is not there or was not stored.
        """
        entries = self._record.by_name
        if isinstance(name, int) and -len(self.layers) <= name < len(self.layers):
            return _stored(self.layers[name])
        if not isinstance(name, str):
            raise UnknownNameError(
                f"trace[{name!r}] is nothing", {"there are": f"{len(self.layers)} layers, by name, path, glob or place"}
            )
        if name in entries:
            return _stored(entries[name])
        if name in self.values:
            return self.values[name]
        group = [e for e in self.layers if e.path.startswith(name.strip("/") + "/") and not e.inside]
        if group:
            return _stored(group[-1])
        if is_glob(name) or name.startswith("op:"):
            found = {e.name: e.output for e in self.layers if e.kept and matches(name, name=e.name, path=e.path, operator=e.op)}
            if found:
                return found
        raise unknown("layer", name, entries)

    def __contains__(self, name: str) -> bool:
        group = f"{name.strip('/')}/" if isinstance(name, str) else None
        return name in self._record.by_name or name in self.values or any(group and e.path.startswith(group) for e in self.layers)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._record.by_name)

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.layers)

    def __reduce__(self) -> tuple[object, ...]:
        raise UsageError("a trace is not pickled or copied", {"keep": "its tensors: dict(trace.values), or trace.save(folder)"})

    def records(self, *, statistics: bool = False, anatomy: bool = False) -> tuple[LayerRecord, ...]:
        """A plain record for each layer, for tables, JSON and drawings.

        statistics: with what its outputs are made of; anatomy: with its attributes, parameters and a sentence on its operator.
        """
        return tuple(entry.record(statistics=statistics, anatomy=anatomy) for entry in self.layers)

    def compare(self, expected: Any, *, rtol: float = RTOL, atol: float = ATOL) -> Comparison:
        """Hold the outputs against the expectation: an array, one for each output in order, or a dict by name.

        An element is right where |found − expected| ≤ atol + rtol · |expected|. Raises ShapeError where shapes differ.
        """
        inputs = [entry.output for entry in self.layers if entry.is_input and entry.kept and not entry.part]
        return Comparison(compare(self.outputs, expected, rtol=rtol, atol=atol), inputs[0] if inputs else None, self.title)

    @property
    def patches(self) -> tuple[Patch, ...]:
        """What was put in place of what layers make, in this run and those it resumed."""
        return self._record.patches

    def resume(self, patch: Any) -> Trace:
        """What if? Runs only the layers that depend on what a patch changes, the others' outputs being taken from this trace.

        patch: as for `model.run`; it comes on top of those that this trace was made with. What must be known and was not stored
        is computed again, which the table says. Layers that draw random numbers draw the same again.

        Raises PatchError where a parameter has changed or the model was edited since, and where a patch does not fit;
        ShapeError naming the first layer that cannot take what a patch gives.
        """
        return Trace(self._record.session.resume(self._record, patch), self.title, self._facts)

    def sweep(self, patches: Sequence[Any], *, exact: bool = False, batch: int | None = None) -> Sweep:
        """What if, in many ways: the outputs for each of several patches (each may be a list of them).

        Patches of the same layers to one shape run as one batch (at most `batch` at once, by default as many as memory and
        speed allow), the layers before them not at all. Batched numbers may differ in their last bits; exact: one after another,
        with the bits of `resume`. What cannot be one batch (a patched parameter, an operator that looks at values) runs one by
        one, and `sweep.how` says why. Raises what `resume` raises, and UsageError where `batch` is no number of ways.
        """
        return Sweep(sweep(self._record.session, self._record, patches, exact=exact, batch=batch), self.outputs)

    def effects(
        self, patch: Callable[[str], Any] = zero, layers: Any = None, *, measure: str | Callable[[Any], Any] = "relative"
    ) -> Effects:
        """Every layer patched in turn: what each does to the output.

        patch: a function that gives a patch for a layer's name (`lm.patch.zero`, `lambda name: lm.patch.scale(name, 0.9)`).
        layers: names, groups, globs; all that stored a tensor of floats, unless given. measure: "relative" (‖patched − plain‖ /
        ‖plain‖), "max", "kl" (of the last axis' logits, in nats), or a function of the output whose change is taken. Raises what
        `resume` raises; UsageError where the patch or the measure is none; UnknownNameError where no layer is stored.
        """
        found = effects(self._record.session, self._record, patch, layers, measure)
        return Effects(found, measure if isinstance(measure, str) else getattr(measure, "__name__", "measure"), self.title)

    def hunt(self, **thresholds: float) -> Hunt:
        """What is wrong in this pass, as `lm.hunt` finds it; thresholds as there (`dead=0.3`).

        Where not everything was stored the pass is run again, every output being measured and let go. Raises UsageError for a
        threshold there is not; PatchError where it must run again and a parameter has changed or the model was edited since.
        """
        from laminae.api.hunting import hunt_trace

        return hunt_trace(self._record, self._facts, **thresholds)

    def backward(
        self,
        loss: Any,
        expected: Any,
        *,
        output: str | int | None = None,
        store: object = None,
        until: str | None = None,
        patch: Any = None,
        freeze: Sequence[str] | str = (),
        per_sample: bool = False,
    ) -> Backward:
        """The backward pass: from the loss in reverse through the layers.

        `back["L2"]` is the delta of each layer's output, `back.weights[…]` each derivative. The model, its weights and their
        `grad` stay as they are. A trace that was not made with backward=True runs again first, with the same random numbers,
        which `back.said` tells.

        - loss: a name ("mse", "cross_entropy"), `lm.loss.…(…)`, or a function of (output, expected). output: which of several.
        - store: which deltas are kept, and what of them, as for `model.run` (all unless given). until: stop at this layer.
        - patch: other values in place of deltas on their way (`lm.patch.scale("L2", 0.5)`).
        - freeze: weights, layers, groups or globs that get no derivative.
        - per_sample: `back.weights` are [samples, …], the derivatives of each sample's own loss; `back.samples` has more of them.

        Raises ShapeError or DTypeError where the expectation does not fit (nothing is broadcast), UsageError for a class id that
        is none, naming the sample, and where a weight has changed since the trace was made.
        """
        from laminae.api.learning import Backward, samples_of
        from laminae.learn.one_step import one_step

        asked: dict[str, Any] = {"output": output, "store": store, "until": until, "patch": patch, "freeze": freeze}
        step = one_step(self._record, loss, expected, **asked, of_weights=not per_sample)
        if per_sample:
            more = {"output": output, "freeze": freeze}
            return Backward(step, self.title, samples_of(step, self._record, expected, until, patch, more))
        return Backward(step, self.title)

    def attribute(
        self, of: Callable[[Any], Any], by: Sequence[str] | str, *, method: str = "gradient", baseline: Any = 0.0, steps: int = 64
    ) -> dict[str, Any]:
        """Where a number of the output comes from: for each layer that `by` means, a tensor of its output's shape.

        of: a function of the output that gives one number (`lambda y: y[0, 3]`). by: layers, groups, globs, input layers too.
        method: "gradient"; "gradient × activation" (or with an x); "integrated", whose sum is what the number gains on the way
        from `baseline` (a number, or a value of the output's shape) to the value, computed at `steps` points.
        Raises UsageError where the number does not depend on it.
        """
        from laminae.learn.attribution import attribute

        return attribute(self._record, of, by, method=method, baseline=baseline, steps=steps)

    def first_not_finite(self) -> Entry | None:
        """The first layer in forward order whose stored output holds NaN or Inf; None where no stored output does.

        Layers whose outputs were not stored are passed over: store everything to be sure that it is the first of all.
        """
        return next((e for e in self.layers if any(s is not None and s.nan + s.inf for s in e.statistics)), None)

    def table(self, *, statistics: bool = False) -> Table:
        """What each layer did: operator, shape, time, bytes; with `statistics`, what its output is made of."""
        facts = self.facts()
        return trace_table(self.records(statistics=statistics), facts, ms=self.ms, statistics=statistics)

    def save(self, out: str | os.PathLike[str]) -> None:
        """Write what the store policy named to a folder, for `lm.load`. A folder that holds this run is left as it is.

        Raises FileError where it holds anything else, or cannot be written to.
        """
        saved(out, lambda: self._record)

    def draw(
        self,
        path: str | os.PathLike[str],
        *,
        expected: Any = None,
        depth: int | None = None,
        highlight: Sequence[str] | str = (),
        full: bool = False,
        direction: str | None = None,
    ) -> None:
        """The layers as boxes in order with what each stored, as an .svg, .png, .pdf or .html file.

        expected: what the output should be, drawn beside the last layer; with several outputs a dict by name. The rest, and
        what it raises, as for `model.draw`.
        """
        options = {"depth": depth, "highlight": highlight, "full": full, "direction": direction}
        draw(self.records(), path, title=self.title, expected=expected_of(self, expected), **options)

    def report(
        self,
        path: str | os.PathLike[str],
        *,
        expected: Any = None,
        beside: Trace | None = None,
        depth: int | None = None,
        highlight: Sequence[str] | str = (),
        max_mb: float = LIMIT,
    ) -> None:
        """Write one HTML file that shows all of this pass: the drawing, and for each layer what it is and what it stored.

        It needs nothing but itself, and can be sent by mail. expected: what the outputs should be, as for `compare`, or what that
        gave. beside: another pass, whose values stand beside these. depth: how many levels of groups are open at first.
        highlight: layers, groups, globs. max_mb: pictures are made smaller to stay within so many megabytes, which the page then
        says; statistics are exact. Where everything was stored, what `hunt` finds is marked.

        Raises UsageError, UnknownNameError, ShapeError where an expectation does not fit, FileError.
        """
        from laminae.api.reporting import report_trace

        report_trace(self, path, expected=expected, beside=beside, depth=depth, highlight=highlight, max_mb=max_mb)

    def view(
        self,
        *,
        expected: Any = None,
        beside: Trace | Model | None = None,
        tokenizer: Any = None,
        port: int = 0,
        browser: bool = False,
    ) -> Viewer:
        """A page on this machine that looks into the trace and asks what if, in a thread of its own; in a notebook a link to it.

        `viewer.url` is its whole address; `viewer.close()`, the end of a `with` or of the process end it. expected: what the
        outputs should be. beside: another trace, or a model that runs the same input, held beside it layer by layer. tokenizer:
        turns text into ids: the path of a tokenizer.json, a tokenizer, a function. port: 0 takes any that is free. browser: open
        it here.
        Raises MissingPackageError without the extra `serve`, UsageError where the port cannot be had.
        """
        from laminae.api.viewing import view

        return view(self, port=port, beside=beside, expected=expected, tokenizer=tokenizer, browser=browser)

    def __repr__(self) -> str:
        return f"Trace({self.title}: {len(self.layers)} layers, {self.ms:.2f} ms)"

    def __str__(self) -> str:
        return str(self.table())

    def _repr_svg_(self) -> str | None:
        return notebook.picture(self.records(), title=self.title)

    def _repr_html_(self) -> str:
        return notebook.both(self._repr_svg_(), self.table())


def expected_of(trace: Trace, expected: Any) -> Any:
    """What the last of the outputs should be, as an array; None where nothing is said of it."""
    if isinstance(expected, Mapping):
        expected = expected.get(list(trace.outputs)[-1])
    return None if expected is None else np.asarray(expected)


def _stored(entry: Entry) -> Any:
    if not entry.kept:
        why = {"because": entry.why, "the way out": "engine='torch'"} if entry.why else {}
        raise UnknownNameError(
            f"the output of layer {entry.name!r} was not stored", why or {"the way out": f"run with store=[…, {entry.name!r}]"}
        )
    return entry.output
