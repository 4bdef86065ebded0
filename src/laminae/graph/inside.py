"""Layers inside layers, by the paths that traces have: those of a function at each of its calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from laminae.graph.graph import Graph
from laminae.graph.layer import Layer

MOST = 20_000
"""Layers looked at: functions that call one another may hold more than can ever be counted."""


def inside(layers: Iterable[Layer], prefix: str = "") -> Iterator[tuple[str, Layer]]:
    """Every layer in the bodies of these with its path, without end where functions call one another often enough."""
    waiting = [(prefix, layer) for layer in layers if layer.bodies]
    while waiting:
        before, layer = waiting.pop(0)
        for label, body in layer.bodies.items():
            path = f"{before}{layer.path}/{label}/"
            for x in body.layers:
                yield path + x.path, x
                if x.bodies:
                    waiting.append((path, x))


def some_inside(layers: Iterable[Layer]) -> tuple[list[tuple[str, Layer]], bool]:
    """Those that can be looked at, and whether they are all."""
    found = list(islice(inside(layers), MOST + 1))
    return found[:MOST], len(found) <= MOST


def at_path(graph: Graph, path: str) -> Layer | None:
    """The layer in a body at that path, None where there is none."""
    for layer in graph.layers:
        for label, body in layer.bodies.items():
            head = f"{layer.path}/{label}/"
            if not path.startswith(head):
                continue
            rest = path[len(head) :]
            found = next((x for x in body.layers if x.path == rest), None) or at_path(body, rest)
            if found is not None:
                return found
    return None
