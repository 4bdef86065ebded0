"""A layer as users hold it: a view on the graph, and a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laminae import graph as rooms
from laminae.base.errors import UnknownNameError
from laminae.base.shapes import format_shape
from laminae.graph.extract import extract
from laminae.see.drawing import notebook
from laminae.see.rendering import Column, Row, Table

if TYPE_CHECKING:
    from laminae.api.model import Model


class Layer:
    """One layer of a model: an operator with its attributes and parameters, in its place.

    Calling it runs it alone: `model["L2"](o1)` takes what it reads of other layers, in order, and gives its output.
    """

    def __init__(self, model: Model, layer: rooms.Layer) -> None:
        self._model = model
        self._layer = layer

    @property
    def name(self) -> str:
        """Its name, which no other layer of the model has."""
        return self._layer.name

    @property
    def operator(self) -> str:
        """The operator's name, `Gemm`."""
        return self._layer.operator

    @property
    def domain(self) -> str:
        """Whose the operator is: "" for ai.onnx, `com.microsoft`, `torch.ops.aten`, your own; of an input layer `laminae`."""
        return self._layer.domain

    @property
    def opset(self) -> int:
        """The version of its domain that the layer is declared with; the operator is the newest not newer than it."""
        return self._layer.opset

    @property
    def path(self) -> str:
        """Its group and its name, joined by `/`."""
        return self._layer.path

    @property
    def group(self) -> str:
        """The path of the group it stands in (`encoder/layer/0`), "" for none."""
        return self._layer.group

    @property
    def doc(self) -> str:
        """What the file says of it in words, "" where it says nothing."""
        return self._layer.doc

    @property
    def metadata(self) -> dict[str, str]:
        """What is noted of it by key, by a file or by who placed it: a copy."""
        return dict(self._layer.metadata)

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes given; those left out have the operator's defaults."""
        return dict(self._layer.attributes)

    @property
    def inputs(self) -> tuple[str | None, ...]:
        """The names of the values and parameters it reads, None where one is left out."""
        return tuple(None if x is None else x.name for x in self._layer.inputs)

    @property
    def outputs(self) -> tuple[str | None, ...]:
        """The names of the values it makes."""
        return tuple(None if x is None else x.name for x in self._layer.outputs)

    @property
    def parameters(self) -> dict[str, rooms.Parameter]:
        """The parameters it owns or shares, by name."""
        return self._layer.parameters

    @property
    def weights(self) -> dict[str, rooms.Parameter]:
        """The parameters that can learn: of floats, constants and statistics left out where they are known as such."""
        return {name: p for name, p in self.parameters.items() if p.is_weight}

    @property
    def previous(self) -> tuple[Layer, ...]:
        """The layers it reads."""
        return tuple(Layer(self._model, x) for x in self._layer.previous)

    @property
    def next(self) -> tuple[Layer, ...]:
        """The layers that read it."""
        return tuple(Layer(self._model, x) for x in self._model.graph.next(self._layer))

    @property
    def index(self) -> int:
        """Its place in forward order, from 1."""
        position = self._model.graph.index.position
        if self._layer not in position:
            raise UnknownNameError(f"layer {self.name!r} is no longer in the model", {"because": "an edit took it out"})
        return position[self._layer] + 1

    @property
    def is_input(self) -> bool:
        """Whether it is an input layer: it takes `x`, and reads no other layer."""
        return self._layer.is_input

    @property
    def is_output(self) -> bool:
        """Whether the model declares one of its values as output."""
        return self._layer in self._model.graph.output_layers

    @property
    def bodies(self) -> dict[str, Model]:
        """Its inner models: `then` and `else` of an If, `body` of a Loop, a Scan or a function. To look at; run the layer."""
        from laminae.api.model import Model

        found = {label: Model(graph=body) for label, body in self._layer.bodies.items()}
        for model in found.values():
            model._to_look_at = True
        return found

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        """Its output for these values of the layers it reads (an input layer: for this `x`)."""
        return self._model._alone((self._layer,))(*inputs, **named)

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self._model, self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Layer) and other._layer is self._layer

    def __hash__(self) -> int:
        return hash(self._layer)

    def table(self) -> Table:
        """What it is: operator, attributes, parameters, what it reads and makes."""
        rows = [("operator", self._layer.describe()), ("group", self.group), ("reads", ", ".join(x.name for x in self.previous))]
        rows += [(name, str(value)) for name, value in self.attributes.items() if name not in self._layer.bodies]
        rows += [(name, f"{format_shape(p.shape)} {p.dtype}") for name, p in self.parameters.items()]
        rows += [("read by", ", ".join(x.name for x in self.next))]
        title = f"{self.name} · layer {self.index} of {len(self._model)}"
        return Table((Column(""), Column("", shrink=20)), [Row(row) for row in rows if row[1]], title=title)

    def _repr_svg_(self) -> str | None:
        around = {x.name for x in (*self.previous, self, *self.next)}
        records = [record for record in self._model.records() if record.name in around]
        return notebook.picture(records, title=self.path, highlight=(self.name,))

    def _repr_html_(self) -> str:
        return notebook.both(self._repr_svg_(), self.table())

    def __repr__(self) -> str:
        reads = ", ".join(x.name for x in self._layer.previous) or "nothing"
        return f"Layer({self.name!r}, {self._layer.describe()}, reads {reads})"


def _again(model: Model, name: str) -> Layer:
    """A layer out of a pickle or a copy, where the model has come along."""
    return model[name]  # type: ignore[no-any-return]


def alone(graph: rooms.Graph, layers: tuple[rooms.Layer, ...]) -> rooms.Graph:
    """A graph of one layer, all of its values as outputs; or of a group, with what others read of it."""
    if layers[0].is_input and len(layers) == 1:
        return _only_input(graph, layers[0])
    part = extract(graph, list(layers))
    if len(layers) == 1:
        part.outputs = tuple(v for v in part.layers[-1].outputs if v is not None)
        part.changed()
    return part


def _only_input(graph: rooms.Graph, layer: rooms.Layer) -> rooms.Graph:
    part = rooms.Graph(graph.name, opsets=graph.opsets)
    (value,) = layer.outputs
    assert value is not None
    part.outputs = (part.add_input(value.name, value.dtype, value.shape, layer=layer.name),)
    return part
