"""The plan, walked by tokens: what a layer reads is what its producer wrote, and nothing is kept longer than it must be."""

from hypothesis import given

from laminae.graph import Graph, Value
from laminae.plan.plan import make_plan
from laminae.plan.policy import ALL, NONE, Policy
from laminae.plan.resolve import resolve
from laminae.plan.store import Store
from tests.graphs import graphs


def simulate(graph: Graph, policy: Policy) -> tuple[dict, list[set[str]]]:
    """The slots at the end, and what was alive after each step; fails when a step reads what is not there."""
    plan = make_plan(graph, resolve(graph), policy)
    slots: dict[int, object] = {}
    start = 2
    for i, item in enumerate([*plan.parameters, *plan.captures]):
        slots[start + i] = item
    slots.update(zip(plan.inputs, graph.inputs, strict=True))
    alive = []
    for step in plan.steps:
        for read, slot in zip(step.layer.inputs, step.reads, strict=True):
            assert slots.get(slot) is read, f"{step.about.name} reads {slots.get(slot)} for {read}"
        for read, slot in zip(step.layer.captures, step.captures, strict=True):
            assert slots.get(slot) is read
        slots.update({slot: v for slot, v in zip(step.writes, step.layer.outputs, strict=True) if slot is not None})
        for slot in step.clears:
            slots[slot] = None
        alive.append({v.name for v in slots.values() if isinstance(v, Value)})
    for out, slot in zip(graph.outputs, plan.outputs, strict=True):
        assert slots[slot] is out
    return slots, alive


@given(graphs())
def test_every_layer_reads_what_its_producer_wrote_whatever_is_stored(graph):
    for policy in (ALL, NONE, Policy((Store(("L1", "op:Add")),))):
        simulate(graph, policy)


@given(graphs())
def test_a_value_is_freed_right_after_its_last_use(graph):
    _, alive = simulate(graph, NONE)
    layers = [layer for layer in graph.layers if not layer.is_input]
    for i, names in enumerate(alive):
        needed = {v.name for layer in layers[i + 1 :] for v in layer.reads if isinstance(v, Value)}
        needed |= {out.name for out in graph.outputs} | {v.name for v in graph.inputs if not graph.readers(v)}
        assert names <= needed


@given(graphs())
def test_what_is_stored_is_there_at_the_end(graph):
    slots, _ = simulate(graph, ALL)
    assert set(graph.values()) <= set(slots.values())
