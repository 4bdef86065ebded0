"""An ExportedProgram as a Graph: a layer for each operator that runs, over the module's own parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from laminae.base import torch
from laminae.base.arrays import shares_memory
from laminae.base.errors import ExportError, ModelError
from laminae.base.shapes import Dim
from laminae.files.module.calls import Reader
from laminae.files.module.cells import Body, Call, Part, Start, aliases_known
from laminae.files.module.interface import Constant, Interface, Leaf, interface_of
from laminae.files.module.naming import Groups, Names
from laminae.graph.graph import Graph, unique_name
from laminae.graph.layer import WRITES, Layer
from laminae.graph.parameter import ROLE, Parameter
from laminae.graph.value import Value
from laminae.ops.aten import NO_GRAD, NUMBERS, Slot, takes_tensor

CLASSES = "classes"
"""Key in the notes of a graph: path of a group → class of its module."""


class ProgramReader:
    """Reads one program, once. Raises NeedsTorch for what torch itself must undo first."""

    def __init__(self, program: Any, module: Any, boxes: dict[int, Parameter], sizes: Mapping[str, str]) -> None:
        self.program, self.module, self.boxes, self.sizes = program, module, boxes, sizes
        self.signature = program.graph_signature
        self.graph = Graph(type(module).__name__ if module is not None else "program")
        self.values: dict[Any, Value | Parameter] = {}
        self.parts: dict[Call, tuple[Value | None, ...]] = {}
        self.called: dict[Any, str] = {}
        self.names = Names()
        self.value_names: set[str] = set()
        self.groups = Groups(())

    def read(self) -> tuple[Graph, Interface]:
        reader = Reader(aliases_known=aliases_known(self.program.graph))
        interface = interface_of(self.program, self.module)
        placeholders = [node for node in self.program.graph.nodes if node.op == "placeholder"]
        leaves = iter(interface.inputs)
        owned: dict[str, tuple[Any, Start]] = {}
        for node, spec in zip(placeholders, self.signature.input_specs, strict=True):
            kind = spec.kind.name
            constant = kind in ("BUFFER", "CONSTANT_TENSOR")
            start = Start(node.name, node.meta.get("val"), learns=kind == "PARAMETER", constant=constant)
            if kind == "USER_INPUT":
                reader.start(node, self.input(start, next(leaves)))
            elif start.learns or constant:
                self.values[start] = self.parameter(spec)
                owned[spec.target] = node, start
                reader.start(node, start)
            else:
                raise ModelError(f"the module holds {spec.target!r}, which is no tensor", {"found": kind})
        outputs = reader.walk(self.program.graph_module)
        self.groups = Groups(call.stack for call in _every(reader.calls))
        results = self.results(outputs)
        self.name_results(results, interface)
        self.layers(self.graph, reader.calls)
        for name, ref in self.updates(reader, owned, outputs):
            self.update(name, ref)
        kept = [self.value_of(ref) for ref, leaf in zip(results, interface.outputs, strict=True) if isinstance(leaf, Leaf)]
        self.graph.outputs = tuple(kept)
        self.graph.notes[CLASSES] = dict(self.groups.classes)
        self.graph.changed()
        return self.graph, interface

    # -- what is there before the first layer --------------------------------------------------------------------------

    def input(self, start: Start, leaf: Leaf | Constant) -> Any:
        """An input layer, or the constant that the export has fixed."""
        if isinstance(leaf, Constant):
            return leaf.value
        dtype, shape, kind = self.known(start.val)
        name = self.new_value_name(leaf.name or start.name)
        self.names.taken.add(name)
        value = self.graph.add_input(name, dtype, shape)
        value.kind = kind
        self.values[start] = value
        return start

    def parameter(self, spec: Any) -> Parameter:
        """The box of one tensor; tied names have one box."""
        name, tensor = spec.target, self.tensor(spec)
        box = self.boxes.get(id(tensor))
        if box is None:
            role = {} if spec.kind.name == "PARAMETER" else {ROLE: "statistic" if "running_" in name else "constant"}
            box = self.boxes[id(tensor)] = Parameter(name, tensor, metadata=role)
        self.graph.parameters.setdefault(box.name, box)
        return box

    def tensor(self, spec: Any) -> Any:
        """The module's own tensor of that name, not a copy."""
        name = spec.target
        if self.module is not None and spec.kind.name in ("PARAMETER", "BUFFER"):
            path, _, last = name.rpartition(".")
            return getattr(self.module.get_submodule(path), last)
        return self.program.state_dict[name] if name in self.program.state_dict else self.program.constants[name]

    # -- layers --------------------------------------------------------------------------------------------------------

    def layers(self, graph: Graph, calls: Sequence[Call]) -> None:
        graph.layers.extend(map(self.layer, calls))
        graph.changed()

    def layer(self, call: Call) -> Layer:
        group = self.groups.path(call.stack)
        name = self.names.new(group, call.name)
        inputs, attributes = self.arranged(call)
        outputs = self.made(call, name)
        metadata = {"source": call.source} if call.source else {}
        attributes |= call.flags if call.overload is not None else {}
        return Layer(name, call.name, inputs, outputs, attributes, domain=call.domain, group=group, metadata=metadata)

    def arranged(self, call: Call) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Tensors of the schema as inputs, in order; all else as attributes under the schema's names."""
        inputs: list[Any] = []
        if call.domain == NUMBERS:
            attributes = {"arguments": self.placed(list(call.args[0]), inputs)}
            return tuple(inputs), attributes
        if call.overload is None:
            attributes = {
                label: self.body(part, f"{call.name}/{label}") if isinstance(part, Body) else part
                for label, part in call.kwargs.items()
            }
            return tuple(self.value_of(ref) for ref in call.args), attributes
        schema = call.overload._schema.arguments
        given = dict(zip((a.name for a in schema), call.args, strict=False)) | call.kwargs
        tensors = [a.name for a in schema if takes_tensor(a) and (given.get(a.name) is None or _is_tensor(given[a.name]))]
        inputs = [None if given.get(name) is None else self.value_of(given[name]) for name in tensors]
        while inputs and inputs[-1] is None:
            inputs.pop()
        attributes = {name: self.placed(value, inputs) for name, value in given.items() if name not in tensors}
        return tuple(inputs), attributes

    def placed(self, value: Any, inputs: list[Any]) -> Any:
        """An attribute; what it holds of other layers becomes inputs, with slots in their places."""
        if isinstance(value, (Start, Call, Part, torch.Tensor)):
            inputs.append(self.value_of(value))
            return Slot(len(inputs) - 1)
        if isinstance(value, (list, tuple)):
            return [self.placed(part, inputs) for part in value]
        return value

    def value_of(self, ref: Any) -> Any:
        """The value or the parameter that a reference of the export stands for."""
        if isinstance(ref, Part):
            return self.parts[ref.call][ref.index]
        if isinstance(ref, torch.Tensor):
            name = unique_name("constant", self.graph.parameters)
            return self.graph.add_parameter(Parameter(name, ref, metadata={ROLE: "constant"}))
        return self.values[ref]

    def body(self, body: Body, name: str) -> Graph:
        graph = Graph(name)
        for start in body.inputs:
            dtype, shape, kind = self.known(start.val)
            value = self.values[start] = graph.add_input(self.new_value_name(start.name), dtype, shape)
            value.kind = kind
        self.layers(graph, body.calls)
        graph.outputs = tuple(map(self.value_of, body.outputs))
        graph.changed()
        return graph

    def made(self, call: Call, name: str) -> tuple[Value | None, ...]:
        """The values of a call: named as its layer, those of one of several with their number."""
        if isinstance(call.val, (list, tuple)):
            named = [self.called.get((call, i), f"{name}:{i}") for i in range(len(call.val))]
            self.parts[call] = tuple(map(self.value, named, call.val))
            return self.parts[call]
        value = self.value(self.called.get((call, None), name), call.val)
        if value is not None:
            self.values[call] = value
        return (value,)

    def value(self, name: str, val: Any) -> Value | None:
        if val is None:
            return None
        dtype, shape, kind = self.known(val)
        return Value(self.new_value_name(name), dtype, shape, kind=kind)

    def new_value_name(self, name: str) -> str:
        name = unique_name(name, self.value_names)
        self.value_names.add(name)
        return name

    def known(self, val: Any) -> tuple[str | None, tuple[Dim, ...] | None, str]:
        """dtype, shape and, for what is no tensor, kind: as the export knows them."""
        if not isinstance(val, torch.Tensor):
            return None, None, "number"
        return str(val.dtype).removeprefix("torch."), tuple(map(self.dim, val.shape)), ""

    def dim(self, size: Any) -> Dim:
        """A size: a number, or its expression with the names the user gave."""
        if isinstance(size, int):
            return size
        return re.sub(r"[a-z]\w*", lambda found: self.sizes.get(found[0], found[0]), str(size))

    # -- what comes out ------------------------------------------------------------------------------------------------

    def results(self, outputs: Sequence[Any]) -> list[Any]:
        specs = self.signature.output_specs
        return [ref for spec, ref in zip(specs, outputs, strict=True) if spec.kind.name == "USER_OUTPUT"]

    def name_results(self, results: Sequence[Any], interface: Interface) -> None:
        """A result with a name in the module's structure gives it to the value."""
        for ref, leaf in zip(results, interface.outputs, strict=True):
            if leaf.name and isinstance(ref, (Call, Part)):
                key = (ref.call, ref.index) if isinstance(ref, Part) else (ref, None)
                self.called.setdefault(key, leaf.name)

    def updates(
        self, reader: Reader, owned: Mapping[str, tuple[Any, Start]], outputs: Sequence[Any]
    ) -> Iterator[tuple[str, Any]]:
        """The buffers that the forward pass changes, and what each holds at its end."""
        for name, (node, start) in owned.items():
            now = reader.now(reader.cells[node])
            if now is not start:
                self.require_alone(name, owned)
                yield name, now
        for spec, ref in zip(self.signature.output_specs, outputs, strict=True):
            if spec.kind.name in ("BUFFER_MUTATION", "PARAMETER_MUTATION"):
                yield spec.target, ref

    def require_alone(self, name: str, owned: Mapping[str, Any]) -> None:
        """Raises ExportError for a tensor that is written to while another one is a view of its memory."""
        box = self.values[owned[name][1]]
        for other, (_, start) in owned.items():
            shared = self.values[start]
            if shared is not box and shares_memory(shared.array, [box.array]):  # type: ignore[union-attr]
                raise ExportError(
                    f"the module writes into {name!r}, and {other!r} is a view of its memory",
                    {"the way out": f"register_buffer({other.rpartition('.')[2]!r}, ….clone()), or make the view in forward"},
                )

    def update(self, name: str, ref: Any) -> None:
        """A layer at the end of the order that writes a buffer: what it was before is what the others read."""
        path, _, last = name.rpartition(".")
        group = path.replace(".", "/")
        layer = self.names.new(group, f"update_{last}")
        box = self.parameter(next(spec for spec in self.signature.input_specs if spec.target == name))
        value = Value(self.new_value_name(layer), box.dtype, box.shape)
        inputs = (box, self.value_of(ref))
        attributes, metadata = {NO_GRAD: True}, {WRITES: name}
        self.graph.append(
            Layer(layer, "copy_", inputs, (value,), attributes, domain="torch.ops.aten", group=group, metadata=metadata)
        )


def _is_tensor(value: Any) -> bool:
    """Whether a reference stands for a tensor, not for a number."""
    return isinstance(value, torch.Tensor) or (isinstance(value, (Start, Call, Part)) and isinstance(value.val, torch.Tensor))


def _every(calls: Sequence[Call]) -> Iterator[Call]:
    """These calls and those in their bodies."""
    for call in calls:
        yield call
        for body in call.kwargs.values():
            if isinstance(body, Body):
                yield from _every(body.calls)
