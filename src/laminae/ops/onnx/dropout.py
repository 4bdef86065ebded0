"""Dropout. https://onnx.ai/onnx/operators/onnx__Dropout.html"""

import numpy as np

from laminae.base import torch
from laminae.base.cost import Cost
from laminae.base.dtypes import dtype_name
from laminae.base.errors import AttributeValueError
from laminae.base.shapes import Spec
from laminae.ops.casting import cast_to
from laminae.ops.costs import traffic
from laminae.ops.registry import operator


def dropout_shape(data, *inputs, **attributes):
    return Spec(data.dtype, data.dims), Spec("bool", data.dims)


def dropout_shape_1(data, **attributes):
    return Spec(data.dtype, data.dims), Spec(data.dtype, data.dims)


def dropout_cost(data, ratio=None, training_mode=None, *, outputs, **attributes):
    """Nothing but the mask, unless it trains: then a draw, a product and a scale for each element."""
    if training_mode is None or not training_mode.content.item():
        return masking(data, outputs=outputs)
    return 3 * data.size


def masking(data, *, outputs, **attributes):
    """The data as it is, and the mask where it is asked for."""
    return Cost(0, traffic(*outputs[1:]))


def dropout_1_cost(data, *, is_test=0, outputs, **attributes):
    return masking(data, outputs=outputs) if is_test else 3 * data.size


@operator("Dropout", since=12, kind="dropout", shape=dropout_shape, cost=dropout_cost, aliases=True, random=True)
def dropout(data, ratio=None, training_mode=None, *, seed=None, n_outputs=1):
    """data · mask / (1 - ratio) in training mode, the data itself otherwise; any shape. A seed gives NumPy's draw."""
    if training_mode is None or not training_mode:
        return data if n_outputs == 1 else (data, torch.ones_like(data, dtype=torch.bool))
    output, mask = dropped(data, 0.5 if ratio is None else float(ratio.detach()), seed)
    return output if n_outputs == 1 else (output, mask)


@operator("Dropout", since=10, kind="dropout", shape=dropout_shape, cost=masking, aliases=True)
def dropout_10(data, *, ratio=0.5, n_outputs=1):
    """The data itself, and a mask of True."""
    return data if n_outputs == 1 else (data, torch.ones_like(data, dtype=torch.bool))


@operator("Dropout", since=7, kind="dropout", shape=dropout_shape_1, cost=masking, aliases=True)
def dropout_7(data, *, ratio=0.5, n_outputs=1):
    """Until opset 9 the mask has the dtype of the data."""
    return data if n_outputs == 1 else (data, torch.ones_like(data))


@operator("Dropout", since=1, kind="dropout", shape=dropout_shape_1, cost=dropout_1_cost, aliases=True, random=True)
def dropout_1(data, *, consumed_inputs=None, is_test=0, ratio=0.5, n_outputs=1):
    """Until opset 6 it drops unless is_test."""
    if is_test:
        return dropout_7(data, n_outputs=n_outputs)
    output, mask = dropped(data, ratio, None)
    return output if n_outputs == 1 else (output, mask.to(data.dtype))


def dropped(data, ratio, seed):
    """Each element kept with probability 1 - ratio and scaled by its inverse, and which were kept.

    Without a seed it draws as torch.nn.functional.dropout does: from the same state the same elements.
    """
    if not 0 <= ratio < 1:
        raise AttributeValueError(f"a ratio of {ratio:g} cannot be dropped", {"expected": "from 0 to below 1"})
    if ratio == 0:
        return data, torch.ones_like(data, dtype=torch.bool)
    if data.dtype.itemsize == 1:  # torch computes with no 8-bit floats
        output, kept = dropped(data.float(), ratio, seed)
        return cast_to(output, dtype_name(data)), kept
    if seed is None:
        noise = torch.empty_like(data).bernoulli_(1 - ratio)
        return data * noise.div(1 - ratio), noise.bool()
    kept = torch.as_tensor(np.random.RandomState(seed).uniform(size=tuple(data.shape)) >= ratio, device=data.device)
    return data * kept * (1 / (1 - ratio)), kept
