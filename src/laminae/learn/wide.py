"""A model in float64: another graph, with parameters, constants and casts of its own made wide. The model itself is unchanged."""

from __future__ import annotations

from typing import Any

import numpy as np

from laminae.base import torch
from laminae.base.arrays import as_numpy, is_tensor
from laminae.graph import Graph, Layer
from laminae.graph.flat import flatten, restore
from laminae.ops.aten import AUTOCAST

NARROW = ("float32", "float16", "bfloat16")
NARROW_CODES, WIDE_CODE = (1, 10, 16), 11
"""The same in ONNX, and float64's (TensorProto.DataType)."""

CODED = ("to", "dtype", "stash_type", "softmax_precision")
"""Attributes of the main domain that name a dtype by its number."""

STASHING = ("LayerNormalization", "RMSNormalization")
"""Operators that compute in float32 unless told otherwise."""


def wide(graph: Graph) -> Graph:
    """The graph again, with values of its own, and every float32, float16 or bfloat16 in it a float64."""
    made = restore(flatten(graph, copy=True))
    for _, inner in made.graphs():
        for parameter in inner.parameters.values():
            parameter.array = widened(parameter.tensor())
            parameter.dtype = "float64" if parameter.dtype in NARROW else parameter.dtype
        for layer in inner.layers:
            layer.attributes = {
                name: _attribute(layer, name, value) for name, value in layer.attributes.items() if name != AUTOCAST
            }
            _constant(layer)
            if layer.operator in STASHING and not layer.domain:
                layer.attributes["stash_type"] = WIDE_CODE
        for value in inner.values():
            value.dtype = "float64" if value.dtype in NARROW else value.dtype
        inner.changed()
    return made


def widened(value: Any) -> Any:
    """A tensor of floats in float64; of sequences and maps each part; anything else as it is."""
    if is_tensor(value):
        return value.detach().double() if str(value.dtype).removeprefix("torch.") in NARROW else value
    if isinstance(value, np.ndarray):
        return value.astype(np.float64) if str(value.dtype) in NARROW else value
    if isinstance(value, list | tuple):
        return type(value)(widened(part) for part in value)
    return {key: widened(part) for key, part in value.items()} if isinstance(value, dict) else value


def _attribute(layer: Layer, name: str, value: Any) -> Any:
    if isinstance(value, np.ndarray) or is_tensor(value):
        return widened(value)
    if isinstance(value, torch.dtype):
        return torch.float64 if value in (torch.float32, torch.float16, torch.bfloat16) else value
    if not layer.domain and name in CODED and value in NARROW_CODES:
        return WIDE_CODE
    return (
        {"FLOAT": "DOUBLE", "FLOAT16": "DOUBLE"}.get(value, value)
        if layer.operator == "Cast" and isinstance(value, str)
        else value
    )


def _constant(layer: Layer) -> None:
    """Numbers of a Constant are of float32 by the standard: as an array they can be wider."""
    if layer.operator != "Constant" or layer.domain:
        return
    for name in ("value_float", "value_floats"):
        if name in layer.attributes:
            layer.attributes["value"] = np.asarray(
                as_numpy(np.array(layer.attributes.pop(name), dtype=np.float32)), dtype=np.float64
            )
