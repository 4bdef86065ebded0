"""Constants of an ONNX graph as parameters that do not learn, equal ones once."""

from __future__ import annotations

from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.graph.graph import Graph, unique_name
from laminae.graph.layer import Layer
from laminae.graph.parameter import ROLE, Parameter

FORMS = {"value_int": np.int64, "value_ints": np.int64, "value_float": np.float32, "value_floats": np.float32}


def take_constants(made: Graph, taken: set[str]) -> dict[Any, Parameter]:
    """What stands in the place of each Constant and initializer of the outermost graph; the Constants are taken out.

    taken: names that they may not have.
    """
    boxes: dict[Any, Parameter] = {}
    found: dict[Any, Parameter] = {}
    for old in made.parameters.values():
        found[old] = _box(old.array, old.dtype, boxes, taken)
    for layer in made.layers:
        array = _array(layer)
        if array is not None:
            (value,) = layer.outputs
            found[value] = _box(array, None, boxes, taken)
    made.layers = [layer for layer in made.layers if _array(layer) is None]
    made.changed()
    return found


def _array(layer: Layer) -> Any:
    """The array of a Constant, None for any other layer."""
    if layer.operator != "Constant" or layer.domain:
        return None
    for key, value in layer.attributes.items():
        if key == "value":
            return value
        if key in FORMS:
            return np.array(value, FORMS[key])
    return None


def _box(array: Any, dtype: str | None, boxes: dict[Any, Parameter], taken: set[str]) -> Parameter:
    values = as_numpy(array)
    key = (str(values.dtype), values.shape, values.tobytes() if values.dtype != object else tuple(values.reshape(-1)))
    if key not in boxes:
        name = unique_name("constant", taken | {box.name for box in boxes.values()})
        boxes[key] = Parameter(name, array, dtype=dtype, metadata={ROLE: "constant"})
    return boxes[key]
