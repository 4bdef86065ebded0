"""`lm.compare`: two models, traces or engines, or a trace and expected values, layer by layer."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from laminae.api.activations import Activations
from laminae.api.model import Model
from laminae.api.trace import Trace
from laminae.base.arrays import is_array, is_tensor
from laminae.base.differences import LayerComparison
from laminae.base.errors import EngineError, InputError, LaminaeError, ModelError, UsageError
from laminae.base.records import ATOL, RTOL
from laminae.compare.expectation import tolerance
from laminae.compare.expected import lay_over, values_of
from laminae.compare.layers import Compared, compare_layers
from laminae.compare.matching import Given, match, same
from laminae.compare.numbers import noise
from laminae.compare.sides import Side, side_of_graph, side_of_record
from laminae.graph.select import unknown
from laminae.see.differences import differences_table
from laminae.see.report import LIMIT
from laminae.see.table import Table

EXPECTED = "a Model, a Trace, or expected values: a dict by name, an .npz, a folder of .npy"


class ModelComparison:
    """Two models held against each other, layer by layer. True where nothing is out of tolerance; prints as a table.

    layers: a record for each layer of `a` that `b` has too, in forward order, and where they make a difference those that only
    one has. only_a, only_b: the layers without a counterpart that make none. a, b: the traces, None where there is none.
    """

    def __init__(
        self,
        compared: Compared,
        names: tuple[str, str],
        tolerance: tuple[float, float],
        traces: tuple[Trace | None, Trace | None],
    ) -> None:
        self.layers = compared.layers
        self.only_a, self.only_b, self.notes = compared.only_a, compared.only_b, compared.notes
        self.names, self.a, self.b = names, *traces
        self.rtol, self.atol = tolerance
        self._whole = compared.whole

    @property
    def correct(self) -> bool:
        """Whether every layer is within tolerance, as it ran and by itself, and every output was compared."""
        return self._whole and all(layer.correct for layer in self.layers)

    @property
    def first(self) -> LayerComparison | None:
        """The first layer, in a's forward order, that differs by itself and not only because of layers before it.

        Where own errors are not known, or none is out of tolerance, the first that differs at all. None where nothing does.
        """
        own = next((layer for layer in self.layers if layer.differs_itself), None)
        return own or next((layer for layer in self.layers if not layer.correct), None)

    @property
    def own_worst(self) -> LayerComparison | None:
        """The layer with the largest own error beside the size of its values (the lowest signal to noise ratio); None where no
        own error is known, or all are 0."""
        known = [layer for layer in self.layers if layer.own is not None and layer.own.max_abs > 0]
        return max(known, key=lambda layer: noise(layer.own) if layer.own is not None else 0.0, default=None)

    @property
    def matching(self) -> dict[str, str]:
        """Layer of `a` → the layer of `b` that it was held against."""
        return {layer.name: layer.other for layer in self.layers if layer.how}

    def __getitem__(self, name: str) -> LayerComparison:
        """The record of a layer, by its name in `a`, else in `b`. Raises UnknownNameError."""
        for names in ({x.name: x for x in self.layers}, {x.other: x for x in self.layers}):
            if name in names and name:
                return names[name]
        raise unknown("layer", name, [layer.name for layer in self.layers if layer.name])

    def __iter__(self) -> Iterator[LayerComparison]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def records(self) -> tuple[LayerComparison, ...]:
        """A plain record for each layer."""
        return self.layers

    def table(self, *, full: bool = False) -> Table:
        """Each layer with its error as it ran and its own; of many, those that tell something unless `full`."""
        alone = [_alone(names, which) for names, which in ((self.only_a, "a"), (self.only_b, "b")) if names]
        title = " against ".join(reversed(self.names)) if len(set(self.names)) > 1 else self.names[0]
        return differences_table(self.layers, self.first, self.own_worst, title=title, notes=[*self.notes, *alone], full=full)

    def report(self, path: str | os.PathLike[str], *, max_mb: float = LIMIT) -> None:
        """Write all of it as one HTML file: the drawing of `a`, each layer beside its counterpart, the first that differs marked.

        max_mb: as for `Trace.report`. Raises UsageError for another ending, FileError.
        """
        from laminae.api.reporting import report_comparison

        report_comparison(self, path, max_mb)

    def __bool__(self) -> bool:
        return self.correct

    def __str__(self) -> str:
        return str(self.table())

    def __repr__(self) -> str:
        first = self.first
        told = "all within tolerance" if first is None else f"first to differ: {first.name or first.other!r}"
        return f"ModelComparison({len(self.layers)} layers, {told})"

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def compare(
    a: Any,
    b: Any,
    x: Any = None,
    *,
    match: Given = None,
    rtol: float = RTOL,
    atol: float = ATOL,
    engine: Any = None,
    device: Any = None,
) -> ModelComparison:
    """Hold two models against each other layer by layer, and name the first that differs by itself.

    a, b: models, which run `x`; traces of earlier runs; for one of them expected values by value, layer, path or group: a dict,
    an .npz, a folder of .npy or one that `trace.save` wrote, what `lm.load` gives for it. `a` (or the expected values) is what
    should be. x: one input, a tuple of several, or a dict by name; of a module's model the example where not given. engine,
    device: as for `Model.run`; a pair of engines is a's and b's.

    Layers are matched by their weights' names, layer and value names, paths, and by structure: the same kind of operator on
    matched values. match: more pairs, {"name in a": "name in b"} or a function from name to name; they come first.

    Own errors: each layer of `b` (or stretch of layers between matched values) is run on what `a` stored, and its output held
    against a's. What is out of tolerance there is where a difference begins; any other difference is inherited.
    An element is right where |found − expected| ≤ atol + rtol · |expected|. Shapes are never broadcast: a difference of shapes
    is said, another order of axes recognised.

    Raises UsageError where neither can run, or there is no input; UnknownNameError for names that are not there.
    """
    limits = tolerance("rtol", rtol), tolerance("atol", atol)
    if not _runs(a) and not _runs(b):
        raise UsageError("neither of the two is a model or a trace", {"found": _kinds(a, b), "expected": EXPECTED})
    if not _runs(a) or not _runs(b):
        return _with_expected(*((a, b) if _runs(a) else (b, a)), x, limits, _engines(engine)[0], device)
    engines = _engines(engine)
    first = _trace(a, x, engines[0], device)
    second, side_b, failure = _second(b, a, x, first, engines[1], device)
    compared = compare_layers(_matched(a, b, side_of_record(first._record), side_b, match), *limits)
    if failure is not None:
        compared = replace(compared, notes=(f"b fails: {failure.message}", *compared.notes), whole=False)
    return ModelComparison(compared, (_name(a), _name(b)), limits, (first, second))


def _alone(names: Sequence[str], which: str) -> str:
    shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    return f"Without counterpart in {'b' if which == 'a' else 'a'}, only in {which}: {shown}."


def _matched(a: Any, b: Any, side_a: Side, side_b: Side, given: Given) -> Any:
    """Two runs of one unchanged graph match as they are."""
    one = side_a.session is not None and side_b.session is not None and side_a.session.graph is side_b.session.graph
    if one and given is None and not side_a.why and not side_b.why:
        return same(side_a, side_b)
    return match(side_a, side_b, given)


def _runs(side: Any) -> bool:
    if isinstance(side, Model | Trace):
        return True
    if isinstance(side, Activations):
        return False
    if isinstance(side, Mapping | str | os.PathLike) and not str(side).endswith((".onnx", ".pt2")):
        return False
    way = "lm.open(…)" if isinstance(side, str | os.PathLike) else "lm.open(module, example=…)"
    raise UsageError(f"cannot compare a {type(side).__name__}", {"expected": EXPECTED, "to open a model": way})


def _kinds(*sides: Any) -> str:
    return " and ".join(type(side).__name__ for side in sides)


def _engines(engine: Any) -> tuple[Any, Any]:
    return (engine[0], engine[1]) if isinstance(engine, tuple | list) and len(engine) == 2 else (engine, engine)


def _name(side: Any) -> str:
    return side.title if isinstance(side, Trace) else side.graph.name or "model"


def _with_expected(run: Any, values: Any, x: Any, limits: Any, engine: Any, device: Any) -> ModelComparison:
    trace = _trace(run, x, engine, device)
    side = side_of_record(trace._record)
    expected, loose = lay_over(side, values_of(values.path if isinstance(values, Activations) else values))
    compared = compare_layers(same(expected, side), *limits)
    compared = replace(compared, only_a=tuple(loose), only_b=())
    return ModelComparison(compared, ("expected", _name(run)), limits, (None, trace))


def _trace(side: Any, x: Any, engine: Any, device: Any) -> Trace:
    """The trace itself, or that of a run."""
    if isinstance(side, Trace):
        return side
    if x is None:
        x = side.example
    if x is None and side.graph.input_layers:
        raise UsageError("there is no input to run the models on", {"give": "lm.compare(a, b, x)"})
    options = {name: value for name, value in (("engine", engine), ("device", device)) if value is not None}
    given = x if isinstance(x, tuple) else () if x is None else (x,)
    trace: Trace = side.run(*given, **options)
    return trace


def _second(b: Any, a: Any, x: Any, first: Trace, engine: Any, device: Any) -> tuple[Trace | None, Side, LaminaeError | None]:
    """b's trace; of a model that fails on the way its layers alone, and why."""
    if isinstance(b, Trace):
        return b, side_of_record(b._record), None
    given = _inputs_for(b, first) if isinstance(a, Model) or x is None else x
    try:
        trace = _trace(b, given, engine, device)
    except (UsageError, InputError, EngineError, ModelError):
        raise
    except LaminaeError as error:
        return None, side_of_graph(b._session), error
    return trace, side_of_record(trace._record), None


def _inputs_for(b: Model, first: Trace) -> dict[str, Any]:
    """What went into `a`, by the names of b's inputs: of the same name, else in order; floats in b's dtype."""
    stored = {entry.name: entry.output for entry in first.layers if entry.is_input}
    layers = b.graph.input_layers
    if len(stored) != len(layers):
        raise UsageError(
            f"a takes {len(stored)} inputs, b {len(layers)}", {"a": ", ".join(stored), "b": ", ".join(x.name for x in layers)}
        )
    by_name = all(layer.name in stored for layer in layers)
    values: Sequence[Any] = [stored[layer.name] for layer in layers] if by_name else list(stored.values())
    return {value.name: _as_declared(held, value.dtype) for value, held in zip(b.graph.inputs, values, strict=True)}


def _as_declared(held: Any, dtype: str | None) -> Any:
    """A float of another size becomes the declared one; anything else is b's to refuse."""
    if dtype is None or not is_tensor(held) or not is_array(held) or not held.is_floating_point() or "float" not in dtype:
        return held
    import torch

    wanted = getattr(torch, dtype, None)
    return held if wanted is None else held.to(wanted)


__all__ = ["ModelComparison", "compare"]
