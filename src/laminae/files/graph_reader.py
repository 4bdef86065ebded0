"""GraphProto (or the body of a FunctionProto) → Graph: names become objects, in the order of the file."""

from __future__ import annotations

import difflib
from typing import Any

from laminae.base.errors import ModelError
from laminae.files.checks import main_domain
from laminae.files.kept import read_metadata, unknown_fields
from laminae.files.layer_reader import read_layer
from laminae.files.lazy import onnx
from laminae.files.parameters import declare_parameter, read_parameters
from laminae.files.reading import Names, Reading, Scope
from laminae.files.value_types import declare
from laminae.graph.graph import Graph
from laminae.graph.layer import INPUT, OURS, Layer
from laminae.graph.order import forward_order, is_ordered
from laminae.graph.parameter import Parameter
from laminae.graph.value import Value

LAYER = "laminae.layer"
"""Key in the metadata of an input's ValueInfoProto: the name of its layer, where it is not the input's own."""


def read_graph(
    proto: Any, opsets: dict[str, int], reading: Reading, *, outer: Scope | None = None, function: str = "", ir_version: int = 4
) -> Graph:
    """The graph of a GraphProto, or of a FunctionProto named `function`.

    outer: the names a body may read. Raises ModelError where names clash, a value is made by nobody or layers form a cycle.
    """
    return _GraphReader(proto, opsets, reading, Scope(outer), function, ir_version).read()


class _GraphReader:
    def __init__(
        self, proto: Any, opsets: dict[str, int], reading: Reading, scope: Scope, function: str, ir_version: int
    ) -> None:
        self.proto, self.reading, self.scope, self.function = proto, reading, scope, function
        self.ir_version = ir_version
        self.graph = Graph(reading.text(proto.name, "a graph's name"), opsets=opsets)
        self.what = function or f"graph {self.graph.name!r}"
        self.names = Names()
        self.infos: dict[str, Any] = {}

    def read(self) -> Graph:
        """Names first, then layers: a body may read what stands after it in the file."""
        if not self.function:
            read_parameters(self.proto, self.graph, self.scope, self.reading, self.ir_version)
        self.read_inputs()
        self.name_values()
        self.declare_values()
        self.graph.extend(self.layer(node, outputs) for node, outputs in zip(self.proto.node, self.made, strict=True))
        if not self.function:
            self.describe()
        self.bring_into_order()
        self.graph.outputs = tuple(map(self.output, self.proto.output))
        self.graph.changed()
        return self.graph

    def read_inputs(self) -> None:
        seen: set[str] = set()
        for info in self.proto.input:
            name = self.reading.text(info if self.function else info.name, f"an input name of {self.what}")
            if name in seen or not name:
                found = f"{name!r} twice" if name else "an input without a name"
                raise self.reading.error(f"{self.what} has an input that cannot be told apart", {"found": found})
            seen.add(name)
            there = self.scope.names.get(name)
            if isinstance(there, Parameter):
                declare_parameter(there, info, self.reading)
            else:
                self.add_input(name, None if self.function else info)

    def add_input(self, name: str, info: Any) -> None:
        value = Value(name)
        if info is not None:
            declare(value, info, self.reading)
        layer = self.names.give(value.metadata.pop(LAYER, name))
        self.graph.append(Layer(layer, INPUT, outputs=(value,), domain=OURS))
        self.scope.names[name] = value

    def name_values(self) -> None:
        """A value for each output of each node. Raises ModelError for a name that is given twice."""
        local = self.scope.names
        self.made = []
        for node in self.proto.node:
            outputs: list[Value | None] = []
            for name in node.output:
                if name in local:
                    raise self.twice(name, node)
                value = Value(self.reading.text(name, "an output name")) if name else None
                if value is not None:
                    local[name] = value
                outputs.append(value)
            self.made.append(tuple(outputs))

    def twice(self, name: str, node: Any) -> Exception:
        there = self.scope.names[name]
        if isinstance(there, Parameter):
            first = "a parameter"
        elif there in self.graph.values():
            first = "an input"
        else:
            first = next(_in_words(n) for n in self.proto.node if name in n.output)
        return self.reading.error(
            f"value {name!r} is made twice", {"first": first, "again": _in_words(node), "expected": "each name to be made once"}
        )

    def declare_values(self) -> None:
        """What the file says of values: types, texts, metadata. What it says of values that are not there is kept."""
        stray = onnx.GraphProto()
        outs = [] if self.function else [info for info in self.proto.output if info.name in self.scope.names]
        for info in [*outs, *self.proto.value_info]:
            there = self.scope.names.get(info.name)
            if isinstance(there, Value):
                declare(there, info, self.reading)
            elif isinstance(there, Parameter):
                declare_parameter(there, info, self.reading)
            else:
                stray.value_info.append(info)
        self.stray = stray

    def layer(self, node: Any, outputs: tuple[Value | None, ...]) -> Any:
        inputs = tuple(self.input(name, node) for name in node.input)

        def body(proto: Any) -> Graph:
            return read_graph(proto, self.graph.opsets, self.reading, outer=self.scope, ir_version=self.ir_version)

        return read_layer(node, inputs, outputs, self.graph.opsets, self.names, self.reading, body)

    def input(self, name: str, node: Any) -> Value | Parameter | None:
        if not name:
            return None
        found: Value | Parameter | None = self.scope.find(self.reading.text(name, "an input name"))
        if found is None:
            raise self.nobody(name, _in_words(node) + " reads")
        return found

    def nobody(self, name: str, who: str) -> Exception:
        near = difflib.get_close_matches(name, list(self.scope.names)[:5000], n=3) if len(name) < 200 else []
        details = {"expected": "an input, a parameter or an earlier layer's value of that name"}
        if near:
            details["there are"] = ", ".join(map(repr, near))
        return self.reading.error(f"{who} {name!r}, which nobody makes", details)

    def output(self, info: Any) -> Value | Parameter:
        name = self.reading.text(info if self.function else info.name, f"an output name of {self.what}")
        found: Value | Parameter | None = self.scope.find(name)
        if found is None:
            raise self.nobody(name, f"{self.what} has the output")
        return found

    def describe(self) -> None:
        graph, proto = self.graph, self.proto
        graph.doc = self.reading.text(proto.doc_string, f"the text of {self.what}")
        graph.metadata = read_metadata(proto.metadata_props, self.what, self.reading)
        self.stray.quantization_annotation.extend(proto.quantization_annotation)
        rest = self.stray.SerializeToString() + unknown_fields(proto)
        if rest:
            graph.notes["graph_kept"] = rest

    def bring_into_order(self) -> None:
        if not is_ordered(self.graph.layers):
            try:
                self.graph.layers = forward_order(self.graph.layers)
            except ModelError as cycle:
                raise self.reading.error(f"{cycle.message}, in {self.what}", cycle.details) from cycle
            self.graph.notes["sorted"] = True
            self.graph.changed()


def _in_words(node: Any) -> str:
    """A node in a message."""
    name = node.name or next((out for out in node.output if out), "")
    domain = main_domain(node.domain)
    return f"layer {name!r} ({f'{domain}.' if domain else ''}{node.op_type})"
