"""The plan of one forward pass: the steps in order, and the slot in which each value is kept."""

from __future__ import annotations

from dataclasses import dataclass

from laminae.graph import Graph, Layer, Parameter, Value
from laminae.graph.graph import unique_names
from laminae.ops.registry import Operator
from laminae.plan.about import About, about
from laminae.plan.aliases import tainted
from laminae.plan.memory import Slots
from laminae.plan.policy import Policy
from laminae.plan.resolve import require_signature
from laminae.plan.store import Store

NOTHING = 0
"""The slot that always holds None: what is left out is read from there."""
WHOLE = Store()
"""Output layers' values are kept whole where the policy does not say otherwise."""
RUN = 1
"""The slot that holds the run itself, for layers with bodies."""


@dataclass(frozen=True)
class Step:
    """One layer's turn. reads, captures, writes, clears: slots; copies: the written slots to be copied at once.

    about: the layer as it was when the plan was made. rule: what is kept of its outputs, None where nothing is; places: the slots
    where that stays to the end.
    """

    layer: Layer
    about: About
    operator: Operator | None
    reads: tuple[int, ...]
    captures: tuple[int, ...]
    writes: tuple[int | None, ...]
    copies: tuple[int, ...]
    clears: tuple[int, ...]
    rule: Store | None
    places: tuple[int | None, ...]

    @property
    def kept(self) -> bool:
        """Whether anything is kept of its outputs."""
        return self.rule is not None

    @property
    def whole(self) -> bool:
        """Whether its outputs are kept as they are."""
        return self.rule is not None and self.rule.whole


@dataclass(frozen=True)
class Plan:
    """Steps over numbered slots: parameters first, then what is captured, inputs, and what the layers make.

    order: every layer's turn, input layers included; steps: those that have something to run.
    """

    graph: Graph
    policy: Policy
    order: tuple[Step, ...]
    steps: tuple[Step, ...]
    slots: int
    parameters: tuple[Parameter, ...]
    captures: tuple[Value, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    output_names: tuple[str, ...]
    copied_outputs: frozenset[int]


def make_plan(
    graph: Graph,
    operators: dict[Layer, Operator],
    policy: Policy,
    *,
    body: bool = False,
    resumable: bool = False,
    roomy: bool = False,
) -> Plan:
    """Plan a forward pass that keeps what the policy says, and the output layers' values.

    Every other value's slot is free after its last use.
    body: the graph is a body; its inputs and captures are then others' memory too. resumable: the inputs stay to the end.
    roomy: every value has a slot of its own, and nothing is cleared: any part of the order can be run alone.
    """
    free = graph.free()
    captures = tuple(x for x in free if isinstance(x, Value))
    parameters = tuple(_parameters(graph))
    taints = tainted(graph, operators, strangers=body)
    slots = Slots(2, [*parameters, *captures, *graph.inputs])
    last_layers = () if body else graph.output_layers
    rules = {x: rule for x in graph.layers if (rule := policy.rule(x) or (WHOLE if x in last_layers else None))}
    forever = set(graph.outputs) | {v for x, rule in rules.items() if rule.whole for v in x.outputs if v is not None}
    forever |= set(graph.values()) if roomy else set(graph.inputs) if resumable else set()
    last = _last_uses(graph, forever)
    order = []
    for layer in graph.layers:
        operator = operators.get(layer)
        if operator is not None:
            require_signature(layer, operator)
        dying = [x for x in dict.fromkeys(layer.reads) if isinstance(x, Value) and last.get(x) is layer]
        reads = tuple(NOTHING if x is None else slots.of(x) for x in layer.inputs)
        caught = tuple(slots.of(x) for x in layer.captures)
        slots.release(dying)
        writes = tuple(None if v is None else slots.take(v, forever=v in forever) for v in layer.outputs)
        stillborn = [v for v in layer.outputs if v is not None and v not in last and v not in forever]
        slots.release(stillborn)
        rule = rules.get(layer)
        whole = rule is not None and rule.whole
        lasting = whole or layer in last_layers
        copies = tuple(slots.of(v) for v in layer.outputs if lasting and v in taints.parameters and v is not None)
        clears = tuple(dict.fromkeys(slots.idle([*dying, *stillborn])))
        places = writes if rule is None or whole else tuple(None if slot is None else slots.own() for slot in writes)
        order.append(Step(layer, about(layer, operator), operator, reads, caught, writes, copies, clears, rule, places))
    steps = tuple(step for step in order if not step.layer.is_input)
    outputs = tuple(slots.of(out) for out in graph.outputs)
    theirs = taints.parameters | taints.inputs | set(parameters)
    copied = frozenset(i for i, out in enumerate(graph.outputs) if out in theirs)
    inputs = tuple(slots.of(v) for v in graph.inputs)
    names = unique_names(out.name for out in graph.outputs)
    return Plan(graph, policy, tuple(order), steps, slots.count, parameters, captures, inputs, outputs, names, copied)


def _parameters(graph: Graph) -> list[Parameter]:
    """Those that layers read or that are outputs, each once."""
    reads = [x for layer in graph.layers for x in layer.reads] + list(graph.outputs)
    return list(dict.fromkeys(x for x in reads if isinstance(x, Parameter)))


def _last_uses(graph: Graph, forever: set[Value | Parameter]) -> dict[Value, Layer]:
    """Each value's last reader; values that stay to the end have none."""
    last: dict[Value, Layer] = {}
    for layer in graph.layers:
        for read in layer.reads:
            if isinstance(read, Value) and read not in forever:
                last[read] = layer
    return last
