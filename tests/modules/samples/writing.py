"""What is written in place: views, inputs, buffers; and what is only held."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.modules.samples.making import Rows, ids, x


class ViewWrites(nn.Module):
    """In-place operators on views: the base, and every other view, see them."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.linear(x)
        before = x.sum(-1)
        x[:, 0] = 1
        y = x.view(-1, 2, 3)
        y.add_(1)
        y[..., 1].mul_(2)
        x.T[2].zero_()
        rows = x[::2]
        rows.copy_(rows.flip(-1))
        return x, before


class InputWrites(nn.Module):
    """An input is written in place: the caller sees it."""

    def forward(self, x: Tensor, steps: Tensor) -> Tensor:
        x.mul_(2)
        steps += 1
        return x + steps


class IndexWrites(nn.Module):
    """Writes through masks, indices, scatter, fill and `out=`."""

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        y = x.clone()
        y[ids] = 0
        y[y < 0] *= -1
        y.masked_fill_(y > 1, 1.0)
        y.scatter_(1, ids[:, None] % 6, 0.5)
        y.index_add_(0, ids, torch.ones(ids.shape[0], 6))
        z = torch.empty_like(y)
        torch.sin(y, out=z)
        y.clamp_(min=0.1)[0].fill_(3)
        return z + y


class Counter(nn.Module):
    """A step counter, an exponential mean and a rolling window: buffers that each forward updates."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.register_buffer("mean", torch.zeros(6))
        self.register_buffer("window", torch.zeros(3, 6))

    def forward(self, x: Tensor) -> Tensor:
        self.steps += 1
        self.mean.mul_(0.9).add_(0.1 * x.mean(0))
        self.window = torch.cat([self.window[1:], x.mean(0, keepdim=True)])
        return (x - self.mean) / self.steps + self.window.sum(0)


class Buffers(nn.Module):
    """A non-persistent buffer, a tensor attribute that is no buffer, and a tensor made in forward."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mask", torch.tril(torch.ones(6, 6)), persistent=False)
        self.register_buffer("nothing", None)
        self.table = torch.linspace(0, 1, 6)

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.mask + self.table - torch.tensor([0.0, 1, 2, 3, 4, 5])


ROWS: Rows = {
    "view-writes": (ViewWrites, lambda: (x(),), dict),
    "input-writes": (InputWrites, lambda: (x(), ids(4, 6)), dict),
    "index-writes": (IndexWrites, lambda: (x(), torch.tensor([0, 2, 3, 1])), dict),
    "counter": (Counter, lambda: (x(),), dict),
    "buffers": (Buffers, lambda: (x(),), dict),
}
