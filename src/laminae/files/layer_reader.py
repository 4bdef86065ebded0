"""NodeProto → Layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from laminae.files.attributes import read_attributes, rest_of_attributes
from laminae.files.checks import main_domain
from laminae.files.groups import take_group
from laminae.files.kept import keep, read_metadata
from laminae.files.lazy import onnx
from laminae.files.reading import Names, Reading
from laminae.graph.graph import Function, Graph
from laminae.graph.layer import Layer
from laminae.graph.parameter import Parameter
from laminae.graph.value import Value


def read_layer(
    node: Any,
    inputs: tuple[Value | Parameter | None, ...],
    outputs: tuple[Value | None, ...],
    opsets: dict[str, int],
    names: Names,
    reading: Reading,
    body: Callable[[Any], Graph],
) -> Layer:
    """A layer over values that are there. body: reads a graph of its attributes. Raises ModelError."""
    given = node.name or next((out for out in node.output if out), "") or node.op_type
    name = names.give(reading.text(given, "a layer's name"))
    what = f"layer {name!r}"
    operator, domain = reading.text(node.op_type, what), main_domain(reading.text(node.domain, what))
    if not operator:
        raise reading.error(f"{what} has no operator")
    overload = reading.text(node.overload, what)
    function = reading.functions.get((domain, operator, overload))
    metadata = read_metadata(node.metadata_props, what, reading)
    group = take_group(name, metadata)
    attributes = read_attributes(node.attribute, what, reading, body)
    rest = onnx.NodeProto(device_configurations=node.device_configurations, attribute=rest_of_attributes(node.attribute))
    if overload and function is None:
        rest.overload = overload
    keep(metadata, rest, node)
    return Layer(
        name,
        operator,
        inputs,
        outputs,
        attributes,
        domain=domain,
        opset=_opset(domain, operator, function, opsets, what, reading),
        group=group,
        metadata=metadata,
        doc=reading.text(node.doc_string, f"the text of {what}"),
        function=function,
    )


def _opset(domain: str, operator: str, function: Function | None, opsets: dict[str, int], what: str, reading: Reading) -> int:
    """The version of the layer's operator set; a function needs none."""
    if domain not in opsets and function is None:
        raise reading.error(
            f"{what} is of an operator set whose version the model does not say",
            {
                "operator": operator,
                "domain": domain or "ai.onnx",
                "the model says": ", ".join(f"{d or 'ai.onnx'} {v}" for d, v in opsets.items()),
            },
        )
    return opsets.get(domain, 1)
