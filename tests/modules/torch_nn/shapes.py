"""Padding, folding, shuffling, resizing, and the containers."""

from __future__ import annotations

import torch
from torch import nn

from tests.modules.torch_nn.making import Held, Rows, line, plane, volume


def shapes() -> Rows:
    """Padding, folding, shuffling, resizing, and the containers."""
    rows: Rows = {}
    for n, x in {1: line, 2: plane, 3: volume}.items():
        sides = (1, 2, 2, 1, 0, 1)[: 2 * n]
        for kind in ("CircularPad", "ReflectionPad", "ReplicationPad", "ZeroPad"):
            rows[f"{kind}{n}d"] = (getattr(nn, f"{kind}{n}d")(sides), (x(),))
        rows[f"ConstantPad{n}d"] = (getattr(nn, f"ConstantPad{n}d")(sides, 0.5), (x(),))
        rows[f"ConstantPad{n}d:cropped"] = (getattr(nn, f"ConstantPad{n}d")((-1, 2) * n, 0.5), (x(),))
    for mode, x in {"linear": line, "bilinear": plane, "bicubic": plane, "trilinear": volume}.items():
        rows[f"Upsample:{mode}"] = (nn.Upsample(scale_factor=1.5, mode=mode), (x(),))
        rows[f"Upsample:{mode}-corners"] = (nn.Upsample(scale_factor=2, mode=mode, align_corners=True), (x(),))
    linears = [nn.Linear(10, 10) for _ in range(4)]
    parameters = [nn.Parameter(line(10)) for _ in range(2)]
    return rows | {
        "Upsample": (nn.Upsample(size=(11, 5)), (plane(),)),
        "Upsample:scale": (nn.Upsample(scale_factor=(2, 1.5), recompute_scale_factor=True), (plane(),)),
        "Upsample:nearest-exact": (nn.Upsample(scale_factor=1.7, mode="nearest-exact"), (line(),)),
        "UpsamplingNearest2d": (nn.UpsamplingNearest2d(scale_factor=2), (plane(),)),
        "UpsamplingBilinear2d": (nn.UpsamplingBilinear2d(size=(5, 12)), (plane(),)),
        "PixelShuffle": (nn.PixelShuffle(2), (plane(),)),
        "PixelUnshuffle": (nn.PixelUnshuffle(2), (torch.randn(2, 3, 4, 6),)),
        "ChannelShuffle": (nn.ChannelShuffle(2), (plane(),)),
        "Fold": (nn.Fold((4, 5), (2, 3), padding=1, stride=2), (torch.randn(2, 12, 9),)),
        "Unfold": (nn.Unfold((2, 3), dilation=2, padding=1), (plane(),)),
        "Flatten": (nn.Flatten(), (plane(),)),
        "Flatten:middle": (nn.Flatten(1, 2), (plane(),)),
        "Unflatten": (nn.Unflatten(1, (2, -1)), (plane(),)),
        "Sequential": (nn.Sequential(linears[0], nn.ReLU(), linears[1], linears[0]), (line(),)),
        "ModuleList": (Held(nn.ModuleList(linears[:2])), (line(),)),
        "ModuleDict": (Held(nn.ModuleDict({"b": linears[2], "a": linears[3]})), (line(),)),
        "ParameterList": (Held(nn.ParameterList(parameters)), (line(),)),
        "ParameterDict": (Held(nn.ParameterDict({"b": parameters[0], "a": parameters[1]})), (line(),)),
    }  # fmt: skip
