"""Dropout's phases. https://onnx.ai/onnx/operators/onnx__Dropout.html

It drops where its input `training_mode` is true from opset 12 on, unless `is_test` until 6; from 7 to 11 the standard has no
Dropout that drops: in the training phase such a layer is of opset 12, and the model can be saved in the evaluation phase only.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.graph.parameter import ROLE
from laminae.learn.phases.form import named, new_name, put_attribute, remember, remembered

DROPS_FROM = 12


def has_phases(layer: Layer, graph: Graph) -> bool:
    """Whether the model itself does not decide: what says `training_mode` is a constant, and nobody reads a mask of old kind."""
    if layer.opset >= DROPS_FROM:
        return _flag(layer) is None or _said(layer) is not None
    masked = any(value is not None and (graph.readers(value) or value in graph.outputs) for value in layer.outputs[1:])
    return layer.opset < 7 or not masked


def is_training(layer: Layer, graph: Graph) -> bool:
    if layer.opset >= DROPS_FROM:
        return bool(_said(layer))
    return layer.opset < 7 and not layer.attributes.get("is_test")


def is_in(mode: bool, layer: Layer, graph: Graph) -> bool:
    return is_training(layer, graph) is mode


def to_training(layer: Layer, graph: Graph) -> None:
    if is_training(layer, graph):
        return
    if layer.opset < 7:
        remember(layer, {"is_test": layer.attributes.get("is_test")})
        put_attribute(layer, "is_test", 0)
        return
    was: dict[str, Any] = {"inputs": [None if x is None else x.name for x in layer.inputs], "opset": layer.opset}
    ratio = layer.inputs[1] if len(layer.inputs) > 1 else None
    if layer.opset < DROPS_FROM:
        was["ratio"] = layer.attributes.get("ratio")
        ratio = _constant(layer, "ratio", np.array(was["ratio"] if was["ratio"] is not None else 0.5, np.float32), graph)
        put_attribute(layer, "ratio", None)
        layer.opset = DROPS_FROM
    remember(layer, was)
    layer.inputs = (layer.inputs[0], ratio, _constant(layer, "training_mode", np.array(True), graph))
    graph.changed()


def to_evaluation(layer: Layer, graph: Graph) -> None:
    if not is_training(layer, graph):
        return
    if layer.opset < 7:
        put_attribute(layer, "is_test", remembered(layer).get("is_test", 1))
        return
    was, gone = remembered(layer), layer.inputs[1:]
    names = was.get("inputs", [None if x is None else x.name for x in layer.inputs[:2]])
    kept = [named(graph, name) for name in names[1:]]
    while kept and kept[-1] is None:
        kept.pop()
    layer.inputs = (layer.inputs[0], *kept)
    if was.get("opset", layer.opset) < DROPS_FROM:
        layer.opset = was["opset"]
        put_attribute(layer, "ratio", was["ratio"])
    graph.changed()
    for box in gone:
        if isinstance(box, Parameter) and not graph.readers(box) and box not in graph.outputs:
            del graph.parameters[box.name]


def _flag(layer: Layer) -> Value | Parameter | None:
    return layer.inputs[2] if len(layer.inputs) > 2 else None


def _said(layer: Layer) -> bool | None:
    """What a constant says; None where there is none, or where it is computed."""
    flag = _flag(layer)
    array: Any = None
    if isinstance(flag, Parameter):
        array = flag.array
    elif isinstance(flag, Value) and flag.producer is not None and flag.producer.operator == "Constant":
        array = flag.producer.attributes.get("value")
    return None if array is None else bool(as_numpy(array).all())


def _constant(layer: Layer, name: str, array: Any, graph: Graph) -> Parameter:
    return graph.add_parameter(Parameter(new_name(graph, f"{layer.name}.{name}"), array, metadata={ROLE: "constant"}))
