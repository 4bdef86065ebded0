"""The fingerprint of a graph: one number of what it computes with, the same in every process."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy, is_array
from laminae.base.code import code_of
from laminae.graph.graph import Graph
from laminae.graph.layer import Layer
from laminae.graph.parameter import Parameter


def fingerprint(graph: Graph) -> str:
    """SHA-256, in hexadecimal, over the structure (layers in order, operators, attributes with bodies, connections, functions)
    and every bit of every parameter. Names of files, doc strings and metadata are no part of it.
    """
    found = hashlib.sha256()
    _graph(graph, found)
    for key, function in sorted(graph.functions.items()):
        _put(found, "function", key, function.attributes, function.defaults)
        _graph(function.graph, found)
    return found.hexdigest()


def structure(graph: Graph) -> str:
    """As `fingerprint`, but for the values of the parameters, which learning moves: their names, dtypes and shapes."""
    found = hashlib.sha256()
    for part in (graph, *(function.graph for _, function in sorted(graph.functions.items()))):
        _layers(part, found)
        _put(found, *((name, box.dtype, box.shape) for name, box in part.parameters.items()))
    _put(found, *((key, function.attributes, function.defaults) for key, function in sorted(graph.functions.items())))
    return found.hexdigest()


def digest(*parts: Any) -> str:
    """SHA-256, in hexadecimal, over numbers, texts, arrays, what can be seen of functions, and lists and dicts of these."""
    found = hashlib.sha256()
    _put(found, *parts)
    return found.hexdigest()


def _graph(graph: Graph, found: Any) -> None:
    _layers(graph, found)
    for name, parameter in graph.parameters.items():
        _put(found, "parameter", name, parameter.dtype, parameter.shape)
        _array(parameter.array, found)


def _layers(graph: Graph, found: Any) -> None:
    _put(found, "graph", graph.opsets, [out.name for out in graph.outputs], len(graph.layers))
    for layer in graph.layers:
        _layer(layer, found)


def _layer(layer: Layer, found: Any) -> None:
    reads = [None if x is None else (isinstance(x, Parameter), x.name) for x in layer.inputs]
    makes = [None if v is None else (v.name, v.dtype, v.shape, v.kind) for v in layer.outputs]
    function = layer.function and layer.function.key
    _put(found, layer.name, layer.group, layer.domain, layer.operator, layer.opset, reads, makes, function, layer.attributes)


def _put(found: Any, *parts: Any) -> None:
    """Each part with its kind and its length, so that no two lists of parts are the same bytes."""
    for part in parts:
        if isinstance(part, Graph):
            _graph(part, found)
        elif isinstance(part, Mapping):
            _put(found, len(part))
            _put(found, *(x for pair in sorted(part.items(), key=lambda item: str(item[0])) for x in pair))
        elif isinstance(part, list | tuple):
            _put(found, len(part), *part)
        elif isinstance(part, np.ndarray) or is_array(part):
            _put(found, str(part.dtype), tuple(part.shape))
            _array(part, found)
        elif callable(part) and not isinstance(part, type):
            _put(found, "function", code_of(part))
        else:
            text = _text(part)
            found.update(f"{type(part).__name__}:{len(text)}:".encode() + text)


def _text(part: Any) -> bytes:
    if isinstance(part, bytes):
        return part
    text = part.hex() if isinstance(part, float) else repr(part)
    return b"" if " at 0x" in text else text.encode("utf-8", "backslashreplace")  # an address is another in each process


def _array(array: Any, found: Any) -> None:
    values = np.asarray(as_numpy(array))
    if values.dtype == object:
        _put(found, [str(text) for text in values.reshape(-1)])
    else:
        found.update(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)
