"""A graph as an nn.Module: a torch.fx.GraphModule over the same parameters, under their own names."""

from __future__ import annotations

import operator as python_operator
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from laminae.base import torch
from laminae.base.arrays import as_value, is_tensor
from laminae.base.errors import ModelError, UnknownOperatorError
from laminae.files.module.interface import Constant, Interface, children
from laminae.files.module.operators import OnePhase, OperatorModule, guarded
from laminae.graph.graph import Graph, unique_name
from laminae.graph.layer import Layer
from laminae.graph.parameter import Parameter
from laminae.graph.references import call_attributes, with_references
from laminae.graph.value import Value
from laminae.ops.aten import AUTOCAST, DOMAIN, NO_GRAD, NUMBERS, filled, first_slot, overload_of, takes_tensor
from laminae.ops.python_numbers import FUNCTIONS
from laminae.ops.registry import find


def to_module(
    graph: Graph,
    interface: Interface | None = None,
    module: Any = None,
    *,
    without: Collection[str] = (),
    training: bool = False,
) -> Any:
    """The graph as a GraphModule whose parameters are the graph's own.

    interface: how it is to be called, as the module it was read from; without one, by the graph's inputs in order. module:
    that module: every name in its state_dict is in the new one's, unused and tied parameters too, except those in `without`.
    training: the graph's phase.
    """
    root = torch.nn.Module()
    places = _Places(root)
    if module is not None:
        places.all_of(module, without)
    for parameter in graph.parameters.values():
        if parameter.name not in without or graph.readers(parameter) or parameter in graph.outputs:
            places.put(parameter)
    made = OnePhase(root, _Writer(root, places).graph(graph, interface), class_name=_identifier(graph.name) or "Model")
    _complete(made, root)
    made.phase = training
    made.train(training)
    return made


def _complete(made: Any, root: Any) -> None:
    """What no layer reads, and which buffers are not saved: a GraphModule leaves these out."""
    for path, holder in root.named_modules():
        for key, tensor in [*holder._parameters.items(), *holder._buffers.items()]:
            name = f"{path}.{key}" if path else key
            _attach(made, name, tensor, persistent=key not in holder._non_persistent_buffers_set)


class _Places:
    """Where each parameter stands in the module: its own name, dots parting submodules."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.names: dict[int, str] = {}
        self.whole = False

    def all_of(self, module: Any, without: Collection[str]) -> None:
        """Every parameter and buffer of a module under its own names: what else there is, is none of its state."""
        self.whole = True
        for path, inner in module.named_modules(remove_duplicate=False):
            for key, tensor in [*inner._parameters.items(), *inner._buffers.items()]:
                name = f"{path}.{key}" if path else key
                if tensor is not None and name not in without:
                    _attach(self.root, name, tensor, persistent=key not in inner._non_persistent_buffers_set)
                    self.names.setdefault(id(tensor), name)

    def put(self, parameter: Parameter) -> str:
        """The place of a parameter, made for it where there is none. From now on its box holds the tensor that stands there."""
        tensor = parameter.tensor()
        if id(tensor) not in self.names:
            if not is_tensor(tensor):
                raise ModelError(f"parameter {parameter.name!r} is {parameter.dtype}, which no nn.Module holds")
            if parameter.is_weight and not isinstance(tensor, torch.nn.Parameter):
                tensor = parameter.array = torch.nn.Parameter(tensor)
            name = self._free(".".join(part or "_" for part in parameter.name.split(".")))
            _attach(self.root, name, tensor, persistent=parameter.is_weight or not self.whole)
            self.names[id(tensor)] = name
        return self.names[id(tensor)]

    def _free(self, name: str) -> str:
        """A name that is neither taken nor inside a parameter's own."""
        taken = set(self.names.values())
        parts = name.split(".")
        clash = any(".".join(parts[:i]) in taken for i in range(1, len(parts)))
        inside = any(other.startswith(name + ".") for other in taken)
        return unique_name(name.replace(".", "_") if clash or inside else name, taken)


def _attach(root: Any, name: str, tensor: Any, *, persistent: bool) -> None:
    *path, key = name.split(".")
    for part in path:
        if part not in root._modules:
            root.add_module(part, torch.nn.Module())
        root = root._modules[part]
    if isinstance(tensor, torch.nn.Parameter):
        root.register_parameter(key, tensor)
    else:
        root.register_buffer(key, tensor, persistent=persistent)


