"""Placing: a builder layer puts its operators and parameters in a graph, with every size inferred on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from laminae.base.dtypes import is_float, numpy_dtype
from laminae.base.errors import DTypeError, LaminaeError, ShapeError, UsageError
from laminae.base.shapes import Shape, Spec, format_shape
from laminae.graph import Layer, Parameter, Value
from laminae.graph.parameter import ROLE
from laminae.layers.init import Init, draw
from laminae.layers.layer import BuilderLayer
from laminae.layers.site import Boxes, Item, Site
from laminae.ops.registry import Operator


def put_layer(site: Site, layer: BuilderLayer[Any], inputs: tuple[Value, ...], name: str) -> tuple[Value, ...]:
    """Place a layer under that name; it owns the name from now on, or comes again as `name#2`. The values it gives."""
    owner, boxes = site.owned.setdefault(layer, (name, {}))
    at = Place(site, layer, name, owner, boxes)
    outs = layer.place(at, *inputs)
    return at.settle(outs if isinstance(outs, tuple) else (outs,))


def as_stored(value: Any) -> Any:
    """An attribute as a file will hold it (floats are of 32 bits): a model that is saved and opened again computes the same."""
    return float(np.float32(value)) if isinstance(value, float) else value


class Place:
    """The place of one builder layer in the order: what its `place` method asks, and puts there.

    name: the layer's, `relu#2` where it comes again; owner: the name its parameters bear; boxes: those it has.
    """

    def __init__(self, site: Site, layer: BuilderLayer[Any], name: str, owner: str, boxes: Boxes) -> None:
        self.site, self.layer, self.name, self.owner, self.boxes = site, layer, name, owner, boxes
        self.made: list[Layer] = []
        self._leaves: Counter[str] = Counter()

    # -- what is known -------------------------------------------------------------------------------------------------

    def shape(self, x: Value, least: int = 0, most: int = 99, *, meaning: str = "") -> Shape:
        """The shape of `x`. Raises ShapeError where its rank is not known, or not from `least` to `most`."""
        dims = self.site.spec(x).dims
        if dims is None or not least <= len(dims) <= most:
            ranks = f"rank {least}" + ("" if most == least else " or more" if most == 99 else f" to {most}")
            details = {
                "expected": f"{ranks}: {meaning}" if meaning else ranks,
                "found": "nothing is known of its shape" if dims is None else f"rank {len(dims)}",
            }
            raise self.error(ShapeError, "cannot take its input", {**details, **self._look_at()}, x)
        return dims

    def size(self, x: Value, axis: int, what: str) -> int:
        """The size of `x` along an axis. Raises ShapeError where it is not a number: a parameter's shape depends on it."""
        found = self.shape(x, axis + 1 if axis >= 0 else -axis)[axis]
        if not isinstance(found, int):
            details = {
                "expected": f"a number as size of axis {axis} ({what}): parameters depend on it",
                "found": "nothing is known" if found is None else f"the name {found!r}",
                "the way out": "give the size in Input(shape), or put a Reshape before this layer",
            }
            raise self.error(ShapeError, "must know a size of its input", details, x)
        return found

    def floats(self, x: Value) -> str:
        """The dtype of `x`, float32 where none is known. Raises DTypeError where it is not a float."""
        dtype = self.site.spec(x).dtype or "float32"
        if not is_float(dtype):
            way = "Input(…, dtype='float32'), or Embedding before it where these are ids"
            raise self.error(DTypeError, "cannot take its input", {"expected": "floats", "found": dtype, "the way out": way}, x)
        return dtype

    def axis(self, axis: int, *xs: Value) -> int:
        """The axis. Raises ShapeError where the first of the inputs does not have it."""
        rank = len(self.shape(xs[0], 1))
        if not -rank <= axis < rank:
            details = {"expected": f"an axis from {-rank} to {rank - 1}", "found": f"axis {axis}"}
            raise self.error(ShapeError, "has no such axis in its input", details, *xs)
        return int(axis)

    # -- what is put there ---------------------------------------------------------------------------------------------

    def put(self, operator: str, *inputs: Item | None, leaf: str = "", **attributes: Any) -> Value:
        """An operator with one output. leaf: its name within this layer, the operator's in lower case where not given."""
        return self.put_several(1, operator, *inputs, leaf=leaf, **attributes)[0]

    def put_several(
        self, count: int, operator: str, *inputs: Item | None, leaf: str = "", **attributes: Any
    ) -> tuple[Value, ...]:
        """An operator with several outputs."""
        attributes = {key: as_stored(value) for key, value in attributes.items()}
        specs = self._infer(self.site.operator(operator), inputs, attributes, count)
        leaf = leaf or operator.lower()
        self._leaves[leaf] += 1
        name = f"{self.name}/{leaf}" + (f"_{self._leaves[leaf]}" if self._leaves[leaf] > 1 else "")
        outputs = tuple(Value(f"{name}.{i}" if i else name, spec.dtype, spec.dims) for i, spec in enumerate(specs))
        self.site.specs.update(zip(outputs, specs, strict=True))
        self.made.append(Layer(name, operator, inputs, outputs, attributes, opset=self.site.opset))
        return outputs

    def parameter(self, name: str, shape: tuple[int, ...], dtype: str, start: Init, *, role: str = "") -> Parameter:
        """The parameter of that name, started as `start` the first time and shared from then on.

        Raises ShapeError where what was given, or what is shared, is of another shape.
        """
        if name not in self.boxes:
            self._own(name, name, self._started(name, shape, dtype, start), dtype, role)
        box = self.boxes[name]
        if box.shape != shape or box.dtype != dtype:
            details = {
                "it has": f"{format_shape(box.shape)} {box.dtype}",
                "expected": f"{format_shape(shape)} {dtype}, for this input",
                "the way out": "give each place a layer of its own",
            }
            raise self.error(ShapeError, f"shares {box.name!r}, which does not fit here", details)
        return box

    def constant(self, name: str, value: Any, dtype: str = "int64") -> Parameter:
        """A small parameter that an operator reads and that never learns: a shape, an axis, a ratio."""
        array = np.array(value, numpy_dtype(dtype))
        label = f"{name} = {array.tolist()} {dtype}"
        if label not in self.boxes:
            self._own(label, name, array, dtype, "constant")
            self.site.specs[self.boxes[label]] = Spec(dtype, tuple(array.shape), array)
        return self.boxes[label]

    def settle(self, outs: tuple[Value, ...]) -> tuple[Value, ...]:
        """Final names: one operator bears the layer's name, several stand in a group; what comes out bears it too."""
        group = self.name.rpartition("/")[0]
        if len(self.made) == 1:
            self.made[0].name, self.made[0].group = self.name, group
        else:
            for layer in self.made:
                layer.name = self.site.names.fresh(layer.name)
                layer.group = layer.name.rpartition("/")[0]
        for layer in self.made:
            for i, value in enumerate(layer.outputs):
                if value is not None and value not in outs:
                    value.name = self.site.names.fresh(f"{layer.name}.{i}") if i else layer.name
        for value, suffix in zip(outs, self.layer.results, strict=True):
            value.name = self.site.names.fresh(self.name + suffix) if suffix else self.name
        self.site.layers.extend(self.made)
        return outs

    # -- what goes wrong -----------------------------------------------------------------------------------------------

    def error(
        self, kind: type[LaminaeError], message: str, details: Mapping[str, object], *inputs: Value, operator: str = ""
    ) -> LaminaeError:
        """An error that names the layer, and what it was given with where that comes from."""
        rows: dict[str, object] = {"layer": repr(self.layer)}
        if operator:
            rows["operator"] = f"{operator} (opset {self.site.opset})"
        rows.update({f"input {i}" if len(inputs) > 1 else "input": self._origin(x) for i, x in enumerate(inputs, 1)})
        return kind(f"layer {self.name!r} {message}", {**rows, **details})

    def _origin(self, item: Item) -> str:
        spec = self.site.spec(item)
        kind = "parameter" if isinstance(item, Parameter) else "from"
        return f"{format_shape(spec.dims)} {spec.dtype or '?'}  {kind} {item.name!r}"

    def _look_at(self) -> dict[str, str]:
        found = [
            f"{v.name!r} {format_shape(v.shape)}" for layer in self.site.layers if layer.is_input for v in layer.outputs if v
        ]
        return {"look at": f"input {', '.join(found[:4])}, and the layers from there to here"} if found else {}

    def _infer(
        self, operator: Operator, inputs: tuple[Item | None, ...], attributes: dict[str, Any], count: int
    ) -> tuple[Spec, ...]:
        try:
            return operator.infer([None if x is None else self.site.spec(x) for x in inputs], attributes, count)
        except LaminaeError as error:
            given = {operator.input_name(i): self._origin(x) for i, x in enumerate(inputs) if x is not None}
            rest = {key: text for key, text in error.details.items() if key not in given}
            details = {**given, "because": error.message, **rest, **self._look_at()}
            raise self.error(type(error), "cannot take its input", details, operator=operator.name) from None

    def _started(self, name: str, shape: tuple[int, ...], dtype: str, start: Init) -> np.ndarray[Any, Any]:
        try:
            array = draw(start, shape, self.site.rng)
        except UsageError as error:
            raise self.error(UsageError, f"cannot take the {name} it was given: {error.message}", error.details) from None
        if array.shape != shape:
            details = {
                "expected": format_shape(shape),
                "found": format_shape(array.shape),
                "the way out": f"give {name} in the shape that its input asks for"
                + (", (out, in) for Linear" * (name == "weight")),
            }
            raise self.error(ShapeError, f"cannot take the {name} it was given", details)
        return np.array(array, numpy_dtype(dtype))

    def _own(self, label: str, name: str, array: np.ndarray[Any, Any], dtype: str, role: str) -> None:
        metadata = {ROLE: role} if role else {}
        box = Parameter(self.site.names.fresh(f"{self.owner}.{name}"), array, dtype=dtype, metadata=metadata)
        self.boxes[label] = box
        self.site.parameters.append(box)
