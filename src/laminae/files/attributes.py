"""AttributeProto → plain Python: numbers, strings, arrays, and graphs for bodies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from laminae.files.kept import unknown_fields
from laminae.files.lazy import onnx
from laminae.files.reading import Reading
from laminae.files.sparse import read_sparse
from laminae.files.tensors import decoded, read_tensor
from laminae.files.value_types import in_words
from laminae.graph.graph import Graph, Reference, Serialized

FIELDS = {1: "f", 2: "i", 3: "s", 4: "t", 5: "g", 6: "floats", 7: "ints", 8: "strings", 9: "tensors", 10: "graphs",
          11: "sparse_tensor", 12: "sparse_tensors", 13: "tp", 14: "type_protos"}  # fmt: skip
"""Type of an attribute → the field that holds it (AttributeProto.AttributeType)."""

LISTS = (6, 7, 8, 9, 12, 14)


def read_attributes(protos: Any, what: str, reading: Reading, body: Callable[[Any], Graph]) -> dict[str, Any]:
    """The attributes of a node by name. body: reads a graph in the scope of the node. Raises ModelError."""
    found: dict[str, Any] = {}
    for proto in protos:
        name = reading.text(proto.name, f"an attribute name of {what}")
        if name in found:
            raise reading.error(f"{what} has the attribute {name!r} twice")
        found[name] = read_attribute(proto, f"{what}, attribute {name!r}", reading, body)
    return found


def read_attribute(proto: Any, what: str, reading: Reading, body: Callable[[Any], Graph]) -> Any:
    """One attribute's value; `Reference` where it is one of the function around it."""
    kind = attribute_kind(proto, what, reading)
    if proto.ref_attr_name:
        return Reference(reading.text(proto.ref_attr_name, what), kind)
    value = getattr(proto, FIELDS[kind])
    if kind in (1, 2):
        return value
    if kind == 3:
        return decoded(value)
    if kind == 4:
        return read_tensor(value, what, reading)
    if kind == 5:
        return body(value)
    if kind in (6, 7):
        return list(value)
    if kind == 8:
        return [decoded(item) for item in value]
    if kind == 11:
        return read_sparse(value, what, reading)
    if kind == 9:
        return [read_tensor(item, what, reading) for item in value]
    if kind == 10:
        raise reading.error(f"{what} is a list of graphs, which no operator takes", {"expected": "one graph per attribute"})
    whole: Any = onnx.AttributeProto
    return Serialized(kind, _in_words(kind, value), whole(type=kind, **{FIELDS[kind]: value}).SerializeToString())


def attribute_kind(proto: Any, what: str, reading: Reading) -> int:
    """Its type; in files older than IR 3, which need not say it, from the field that is there. Raises ModelError."""
    if proto.type:
        return int(proto.type)
    there = [kind for kind, field in FIELDS.items() if _has(proto, field, kind)]
    if len(there) != 1:
        raise reading.error(
            f"{what} has no type that this version of ONNX knows", {"expected": "one of AttributeProto.AttributeType"}
        )
    return there[0]


def _has(proto: Any, field: str, kind: int) -> bool:
    return len(getattr(proto, field)) > 0 if kind in (*LISTS, 10) else proto.HasField(field)


def _in_words(kind: int, value: Any) -> str:
    if kind == 13:
        return in_words(value)
    return ", ".join(map(in_words, value)) if kind == 14 else f"{len(value)} sparse tensors"


def rest_of_attributes(protos: Any) -> list[Any]:
    """What the values do not carry: texts, the type of empty lists, a tensor's texts, fields that nobody knows."""
    found = []
    for proto in protos:
        rest = onnx.AttributeProto()
        if proto.doc_string:
            rest.doc_string = proto.doc_string
        if proto.type in LISTS and not len(getattr(proto, FIELDS[proto.type])):
            rest.type = proto.type
        if proto.type == 4:
            _rest_of_tensor(proto.t, rest)
        rest.MergeFromString(unknown_fields(proto))
        if rest.ByteSize():
            rest.name = proto.name
            found.append(rest)
    return found


def _rest_of_tensor(tensor: Any, rest: Any) -> None:
    if tensor.doc_string:
        rest.t.doc_string = tensor.doc_string
    if tensor.metadata_props:
        rest.t.metadata_props.extend(tensor.metadata_props)
    data = unknown_fields(tensor)
    if data:
        rest.t.MergeFromString(data)
