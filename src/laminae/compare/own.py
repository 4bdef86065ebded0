"""Each layer of b on a's values: one run of b in which every matched value is a's, so that nothing is handed on.

What a matched layer makes there is held against what a made: its own error. Layers between matched ones run as they are, so
that a stretch is fed with a's values where it begins, and judged where it ends.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from laminae.base.arrays import as_value, copy_of, is_tensor
from laminae.base.differences import Difference
from laminae.base.errors import EngineError, LaminaeError
from laminae.compare.fused import Fusions, join_held
from laminae.compare.matching import Matching, Pair
from laminae.compare.numbers import difference, noise
from laminae.compare.reading import other_shapes, reading
from laminae.compare.sides import Node, runner
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.plan.changes import NO_CHANGES, Change, Changes
from laminae.plan.policy import NONE
from laminae.trace.patching import changes_of

ROUNDS = 2
"""So often fused layers are looked for: one may come to light behind another."""

MOST_FAILURES = 8
"""So many layers of b may fail on a's values; after that the rest is not run."""


class Replay:
    """own: each pair's error; notes: what could not be compared. slots: of a layer that reads what has no counterpart, how far
    that is from what a's reads there. relaid: pairs whose values stand in another order of axes. failed: b's layers that raised.
    """

    def __init__(self, matching: Matching, rtol: float, atol: float, *, fusions: bool = False) -> None:
        self.a, self.b, self.matching = matching.a, matching.b, matching
        self.fusions = Fusions(matching, look=fusions)
        self.rtol, self.atol = rtol, atol
        self.own: dict[Pair, Difference] = {}
        self.slots: dict[tuple[Pair, int], Difference] = {}
        self.relaid: set[Pair] = set()
        self.watched = slots_to_watch(matching)
        self.notes: dict[Pair, str] = {}
        self.outputs: dict[str, Difference] = {}
        self.failed: dict[Node, LaminaeError] = {}
        self.done: set[Node] = set()
        self.given: dict[Value, Any] = {}
        self.ended = ""

    def run(self) -> Replay:
        """Run b on a's values. `ended` says why nothing, or not all, could be run."""
        self.ended = self.b.why or ("" if self._inputs() else "its inputs are not known")
        while not self.ended:
            try:
                self._go()
                break
            except EngineError as error:
                self.ended = error.message
            except LaminaeError as error:
                self._note_failure(error)
        return self

    def _inputs(self) -> bool:
        """Whether there is something for every input layer of b: a's value, else its own."""
        stored = {} if self.b.record is None else self.b.record.run.stored()
        for node in self.b.nodes:
            if not node.is_input or node.layer is None:
                continue
            value = node.layer.outputs[0]
            assert value is not None
            own = stored.get(value, node.values[0])
            pair = self.matching.of_b.get(node)
            expected = None if pair is None else pair.a.values[0]
            held = own if expected is None else expected if own is None else _as(value, expected, own)
            if held is None:
                return False
            self.given[value] = held
        return True

    def _go(self) -> None:
        session = self.b.session
        assert session is not None
        record, graph = self.b.record, session.graph
        engine, device = runner(self.b)
        before = NO_CHANGES if record is None or not record.patches else changes_of(graph, record.patches)
        nodes = {node.layer: node for node in self.b.nodes if node.layer is not None}
        lost = set[Layer]() if record is None else set(record.run.missing)  # no value there to change
        changes = Changes(
            {layer: self._change(node, before.layers.get(layer)) for layer, node in nodes.items() if layer not in lost},
            before.inside,
            {**spared(graph), **before.parameters},
        )
        self.done.clear()
        if not self.failed and not any(_writes(layer) for layer in nodes):
            inputs = [self.given[value] for value in graph.inputs]
            engine.record(inputs, NONE, device, changes=changes)
            return
        given, layers = self._around_failures(nodes)
        engine.partial(given, layers, NONE, device, changes=changes)

    def _around_failures(self, nodes: Mapping[Layer, Node]) -> tuple[dict[Value, Any], frozenset[Layer]]:
        """What is given, and the layers that can run: not those that failed, nor what needs what they did not make."""
        given, layers, missing = dict(self.given), set[Layer](), set[str]()
        for layer, node in nodes.items():
            if node.is_input:
                continue
            if node not in self.failed and not _writes(layer) and not missing.intersection(node.reads):
                layers.add(layer)
                continue
            pair = self.matching.of_b.get(node)
            for j, value in enumerate(layer.outputs):
                known = None if pair is None else next((pair.a.values[i] for i, k in pair.outputs if k == j), None)
                if value is not None and known is not None:
                    given[value] = known
                elif value is not None:
                    missing.add(value.name)
        return given, frozenset(layers)

    def _note_failure(self, error: LaminaeError) -> None:
        """The layer that raised is the first that has not run."""
        waiting = (n for n in self.b.nodes if n not in self.done and n not in self.failed and not n.is_input)
        node = next(waiting, None)
        if node is None or len(self.failed) >= MOST_FAILURES:
            self.ended = f"b fails on a's values: {error.message}"
            return
        self.failed[node] = error

    def _change(self, node: Node, before: Change | None) -> Change:
        pair = self.matching.of_b.get(node)

        def change(values: tuple[Any, ...]) -> tuple[Any, ...]:
            values = values if before is None else before(values)
            self.done.add(node)
            self._as_output(node, values)
            self._watch(node, values)
            self.fusions.see(node, values[0] if values else None, self.rtol, self.atol)
            return values if pair is None else self._held(pair, values)

        return change

    def _watch(self, node: Node, values: tuple[Any, ...]) -> None:
        """What stands only in b, or stands elsewhere in it, beside what is read there in a."""
        for name, value in zip(node.outputs, values, strict=True):
            for pair, place in self.watched.get(name or "", ()):
                expected = self.a.value(pair.a.inputs[place])
                held = self.matching.of_b.get(node)
                found = value if held is None else next((held.a.values[i] for i, j in held.outputs if values[j] is value), value)
                if expected is None or found is None:
                    continue
                with contextlib.suppress(LaminaeError):
                    self.slots[pair, place] = difference(found, expected, self.rtol, self.atol)

    def _held(self, pair: Pair, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """Compare what b's layer made of a's values with what a's made, and go on with a's."""
        made, found, let = list(values), [], False
        for i, j in pair.outputs:
            expected = pair.a.values[i]
            if expected is None or j >= len(made):
                continue
            how = reading(self.b, pair.b, made[j], expected, self.rtol, self.atol, relaid=self._may_be_relaid(pair))
            if how.axes is not None or how.shape is not None:
                self.relaid.add(pair)
            try:
                found.append(difference(how.seen(made[j]), expected, self.rtol, self.atol))
                if not found[-1].correct and i == 0:
                    let = self.fusions.judge(pair, how.seen(made[j]), found[-1], self.rtol, self.atol)
            except LaminaeError as error:
                self.notes[pair] = other_shapes(made[j], expected) or error.message
            made[j] = made[j] if let else how.given(expected, made[j])
        if found:
            self.own[pair] = max(found, key=lambda one: (not one.correct, noise(one)))
        return tuple(made)

    def _may_be_relaid(self, pair: Pair) -> bool:
        """Whether another layout is the model's way: the same operator on values of the same layout gives the same layout."""
        if pair.a.is_input or pair.a.op != pair.b.op:
            return True
        above = [self.matching.of_b.get(self.b.made_by[name][0]) for name in self.b.flows(pair.b)]
        return None in above or any(one in self.relaid for one in above)

    def _as_output(self, node: Node, values: tuple[Any, ...]) -> None:
        """Where an output of b is made by another layer than a's: what comes out on a's values."""
        for ours, theirs in zip(self.a.outputs, self.b.outputs, strict=False):
            if theirs not in node.outputs or self.matching.across.get(ours) == theirs or ours not in self.a.made_by:
                continue
            expected, found = self.a.value(ours), values[node.outputs.index(theirs)]
            if expected is None:
                continue
            how = reading(self.b, node, found, expected, self.rtol, self.atol)
            try:
                self.outputs[theirs] = difference(how.seen(found), expected, self.rtol, self.atol)
            except LaminaeError:
                self.outputs[theirs] = Difference(False, wrong=1.0, snr=float("-inf"))


def replayed(matching: Matching, rtol: float, atol: float) -> Replay:
    """b on a's values; where layers turn out to be fused they are matched anew, and b runs once more."""
    for _ in range(ROUNDS):
        found = Replay(matching, rtol, atol, fusions=True).run()
        changed = found.fusions.mend()
        changed |= join_held(matching, found.slots)
        if not changed:
            break
    return Replay(matching, rtol, atol).run() if changed or found.fusions.deferred else found


def spared(graph: Graph) -> dict[Parameter, Any]:
    """Copies of what layers in their training phase would write to: a comparison changes no running statistic."""
    training = [layer for layer in graph.layers if layer.attributes.get("training") is True]
    statistics = {p for layer in training for p in layer.reads if isinstance(p, Parameter) and not p.is_weight}
    return {p: copy_of(p.tensor()) for p in statistics}


def slots_to_watch(matching: Matching) -> dict[str, list[tuple[Pair, int]]]:
    """Value of b → the matched layers that read it, and where, instead of the counterpart of what a's layer reads there."""
    found: dict[str, list[tuple[Pair, int]]] = {}
    for pair in matching.pairs:
        if pair.a.kind != pair.b.kind or len(pair.a.inputs) != len(pair.b.inputs):
            continue
        for place, (ours, theirs) in enumerate(zip(pair.a.inputs, pair.b.inputs, strict=True)):
            read = ours in matching.a.made_by and theirs in matching.b.made_by
            if read and matching.across.get(ours) != theirs:
                found.setdefault(theirs, []).append((pair, place))
    return found


def _writes(layer: Layer) -> bool:
    """Whether a layer is there to write a parameter: a comparison changes none."""
    from laminae.graph.layer import WRITES

    return WRITES in layer.metadata


def _as(value: Value, expected: Any, own: Any) -> Any:
    """a's input as b takes it: of the same dtype, on the same device."""
    if not is_tensor(expected) or not is_tensor(own):
        return own
    return as_value(expected).to(own.device, own.dtype)
