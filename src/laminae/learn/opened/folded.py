"""What an exporter computed beforehand: a weight turned for a product, several joined for a recurrent layer.

A weight that the file has turned and as it was (an embedding that is the head as well) would come apart in learning. Two weights
that were drawn or learned apart never have the same bits, so these are one: the turned one is made of the other again.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.graph.graph import unique_name

FOLDED = "pkg.onnxscript.optimizer.folded_from"
"""Metadata in which PyTorch's exporter says of what it has computed a parameter, once and for all."""

LOOK = 16
"""So many elements along each axis are compared before all are."""


def folded_from(box: Parameter) -> list[str]:
    """The tensors of the module among those that a parameter was computed from; the exporter's own have no dot in their names."""
    text = box.metadata.get(FOLDED, "")
    try:
        names = ast.literal_eval(text) if 0 < len(text) < 100_000 else []
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return [name for name in names if isinstance(name, str) and "." in name] if isinstance(names, list) else []


def turn_back(graph: Graph, weights: Sequence[Parameter]) -> list[tuple[str, str]]:
    """A Transpose of the other in the place of each matrix that is another one turned; their names, pairwise."""
    found: list[tuple[str, str]] = []
    opset = graph.opsets.get("", 0)
    matrices = [p for p in weights if len(p.shape) == 2 and min(p.shape) > 1 and graph.parameters.get(p.name) is p]
    by_shape: dict[tuple[int, ...], list[Parameter]] = {}
    for box in matrices:
        by_shape.setdefault(box.shape, []).append(box)
    gone: set[Parameter] = set()
    for box in matrices:
        twin = next((p for p in by_shape.get(box.shape[::-1], ()) if p not in gone and _is_turned(box, p)), None)
        if twin is None or twin is box or box in gone or not _is_later(box, twin):
            continue
        gone.add(box)
        taken = {layer.name for layer in graph.layers} | {v.name for v in graph.values()} | set(graph.parameters) - {box.name}
        value = Value(unique_name(box.name, taken), box.dtype, box.shape)
        layer = Layer(unique_name(f"{box.name}.turned", taken), "Transpose", (twin,), (value,), {"perm": [1, 0]}, opset=opset)
        graph.layers.insert(len(graph.input_layers), layer)
        for _, inner in graph.graphs():
            for other in inner.layers:
                other.inputs = tuple(value if x is box else x for x in other.inputs)
            inner.outputs = tuple(value if x is box else x for x in inner.outputs)
            inner.changed()
        del graph.parameters[box.name]
        found.append((box.name, twin.name))
    return found


def _is_later(box: Parameter, twin: Parameter) -> bool:
    """Of the two the one that was computed from the other; where the file does not say, the one whose name comes later."""
    if bool(folded_from(box)) != bool(folded_from(twin)):
        return bool(folded_from(box))
    return box.name > twin.name


def _is_turned(a: Parameter, b: Parameter) -> bool:
    """Whether one has the other's bits, turned; a matrix of one number says nothing."""
    if a is b or a.dtype != b.dtype:
        return False
    one, other = np.asarray(as_numpy(a.array)), np.asarray(as_numpy(b.array)).T
    if not np.array_equal(one[:LOOK, :LOOK], other[:LOOK, :LOOK]) or (one == one.flat[0]).all():
        return False
    return bool(np.array_equal(one, other))
