"""Noise, and the training phase."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.modules.samples.making import Rows, x


class RandomNoise(nn.Module):
    """Noise in eval mode: two runs differ unless seeded."""

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.randn_like(x) + torch.rand(x.shape) + functional.dropout(x, 0.5, training=True)


class Training(nn.Module):
    """Left in training mode: batch norm writes its statistics."""

    def __init__(self) -> None:
        super().__init__()
        self.linear, self.norm = nn.Linear(6, 4), nn.BatchNorm1d(4)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.linear(x))

    def eval(self) -> Training:
        return self


ROWS: Rows = {
    "random-noise": (RandomNoise, lambda: (x(),), dict),
    "training": (Training, lambda: (x(),), dict),
}
