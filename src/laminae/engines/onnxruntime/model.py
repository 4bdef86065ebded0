"""Layers of a graph as the bytes of an ONNX model: inputs are what is known, outputs what is wanted; weights lie elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import onnx

from laminae.base.dtypes import CODES
from laminae.engines.onnxruntime.stages import Stage
from laminae.files.graph_writer import GraphWriter
from laminae.files.onnx_writer import functions_of
from laminae.files.tensor_writer import parameter_header, raw_bytes
from laminae.files.value_types import describe_value
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.ops.registry import Operator, find

IR_VERSION = 10
"""Which every ONNX Runtime that is supported reads."""

PLAIN_OPSET = 21
"""A model that says this opset is read by all of them; one that says a newer one says the least that means the same."""

NEWEST_OPSET = 26
"""Of which ONNX Runtime has operators; of newer ones it has some."""

SMALL = 1024
"""Bytes of a weight from which it stays where it is: smaller ones (shapes, axes) are looked at when the model is optimised."""

Type = tuple[str, str, int | None]


@dataclass(frozen=True)
class Written:
    """data: the model. outside: the parameters whose values it does not hold."""

    data: bytes
    outside: tuple[Parameter, ...]


def write(graph: Graph, stage: Stage, types: Mapping[Value, Type], opsets: Mapping[str, int]) -> Written:
    """The model of a stage. types: of its inputs, as they come. opsets: that it says, one of `opsets_of`."""
    writer = GraphWriter(name="model")
    writer.enter(graph)
    proto = onnx.ModelProto(ir_version=IR_VERSION)
    proto.opset_import.extend(onnx.OperatorSetIdProto(domain=d, version=v) for d, v in opsets.items())
    proto.graph.name = graph.name or "model"
    proto.graph.node.extend(writer.node(layer, graph) for layer in stage.layers)
    proto.graph.input.extend(_input(value, types[value], graph) for value in stage.inputs)
    for parameter in stage.parameters:
        proto.graph.input.add().CopyFrom(_tensor(parameter.name, parameter.dtype, parameter.shape))
    proto.graph.output.extend(onnx.ValueInfoProto(name=value.name) for value in stage.wanted)
    outside = []
    for parameter in _parameters(stage):
        proto.graph.initializer.append(_initializer(parameter))
        if proto.graph.initializer[-1].data_location:
            outside.append(parameter)
    proto.functions.extend(map(writer.function, functions_of(graph)))
    writer.leave()
    return Written(proto.SerializeToString(), tuple(outside))


def _parameters(stage: Stage) -> list[Parameter]:
    reads = dict.fromkeys(x for layer in stage.layers for x in layer.reads if isinstance(x, Parameter))
    return [x for x in reads if x not in stage.parameters]


def _initializer(parameter: Parameter) -> Any:
    """With its bytes where it is small; else said to lie elsewhere, where nobody looks: its memory is handed over beside it."""
    parameter.tensor()
    tensor = parameter_header(parameter)
    for field in ("doc_string", "metadata_props"):
        tensor.ClearField(field)
    if parameter.dtype == "string":
        return tensor
    if parameter.nbytes < SMALL or parameter.dtype in ("int4", "uint4", "int2", "uint2", "float4_e2m1fn"):
        tensor.raw_data = bytes(raw_bytes(parameter.array))
        return tensor
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", "laminae"), ("offset", "0"), ("length", str(parameter.nbytes))):
        tensor.external_data.append(onnx.StringStringEntryProto(key=key, value=value))
    return tensor


def _input(value: Value, found: Type, graph: Graph) -> Any:
    """What is declared of an input of the whole model, which is known to hold; of any other value what is at hand."""
    kind, dtype, rank = found
    is_input = value.producer is not None and value.producer.is_input
    if value.kind or kind == "nothing":
        return describe_value(value)
    if kind == "sequence":
        inner = onnx.helper.make_tensor_type_proto(CODES[dtype], None)
        return onnx.helper.make_value_info(value.name, onnx.helper.make_sequence_type_proto(inner))
    declared = value.shape if is_input and value.shape is not None and len(value.shape) == rank else None
    return _tensor(value.name, dtype, declared if declared is not None else (None,) * (rank or 0))


def _tensor(name: str, dtype: str, shape: Sequence[Any]) -> Any:
    return onnx.helper.make_tensor_value_info(name, CODES[dtype], shape)


def opsets_of(graph: Graph, layers: Sequence[Layer]) -> list[dict[str, int]]:
    """The opsets that a model of these layers may say, to be tried in this order.

    Of the main domain the least in which every operator is the very same, so that older ONNX Runtimes read it too. Where that is
    newer than they have operators for, also the least in which each computes the same, if it takes these types there.
    """
    found = dict(graph.opsets)
    declared = found.get("", 0)
    if declared <= PLAIN_OPSET:
        return [found]
    inner = [x for layer in layers for body in layer.bodies.values() for _, g in body.graphs() for x in g.layers]
    main = [layer for layer in (*layers, *inner) if not layer.domain and layer.function is None]
    same = min(declared, max([PLAIN_OPSET, *map(_since, main)]))
    if same <= NEWEST_OPSET:
        return [found | {"": same}]
    alike = [_since(x) if _since(x) <= NEWEST_OPSET or ours is None else ours.since for x, ours in _with_ours(main)]
    return [found | {"": same}, found | {"": min(declared, max([PLAIN_OPSET, *alike]))}]


def _since(layer: Layer) -> int:
    """The first opset that has its very operator."""
    try:
        return int(onnx.defs.get_schema(layer.operator, layer.opset, "").since_version)
    except onnx.defs.SchemaError:
        return layer.opset


def _with_ours(layers: Sequence[Layer]) -> list[tuple[Layer, Operator | None]]:
    """Layers with our own operator, which says since which opset it computes the same."""
    return [(layer, find("", layer.operator, layer.opset)) for layer in layers]
