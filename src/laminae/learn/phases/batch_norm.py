"""BatchNormalization's phases. https://onnx.ai/onnx/operators/onnx__BatchNormalization.html

It trains by `training_mode` from opset 14 on, by asking for the running statistics from 7 to 13, unless `is_test` until 6.
In this house training also counts: what it gives as running statistics is written to the parameters after it.
"""

from __future__ import annotations

from laminae.base.errors import EditError
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.graph.layer import WRITES
from laminae.learn.phases.form import new_name, put_attribute, remember, remembered
from laminae.ops.aten import DOMAIN, NO_GRAD

STATISTICS = (("running_mean", 3, 1), ("running_var", 4, 2))
"""What each is called, the input that it is, and the output that is its next value."""


def has_phases(layer: Layer, graph: Graph) -> bool:
    """Whether its statistics are counted: they are parameters. Some exporters use it as arithmetic, on computed ones."""
    return len(layer.inputs) >= 5 and all(isinstance(layer.inputs[place], Parameter) for _, place, _ in STATISTICS)


def is_training(layer: Layer, graph: Graph) -> bool:
    if layer.opset >= 14:
        return bool(layer.attributes.get("training_mode"))
    if layer.opset >= 7:
        return any(value is not None for value in layer.outputs[1:])
    return not layer.attributes.get("is_test")


def is_in(mode: bool, layer: Layer, graph: Graph) -> bool:
    """Whether it is in that phase, with all that belongs to it."""
    return is_training(layer, graph) is mode and (not mode or bool(_writers(layer, graph)))


def to_training(layer: Layer, graph: Graph) -> None:
    """The layer, and those that write its statistics."""
    if is_in(True, layer, graph):
        return
    if not is_training(layer, graph):
        flag, value = ("training_mode", 1) if layer.opset >= 14 else ("is_test", 0 if layer.opset < 7 else None)
        remember(layer, {flag: layer.attributes.get(flag)} if layer.opset >= 14 or layer.opset < 7 else {})
        put_attribute(layer, flag, value)
    wanted = 3 if layer.opset >= 14 else 5
    outputs: list[Value | None] = [*layer.outputs, *[None] * 4][: max(wanted, len(layer.outputs))]
    at = graph.layers.index(layer) + 1
    for name, place, out in STATISTICS:
        box = layer.inputs[place]
        assert isinstance(box, Parameter)
        if outputs[out] is None:
            outputs[out] = Value(new_name(graph, f"{layer.name}.{name}"), box.dtype, box.shape)
        made = outputs[out]
        assert made is not None
        made.producer = layer
        layer.outputs = tuple(outputs)
        graph.layers.insert(at, _writer(layer, name, box, made, graph))
        at += 1
    for out, name in ((3, "saved_mean"), (4, "saved_var")) if layer.opset < 14 else ():  # the standard has all five or one
        if outputs[out] is None:
            outputs[out] = Value(new_name(graph, f"{layer.name}.{name}"))
            outputs[out].producer = layer  # type: ignore[union-attr]
    layer.outputs = tuple(outputs)
    graph.changed()


def to_evaluation(layer: Layer, graph: Graph) -> None:
    """The layer without what writes its statistics. Raises EditError where another layer reads those of the batch."""
    if not is_training(layer, graph):
        return
    writers = _writers(layer, graph)
    graph.layers = [other for other in graph.layers if other not in writers]
    graph.changed()
    read = [value for value in layer.outputs[1:] if value is not None and (graph.readers(value) or value in graph.outputs)]
    if read:
        raise EditError(
            f"layer {layer.name!r} has no evaluation phase: its statistics of the batch are read",
            {"value": read[0].name, "by": ", ".join(x.name for x in graph.readers(read[0])) or "the model's output"},
        )
    layer.outputs = layer.outputs[:1]
    was = remembered(layer)
    if layer.opset >= 14:
        put_attribute(layer, "training_mode", was.get("training_mode"))
    elif layer.opset < 7:
        put_attribute(layer, "is_test", was.get("is_test", 1))
    graph.changed()


def _writers(layer: Layer, graph: Graph) -> list[Layer]:
    readers = [reader for value in layer.outputs[1:3] if value is not None for reader in graph.readers(value)]
    return [reader for reader in readers if WRITES in reader.metadata]


def _writer(layer: Layer, name: str, box: Parameter, made: Value, graph: Graph) -> Layer:
    """What puts the next value of a statistic into its parameter; whoever runs before it reads the old one."""
    own = new_name(graph, f"{layer.name}.update_{name}")
    return Layer(
        own,
        "copy_",
        (box, made),
        (Value(new_name(graph, own), box.dtype, box.shape),),
        {NO_GRAD: True},
        domain=f"{DOMAIN}aten",
        group=layer.group,
        metadata={WRITES: box.name},
    )