class _Writer:
    """Layers as FX nodes. given: what the call of a function gives to the references in its body."""

    def __init__(self, root: Any, places: _Places, given: Mapping[str, Any] | None = None) -> None:
        self.root, self.places, self.given = root, places, dict(given or {})
        self.nodes: dict[Value | Parameter, Any] = {}
        self.fx = torch.fx.Graph()

    def graph(self, graph: Graph, interface: Interface | None) -> Any:
        """The whole model."""
        if interface is not None:
            self.take(graph, interface)
        else:
            taken: dict[str, None] = {}
            for value in graph.inputs:
                name = unique_name(_identifier(value.name) or "x", taken)
                taken[name] = None
                self.nodes[value] = self.fx.placeholder(name)
        outputs = self.layers(graph)
        if interface is None:
            self.fx.output(outputs[0] if len(outputs) == 1 else tuple(outputs))
        else:
            self.give(outputs, interface)
        return self.fx

    def body(self, graph: Graph, captures: Iterable[Value | Parameter]) -> Any:
        """A body as a GraphModule: its inputs first, then what it reads from outside."""
        for i, value in enumerate([*graph.inputs, *captures]):
            self.nodes[value] = self.fx.placeholder(f"x{i}")
        self.fx.output(tuple(self.layers(graph)))
        return torch.fx.GraphModule(self.root, self.fx)

    def layers(self, graph: Graph) -> list[Any]:
        for layer in graph.layers:
            if not layer.is_input:
                self.layer(layer)
        return [self.node(out) for out in graph.outputs]

    # -- arguments and results -----------------------------------------------------------------------------------------

    def take(self, graph: Graph, interface: Interface) -> None:
        names: dict[str, None] = {}
        values = iter(graph.inputs)
        for leaf in interface.inputs:
            name = unique_name(_identifier(leaf.name) or "x", names)
            names[name] = None
            node = self.fx.placeholder(name)
            if not isinstance(leaf, Constant):
                self.nodes[next(values)] = node
        signature = interface.signature
        arguments = _argument_names(interface) if signature is not None else list(names)
        info = torch.fx.graph._PyTreeInfo(arguments, interface.in_spec, interface.out_spec)
        self.fx._codegen = torch.fx.graph._PyTreeCodeGen(info)

    def give(self, outputs: Sequence[Any], interface: Interface) -> None:
        waiting = iter(outputs)
        self.fx.output([leaf.value if isinstance(leaf, Constant) else next(waiting) for leaf in interface.outputs])

    def node(self, item: Value | Parameter | None) -> Any:
        """The FX node of a value; that of a parameter is made when first read."""
        if item is None:
            return None
        if item not in self.nodes and isinstance(item, Parameter):
            self.nodes[item] = self.fx.get_attr(self.places.put(item))
        return self.nodes[item]

    # -- layers --------------------------------------------------------------------------------------------------------

    def layer(self, layer: Layer) -> None:
        inputs = [self.node(x) for x in layer.inputs]
        if layer.domain == NUMBERS:
            arguments = filled(layer.attributes["arguments"], inputs)
            self.nodes[layer.outputs[0]] = self.fx.call_function(FUNCTIONS[layer.operator], tuple(arguments))  # type: ignore[index]
            return
        overload = overload_of(layer.domain, layer.operator) if layer.domain.startswith(DOMAIN) else None
        made = self.overload(layer, overload, inputs) if overload is not None else self.operator(layer, inputs)
        self.results(layer, made, overload)

    def overload(self, layer: Layer, overload: Any, inputs: list[Any]) -> Any:
        attributes = dict(layer.attributes)
        guards = {key: attributes.pop(key) for key in (NO_GRAD, AUTOCAST) if key in attributes}
        args, kwargs = arranged(overload, attributes, inputs)
        if guards:
            return self.fx.call_function(guarded, (overload, guards.get(NO_GRAD, False), guards.get(AUTOCAST), *args), kwargs)
        return self.fx.call_function(overload, tuple(args), kwargs)

    def operator(self, layer: Layer, inputs: list[Any]) -> Any:
        """An operator of the onnx vocabulary, or a layer with bodies: a module of its own, without parameters."""
        if layer.function is not None:
            body, given = layer.function.graph, call_attributes(layer, self.given)
            inner = _Writer(self.root, self.places, given).body(body, ())
            return self.fx.call_module(self.add(layer, inner), tuple(inputs))
        found = find(layer.domain, layer.operator, layer.opset)
        if found is None:
            raise UnknownOperatorError(f"layer {layer.name!r} has an operator that is not known", {"operator": layer.describe()})
        attributes = with_references(layer.attributes, self.given)
        bodies = {key: value for key, value in attributes.items() if isinstance(value, Graph)}
        captures = layer.captures
        inner = OperatorModule(
            found,
            {
                key: as_value(value) if isinstance(value, np.ndarray) else value
                for key, value in attributes.items()
                if key not in bodies
            },
            {key: _Writer(self.root, self.places, self.given).body(value, captures) for key, value in bodies.items()},
            len(layer.outputs),
            len(inputs),
        )
        return self.fx.call_module(self.add(layer, inner), (*inputs, *(self.node(x) for x in captures)))

    def add(self, layer: Layer, module: Any) -> str:
        """A place for a module that has no parameters of its own, beside the model's."""
        name = unique_name("layer_" + _identifier(layer.name), self.root._modules)
        self.root.add_module(name, module)
        return name

    def results(self, layer: Layer, made: Any, overload: Any) -> None:
        several = len(layer.outputs) > 1
        if not several:
            several = (
                overload is None or len(overload._schema.returns) > 1 or str(overload._schema.returns[0].type).startswith("List")
            )
        for i, value in enumerate(layer.outputs):
            if value is not None:
                self.nodes[value] = self.fx.call_function(python_operator.getitem, (made, i)) if several else made


def arranged(overload: Any, attributes: Mapping[str, Any], inputs: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments of an overload, inputs in their places."""
    waiting = iter(inputs[: first_slot(attributes.values())])
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    given = 0
    for argument in overload._schema.arguments:
        said = argument.name in attributes
        if said:
            value = filled(attributes[argument.name], inputs)
        elif takes_tensor(argument):
            value = next(waiting, None)
            said = value is not None
        else:
            value = argument.default_value if argument.has_default_value() else None
        if argument.kwarg_only:
            if said:
                kwargs[argument.name] = value
        else:
            args.append(value)
            given = len(args) if said else given
    return args[:given], kwargs


def _argument_names(interface: Interface) -> list[str]:
    """The names of forward's arguments as the example gave them: by place, then by name."""
    assert interface.signature is not None
    args_spec, kwargs_spec = children(interface.in_spec)
    parameters = interface.signature.parameters.values()
    places = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    count = len(children(args_spec))
    names = [places[i] if i < len(places) else f"args_{i - len(places)}" for i in range(count)]
    return [*names, *(kwargs_spec.context or ())]


def _identifier(name: str) -> str:
    """A name that Python can bear."""
    name = re.sub(r"\W+", "_", name).strip("_")
    return f"_{name}" if name[:1].isdigit() else name
