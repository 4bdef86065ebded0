"""The types of values, as files declare them: dtype and sizes of a tensor; other kinds (sequences, maps) as they are."""

from __future__ import annotations

from typing import Any

from laminae.base.dtypes import CODES, NAMES
from laminae.base.shapes import Dim, Shape, format_shape
from laminae.files.kept import keep, kept, read_metadata, write_metadata
from laminae.files.lazy import onnx
from laminae.files.reading import Reading
from laminae.graph.value import Value


def declare(value: Value, info: Any, reading: Reading) -> None:
    """What a ValueInfoProto says of a value, where nothing has been said yet."""
    what = f"value {value.name!r}"
    dtype, shape = tensor_type(info.type, what, reading)
    value.dtype = value.dtype or dtype
    value.shape = shape if value.shape is None else value.shape
    value.doc = value.doc or reading.text(info.doc_string, f"the text of {what}")
    value.metadata = {**read_metadata(info.metadata_props, what, reading), **value.metadata}
    if info.type.WhichOneof("value") not in (None, "tensor_type"):
        value.kind = in_words(info.type)
    plain = value_info(value.name, dtype, shape)
    rest = onnx.ValueInfoProto()
    if info.HasField("type") and info.type != plain.type:
        rest.type.CopyFrom(info.type)
    keep(value.metadata, rest, info)


def describe_value(value: Value) -> Any:
    """The ValueInfoProto of a value: the kept type where it still says the same, otherwise the plain one."""
    info = value_info(value.name, value.dtype, value.shape)
    info.doc_string = value.doc or ""
    if not value.doc:
        info.ClearField("doc_string")
    write_metadata(info.metadata_props, value.metadata)
    rest = kept(value.metadata, onnx.ValueInfoProto)
    if rest is not None:
        if rest.HasField("type") and plain_type(rest.type) == (value.dtype, value.shape):
            info.type.CopyFrom(rest.type)
        rest.ClearField("type")
        info.MergeFrom(rest)
    return info


def value_info(name: str, dtype: str | None, shape: Shape | None) -> Any:
    """A ValueInfoProto of a tensor; of a value of which nothing is known, the name alone."""
    info = onnx.ValueInfoProto(name=name)
    if dtype is None and shape is None:
        return info
    info.type.tensor_type.elem_type = CODES[dtype] if dtype else 0
    if shape is not None:
        info.type.tensor_type.shape.SetInParent()
        for dim in shape:
            size = info.type.tensor_type.shape.dim.add()
            if isinstance(dim, int):
                size.dim_value = dim
            elif dim is not None:
                size.dim_param = dim
    return info


def tensor_type(proto: Any, what: str, reading: Reading) -> tuple[str | None, Shape | None]:
    """dtype and sizes of a TypeProto, None where it does not say or is no tensor. Raises ModelError for ones that cannot be."""
    if proto.WhichOneof("value") == "tensor_type":
        code = proto.tensor_type.elem_type
        if code and code not in NAMES:
            known = ", ".join(f"{code} {name}" for code, name in NAMES.items())
            raise reading.error(f"{what} has an unknown data type", {"found": code, "known": known})
        sizes = tuple(dim.dim_value for dim in proto.tensor_type.shape.dim)
        for dim in proto.tensor_type.shape.dim:
            reading.text(dim.dim_param, f"the name of a size of {what}")
        if any(size < -1 for size in sizes):
            raise reading.error(f"{what} has a negative size", {"expected": "sizes of 0 or more", "found": format_shape(sizes)})
    return plain_type(proto)


def plain_type(proto: Any) -> tuple[str | None, Shape | None]:
    """The same, of a type known to be sound."""
    if proto.WhichOneof("value") != "tensor_type":
        return None, None
    tensor = proto.tensor_type
    shape = tuple(map(_dim, tensor.shape.dim)) if tensor.HasField("shape") else None
    return NAMES.get(tensor.elem_type), shape


def _dim(dim: Any) -> Dim:
    """A size; -1, which some exporters write, means not known."""
    if dim.WhichOneof("value") == "dim_value":
        return None if dim.dim_value < 0 else int(dim.dim_value)
    return dim.dim_param or None


def in_words(proto: Any) -> str:
    """A type in words: `optional(sequence(tensor(float32)[2, ?]))`."""
    kind = proto.WhichOneof("value")
    if kind in ("tensor_type", "sparse_tensor_type"):
        inner = getattr(proto, kind)
        shape = tuple(map(_dim, inner.shape.dim)) if inner.HasField("shape") else None
        return f"{kind.removesuffix('_type')}({NAMES.get(inner.elem_type, '?')}){format_shape(shape)}"
    if kind in ("sequence_type", "optional_type"):
        return f"{kind.removesuffix('_type')}({in_words(getattr(proto, kind).elem_type)})"
    if kind == "map_type":
        return f"map({NAMES.get(proto.map_type.key_type, '?')}, {in_words(proto.map_type.value_type)})"
    return "not known" if kind is None else f"{kind.removesuffix('_type')}"
