"""A layer as it stands when a plan is made: what a trace says of it however the model is edited later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from laminae.graph import Layer, Parameter
from laminae.ops.registry import Operator


@dataclass(frozen=True)
class About:
    """previous: the layers it reads, only to look their names up by. parameters: number of elements of its weights.

    attributes: those given. owns: the parameters among its inputs, each with its place.
    """

    name: str
    path: str
    op: str
    domain: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str | None, ...]
    previous: tuple[Layer, ...]
    parameters: int
    is_input: bool
    opset: int = 0
    attributes: tuple[tuple[str, Any], ...] = ()
    owns: tuple[tuple[int, Parameter], ...] = ()


def about(layer: Layer, operator: Operator | None) -> About:
    """What there is to say of a layer now."""
    return About(
        name=layer.name,
        path=layer.path,
        op=layer.operator,
        domain=layer.domain,
        kind=operator.kind if operator is not None else "",
        inputs=tuple("" if x is None else x.name for x in layer.inputs),
        outputs=tuple(None if x is None else x.name for x in layer.outputs),
        previous=layer.previous,
        parameters=sum(p.size for p in layer.parameters.values() if p.is_weight),
        is_input=layer.is_input,
        opset=layer.opset,
        attributes=tuple(layer.attributes.items()),
        owns=tuple((i, x) for i, x in enumerate(layer.inputs) if isinstance(x, Parameter)),
    )
