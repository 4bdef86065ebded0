"""Random graphs of all layer kinds: sound for onnx, and computed as ONNX Runtime computes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings

import laminae as lm
from laminae.base.shapes import known
from laminae.files import onnx_writer
from laminae.graph import Graph, Value
from laminae.graph.equality import differences
from laminae.graph.lint import require_sound
from tests.layers.graphs import graphs
from tests.layers.running import assert_close, run, run_onnxruntime

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@QUICK
@given(graphs())
def test_onnx_accepts_it_and_onnx_runtime_gives_the_same(drawn: tuple[Graph, list[np.ndarray[Any, Any]]]) -> None:
    graph, xs = drawn
    require_sound(graph)
    found = run(graph, *xs)
    for ours, theirs in zip(found, run_onnxruntime(graph, *xs), strict=True):
        assert_close(ours, theirs)


@QUICK
@given(graphs())
def test_every_declared_size_is_the_size_a_run_has(drawn: tuple[Graph, list[np.ndarray[Any, Any]]]) -> None:
    graph, xs = drawn
    sizes = {dim: n for value, x in zip(graph.inputs, xs, strict=True) for dim, n in zip(value.shape or (), x.shape, strict=True)}
    for value, out in zip(graph.outputs, run(graph, *xs), strict=True):
        assert isinstance(value, Value)
        assert value.shape is not None
        assert known([sizes.get(dim) if isinstance(dim, str) else dim for dim in value.shape]) == out.shape
        assert value.dtype == str(out.dtype)


@settings(QUICK, max_examples=50)
@given(graphs())
def test_saved_and_opened_again_it_is_the_same(drawn: tuple[Graph, list[np.ndarray[Any, Any]]]) -> None:
    graph, _ = drawn
    assert differences(graph, lm.open(onnx_writer.to_bytes(graph)).graph) == []


@settings(QUICK, max_examples=30)
@given(graphs())
def test_the_model_a_user_holds_gives_the_same(drawn: tuple[Graph, list[np.ndarray[Any, Any]]]) -> None:
    graph, xs = drawn
    found = lm.Model(graph=graph)(*xs)
    for ours, again in zip(found if isinstance(found, tuple) else (found,), run(graph, *xs), strict=True):
        np.testing.assert_array_equal(ours.numpy(), again)
