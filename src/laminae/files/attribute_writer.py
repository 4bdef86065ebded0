"""Plain Python → AttributeProto."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from laminae.base.arrays import is_array
from laminae.base.errors import AttributeValueError
from laminae.base.sparse import SparseArray
from laminae.files.lazy import onnx
from laminae.files.sparse import write_sparse
from laminae.files.tensor_writer import tensor_of
from laminae.graph.graph import Graph, Reference, Serialized

LARGEST = float(np.finfo(np.float32).max)


def write_attributes(attributes: Mapping[str, Any], rest: Any, what: str, body: Callable[[Graph], Any]) -> list[Any]:
    """The attributes of a layer. rest: kept AttributeProtos. body: writes a graph. Raises AttributeValueError."""
    others = {proto.name: proto for proto in rest}
    return [
        _with_rest(write_attribute(name, value, f"{what}, attribute {name!r}", body), others.get(name))
        for name, value in attributes.items()
        if value is not None
    ]


def write_attribute(name: str, value: Any, what: str, body: Callable[[Graph], Any]) -> Any:
    """One attribute, of the type its value has."""
    proto: Any = onnx.AttributeProto(name=name)
    if isinstance(value, Reference):
        proto.ref_attr_name, proto.type = value.name, value.kind
    elif isinstance(value, Serialized):
        proto.MergeFromString(value.data)
    elif isinstance(value, SparseArray):
        proto.type = 11
        proto.sparse_tensor.CopyFrom(write_sparse(value))
    elif isinstance(value, Graph):
        proto.type = 5
        proto.g.CopyFrom(body(value))
    elif isinstance(value, (list, tuple)):
        _write_list(proto, list(value), what)
    else:
        proto.type, field, item = _one(value, what)
        getattr(proto, field).CopyFrom(item) if field == "t" else setattr(proto, field, item)
    return proto


def _write_list(proto: Any, items: list[Any], what: str) -> None:
    """A list; of integers and floats mixed, of floats; an empty one, of integers."""
    found = [_one(item, what) for item in items]
    kinds = {kind for kind, _, _ in found}
    if kinds == {1, 2}:
        found, kinds = [_one(float(item), what) for item in items], {1}
    if len(kinds) > 1:
        raise AttributeValueError(f"{what} is a list of different things", {"found": repr(items)[:80]})
    kind = kinds.pop() if kinds else 2
    field = {1: "floats", 2: "ints", 3: "strings", 4: "tensors"}[kind]
    proto.type = kind + 5
    getattr(proto, field).extend(item for _, _, item in found)


def _one(value: Any, what: str) -> tuple[int, str, Any]:
    """Type, field and content of a single value."""
    if isinstance(value, (bool, int, np.integer, np.bool_)):
        if not -(1 << 63) <= int(value) < 1 << 63:
            raise AttributeValueError(f"{what} does not fit into 64 bits", {"found": value})
        return 2, "i", int(value)
    if isinstance(value, (float, np.floating)):
        if math.isfinite(value) and abs(float(value)) > LARGEST:
            raise AttributeValueError(f"{what} does not fit into a float32", {"found": value})
        return 1, "f", float(value)
    if isinstance(value, (str, bytes)):
        return 3, "s", value.encode() if isinstance(value, str) else value
    if isinstance(value, np.ndarray) or is_array(value):
        return 4, "t", tensor_of(value)
    raise AttributeValueError(
        f"{what} cannot be written to a file",
        {"expected": "a number, text, an array, a graph, or a list of numbers, texts or arrays", "found": type(value).__name__},
    )


def _with_rest(proto: Any, rest: Any) -> Any:
    """With what was kept of the attribute as the file had it, where that still fits."""
    if rest is None:
        return proto
    if rest.HasField("type") and any(len(getattr(proto, field)) for field in ("ints", "floats", "strings", "tensors")):
        rest.ClearField("type")
    if rest.HasField("t") and proto.type != 4:
        rest.ClearField("t")
    proto.MergeFrom(rest)
    return proto
