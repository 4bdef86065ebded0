"""A forward pass that its user steps through."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from laminae import graph as rooms
from laminae.api.layer import Layer
from laminae.base.errors import UsageError
from laminae.base.records import LayerRecord
from laminae.see.rendering import Table
from laminae.see.table import trace_table
from laminae.trace.breakpoints import Breakpoint, breakpoint_of
from laminae.trace.steps import Given, Walk

if TYPE_CHECKING:
    from laminae.api.model import Model

Stop = tuple[Layer, Any]
"""A layer that ran, and its output."""


class Steps:
    """A forward pass, a layer at a time: `for layer, value in model.steps(x)`.

    After each layer, input layers included, the pass waits: `layer` is what ran, `value` its output, `inputs` what it was given,
    by name; all are copies, so that writing into them changes nothing. `replace(new)` puts another value in place of the output,
    which the following layers read. Layers in bodies run in the one step of the layer they stand in. Values are those of
    `model.run(x)`, bit for bit, and each is freed when no layer is left to read it; leaving the loop, `close` or the end of a
    `with` frees all.
    """

    def __init__(self, model: Model, walk: Walk, until: object = None) -> None:
        self._model, self._walk = model, walk
        self._until = None if until is None else self._breakpoint(until)

    def _breakpoint(self, until: object) -> Breakpoint:
        if callable(until):
            return self._told(until)
        if isinstance(until, list | tuple):
            until = [self._told(part) if callable(part) else part for part in until]
        return breakpoint_of(self._model.graph, until)

    def _told(self, stops: Callable[..., Any]) -> Breakpoint:
        """A user's function is handed the layer as he holds it, and a copy of its output."""

        def holds(layer: rooms.Layer, value: Any) -> bool:
            try:
                return bool(stops(Layer(self._model, layer), self._walk.value))
            except Exception as error:
                rows = {"because": f"{type(error).__name__}: {error}", "expected": "a function of layer and value: true to stop"}
                raise UsageError(f"the breakpoint's function failed at layer {layer.name!r}", rows) from error

        return holds

    def step(self) -> Stop | None:
        """Run the next layer, whatever it is; None where none is left. Raises what `model(x)` would."""
        return self._here() if self._walk.step() else None

    def run(self, until: object = None) -> Stop | None:
        """Run on to the next layer where the breakpoint holds, and stop after it; None where the end came first.

        until: this once, in place of the breakpoint that the steps have; without either, to the end.
        """
        stops = self._until if until is None else self._breakpoint(until)
        while self._walk.step():
            layer = self._walk.layer
            if stops is not None and layer is not None and stops(layer, self._walk.made):
                return self._here()
        return None

    def replace(self, new: Any) -> None:
        """Put another value in place of the output of the layer that ran last: the layers that follow read it.

        new: an array, lists of numbers, or a number for all elements; of several outputs a tuple, None for those that stay.
        Raises PatchError for an array of another dtype; UsageError before the first layer.
        """
        self._walk.replace(new)

    @property
    def layer(self) -> Layer | None:
        """What ran last; None before the first."""
        return None if self._walk.layer is None else Layer(self._model, self._walk.layer)

    @property
    def value(self) -> Any:
        """Its output: a tensor, or a tuple where it has several."""
        return self._walk.value

    @property
    def inputs(self) -> Given:
        """What it was given: the values and parameters that it reads, by name (or by the name of the layer that made them)."""
        return self._walk.inputs

    @property
    def done(self) -> bool:
        """Whether every layer has run."""
        return self._walk.done

    @property
    def output(self) -> Any:
        """What the model gives, with what was replaced. Raises UsageError while layers are left."""
        return self._walk.output

    @property
    def records(self) -> tuple[LayerRecord, ...]:
        """What ran so far, a plain record for each layer; their values are not kept."""
        return tuple(self._walk.records)

    def table(self) -> Table:
        """What ran so far: operator, shape, time, bytes."""
        left = f"{self._walk.left} of {len(self._walk.records) + self._walk.left} layers left"
        ms = sum(record.ms or 0.0 for record in self._walk.records)
        return trace_table(self.records, f"{self._model.name or 'model'} · {left}", ms=ms)

    def close(self) -> None:
        """Let go of every value."""
        self._walk.close()

    def _here(self) -> Stop:
        assert self._walk.layer is not None
        return Layer(self._model, self._walk.layer), self._walk.value

    def __iter__(self) -> Steps:
        return self

    def __next__(self) -> Stop:
        stop = self.step() if self._until is None else self.run()
        if stop is None:
            raise StopIteration
        return stop

    def __enter__(self) -> Steps:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __len__(self) -> int:
        """How many layers have run."""
        return len(self._walk.records)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        at = "before the first layer" if self.layer is None else f"at {self.layer.name!r}"
        return f"Steps({at}, {self._walk.left} layers left)"

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()
