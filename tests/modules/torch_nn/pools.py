"""Pools and their inverses."""

from __future__ import annotations

import torch
from torch import nn

from tests.modules.torch_nn.making import Rows, line, plane, volume


def pools() -> Rows:
    """Pools and their inverses."""
    rows: Rows = {}
    for n, x in {1: line, 2: plane, 3: volume}.items():
        pool = {
            name: getattr(nn, f"{name}{n}d")
            for name in ("MaxPool", "AvgPool", "LPPool", "AdaptiveMaxPool", "AdaptiveAvgPool", "MaxUnpool")
        }
        rows |= {
            f"MaxPool{n}d": (pool["MaxPool"](2), (x(),)),
            f"MaxPool{n}d:indices": (pool["MaxPool"](3, 2, 1, return_indices=True, ceil_mode=True), (x(),)),
            f"MaxPool{n}d:dilated": (pool["MaxPool"](2, 1, dilation=2), (x(),)),
            f"AvgPool{n}d": (pool["AvgPool"](2), (x(),)),
            f"AvgPool{n}d:padded": (pool["AvgPool"](3, 2, 1, ceil_mode=True, count_include_pad=False), (x(),)),
            f"LPPool{n}d": (pool["LPPool"](2, 2, ceil_mode=True), (x(),)),
            f"AdaptiveMaxPool{n}d": (pool["AdaptiveMaxPool"](3), (x(),)),
            f"AdaptiveMaxPool{n}d:indices": (pool["AdaptiveMaxPool"](3, return_indices=True), (x(),)),
            f"AdaptiveAvgPool{n}d": (pool["AdaptiveAvgPool"](3), (x(),)),
            f"AdaptiveAvgPool{n}d:one": (pool["AdaptiveAvgPool"](1), (x(),)),
            f"MaxUnpool{n}d": (pool["MaxUnpool"](2), pool["MaxPool"](2, return_indices=True)(torch.randn(2, 4, *[6] * n))),
            f"MaxUnpool{n}d:output-size": (pool["MaxUnpool"](2), (*pool["MaxPool"](2, return_indices=True)(x()), x().shape[2:])),
        }
    samples = {2: torch.rand(2, 4, 2), 3: torch.rand(2, 4, 3)}
    return rows | {
        "AvgPool2d:divisor": (nn.AvgPool2d(2, divisor_override=3), (plane(),)),
        "AdaptiveAvgPool2d:one-side": (nn.AdaptiveAvgPool2d((3, None)), (plane(),)),
        "FractionalMaxPool2d": (nn.FractionalMaxPool2d(2, output_ratio=0.6, _random_samples=samples[2]), (plane(),)),
        "FractionalMaxPool2d:indices": (nn.FractionalMaxPool2d(2, 3, return_indices=True, _random_samples=samples[2]), (plane(),)),
        "FractionalMaxPool3d": (nn.FractionalMaxPool3d(2, output_size=3, _random_samples=samples[3]), (volume(),)),
    }  # fmt: skip
