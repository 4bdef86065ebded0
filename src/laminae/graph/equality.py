"""What differs between two graphs, in words; nothing where they are equal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy, is_array
from laminae.base.shapes import format_shape
from laminae.graph.graph import Function, Graph
from laminae.graph.layer import Layer
from laminae.graph.parameter import Parameter
from laminae.graph.value import Value

NOT_COMPARED = ("sorted", "checksums")
"""Notes on how a file was, not on what the model is. A model that was built has no notes: then none are compared."""


def differences(a: Graph, b: Graph) -> list[str]:
    """Every difference, in words: layers in order, operators, attributes with bodies, connections by name, parameters bit for
    bit, inputs and outputs, operator sets, metadata, functions. Two graphs are equal when there is none.
    """
    return list(_graphs(a, b, "")) + list(_functions(a, b))


def _graphs(a: Graph, b: Graph, at: str) -> Iterator[str]:
    for what in ("name", "doc", "opsets", "metadata"):
        yield from _plain(f"{at}{what}", getattr(a, what), getattr(b, what))
    notes = [{key: value for key, value in g.notes.items() if key not in NOT_COMPARED} for g in (a, b)]
    if all(notes):
        yield from _plain(f"{at}notes", *notes)
    yield from _plain(f"{at}outputs", [out.name for out in a.outputs], [out.name for out in b.outputs])
    names = [[layer.name for layer in g.layers] for g in (a, b)]
    yield from _plain(f"{at}layers", *names)
    if names[0] == names[1]:
        for one, other in zip(a.layers, b.layers, strict=True):
            yield from _layers(one, other, f"{at}layer {one.name!r}: ")
    yield from _parameters(a, b, at)


def _layers(a: Layer, b: Layer, at: str) -> Iterator[str]:
    for what in ("operator", "domain", "opset", "group", "metadata", "doc"):
        yield from _plain(at + what, getattr(a, what), getattr(b, what))
    reads = [[None if x is None else (type(x).__name__, x.name) for x in layer.inputs] for layer in (a, b)]
    yield from _plain(at + "inputs", *reads)
    yield from _plain(at + "function", *[layer.function and layer.function.key for layer in (a, b)])
    yield from _plain(at + "outputs", *[[v and v.name for v in layer.outputs] for layer in (a, b)])
    for one, other in zip(a.outputs, b.outputs, strict=False):
        if one is not None and other is not None:
            yield from _values(one, other, f"{at}value {one.name!r}: ")
    yield from _attributes(a.attributes, b.attributes, at)


def _values(a: Value, b: Value, at: str) -> Iterator[str]:
    for what in ("dtype", "shape", "kind", "metadata", "doc"):
        yield from _plain(at + what, getattr(a, what), getattr(b, what))


def _attributes(a: Mapping[str, Any], b: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from _plain(f"{at}attributes", sorted(a), sorted(b))
    for name in a.keys() & b.keys():
        one, other = a[name], b[name]
        if isinstance(one, Graph) and isinstance(other, Graph):
            yield from _graphs(one, other, f"{at}{name}: ")
        elif not same(one, other):
            yield f"{at}attribute {name!r} is {_short(one)} and {_short(other)}"


def _parameters(a: Graph, b: Graph, at: str) -> Iterator[str]:
    yield from _plain(f"{at}parameters", list(a.parameters), list(b.parameters))
    for name, one in a.parameters.items():
        other = b.parameters.get(name)
        if other is not None:
            yield from _one_parameter(one, other, f"{at}parameter {name!r}: ")


def _one_parameter(a: Parameter, b: Parameter, at: str) -> Iterator[str]:
    for what in ("dtype", "shape", "metadata", "doc", "overridable"):
        yield from _plain(at + what, getattr(a, what), getattr(b, what))
    if (a.dtype, a.shape) == (b.dtype, b.shape) and not same_bits(a.array, b.array):
        yield f"{at}the values differ ({format_shape(a.shape)} {a.dtype})"


def _functions(a: Graph, b: Graph) -> Iterator[str]:
    yield from _plain("functions", list(a.functions), list(b.functions))
    for key, one in a.functions.items():
        other = b.functions.get(key)
        if other is not None:
            yield from _one_function(one, other, f"function {one.name!r}: ")


def _one_function(a: Function, b: Function, at: str) -> Iterator[str]:
    for what in ("attributes", "doc", "metadata"):
        yield from _plain(at + what, getattr(a, what), getattr(b, what))
    yield from _attributes(a.defaults, b.defaults, at)
    yield from _graphs(a.graph, b.graph, at)


def same(a: Any, b: Any) -> bool:
    """Whether two attributes are equal: of one type, floats and arrays bit for bit."""
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if _is_array(a) and _is_array(b):
        return same_bits(a, b)
    if isinstance(a, float) and isinstance(b, float):
        return a.hex() == b.hex()
    return type(a) is type(b) and bool(a == b)


def same_bits(a: Any, b: Any) -> bool:
    """Whether two arrays have one dtype, one shape and the same bits; strings are compared as strings."""
    one, other = as_numpy(a), as_numpy(b)
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if one.dtype == object:
        return list(one.reshape(-1)) == list(other.reshape(-1))
    return np.array_equal(_bits(one), _bits(other))


def _bits(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) or is_array(value)


def _plain(what: str, a: Any, b: Any) -> Iterator[str]:
    if a != b:
        yield f"{what}: {_short(a)} and {_short(b)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"
