"""Random patches and store rules for random graphs, and whether two traces are one, bit for bit."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import strategies as st

import laminae as lm
from laminae.base.records import Histogram, Statistics
from laminae.graph import Graph
from laminae.trace.record import Record
from tests.graphs import SIZE

BATCH = 3
WHERE = (
    {},
    {"axis": -1, "index": 0},
    {"axis": 0, "index": [0, -1]},
    {"axis": 1, "index": slice(1, 3)},
    {"axis": -1, "index": [2]},
)
RULES = (
    lambda names: True, lambda names: False, lambda names: names[:2], lambda names: lm.Store("all", reduce="mean"),
    lambda names: lm.Store(names[0], axis=0, index=0, dtype="bfloat16"), lambda names: [lm.Store(names[-1], reduce="stats"), *names[::2]],
    lambda names: lm.Store(lambda layer: len(layer.name) % 2 == 0), lambda names: [lm.Store("all", every=2, reduce="norm")],
)  # fmt: skip


@st.composite
def patches_of(draw: st.DrawFn, graph: Graph, values: dict[str, torch.Tensor], *, most: int = 2) -> list[lm.patch.Patch]:
    """One or more patches of layers and parameters of a graph. values: what its layers give."""
    return [draw(one_patch(graph, values)) for _ in range(draw(st.integers(1, most)))]


@st.composite
def one_patch(draw: st.DrawFn, graph: Graph, values: dict[str, torch.Tensor]) -> lm.patch.Patch:
    parameters = [p.name for p in graph.parameters.values()]
    layers = [layer.name for layer in graph.layers if _float(values.get(_first(layer)))]
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    if parameters and draw(st.booleans()) and draw(st.booleans()):
        return lm.patch.scale(draw(st.sampled_from(parameters)), float(rng.normal()))
    name = draw(st.sampled_from(layers))
    shape = tuple(values[_first(graph.index.by_name[name])].shape)
    where = draw(st.sampled_from(WHERE)) if shape == (BATCH, SIZE) else {}
    kinds = {
        "replace": lambda: lm.patch.replace(name, float(rng.normal()), **where),
        "array": lambda: lm.patch.replace(name, rng.standard_normal(shape).astype(np.float32)),
        "add": lambda: lm.patch.add(name, float(rng.normal()), **where),
        "scale": lambda: lm.patch.scale(name, float(rng.normal()), **where),
        "zero": lambda: lm.patch.zero(name, **where),
        "mean": lambda: lm.patch.mean(name, **where),
        "function": lambda: lm.patch.function(name, torch.tanh, **where),
    }
    if shape == (BATCH, SIZE):
        kinds["swap"] = lambda: lm.patch.swap(name, 0, -1, over=0)
        kinds["project"] = lambda: lm.patch.project(name, rng.standard_normal((2, SIZE)))
    return kinds[draw(st.sampled_from(sorted(kinds)))]()


def _first(layer) -> str:
    return next(v.name for v in layer.outputs if v is not None)


def _float(value) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def assert_same_bits(found: Record, expected: Record) -> None:
    """Every entry of two runs: the same layers, kept alike, of the same bits."""
    assert [e.name for e in found.entries] == [e.name for e in expected.entries]
    for one, other in zip(found.entries, expected.entries, strict=True):
        assert one.kept == other.kept, one.name
        for a, b in zip(one.values, other.values, strict=True):
            assert same(a, b), f"{one.name}: {a} is not {b}"
        for a, b in zip(one.record().outputs, other.record().outputs, strict=True):
            assert a == b, one.name
    for a, b in zip(found.run.outputs, expected.run.outputs, strict=True):
        assert same(a, b)


def same(a, b) -> bool:
    if isinstance(a, torch.Tensor):
        return (
            a.shape == b.shape and a.dtype == b.dtype and a.numpy().tobytes() == b.numpy().tobytes()
            if a.dtype != torch.bfloat16
            else torch.equal(a, b)
        )
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return repr(a) == repr(b) if isinstance(a, Statistics | Histogram) else a == b
