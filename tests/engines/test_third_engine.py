"""An engine is what `engines/interface.py` says and no more: one made of the reference evaluator runs, stores, patches, resumes."""

import pytest
import torch
from hypothesis import given, settings
from onnx.reference import ReferenceEvaluator

import laminae as lm
from laminae.api.model import Model
from laminae.base.arrays import as_value
from laminae.engines import choice
from laminae.engines.filling import Filled, fill, output
from laminae.engines.held import Held
from laminae.files.onnx_writer import to_proto
from laminae.graph import Parameter
from laminae.graph.extract import extract
from laminae.plan.changes import NO_CHANGES
from laminae.plan.plan import make_plan
from laminae.plan.resolve import resolve
from tests.graphs import graphs, inputs, seeds


class ReferenceEngine:
    """Each layer alone, by the NumPy reference."""

    name = "reference"
    home = torch.device("cpu")

    def __init__(self, graph, examples):
        self.graph = graph

    def call(self, given, device):
        found = self._found(dict(zip(self.graph.inputs, given, strict=True)), self.graph.layers, NO_CHANGES)
        return tuple(output(out, found, NO_CHANGES).clone() for out in self.graph.outputs)

    def record(self, given, policy, device, *, backward=False, changes=NO_CHANGES, first=0):
        known = dict(zip(self.graph.inputs, given, strict=True))
        return fill(self._begun(policy), self._found(known, self.graph.layers, changes), changes, first)

    def partial(self, given, layers, policy, device, *, changes=NO_CHANGES, states=None):
        run = self._begun(policy)
        run.ran = [place for place, step in enumerate(run.plan.steps) if step.layer in layers]
        return fill(run, self._found(dict(given), layers, changes), changes)

    def _begun(self, policy):
        run = Filled(make_plan(self.graph, resolve(self.graph), policy, roomy=True), self.home, self)
        run.held = Held(run.plan.parameters)
        return run

    def _found(self, known, layers, changes):
        for layer in self.graph.layers:
            if layer in layers and not layer.is_input:
                made = self._made(layer, known)
                values = tuple(next(made) if v is not None else None for v in layer.outputs)
                values = changes.layers[layer](values) if layer in changes.layers else values
                known |= {v: value for v, value in zip(layer.outputs, values, strict=True) if v is not None}
        return known

    def _made(self, layer, known):
        part = extract(self.graph, [layer])
        part.outputs = tuple(v for v in part.layers[-1].outputs if v is not None)
        part.changed()
        feeds = {v.name: known[v].numpy() for v in layer.reads if not isinstance(v, Parameter)}
        return iter([as_value(value) for value in ReferenceEvaluator(to_proto(part)).run(None, feeds)])


@pytest.fixture
def reference(monkeypatch):
    monkeypatch.setitem(choice.ENGINES, "reference", f"{__name__}:ReferenceEngine")
    monkeypatch.setattr(choice, "import_module", lambda place: __import__("sys").modules[place])


def close(a, b):
    return a.shape == b.shape and torch.allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("reference")
def test_it_runs_stores_patches_and_resumes():
    kinds = ("Relu", "Tanh", "Sigmoid", "Neg", "Add", "Mul", "Gemm", "Split")

    @settings(max_examples=20)
    @given(graph=graphs(kinds=kinds), seed=seeds)
    def check(graph, seed):
        model, x = Model(graph=graph), inputs(graph, seed)
        mine, theirs = model.run(*x), model.run(*x, engine="reference")
        assert all(close(value, theirs.values[name]) for name, value in mine.values.items())
        layers = [layer.name for layer in graph.layers if not layer.is_input]
        patch = lm.patch.scale(layers[len(layers) // 2], 0.5)
        for trace in (theirs.resume(patch), model.run(*x, engine="reference", patch=patch)):
            assert all(map(close, mine.resume(patch).outputs.values(), trace.outputs.values()))

    check()
