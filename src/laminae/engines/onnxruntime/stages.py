"""Which layers make what is wanted out of what is known, and where a pass is cut because something is put in place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from laminae.graph import Graph, Layer, Parameter, Value


@dataclass(frozen=True)
class Stage:
    """One question to ONNX Runtime: these layers, in forward order, from `inputs` to `wanted`.

    parameters: those that this pass reads others in place of. cut: the layer whose outputs are changed after it.
    """

    layers: tuple[Layer, ...]
    inputs: tuple[Value, ...]
    wanted: tuple[Value, ...]
    parameters: tuple[Parameter, ...] = ()
    cut: Layer | None = None
    _hash: int = field(default=0, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.layers, self.inputs, self.wanted, self.parameters, self.cut)))

    def __hash__(self) -> int:
        return self._hash


def stages(
    graph: Graph,
    known: Collection[Value],
    wanted: Collection[Value],
    cuts: Iterable[Layer] = (),
    parameters: Collection[Parameter] = (),
) -> Iterator[Stage]:
    """The pass from `known` to `wanted`: one stage, or, where layers are changed, one to each of these and one after them."""
    position = graph.index.position
    needed = makers(graph, wanted, known)
    start, have = 0, set(known)
    for cut in sorted(set(cuts) & set(needed), key=position.__getitem__):
        end = needed.index(cut) + 1
        later = {x for layer in needed[end:] for x in layer.reads} | set(wanted) | set(cut.outputs)
        yield _stage(needed[start:end], have, later, parameters, cut)
        have.update(v for layer in needed[start:end] for v in layer.outputs if v in later and v is not None)
        start = end
    if needed[start:]:
        yield _stage(needed[start:], have, set(wanted), parameters, None)


def makers(graph: Graph, wanted: Iterable[Value | Parameter], known: Collection[Value]) -> list[Layer]:
    """The layers that make what is wanted, in forward order."""
    found: set[Layer] = set()
    waiting = list(wanted)
    while waiting:
        value = waiting.pop()
        if isinstance(value, Parameter) or value in known or value.producer is None:
            continue
        if value.producer in found or value.producer.is_input:
            continue
        found.add(value.producer)
        waiting += value.producer.reads
    return [layer for layer in graph.layers if layer in found]


def _stage(
    layers: Sequence[Layer],
    have: set[Value],
    wanted: set[Value | Parameter | None],
    parameters: Collection[Parameter],
    cut: Layer | None,
) -> Stage:
    reads = dict.fromkeys(x for layer in layers for x in layer.reads)
    made = [v for layer in layers for v in layer.outputs if v is not None]
    return Stage(
        tuple(layers),
        tuple(x for x in reads if isinstance(x, Value) and x in have),
        tuple(v for v in made if v in wanted and v not in have),
        tuple(x for x in reads if x in parameters and isinstance(x, Parameter)),
        cut,
    )
