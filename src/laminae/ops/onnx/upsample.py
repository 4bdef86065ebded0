"""Upsample. https://onnx.ai/onnx/operators/onnx__Upsample.html"""

import numpy as np

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.onnx.resize import resize_10, resize_10_shape, resize_cost
from laminae.ops.registry import operator


@operator("Upsample", since=9, kind="resampling", shape=resize_10_shape, cost=resize_cost, aliases=True)
def upsample(X, scales, *, mode="nearest"):
    """`X` with every axis scaled by its scale, at least 1, from the corners."""
    return resize_10(X, scales, mode=mode)


def upsample_7_shape(X, *, scales, mode="nearest"):
    return resize_10_shape(X, Spec("float32", (len(scales),), np.array(scales, np.float32)))


@operator("Upsample", since=7, kind="resampling", shape=upsample_7_shape, cost=resize_cost, aliases=True)
def upsample_7(X, *, scales, mode="nearest"):
    """Until opset 8, scales is an attribute."""
    return resize_10(X, torch.tensor(scales), mode=mode)


def upsample_1_shape(X, *, height_scale, width_scale, mode="nearest"):
    return upsample_7_shape(X, scales=[1.0, 1.0, height_scale, width_scale])


@operator("Upsample", since=1, kind="resampling", shape=upsample_1_shape, cost=resize_cost, aliases=True)
def upsample_1(X, *, height_scale, width_scale, mode="nearest"):
    """Until opset 6, [N, C, H, W] by two scales; the other mode is bilinear."""
    return upsample_7(X, scales=[1.0, 1.0, height_scale, width_scale], mode=mode)
