"""How many operators a graph is once its functions are put in place: ONNX Runtime does that before it runs anything."""

from __future__ import annotations

from laminae.base.errors import EngineError
from laminae.base.settings import settings
from laminae.graph import Graph


def require_small(graph: Graph) -> None:
    """Raises EngineError for a graph whose functions call one another so often that ONNX Runtime would not end."""
    size = expanded(graph)
    if size > settings.max_passes:
        raise EngineError(
            f"with its functions put in place the model has {size:,} operators",
            {
                "because": "ONNX Runtime does that before it runs",
                "the way out": "engine='torch', or laminae.settings.max_passes = …",
            },
        )


def expanded(graph: Graph) -> int:
    """The operators of a graph, those of bodies and of each call of a function counted."""
    known: dict[int, int] = {}
    waiting = [graph]
    while waiting:
        current = waiting[-1]
        inner = [body for layer in current.layers for body in layer.bodies.values()]
        missing = [body for body in inner if id(body) not in known]
        if missing:
            waiting += missing
            continue
        known[id(current)] = len(current.layers) + sum(known[id(body)] for body in inner)
        waiting.pop()
    return known[id(graph)]
