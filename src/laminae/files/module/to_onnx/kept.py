"""Layers that torch.onnx is not asked about: those that are ONNX operators, what training does otherwise, plain reshapes.

https://onnx.ai/onnx/operators/onnx__BatchNormalization.html, https://onnx.ai/onnx/operators/onnx__Dropout.html
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from laminae.graph.layer import Layer
from laminae.ops.aten import filled
from laminae.ops.registry import find

Made = tuple[Any, Sequence[Any]]
"""dtype and shape."""

PLAIN = (bool, int, float, str)


def kept(layer: Layer, attributes: Mapping[str, Any], inputs: Sequence[Any], opset: int) -> Any:
    """What a layer makes, where it is written as it stands here; None where torch.onnx translates it."""
    if layer.domain.startswith("torch."):
        form = FORMS.get(layer.operator)
        return None if form is None else form(inputs, attributes, opset)
    return _as_it_is(layer, attributes, inputs, layer.opset if layer.domain else opset)


def place(
    operator: str, inputs: Sequence[Any], attributes: dict[str, Any], made: Sequence[Made], opset: int, domain: str = ""
) -> tuple[Any, ...]:
    """An ONNX operator in the export, which gives values of these dtypes and shapes."""
    name = f"{domain}::{operator}" if domain else operator
    dtypes, shapes = [dtype for dtype, _ in made], [shape for _, shape in made]
    return tuple(torch.onnx.ops.symbolic_multi_out(name, list(inputs), attributes, dtypes=dtypes, shapes=shapes, version=opset))


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
    return place(layer.operator, inputs, dict(attributes), list(map(_made, made)), opset, layer.domain)


def _made(x: Any) -> Made:
    return x.dtype, x.shape


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return bool(value) and all(isinstance(x, PLAIN) for x in value)
    return isinstance(value, PLAIN)


# -- shapes ------------------------------------------------------------------------------------------------------------


def _reshape(inputs: Sequence[Any], attributes: Mapping[str, Any], opset: int) -> Any:
    """Where one size varies it is what is left: no arithmetic on sizes is needed."""
    x, sizes = inputs[0], filled(next(attributes[key] for key in ("shape", "size") if key in attributes), inputs)
    varying = [i for i, size in enumerate(sizes) if not isinstance(size, int)]
    if len(varying) != 1 or any(isinstance(size, int) and size <= 0 for size in sizes):
        return None
    shape = torch.tensor([-1 if i in varying else size for i, size in enumerate(sizes)])
    return place("Reshape", (x, shape), {}, [(x.dtype, list(sizes))], opset)[0]


def _flatten(inputs: Sequence[Any], attributes: Mapping[str, Any], opset: int) -> Any:
    x = inputs[0]
    if attributes.get("start_dim", 0) != 1 or attributes.get("end_dim", -1) not in (-1, x.ndim - 1) or x.ndim < 2:
        return None
    return place("Flatten", (x,), {"axis": 1}, [(x.dtype, [x.shape[0], math.prod(x.shape[1:])])], opset)[0]


# -- experts -----------------------------------------------------------------------------------------------------------


def _grouped_mm(inputs: Sequence[Any], attributes: Mapping[str, Any], opset: int) -> Any:
    """Rows [s, k] of which each group, up to its place in `ends`, has its own matrix of [g, k, m]: every row by every matrix.

    ONNX has no operator whose work hangs on the groups' lengths without a loop.
    """
    x, weight, ends = (*inputs, *[None] * (3 - len(inputs)))
    if ends is None or x.ndim != 2 or weight.ndim != 3:
        return None
    rows = torch.arange(x.shape[0])
    group = (rows[:, None] >= ends[None, :]).sum(1)
    last = weight.shape[0] - 1
    made = (x @ weight)[group.clamp(max=last), rows]
    return made * (group <= last).to(made.dtype)[:, None]


# -- training ----------------------------------------------------------------------------------------------------------


def _batch_norm(inputs: Sequence[Any], attributes: Mapping[str, Any], opset: int) -> Any:
    """In training: the batch's own statistics, and the running ones as further outputs. momentum is that of the old ones."""
    if not attributes.get("training"):
        return None
    x, weight, bias, mean, var = (*inputs, *[None] * (5 - len(inputs)))
    channels = x.shape[1]
    scale = torch.ones(channels, dtype=x.dtype) if weight is None else weight
    shift = torch.zeros(channels, dtype=x.dtype) if bias is None else bias
    mean = torch.zeros(channels, dtype=x.dtype) if mean is None else mean
    var = torch.ones(channels, dtype=x.dtype) if var is None else var
    said = {"epsilon": attributes["eps"], "momentum": 1 - attributes["momentum"], "training_mode": 1}
    return place("BatchNormalization", (x, scale, shift, mean, var), said, list(map(_made, (x, mean, var))), opset)[0]


def _dropout(inputs: Sequence[Any], attributes: Mapping[str, Any], opset: int) -> Any:
    if not attributes.get("train") or not attributes.get("p"):
        return inputs[0]
    return _dropped(inputs[0], attributes["p"], opset)


def _feature_dropout(inputs: Sequence[Any], attributes: Mapping[str, Any], opset: int) -> Any:
    """Whole channels: ones of which some are dropped, as factors."""
    x = inputs[0]
    if not attributes.get("train") or not attributes.get("p"):
        return x
    ones = torch.ones([*x.shape[:2], *[1] * (x.ndim - 2)], dtype=x.dtype)
    return x * _dropped(ones, attributes["p"], opset)


def _attention(inputs: Sequence[Any], attributes: Mapping[str, Any], opset: int) -> Any:
    """With dropout on the weights, in single steps: softmax(q kᵀ · scale + mask) v."""
    if not attributes.get("dropout_p"):
        return None
    query, key, value, mask = (*inputs, *[None] * (4 - len(inputs)))
    if attributes.get("enable_gqa"):
        groups = query.shape[-3] // key.shape[-3]
        key, value = key.repeat_interleave(groups, -3), value.repeat_interleave(groups, -3)
    scale = attributes.get("scale")
    scores = query @ key.transpose(-2, -1) * (query.shape[-1] ** -0.5 if scale is None else scale)
    if attributes.get("is_causal"):
        mask = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool).tril()
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else scores + mask
    return _dropped(scores.softmax(-1), attributes["dropout_p"], opset) @ value


def _dropped(x: Any, p: float, opset: int) -> Any:
    ratio, training = torch.full((), p, dtype=torch.float32), torch.full((), True)
    return place("Dropout", (x, ratio, training), {}, [_made(x), (torch.bool, x.shape)], opset)[0]


FORMS: dict[str, Callable[[Sequence[Any], Mapping[str, Any], int], Any]] = {
    "batch_norm": _batch_norm,
    "dropout": _dropout,
    "feature_dropout": _feature_dropout,
    "flatten.using_ints": _flatten,
    "_grouped_mm": _grouped_mm,
    "grouped_mm_fallback": _grouped_mm,
    "reshape": _reshape,
    "scaled_dot_product_attention": _attention,
    "view": _reshape,
}
"""PyTorch operator → how it is written."""
