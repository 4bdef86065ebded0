"""Attributes inside a function that take their values from the call: filled in."""

from __future__ import annotations

from typing import Any

from laminae.graph.graph import Reference
from laminae.graph.layer import Layer


def with_references(attributes: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """A layer's attributes inside a function: references replaced by what the call gives, left out where it gives nothing."""
    plain = {}
    for key, value in attributes.items():
        if not isinstance(value, Reference):
            plain[key] = value
        elif value.name in given:
            plain[key] = given[value.name]
    return plain


def call_attributes(layer: Layer, given: dict[str, Any]) -> dict[str, Any]:
    """What a call of a function gives to the references in its body: its own attributes over the function's defaults."""
    function = layer.function
    assert function is not None
    return {**function.defaults, **with_references(layer.attributes, given)}
