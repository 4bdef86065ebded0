"""What is said about derivatives inside forward."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from tests.modules.samples.making import Rows, x


class NoGradient(nn.Module):
    """A torch.no_grad block and a detach inside."""

    def __init__(self) -> None:
        super().__init__()
        self.teacher, self.student = nn.Linear(6, 6), nn.Linear(6, 6)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            target = torch.softmax(self.teacher(x), -1)
        y = self.student(x)
        with torch.enable_grad():
            y = y + y.detach()
        return y, ((y - target) ** 2).mean()


class Checkpointed(nn.Module):
    """A block under torch.utils.checkpoint."""

    def __init__(self) -> None:
        super().__init__()
        self.block, self.out = nn.Sequential(nn.Linear(6, 6), nn.GELU()), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(checkpoint(self.block, x, use_reentrant=False))


class CustomGradient(nn.Module):
    """A torch.autograd.Function: a straight-through rounding."""

    class Round(torch.autograd.Function):
        """round forward, identity backward."""

        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return torch.round(x)

        @staticmethod
        def backward(ctx: Any, grad: Tensor) -> Tensor:
            return grad

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.Round.apply(x * 4) / 4)


class InnerGradient(nn.Module):
    """A gradient taken inside forward."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.func.grad(lambda x: torch.tanh(self.linear(x)).sum())(x)


ROWS: Rows = {
    "no-gradient": (NoGradient, lambda: (x(),), dict),
    "checkpointed": (Checkpointed, lambda: (x(),), dict),
    "custom-gradient": (CustomGradient, lambda: (x(),), dict),
    "inner-gradient": (InnerGradient, lambda: (x(),), dict),
}
