"""The engines by name, each loaded when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from laminae.base.errors import UsageError
from laminae.graph import Graph

if TYPE_CHECKING:
    from laminae.engines.interface import Engine

ENGINES = {
    "torch": "laminae.engines.torch.engine:engine",
    "onnxruntime": "laminae.engines.onnxruntime.engine:engine",
}
"""Name → module and function that makes the engine of a graph."""

DEFAULT = "torch"


def engine_of(name: str, graph: Graph, examples: Callable[[], Sequence[Any] | None]) -> Engine:
    """The engine of that name for a graph. examples: arrays its inputs can be, in order, where some are known.

    Raises UsageError for a name that is none, MissingPackageError where what the engine stands on is not installed.
    """
    if not isinstance(name, str) or name not in ENGINES:
        raise UsageError(f"there is no engine {name!r}", {"there are": ", ".join(ENGINES)})
    place, _, function = ENGINES[name].partition(":")
    made: Engine = getattr(import_module(place), function)(graph, examples)
    return made
