"""The forward order: a layer stands after all it reads."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from laminae.base.errors import ModelError
from laminae.graph.layer import Layer
from laminae.graph.value import Value


def is_ordered(layers: Sequence[Layer]) -> bool:
    """Whether every layer stands after all it reads."""
    seen: set[Layer] = set()
    inside = set(layers)
    for layer in layers:
        if any(before in inside and before not in seen for before in layer.previous):
            return False
        seen.add(layer)
    return True


def forward_order(layers: Sequence[Layer]) -> list[Layer]:
    """The layers in forward order, as near the given order as can be: the earliest given that is ready comes next.

    Raises ModelError naming the layers of a cycle. Kahn 1962, with a heap on the given places.
    """
    place = {layer: i for i, layer in enumerate(layers)}
    waits = {layer: sum(before in place for before in layer.previous) for layer in layers}
    nexts: dict[Layer, list[Layer]] = {}
    for layer in layers:
        for before in layer.previous:
            nexts.setdefault(before, []).append(layer)
    ready = [place[layer] for layer in layers if not waits[layer]]
    ordered: list[Layer] = []
    while ready:
        layer = layers[heapq.heappop(ready)]
        ordered.append(layer)
        for after in nexts.get(layer, ()):
            waits[after] -= 1
            if not waits[after]:
                heapq.heappush(ready, place[after])
    if len(ordered) < len(layers):
        raise ModelError("the layers form a cycle", {"cycle": " → ".join(find_cycle(layers, set(ordered)))})
    return ordered


def find_cycle(layers: Sequence[Layer], done: set[Layer]) -> list[str]:
    """The names of the layers of one cycle, in the order values flow, the first repeated at the end."""
    stuck = [layer for layer in layers if layer not in done]
    inside = set(stuck)
    trail: dict[Layer, None] = {}
    layer = stuck[0]
    while layer not in trail:
        trail[layer] = None
        layer = next(before for before in layer.previous if before in inside)
    walked = list(trail)
    cycle = walked[walked.index(layer) :][::-1]
    names = [x.name for x in [cycle[-1], *cycle]]
    return names if len(names) <= 12 else [*names[:6], f"… {len(names) - 11} more …", *names[-5:]]


def downstream(layers: Sequence[Layer], changed: set[Value]) -> list[Layer]:
    """The layers that depend on any of the values, in forward order."""
    dirty = set(changed)
    found = []
    for layer in layers:
        if any(read in dirty for read in layer.reads if isinstance(read, Value)):
            found.append(layer)
            dirty.update(out for out in layer.outputs if out is not None)
    return found
