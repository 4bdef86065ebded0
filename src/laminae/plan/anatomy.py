"""What a layer is, in words: its operator with a sentence on it, its attributes, its parameters."""

from __future__ import annotations

from typing import Any

from laminae.base.arrays import facts
from laminae.base.records import Anatomy, ParameterRecord
from laminae.base.shapes import format_shape
from laminae.ops.documentation import documentation
from laminae.ops.registry import Operator, find
from laminae.plan.about import About

LONGEST = 200
"""Letters of an attribute that are told."""


def anatomy(about: About) -> Anatomy:
    """Of a layer as it stood when it ran; its parameters as they are now."""
    operator = None if about.is_input else find(about.domain, about.op, about.opset)
    text, url = documentation(operator) if operator is not None else ("", "")
    if about.is_input:
        text = "What the model is given."
    return Anatomy(
        documentation=text,
        url=url,
        opset=about.opset,
        attributes=tuple((name, _told(value)) for name, value in about.attributes),
        parameters=tuple(
            ParameterRecord(p.name, _role(operator, place), p.shape, p.dtype, p.nbytes, p.is_weight) for place, p in about.owns
        ),
    )


def _role(operator: Operator | None, place: int) -> str:
    return operator.input_name(place) if operator is not None else ""


def _told(value: Any) -> str:
    """An attribute as text: of a tensor its shape, of a body its layers."""
    if hasattr(value, "layers"):
        layers = list(value.layers)
        return f"a body of {len(layers):,} layer{'' if len(layers) == 1 else 's'}"
    known = facts(value)
    if known is not None and known[0] is not None and len(known[0]) > 0:
        return f"{known[1]} {format_shape(known[0])}"
    text = str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
