"""How a layer runs its inner models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from laminae.base.errors import LayerError
from laminae.graph import Graph, Layer, Parameter, Value

if TYPE_CHECKING:
    from laminae.engines.torch.passes import Run
    from laminae.engines.torch.program import Program


class Context:
    """What an operator with bodies is handed for one turn of its layer."""

    __slots__ = ("_caught", "_given", "_layer", "_program", "_run", "_values")

    def __init__(
        self,
        program: Program,
        layer: Layer,
        run: Run,
        values: list[Any],
        caught: Sequence[tuple[Value | Parameter, int]],
        given: dict[str, Any],
    ) -> None:
        self._program, self._layer, self._run = program, layer, run
        self._values, self._caught, self._given = values, caught, given

    def run_body(self, body: Graph, *inputs: Any) -> tuple[Any, ...]:
        """One pass through a body, with the outer values it reads. Returns its outputs; the trace keeps what it stored."""
        outer = {item: self._values[slot] for item, slot in self._caught}
        label = next(name for name, graph in self._layer.bodies.items() if graph is body)
        if len(inputs) != len(body.inputs):
            raise LayerError(f"body {label!r} takes {len(body.inputs)} inputs, it was given {len(inputs)}")
        program = self._program.inner(body, f"{self._layer.path}/{label}", self._given)
        inner = self._run.inside(self._layer, self._layer.path, label, program)
        return program.body(inner, inputs, outer)

    def run_between(self, starts: Sequence[str], end: str, *inputs: Any) -> Any:
        """The value named `end` of the graph around the layer, made anew out of `inputs` in place of the values `starts`."""
        program = self._program.between(starts, end)
        run = type(self._run)(program, f"{self._run.path}{self._layer.path}/", within=self._run.within)
        return program.body(run, inputs, {})[0]
