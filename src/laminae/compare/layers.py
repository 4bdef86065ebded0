"""Two models held against each other layer by layer: where the difference begins, and what is only handed on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from laminae.base.differences import INHERITED, ONLY_A, ONLY_B, OWN, REPLACED, SAME, Difference, LayerComparison
from laminae.base.errors import LaminaeError
from laminae.compare.alone import alone
from laminae.compare.matching import Matching, Pair
from laminae.compare.numbers import difference, noise
from laminae.compare.own import replayed
from laminae.compare.reading import Reading, other_shapes, reading
from laminae.compare.sides import Node
from laminae.compare.stretches import Stretches, counting, main_layer, other_wiring


@dataclass(frozen=True)
class Compared:
    """layers: a record for each layer, in a's forward order. only_a, only_b: layers without a counterpart that make no difference
    of their own. notes: what could not be done. whole: whether all outputs were compared.
    """

    layers: tuple[LayerComparison, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    notes: tuple[str, ...]
    whole: bool = True


def compare_layers(matching: Matching, rtol: float, atol: float) -> Compared:
    """Hold every matched layer against its counterpart, as it ran and on a's values, and name what differs by itself."""
    return _Comparing(matching, rtol, atol).compared()


class _Comparing:
    def __init__(self, matching: Matching, rtol: float, atol: float) -> None:
        self.matching, self.rtol, self.atol = matching, rtol, atol
        self.replay = replayed(matching, rtol, atol)
        self.stretches = Stretches(matching, self.replay.own)
        self.blamed: set[Node] = set()

    def compared(self) -> Compared:
        rows = [row for pair in self.matching.pairs for row in self._rows(pair)]
        rows += list(self._outputs())
        told = self.blamed.union(*(self.stretches.in_a(pair) + self.stretches.in_b(pair) for pair in self.replay.own))
        told |= self.matching.a.constant | self.matching.b.constant
        free = (self.matching.free_a() + list(self.matching.alone), self.matching.free_b())
        names = [tuple(n.name for n in sorted(counting(loose), key=lambda n: n.place) if n not in told) for loose in free]
        open_ends = [] if self.matching.a.keys else self._not_compared()
        notes = ([f"own errors: {self.replay.ended}"] if self.replay.ended else []) + open_ends
        return Compared(tuple(sorted(rows, key=lambda row: row.index)), names[0], names[1], tuple(notes), not open_ends)

    def _rows(self, pair: Pair) -> Iterator[LayerComparison]:
        """Of a pair: before it a row for layers without counterpart that are to blame, then its own."""
        own = self.replay.own.get(pair)
        note = self.replay.notes.get(pair, "")
        above = [row for place in range(len(pair.a.inputs)) for row in self._slot(pair, place)]
        yield from above
        if (own is not None and not own.correct) or note:
            rows, own, note = self._blame(pair, own, note)
            yield from rows if not above else ()
        row = self._row(pair, own, note)
        if row.difference is not None or row.own is not None or row.note:  # else nothing of it was stored
            yield row

    def _slot(self, pair: Pair, place: int) -> Iterator[LayerComparison]:
        """Layers without counterpart right above an input of the pair, which make it another value than a's."""
        found = self.replay.slots.get((pair, place))
        if found is None or found.correct:
            return
        ours = counting(self.stretches.above(self.matching.a, pair.a.inputs[place]))
        theirs = counting(self.stretches.above(self.matching.b, pair.b.inputs[place]))
        fresh = [[node for node in nodes if node not in self.blamed] for nodes in (ours, theirs)]
        self.blamed.update(ours, theirs)
        if fresh[0] or fresh[1]:
            yield self._unmatched(pair.a.place, fresh[0], fresh[1], found, "")

    def _blame(self, pair: Pair, own: Difference | None, note: str) -> tuple[list[LayerComparison], Difference | None, str]:
        """Whether layers without counterpart make the difference: then the pair itself is judged without them."""
        ours = counting(self.stretches.in_a(pair))
        theirs = counting(self.stretches.in_b(pair))
        if (not ours and not theirs) or pair.a.kind != pair.b.kind:
            return [], own, note
        without = alone(self.replay, pair)
        if without is None or not without.correct:
            return [], own, note
        fresh = [[node for node in nodes if node not in self.blamed] for nodes in (ours, theirs)]
        self.blamed.update(ours, theirs)
        row = [self._unmatched(pair.a.place, fresh[0], fresh[1], own, note)] if fresh[0] or fresh[1] else []
        return row, without, ""

    def _unmatched(self, index: int, ours: list[Node], theirs: list[Node], own: Difference | None, note: str) -> LayerComparison:
        """The row of layers without counterpart: by its first in each model."""
        state = REPLACED if ours and theirs else ONLY_A if ours else ONLY_B
        one, other = next(iter(ours), None), next(iter(theirs), None)
        return LayerComparison(
            index=one.place if one is not None else index,
            name=one.name if one is not None else "",
            other=other.name if other is not None else "",
            op=one.op if one is not None else "",
            other_op=other.op if other is not None else "",
            state=state,
            shape=_shape(one.values[0]) if one is not None and one.values else None,
            other_shape=_shape(other.values[0]) if other is not None and other.values else None,
            own=own,
            through=tuple(node.name for node in [*ours[1:], *theirs[1:]]),
            note=note,
        )

    def _outputs(self) -> Iterator[LayerComparison]:
        """Outputs that another layer makes in b than in a: layers were put behind, or taken from, the end."""
        a, b = self.matching.a, self.matching.b
        for ours, theirs in zip(a.outputs, b.outputs, strict=False):
            if self.matching.across.get(ours) == theirs or ours not in a.made_by or theirs not in b.made_by:
                continue
            one, other = a.made_by[ours][0], b.made_by[theirs][0]
            own, ran = self.replay.outputs.get(theirs), self._outcome(ours, theirs, other)
            if own is not None and not own.correct:
                yield from self._at_the_end(one, other, own, ran, ours)
            elif ran is not None and not ran.correct:
                yield _output_row(one, other, INHERITED, own, ran, ours)

    def _at_the_end(
        self, one: Node, other: Node, own: Difference, ran: Difference | None, output: str
    ) -> Iterator[LayerComparison]:
        ours = [] if one in self.matching.of_a else [one]
        theirs = [] if other in self.matching.of_b else [other]
        fresh = [[node for node in nodes if node not in self.blamed] for nodes in (ours, theirs)]
        self.blamed.update(ours, theirs)
        if fresh[0] or fresh[1]:
            yield self._unmatched(one.place + 1, fresh[0], fresh[1], own, f"makes output {output!r}")
        elif not ours and not theirs:
            yield _output_row(one, other, REPLACED, own, ran, output)

    def _outcome(self, ours: str, theirs: str, node: Node) -> Difference | None:
        """An output of the two runs; of other shapes as wrong as can be, None where one is not known."""
        expected, found = self.matching.a.value(ours), self.matching.b.value(theirs)
        if expected is None or found is None:
            return None
        how = reading(self.matching.b, node, found, expected, self.rtol, self.atol)
        try:
            return difference(how.seen(found), expected, self.rtol, self.atol)
        except LaminaeError:
            return Difference(False, wrong=1.0, snr=float("-inf"))

    def _not_compared(self) -> list[str]:
        """What keeps the two from being the same, whatever the layers say."""
        a, b = self.matching.a, self.matching.b
        notes = [f"a has {len(a.outputs)} outputs, b {len(b.outputs)}"] if len(a.outputs) != len(b.outputs) else []
        for ours, theirs in zip(a.outputs, b.outputs, strict=False):
            known = [name in side.made_by and side.value(name) is not None for side, name in ((a, ours), (b, theirs))]
            if not all(known) and theirs in b.made_by and not (known[0] and theirs in self.replay.outputs):
                notes.append(f"output {ours!r} was not compared")
        return notes

    def _row(self, pair: Pair, own: Difference | None, note: str) -> LayerComparison:
        between = self.stretches.in_b(pair)
        other = main_layer(pair, between)
        ran, how, said = self._as_it_ran(pair)
        notes = [how.note, note or said, self._failure(pair, between), other_wiring(self.matching, pair) if _wrong(own) else ""]
        wrong_by_itself = _wrong(own) or bool(note) or any(node in self.replay.failed for node in [pair.b, *between])
        ran_well = (ran is None or ran.correct) and not said
        unknown = own is None and not note and bool(self.replay.ended)
        state = OWN if wrong_by_itself else SAME if ran_well else INHERITED
        return LayerComparison(
            index=pair.a.place,
            name=pair.a.name,
            other=self.matching.a.keys.get(pair.a.name, other.name),
            op=pair.a.op,
            other_op=other.op,
            state=state,
            how=pair.how,
            shape=_shape(pair.a.values[0]) if pair.a.values else None,
            other_shape=_shape(pair.b.values[0]) if pair.b.values else None,
            difference=ran,
            own=None if unknown else own,
            through=self._free([*counting(between), pair.b], other),
            joins=self._free(counting(self.stretches.in_a(pair))),
            note="; ".join(dict.fromkeys(filter(None, notes))),
        )

    def _free(self, nodes: list[Node], but: Node | None = None) -> tuple[str, ...]:
        """The names of those that no row of their own tells of."""
        return tuple(node.name for node in nodes if node is not but and node not in self.blamed)

    def _failure(self, pair: Pair, between: list[Node]) -> str:
        failed = [node for node in [pair.b, *between] if node in self.replay.failed]
        return f"fails: {self.replay.failed[failed[0]].message}" if failed else ""

    def _as_it_ran(self, pair: Pair) -> tuple[Difference | None, Reading, str]:
        """Of the output that differs most: the difference of the two runs, how b's is read, and what could not be compared."""
        found: list[tuple[Difference, Reading]] = []
        said, how = "", Reading()
        for i, j in pair.outputs:
            expected, made = pair.a.values[i], pair.b.values[j]
            if expected is None or made is None:
                continue
            relaid = pair in self.replay.relaid or pair not in self.replay.own
            how = reading(self.matching.b, pair.b, made, expected, self.rtol, self.atol, relaid=relaid)
            try:
                found.append((difference(how.seen(made), expected, self.rtol, self.atol), how))
            except LaminaeError as error:
                said = other_shapes(made, expected) or error.message
        if not found:
            return None, how, said
        return *max(found, key=lambda one: (not one[0].correct, noise(one[0]))), said


def _output_row(
    one: Node, other: Node, state: str, own: Difference | None, ran: Difference | None, output: str
) -> LayerComparison:
    note = f"makes output {output!r}"
    return LayerComparison(
        one.place, one.name, other.name, one.op, other.op, state, difference=ran, own=own, through=(), note=note
    )


def _wrong(own: Difference | None) -> bool:
    return own is not None and not own.correct


def _shape(value: Any) -> tuple[int, ...] | None:
    return tuple(value.shape) if hasattr(value, "shape") else None
