"""Where a pass that is stepped is to stop: at layers, or where a value is as it should not be."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.base.errors import LaminaeError, UsageError
from laminae.graph import Graph, Layer
from laminae.graph.select import many, matches

Breakpoint = Callable[[Layer, Any], bool]
"""Whether to stop after a layer, by its output (a tuple where it has several)."""

CONDITION = re.compile(r"(abs|max|min|mean|std)\s*(>=|<=|>|<)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?inf)\Z")
COMPARE = {">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le}


def breakpoint_of(graph: Graph, until: object) -> Breakpoint:
    """What a user says: a layer, group or glob; "nan", "inf", "abs>1e4"; a function; or several, of which one must hold.

    abs, max, min, mean and std are of a layer's whole output, mean and std of what is finite in it; abs is the largest magnitude.
    A layer that is named `nan` is that layer. Raises UnknownNameError where nothing is meant, UsageError for anything else.
    """
    if callable(until):
        return lambda layer, value: bool(until(layer, value))
    if isinstance(until, str):
        return _condition(graph, until) or _layers(graph, until)
    if isinstance(until, list | tuple) and until:
        every = [breakpoint_of(graph, part) for part in until]
        return lambda layer, value: any(one(layer, value) for one in every)
    raise UsageError(
        f"until={until!r} says nowhere to stop",
        {"expected": "a layer, a group, a glob, 'nan', 'inf', 'abs>1e4', a function of layer and value, or a list of these"},
    )


def _layers(graph: Graph, name: str) -> Breakpoint:
    try:
        chosen = frozenset(many(graph, [name]))
    except LaminaeError as error:
        outer = _around(graph, name)
        if outer is None:
            raise
        details = {"it stands in": f"layer {outer.name!r}, which runs in one step", "stop at": repr(outer.name)}
        raise UsageError(f"a pass cannot stop at {name!r}", details) from error
    return lambda layer, value: layer in chosen


def _around(graph: Graph, name: str) -> Layer | None:
    """The layer in whose bodies a name means something."""
    for layer in graph.layers:
        for label, body in layer.bodies.items():
            for prefix, inner in body.graphs():
                paths = ((f"{layer.path}/{label}/{prefix}{x.path}", x.operator) for x in inner.layers)
                if any(matches(name, name=path, path=path, operator=op) for path, op in paths):
                    return layer
    return None


def _condition(graph: Graph, text: str) -> Breakpoint | None:
    """None where it is the name of a layer, or no condition."""
    if text in graph.index.by_name or text in graph.index.by_path:
        return None
    if text.lower() in ("nan", "inf"):
        holds = torch.isnan if text.lower() == "nan" else torch.isinf
        return lambda layer, value: any(bool(holds(x).any()) for x in _floats(value))
    found = CONDITION.match(text.strip())
    if found is None:
        return None
    measure, compare, bound = MEASURES[found[1]], COMPARE[found[2]], float(found[3])
    return lambda layer, value: any(x.numel() > 0 and compare(measure(x), bound) for x in _numbers(value))


def _parts(value: Any) -> list[Any]:
    """The tensors of an output: of several outputs, of a sequence."""
    if isinstance(value, tuple | list):
        return [part for each in value for part in _parts(each)]
    return [value] if is_tensor(value) else []


def _floats(value: Any) -> list[Any]:
    return [x for x in _parts(value) if x.is_floating_point() or x.is_complex()]


def _numbers(value: Any) -> list[Any]:
    return [x.abs() if x.is_complex() else x for x in _parts(value) if x.dtype != torch.bool]


def _finite(x: Any) -> Any:
    wide = x.double()
    return wide[torch.isfinite(wide)]


MEASURES: dict[str, Callable[[Any], float]] = {
    "abs": lambda x: float(x.double().abs().max()),
    "max": lambda x: float(x.max()),
    "min": lambda x: float(x.min()),
    "mean": lambda x: float(_finite(x).mean()),
    "std": lambda x: float(_finite(x).std(correction=0)),
}
