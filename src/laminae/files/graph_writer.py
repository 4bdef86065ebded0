"""Graph → GraphProto, Function → FunctionProto: objects become names again."""

from __future__ import annotations

from typing import Any

from laminae.base.errors import FileError, ModelError
from laminae.files.attribute_writer import write_attributes
from laminae.files.graph_reader import LAYER
from laminae.files.groups import put_group
from laminae.files.kept import KEPT_INFO, SPARSE, kept, write_metadata
from laminae.files.lazy import onnx
from laminae.files.reading import Scope
from laminae.files.sparse import sparse_parameter
from laminae.files.tensor_writer import parameter_header, raw_bytes
from laminae.files.value_types import describe_value, value_info
from laminae.graph.graph import Function, Graph
from laminae.graph.layer import Layer
from laminae.graph.parameter import Parameter
from laminae.graph.value import Value

DEEPEST = 32
"""Graphs in graphs, the outermost among them, that protobuf reads back."""


class GraphWriter:
    """Writes one model's graphs. every_input: list all parameters among the inputs, as files before IR 4 must."""

    def __init__(self, *, every_input: bool = False, name: str = "") -> None:
        self.every_input = every_input
        self.name = name
        self.scope: Scope | None = None
        self.depth = 0

    def graph(self, graph: Graph, *, parameters: bool = True) -> Any:
        """A GraphProto. parameters: with its initializers (otherwise the caller adds them)."""
        proto = onnx.GraphProto(name=graph.name or self.name)
        self.enter(graph)
        self.nodes(proto, graph)
        self.inputs(proto, graph)
        proto.output.extend(self.output(out, graph) for out in graph.outputs)
        self.value_info(proto, graph, but={*graph.inputs, *graph.outputs})
        if parameters:
            for parameter in graph.parameters.values():
                if SPARSE in parameter.metadata:
                    proto.sparse_initializer.append(sparse_parameter(parameter))
                    continue
                tensor = parameter_header(parameter)
                if parameter.dtype != "string":
                    tensor.raw_data = bytes(raw_bytes(parameter.array))
                proto.initializer.append(tensor)
            self.say(proto, graph.doc, graph.metadata)
        self.kept(proto, graph)
        self.leave()
        return proto

    def function(self, function: Function) -> Any:
        """A FunctionProto."""
        what, graph = f"function {function.name!r}", function.graph
        proto = onnx.FunctionProto(name=function.name, domain=function.domain, attribute=function.attributes)
        if function.overload:
            proto.overload = function.overload
        if graph.parameters:
            raise ModelError(f"{what} has parameters, which ONNX does not allow", {"they are": ", ".join(graph.parameters)})
        rest = kept(function.metadata, onnx.FunctionProto) or onnx.FunctionProto()
        proto.attribute_proto.extend(write_attributes(function.defaults, rest.attribute_proto, what, self.graph))
        rest.ClearField("attribute_proto")
        proto.opset_import.extend(opset_imports(graph.opsets))
        self.enter(graph)
        self.nodes(proto, graph)
        proto.input.extend(value.name for value in graph.inputs)
        proto.output.extend(self.name_of(out, f"{what} has the output") for out in graph.outputs)
        self.value_info(proto, graph, but=set())
        self.say(proto, function.doc, function.metadata)
        self.leave()
        proto.MergeFrom(rest)
        return proto

    def enter(self, graph: Graph) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise FileError("the model's graphs are nested too deep for a file", {"expected": f"{DEEPEST} at most"})
        self.scope = Scope(self.scope)
        self.scope.names.update(graph.parameters)
        self.scope.names.update((value.name, value) for value in graph.values())

    def leave(self) -> None:
        self.depth -= 1
        self.scope = self.scope.outer if self.scope else None

    def name_of(self, item: Value | Parameter | None, who: str) -> str:
        """The name by which a value is read. Raises ModelError where that name means another value in this place."""
        if item is None:
            return ""
        if self.scope is not None and self.scope.find(item.name) is not item:
            raise ModelError(
                f"{who} {item.name!r}, and in its place that name means another value",
                {"way out": "rename one of the two values"},
            )
        return item.name

    def nodes(self, proto: Any, graph: Graph) -> None:
        for layer in graph.layers:
            if not layer.is_input:
                proto.node.append(self.node(layer, graph))

    def node(self, layer: Layer, graph: Graph) -> Any:
        check_opset(layer, graph)
        proto = onnx.NodeProto(
            name=layer.name,
            op_type=layer.operator,
            input=[self.name_of(item, f"layer {layer.name!r} reads") for item in layer.inputs],
            output=["" if value is None else value.name for value in layer.outputs],
        )
        if layer.domain:
            proto.domain = layer.domain
        if layer.function is not None and layer.function.overload:
            proto.overload = layer.function.overload
        metadata = dict(layer.metadata)
        put_group(layer.name, metadata, layer.group)
        self.say(proto, layer.doc, metadata)
        rest = kept(metadata, onnx.NodeProto) or onnx.NodeProto()
        proto.attribute.extend(write_attributes(layer.attributes, rest.attribute, f"layer {layer.name!r}", self.graph))
        rest.ClearField("attribute")
        proto.MergeFrom(rest)
        return proto

    def inputs(self, proto: Any, graph: Graph) -> None:
        for layer in graph.input_layers:
            value = layer.outputs[0]
            if value is not None:
                info = describe_value(value)
                if layer.name != value.name:
                    info.metadata_props.append(onnx.StringStringEntryProto(key=LAYER, value=layer.name))
                proto.input.append(info)
        proto.input.extend(_describe_parameter(p) for p in graph.parameters.values() if p.overridable or self.every_input)

    def output(self, out: Value | Parameter, graph: Graph) -> Any:
        self.name_of(out, f"graph {graph.name!r} has the output")
        return describe_value(out) if isinstance(out, Value) else value_info(out.name, out.dtype, out.shape)

    def value_info(self, proto: Any, graph: Graph, but: set[Value | Parameter]) -> None:
        """What is declared of the values that are neither input nor output."""
        for value in graph.values():
            if value not in but and (value.dtype or value.shape is not None or value.metadata or value.doc):
                proto.value_info.append(describe_value(value))
        for parameter in graph.parameters.values():
            if KEPT_INFO in parameter.metadata and not (parameter.overridable or self.every_input):
                proto.value_info.append(_describe_parameter(parameter))

    def say(self, proto: Any, doc: str, metadata: dict[str, str]) -> None:
        if doc:
            proto.doc_string = doc
        write_metadata(proto.metadata_props, metadata)

    def kept(self, proto: Any, graph: Graph) -> None:
        """What the file said that the graph has no place for, of values that still are (or never were) there."""
        rest = onnx.GraphProto.FromString(graph.notes.get("graph_kept", b""))
        names = self.scope.names if self.scope else {}
        proto.value_info.extend(info for info in rest.value_info if info.name not in names)
        rest.ClearField("value_info")
        proto.MergeFrom(rest)


def _describe_parameter(parameter: Parameter) -> Any:
    info = value_info(parameter.name, parameter.dtype, parameter.shape)
    rest = kept(parameter.metadata, onnx.ValueInfoProto, key=KEPT_INFO)
    if rest is not None:
        if rest.HasField("type"):
            info.ClearField("type")
        info.MergeFrom(rest)
    return info


def check_opset(layer: Layer, graph: Graph) -> None:
    """Raises ModelError where a layer is of another version of its operator set than the model: a file has one of each."""
    version = graph.opsets.get(layer.domain)
    if layer.function is None and version != layer.opset:
        raise ModelError(
            f"layer {layer.name!r} is of another version of its operator set than the model",
            {"operator": layer.describe(), "the model": f"{layer.domain or 'ai.onnx'} {version or 'not said'}"},
        )


def opset_imports(opsets: dict[str, int]) -> list[Any]:
    return [onnx.OperatorSetIdProto(domain=domain, version=version) for domain, version in opsets.items()]
