"""Sizes and layouts: read, permuted, strided, found from the data."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.modules.samples.making import Rows, x


class Sizes(nn.Module):
    """Views, ranges and scales computed from the sizes of the input."""

    def __init__(self) -> None:
        super().__init__()
        self.position = nn.Embedding(16, 6)
        self.linear = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        batch, time, width = x.shape
        x = x + self.position(torch.arange(time, device=x.device)) / width**0.5
        return self.linear(x.reshape(batch, time // 2, width * 2)).view(-1, 3)[: batch * 2]


class Shuffled(nn.Module):
    """Permutes, expands, strides, splits, einsum and a reshape that must copy."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(2, 6, 3))

    def forward(self, x: Tensor) -> Tensor:
        x = torch.einsum("btc,hcd->bhtd", x, self.weight).permute(0, 2, 3, 1)
        x = x.reshape(x.shape[0], -1).as_strided((2, 3, 4), (24, 4, 1)) + torch.ones(3, 1).expand(3, 4)
        first, second = x.tensor_split(2, dim=-1)
        return torch.cat([first.roll(1, 1), second.flip(1)], -1).mT


class Scalars(nn.Module):
    """Scalar and empty tensors, and a broadcast of a 0-d parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.temperature = nn.Parameter(torch.tensor(0.7))

    def forward(self, x: Tensor, scale: Tensor, empty: Tensor) -> tuple[Tensor, Tensor]:
        return x * scale / self.temperature.exp(), torch.cat([empty, x], 0).sum(0)


class Unique(nn.Module):
    """Outputs whose shapes depend on the data: nonzero, masked select, unique."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return x.nonzero(), x[x > 0], torch.unique((x * 2).long())


ROWS: Rows = {
    "sizes": (Sizes, lambda: (x(2, 4, 6),), dict),
    "shuffled": (Shuffled, lambda: (x(2, 3, 6),), dict),
    "scalars": (Scalars, lambda: (x(), torch.tensor(1.5), x(0, 6)), dict),
    "unique": (Unique, lambda: (x(),), dict),
}
