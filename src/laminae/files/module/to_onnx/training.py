"""What training does otherwise: statistics of the batch, values that are dropped.

https://onnx.ai/onnx/operators/onnx__BatchNormalization.html, https://onnx.ai/onnx/operators/onnx__Dropout.html
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from laminae.files.module.to_onnx.place import all_of, like, place


def batch_norm(inputs: Sequence[Any], attributes: Mapping[str, Any], opset: int) -> Any:
    """In training: the batch's own statistics, and the running ones as further outputs. momentum is that of the old ones."""
    if not attributes.get("training"):
        return None
    x, weight, bias, mean, var = all_of(inputs, 5)
    channels = x.shape[1]
    scale = torch.ones(channels, dtype=x.dtype) if weight is None else weight
    shift = torch.zeros(channels, dtype=x.dtype) if bias is None else bias
    mean = torch.zeros(channels, dtype=x.dtype) if mean is None else mean
    var = torch.ones(channels, dtype=x.dtype) if var is None else var
    said = {"epsilon": attributes["eps"], "momentum": 1 - attributes["momentum"], "training_mode": 1}
    return place("BatchNormalization", (x, scale, shift, mean, var), said, list(map(like, (x, mean, var))), opset)[0]


def dropout(inputs: Sequence[Any], attributes: Mapping[str, Any], opset: int) -> Any:
    if not attributes.get("train") or not attributes.get("p"):
        return inputs[0]
    return _dropped(inputs[0], attributes["p"], opset)


def feature_dropout(inputs: Sequence[Any], attributes: Mapping[str, Any], opset: int) -> Any:
    """Whole channels: ones of which some are dropped, as factors."""
    x = inputs[0]
    if not attributes.get("train") or not attributes.get("p"):
        return x
    ones = torch.ones([*x.shape[:2], *[1] * (x.ndim - 2)], dtype=x.dtype)
    return x * _dropped(ones, attributes["p"], opset)


def attention(inputs: Sequence[Any], attributes: Mapping[str, Any], opset: int) -> Any:
    """With dropout on the weights, in single steps: softmax(q kᵀ · scale + mask) v."""
    if not attributes.get("dropout_p"):
        return None
    query, key, value, mask = all_of(inputs, 4)
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
    return place("Dropout", (x, ratio, training), {}, [like(x), (torch.bool, x.shape)], opset)[0]
