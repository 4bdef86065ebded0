"""The outputs of the graph that was made, under the names they are to have."""

from __future__ import annotations

from collections.abc import Sequence

from laminae.graph.graph import Graph, unique_name
from laminae.graph.layer import Layer
from laminae.graph.parameter import Parameter
from laminae.graph.value import Value

Item = Value | Parameter


def take_outputs(made: Graph, outputs: Sequence[Item]) -> list[Layer]:
    """Name the outputs as those of the model. Gives the Identity layers, to stand last, of what has another name already:

    an input that is given back, a value that is given twice.
    """
    taken = {x.name for x in (*made.inputs, *made.parameters.values(), *outputs)}
    given: dict[Item, None] = {}
    identities: list[Layer] = []
    for own, meant in zip(made.outputs, outputs, strict=True):
        named = own.name == meant.name if isinstance(own, Parameter) or own in made.inputs else True
        if own in given or not named:
            used = {x.name for x in given} | {x.name for x in made.inputs} | set(made.parameters)
            name = unique_name(meant.name, taken | used) if meant.name in used else meant.name
            identities.append(_identity(own, meant, name, made))
            (own,) = identities[-1].outputs  # type: ignore[assignment]
        elif isinstance(own, Value) and own not in made.inputs:
            own.name = meant.name
            _declare(own, meant)
        given[own] = None
    made.outputs = tuple(given)
    return identities


def _identity(own: Item, meant: Item, name: str, made: Graph) -> Layer:
    producer = meant.producer if isinstance(meant, Value) else None
    value = Value(name, own.dtype, own.shape)
    group = producer.group if producer is not None and not producer.is_input else ""
    return Layer(name if not group else f"{group}/{name}", "Identity", (own,), (value,), opset=made.opsets[""], group=group)


def _declare(own: Value, meant: Item) -> None:
    """What is known of an output; a size that was a number, or complex numbers, are what torch.onnx makes of them."""
    if isinstance(meant, Value) and meant.dtype and meant.shape is not None and not meant.dtype.startswith("complex"):
        own.dtype, own.shape = meant.dtype, meant.shape
