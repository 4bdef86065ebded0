"""Resuming: what a trace gives on from a patch is, bit for bit, what a whole run with the patch gives."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import laminae as lm
from laminae.ops.registry import register_operator
from laminae.trace.session import Session
from tests.graphs import KINDS, graphs, inputs, seeds
from tests.trace.patches import RULES, assert_same_bits, patches_of

RAN: list[str] = []


@register_operator("Counted", domain="test.resume")
def counted(x, *, name):
    RAN.append(name)
    return x * 1


@settings(max_examples=150)
@given(st.data(), graphs(max_layers=10), seeds)
def test_resuming_equals_the_whole_patched_run_under_any_store_policy(data, graph, seed):
    session, x = Session(graph), inputs(graph, seed)
    values = session.run(x, {}).values
    names = [layer.name for layer in graph.layers]
    store = data.draw(st.sampled_from(RULES))(names)
    first, second = data.draw(patches_of(graph, values)), data.draw(patches_of(graph, values))
    plain = session.run(x, {}, store)
    once = session.resume(plain, first)
    assert_same_bits(once, session.run(x, {}, store, patch=first))
    assert_same_bits(session.resume(once, second), session.run(x, {}, store, patch=[*first, *second]))
    assert_same_bits(session.resume(plain, second), session.run(x, {}, store, patch=second))
    assert_same_bits(plain, session.run(x, {}, store))


@settings(max_examples=60)
@given(graphs(), seeds)
def test_a_layers_own_value_in_its_place_gives_the_same_trace(graph, seed):
    session, x = Session(graph), inputs(graph, seed)
    full = session.run(x, {})
    for entry in full.entries:
        if entry.inside:
            continue
        own = [lm.patch.replace(entry.name, value, output=i) for i, value in enumerate(entry.values)]
        assert_same_bits(session.run(x, {}, patch=own), full)
        assert_same_bits(session.resume(full, own), full)


@settings(max_examples=60)
@given(st.data(), graphs(kinds=tuple(k for k in KINDS if k != "If")), seeds)
def test_patched_values_are_what_is_stored_and_nothing_else_changes_before_them(data, graph, seed):
    session, x = Session(graph), inputs(graph, seed)
    full = session.run(x, {})
    layer = data.draw(st.sampled_from([layer for layer in graph.layers if layer.name.startswith("L") and "/" not in layer.name]))
    value = np.random.default_rng(seed).standard_normal(full.by_name[layer.name].output.shape).astype(np.float32)
    patched = session.run(x, {}, patch=lm.patch.replace(layer.name, value))
    np.testing.assert_array_equal(patched.by_name[layer.name].output, value)
    for entry in patched.entries[: graph.layers.index(layer)]:
        assert all(torch.equal(a, b) for a, b in zip(entry.values, full.by_name[entry.name].values, strict=True))
    follow = lm.Model(graph=graph)
    readers = [x for x in follow.layers if layer.name in {r for v in x._layer.reads for r in [getattr(v, "name", "")]}]
    for reader in readers:
        reads = dict.fromkeys(v.name for v in reader._layer.inputs if v is not None and v.name in patched.values)
        made = reader(*[patched.values[name] for name in reads])
        made = made if isinstance(made, tuple) else (made,)
        for a, b in zip(made, patched.by_name[reader.name].values, strict=True):
            assert torch.equal(a, b), "a layer computes from what was put"


def counting(names):
    """A diamond of layers that say when they run."""
    from laminae.graph import Graph, Layer, Value

    graph = Graph("diamond", opsets={"": 23, "test.resume": 1})
    a = b = graph.add_input("x", "float32", ("batch", 2))
    for name in names:
        total, made = Value(f"sum/{name}"), Value(name)
        graph.append(Layer(total.name, "Add", (a, b), (total,), opset=23))
        graph.append(Layer(name, "Counted", (total,), (made,), {"name": name}, domain="test.resume"))
        a, b = b, made
    graph.outputs = (b,)
    graph.changed()
    return graph


@given(st.integers(0, 11), st.sampled_from([True, False, "n4", ["n0", "n7"], lm.Store("all", reduce="mean")]))
def test_a_layer_runs_at_most_once_and_in_order_whatever_is_resumed(place, store):
    names = [f"n{i}" for i in range(12)]
    session, x = Session(counting(names)), (np.ones((1, 2), np.float32),)
    record = session.run(x, {}, store)
    RAN.clear()
    session.resume(record, lm.patch.scale(names[place], 2.0))
    assert [name for name in names if name in RAN] == RAN
    if store is True:
        assert names[place + 1 :] == RAN, "only what depends on the patch runs"


def model():
    return lm.Model.chain(lm.Input(4, name="x"), lm.Linear(6, name="a"), lm.ReLU(name="b"), lm.Linear(2, name="c"), seed=1)


X = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)


def test_the_table_says_what_ran_and_what_had_to_be_made_again():
    trace = model().run(X, store="c").resume(lm.patch.scale("b", 2.0))
    assert "resumed: 3 of 3 layers ran, 1 of them not stored before (a)" in str(trace.table())
    assert [entry.state for entry in trace] == ["stored", "recomputed", "patched", "ran"]
    assert "patched" in str(trace.table())
    trace = model().run(X).resume(lm.patch.scale("b", 2.0))
    assert "resumed: 1 of 3 layers ran" in str(trace.table())


def test_what_is_put_whole_needs_nothing_before_it():
    m = model()
    for patch in (lm.patch.replace("b", np.ones((3, 6), np.float32)), lm.patch.zero("b"), lm.patch.replace("b", 2)):
        trace = m.run(X, store=False).resume(patch)
        assert "1 of 3 layers ran" in str(trace.table()), patch
        assert torch.equal(trace.output, m.run(X, patch=patch).output)


def test_a_value_of_another_shape_is_followed_as_far_as_layers_take_it():
    m = model()
    for trace in (m.run(X), m.run(X, store=False)):
        longer = trace.resume(lm.patch.replace("b", np.ones((5, 6), np.float32)))
        assert longer.output.shape == (5, 2)
        with pytest.raises(lm.ShapeError, match="layer 'c'"):
            trace.resume(lm.patch.replace("b", np.ones((5, 7), np.float32)))
        with pytest.raises(lm.PatchError, match="layer 'b'"):
            trace.resume(lm.patch.add("b", np.ones((5, 6), np.float32)))


def test_a_value_of_another_dtype_is_refused_though_nothing_was_stored():
    trace = model().run(X, store=False)
    with pytest.raises(lm.PatchError, match="gives complex64"):
        trace.resume({"b": np.ones((3, 6), np.complex64)})
    assert trace.resume({"b": np.ones((3, 6))}).output.dtype == torch.float32


def test_failures_leave_the_trace_as_it_was():
    m = model()
    trace = m.run(X)
    before = {name: value.clone() for name, value in trace.values.items()}

    def spoil(value):
        value.fill_(float("nan"))
        raise ZeroDivisionError("no")

    def stop(value):
        raise KeyboardInterrupt

    with pytest.raises(lm.PatchError, match="layer 'b'") as error:
        trace.resume({"b": spoil})
    assert "ZeroDivisionError: no" in str(error.value)
    for run in (lambda: trace.resume({"b": stop}), lambda: m.run(X, patch={"b": stop})):
        with pytest.raises(KeyboardInterrupt):
            run()
    assert all(torch.equal(value, before[name]) for name, value in trace.values.items())
    assert torch.equal(trace.resume({"b": before["b"]}).output, trace.output)
    assert torch.equal(m(X), trace.output)


def test_a_patchs_function_can_spoil_neither_what_is_stored_nor_what_it_gave():
    m, kept = model(), torch.full((3, 6), 2.0)

    def write(value):
        value.fill_(7.0)
        return kept

    trace = m.run(X)
    before = trace["b"].clone()
    for made in (m.run(X, patch={"b": write}), trace.resume({"b": write})):
        kept.fill_(3.0)
        assert made["b"].flatten()[0] in (2.0, 3.0)
        first = made["b"].clone()
        kept.fill_(9.0)
        assert torch.equal(made["b"], first), "what the function gave is its owner's no longer"
    assert torch.equal(trace["b"], before)


def test_what_is_written_into_a_resumed_trace_changes_neither_the_patch_nor_the_other_trace():
    m = model()
    patch = lm.patch.replace("b", np.ones((3, 6), np.float32))
    trace = m.run(X)
    resumed = trace.resume(patch)
    resumed["b"].fill_(5.0)
    assert torch.equal(patch.value, torch.ones(3, 6))
    assert torch.equal(trace.resume(patch)["b"], torch.ones(3, 6))
