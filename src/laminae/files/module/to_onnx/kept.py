"""Layers that torch.onnx is not asked about: those that are ONNX operators, and those it has no good form for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from laminae.files.module.to_onnx.arithmetic import rsub
from laminae.files.module.to_onnx.experts import grouped_mm
from laminae.files.module.to_onnx.place import like, place
from laminae.files.module.to_onnx.reshapes import expand, flatten, reshape
from laminae.files.module.to_onnx.training import attention, batch_norm, dropout, feature_dropout
from laminae.graph.layer import Layer
from laminae.ops.aten import DOMAIN
from laminae.ops.registry import find

PLAIN = (bool, int, float, str)

FORMS: dict[str, Callable[[Sequence[Any], Mapping[str, Any], int], Any]] = {
    "aten._grouped_mm": grouped_mm,
    "aten.batch_norm": batch_norm,
    "aten.dropout": dropout,
    "aten.expand": expand,
    "aten.feature_dropout": feature_dropout,
    "aten.flatten.using_ints": flatten,
    "aten.reshape": reshape,
    "aten.rsub.Scalar": rsub,
    "aten.scaled_dot_product_attention": attention,
    "aten.view": reshape,
    "transformers.grouped_mm_fallback": grouped_mm,
}
"""PyTorch operator → how it is written; a form that gives None leaves it to torch.onnx."""


def kept(layer: Layer, attributes: Mapping[str, Any], inputs: Sequence[Any], opset: int) -> Any:
    """What a layer makes, where it is written as it stands here; None where torch.onnx translates it."""
    if layer.domain.startswith("torch."):
        form = FORMS.get(f"{layer.domain.removeprefix(DOMAIN)}.{layer.operator}")
        return None if form is None else form(inputs, attributes, opset)
    return _as_it_is(layer, attributes, inputs, layer.opset if layer.domain else opset)


def _as_it_is(layer: Layer, attributes: Mapping[str, Any], inputs: Sequence[Any], opset: int) -> Any:
    """A layer of the onnx vocabulary, if the export can hold its attributes: no tensors, no graphs."""
    operator = find(layer.domain, layer.operator, layer.opset)
    if operator is None or layer.bodies or not all(map(_is_plain, attributes.values())) or "context" in operator.asks:
        return None
    several = {"n_outputs": len(layer.outputs)} if "n_outputs" in operator.asks else {}
    made = operator.run(*inputs, **attributes, **several)  # for its dtypes and shapes: nobody reads it
    made = made if isinstance(made, (tuple, list)) else (made,)
    if not all(isinstance(x, torch.Tensor) for x in made):
        return None
    return place(layer.operator, inputs, dict(attributes), list(map(like, made)), opset, layer.domain)


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return bool(value) and all(isinstance(x, PLAIN) for x in value)
    return isinstance(value, PLAIN)
