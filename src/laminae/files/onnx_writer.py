"""A graph as an .onnx file, written whole or not at all. https://onnx.ai/onnx/repo-docs/IR.html

Weights are streamed: they are never held twice, and an opened model's are copied from its file to the new one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from laminae.base.errors import FileError, ModelError
from laminae.files.atomic import check_place, saving
from laminae.files.graph_writer import GraphWriter, opset_imports
from laminae.files.kept import SPARSE, write_metadata
from laminae.files.lazy import onnx
from laminae.files.skim import SMALL, encode_varint
from laminae.files.sparse import sparse_parameter
from laminae.files.tensor_writer import parameter_header, raw_bytes
from laminae.graph.graph import Function, Graph
from laminae.graph.lint import require_sound
from laminae.graph.parameter import Parameter

IR_VERSION = 11
"""Of models that were built here."""

EXTERNAL_FROM = 1_900_000_000
"""Bytes of weights from which they go into a file of their own."""

LARGEST = 2**31 - 1
"""Bytes of a protobuf message that other programs read."""

PAGE = 4096
"""Tensors in a file of their own start at multiples of this, so that they can be mapped."""

GRAPH_TAG, INITIALIZER_TAG, RAW_TAG = (encode_varint(number << 3 | 2) for number in (7, 5, 9))


@dataclass
class Weight:
    """A parameter of the outermost graph. header: its TensorProto without raw bytes."""

    parameter: Parameter
    header: Any

    @property
    def is_raw(self) -> bool:
        return self.parameter.dtype != "string"

    @property
    def size(self) -> int:
        return self.parameter.nbytes if self.is_raw else 0


def write(graph: Graph, path: str | os.PathLike[str], *, external: bool | None = None) -> None:
    """Save a graph.

    external: weights in `<path>.data` beside the file (None: where they take more than 1.9 GB). A file that is there is
    replaced when the new one is on the disk, and is untouched on any error; its mode is kept. Raises FileError where it
    cannot be written, ModelError where the graph is not sound.
    """
    path = Path(os.fspath(path))
    check_place(path)
    proto, weights = _build(graph)
    apart = external if external is not None else sum(weight.size for weight in weights) > EXTERNAL_FROM
    paths = [path.with_name(path.name + ".data"), path] if apart else [path]
    with saving(paths) as files:
        if apart:
            _write_data(files[0], paths[0].name, weights)
        for piece in _pieces(proto, weights, str(path)):
            files[-1].write(piece)


def to_bytes(graph: Graph) -> bytes:
    """A graph as the bytes of an .onnx file, weights included. Raises ModelError, and FileError past 2 GiB."""
    return b"".join(_pieces(*_build(graph), "bytes"))


def to_proto(graph: Graph) -> Any:
    """A graph as an onnx.ModelProto, weights included. Raises ModelError where it is not sound."""
    proto, weights = _build(graph)
    for weight in weights:
        if weight.is_raw:
            weight.header.raw_data = bytes(raw_bytes(weight.parameter.array))
        proto.graph.initializer.append(weight.header)
    return proto


def _build(graph: Graph) -> tuple[Any, list[Weight]]:
    """The ModelProto without the outermost graph's initializers, and those."""
    require_sound(graph)
    notes = graph.notes
    proto = onnx.ModelProto(ir_version=notes.get("ir_version", IR_VERSION), opset_import=opset_imports(graph.opsets))
    for key, built in (("producer_name", "laminae"), ("producer_version", ""), ("domain", "")):
        if notes.get(key, built):
            setattr(proto, key, notes.get(key, built))
    if notes.get("model_version"):
        proto.model_version = notes["model_version"]
    if graph.doc:
        proto.doc_string = graph.doc
    write_metadata(proto.metadata_props, graph.metadata)
    writer = GraphWriter(every_input=proto.ir_version < 4, name="" if "ir_version" in notes else "model")
    proto.graph.CopyFrom(writer.graph(graph, parameters=False))
    writer.say(proto.graph, notes.get("graph_doc", ""), notes.get("graph_metadata", {}))
    proto.functions.extend(map(writer.function, functions_of(graph)))
    proto.MergeFromString(notes.get("model_kept", b""))
    sparse = [parameter for parameter in graph.parameters.values() if SPARSE in parameter.metadata]
    proto.graph.sparse_initializer.extend(map(sparse_parameter, sparse))
    dense = [parameter for parameter in graph.parameters.values() if SPARSE not in parameter.metadata]
    return proto, [Weight(parameter, parameter_header(parameter)) for parameter in dense]


def functions_of(graph: Graph) -> list[Function]:
    """The model's functions, and those its layers call that it was not told of."""
    found = dict(graph.functions)
    for function in graph.functions.values():
        _collect(function.graph, found)
    _collect(graph, found)
    return list(found.values())


def _collect(graph: Graph, found: dict[tuple[str, str, str], Function]) -> None:
    for _, inner in graph.graphs():
        for layer in inner.layers:
            function = layer.function
            if function is not None and found.setdefault(function.key, function) is not function:
                raise ModelError(f"two functions are named {function.name!r}", {"one is called by": layer.name})


def _pieces(proto: Any, weights: list[Weight], label: str) -> Iterator[bytes | memoryview]:
    """The serialized model in pieces, weights as views: fields of one message may come in any order."""
    graph = proto.graph.SerializeToString()
    rest = onnx.ModelProto()
    rest.CopyFrom(proto)
    rest.ClearField("graph")
    model = rest.SerializeToString()
    headers = [weight.header.SerializeToString() for weight in weights]
    lengths = [len(head) + _raw_length(weight) for head, weight in zip(headers, weights, strict=True)]
    total = len(graph) + sum(len(INITIALIZER_TAG) + len(encode_varint(length)) + length for length in lengths)
    if total + len(model) > LARGEST - 16:
        raise FileError(
            f"{label!r} would be larger than one file of this kind can be",
            {"expected": "2 GiB at most", "found": f"{total + len(model):,} bytes", "way out": "save with external=True"},
        )
    yield from (model, GRAPH_TAG, encode_varint(total), graph)
    for head, length, weight in zip(headers, lengths, weights, strict=True):
        yield from (INITIALIZER_TAG, encode_varint(length), head)
        if _raw_length(weight):
            yield from (RAW_TAG, encode_varint(weight.size), raw_bytes(weight.parameter.array))


def _raw_length(weight: Weight) -> int:
    """Bytes the raw data take in the message, none where they are in another file."""
    if not weight.is_raw or weight.header.data_location:
        return 0
    return len(RAW_TAG) + len(encode_varint(weight.size)) + weight.size


def _write_data(file: BinaryIO, name: str, weights: list[Weight]) -> None:
    """The larger weights into a file of their own, and where they lie into their headers."""
    at = 0
    for weight in weights:
        if not weight.is_raw or weight.size < SMALL:
            continue
        file.write(bytes(-at % PAGE))
        at += -at % PAGE
        file.write(raw_bytes(weight.parameter.array))
        weight.header.data_location = 1
        for key, value in (("location", name), ("offset", at), ("length", weight.size)):
            weight.header.external_data.append(onnx.StringStringEntryProto(key=key, value=str(value)))
        at += weight.size
