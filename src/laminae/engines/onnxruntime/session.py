"""ONNX Runtime's session of one stage: made ready once, over the parameters' own memory, until one of them is written to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from laminae.base import torch
from laminae.engines.held import Held
from laminae.engines.onnxruntime.lazy import onnxruntime
from laminae.engines.onnxruntime.model import Type, opsets_of, write
from laminae.engines.onnxruntime.refusals import failed, layers_inside, refused
from laminae.engines.onnxruntime.stages import Stage
from laminae.engines.onnxruntime.values import given, shared, taken
from laminae.graph import Graph, Parameter, Value

SILENT = 4
"""Of its log, only what ends the process: what goes wrong is raised."""

FEW = 16
"""Inputs and outputs up to which it is quicker to bind each."""


class Session:
    """What runs one stage of a graph. types: of the stage's inputs, as they come."""

    def __init__(self, graph: Graph, stage: Stage, types: Mapping[Value, Type]) -> None:
        self.graph, self.stage = graph, stage
        self.threads = torch.get_num_threads()
        self._names = [value.name for value in stage.wanted]
        self._weights: dict[str, Any] = {}
        self._session = self._made(types)
        self._held = Held(_all_parameters(stage))
        self._loops = any(inner.operator == "Loop" for layer in stage.layers for inner in (layer, *layers_inside(layer)))
        ends = (*self._session.get_inputs(), *self._session.get_outputs())
        self._plain = all(x.type.startswith("tensor(") and x.type != "tensor(string)" for x in ends)
        self._few = len(self._names) + len(stage.inputs) <= FEW

    @property
    def stale(self) -> bool:
        """Whether a parameter has been changed since it was made, or torch works with another number of threads."""
        return self.threads != torch.get_num_threads() or bool(self._held.changed())

    def run(self, known: Mapping[Value, Any], parameters: Mapping[Parameter, Any]) -> dict[Value, Any]:
        """What is wanted. parameters: what stands in place of those that the stage takes as inputs."""
        feeds = {value.name: given(known[value]) for value in self.stage.inputs}
        feeds.update((p.name, given(parameters[p])) for p in self.stage.parameters)
        try:
            made = _interruptible(self._ask, self._names, feeds) if self._loops else self._ask(self._names, feeds)
            return dict(zip(self.stage.wanted, map(taken, made), strict=True))
        except Exception as error:
            raise failed(error, self.stage) from error

    def _made(self, types: Mapping[Value, Type]) -> Any:
        """ONNX Runtime's session, of the first of the models that it takes. Raises EngineError where it takes none."""
        first: Exception | None = None
        for opsets in opsets_of(self.graph, self.stage.layers):
            model = write(self.graph, self.stage, types, opsets)
            self._weights = {p.name: shared(p.array) for p in model.outside}
            try:
                return onnxruntime.InferenceSession(model.data, self._options(), providers=["CPUExecutionProvider"])
            except Exception as error:
                first = first or error
        assert first is not None
        raise refused(first, self.stage) from first

    def _ask(self, names: list[str], feeds: dict[str, Any], told: Any = None) -> Any:
        """ONNX Runtime's values where it can hand them over; where texts or sequences are among them, NumPy arrays and lists."""
        if not self._plain:
            return self._session.run(names, feeds, told)
        if not self._few:
            return self._session.run_with_ort_values(names, feeds, told)
        binding = self._session.io_binding()
        for name, value in feeds.items():
            binding.bind_ortvalue_input(name, value)
        for name in names:
            binding.bind_output(name, "cpu")
        self._session.run_with_iobinding(binding, told)
        return binding.get_outputs()

    def _options(self) -> Any:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = SILENT
        options.intra_op_num_threads = self.threads
        # threads that wait by spinning take the processor from torch's: two such pools slow each other up to ten times
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # given in both ways nothing is kept twice: by one the session computes with them, by the other its optimiser reads them
        for name, value in self._weights.items():
            options.add_initializer(name, value)
        if self._weights:
            options.add_external_initializers(list(self._weights), list(self._weights.values()))
        return options


def _interruptible(ask: Callable[..., Any], names: list[str], feeds: dict[str, Any]) -> Any:
    """A pass that may never end: in a thread of its own, so that Ctrl-C reaches this one and stops it."""
    told = onnxruntime.RunOptions()
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(ask, names, feeds, told)
        try:
            return pending.result()
        except KeyboardInterrupt:
            told.terminate = True
            raise


def _all_parameters(stage: Stage) -> list[Parameter]:
    """Every parameter that the stage's layers read, those of their bodies included."""
    found = dict.fromkeys(x for layer in stage.layers for x in layer.reads if isinstance(x, Parameter))
    for layer in stage.layers:
        for body in layer.bodies.values():
            for _, inner in body.graphs():
                found.update(dict.fromkeys(inner.parameters.values()))
    return [x for x in found if x not in stage.parameters]
