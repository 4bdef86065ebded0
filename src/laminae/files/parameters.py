"""Initializers → Parameters: one box each, its array over the file's memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from laminae.files.kept import KEPT_INFO, SPARSE, keep, read_metadata
from laminae.files.lazy import onnx
from laminae.files.reading import Reading, Scope
from laminae.files.sparse import read_sparse
from laminae.files.tensors import read_tensor
from laminae.files.value_types import value_info
from laminae.graph.graph import Graph
from laminae.graph.parameter import Parameter


def read_parameters(proto: Any, graph: Graph, scope: Scope, reading: Reading, ir_version: int) -> None:
    """The initializers of a GraphProto. Raises ModelError for one without a name, there twice, or of sizes that cannot be.

    From IR 4 on, one that is listed among the inputs too may be given another value when the model runs.
    """
    listed = {info.name for info in proto.input} if ir_version > 3 else set()
    for parameter in (*_dense(proto, reading), *_sparse(proto, reading)):
        if parameter.name in graph.parameters:
            raise reading.error(f"parameter {parameter.name!r} is there twice")
        parameter.overridable = parameter.name in listed
        scope.names[parameter.name] = graph.add_parameter(parameter)


def _dense(proto: Any, reading: Reading) -> Iterator[Parameter]:
    return (read_parameter(tensor, reading) for tensor in proto.initializer)


def _sparse(proto: Any, reading: Reading) -> Iterator[Parameter]:
    """Sparse initializers with their zeros; marked, so that they are written as they were."""
    for tensor in proto.sparse_initializer:
        array = read_sparse(tensor, f"parameter {reading.text(tensor.values.name, 'a parameter name')!r}", reading).dense()
        parameter = read_parameter(tensor.values, reading, array)
        parameter.metadata[SPARSE] = "yes"
        yield parameter


def read_parameter(tensor: Any, reading: Reading, array: Any = None) -> Parameter:
    """One initializer. array: its values, where they are not those of the tensor itself."""
    if not tensor.name:
        raise reading.error("a parameter (initializer) has no name")
    name = reading.text(tensor.name, "a parameter's name")
    what = f"parameter {name!r}"
    array = read_tensor(tensor, what, reading) if array is None else array
    metadata = read_metadata(tensor.metadata_props, what, reading)
    keep(metadata, onnx.TensorProto(), tensor)
    return Parameter(name, array, metadata=metadata, doc=reading.text(tensor.doc_string, f"the text of {what}"))


def declare_parameter(parameter: Parameter, info: Any, reading: Reading) -> None:
    """What a ValueInfoProto says of a parameter: as an input (all are in old files), or among the other values."""
    what = f"value {parameter.name!r}"
    parameter.metadata = {**read_metadata(info.metadata_props, what, reading), **parameter.metadata}
    parameter.doc = parameter.doc or reading.text(info.doc_string, f"the text of {what}")
    rest = onnx.ValueInfoProto()
    if info.HasField("type") and info.type != value_info("", parameter.dtype, parameter.shape).type:
        rest.type.CopyFrom(info.type)
    keep(parameter.metadata, rest, info, key=KEPT_INFO)
