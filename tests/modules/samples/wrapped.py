"""Modules with something around them: parametrizations, hooks."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from tests.modules.samples.making import Rows, x


class Parametrized(nn.Module):
    """weight_norm, spectral_norm and orthogonal parametrizations."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = parametrizations.weight_norm(nn.Conv1d(4, 4, 3, padding=1))
        self.spectral = parametrizations.spectral_norm(nn.Linear(6, 6))
        self.orthogonal = parametrizations.orthogonal(nn.Linear(6, 6))

    def forward(self, x: Tensor) -> Tensor:
        return self.orthogonal(torch.relu(self.spectral(self.weight(x))))


class OldWeightNorm(nn.Module):
    """The older weight_norm, a forward pre-hook that sets `weight`."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.utils.weight_norm(nn.Linear(6, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x)


class Hooked(nn.Module):
    """Forward hooks and pre-hooks that change what flows."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 6)
        self.linear.register_forward_pre_hook(lambda module, args: (args[0] * 2,))
        self.linear.register_forward_hook(lambda module, args, out: out + args[0])

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x)


ROWS: Rows = {
    "parametrized": (Parametrized, lambda: (x(2, 4, 6),), dict),
    "old-weight-norm": (OldWeightNorm, lambda: (x(),), dict),
    "hooked": (Hooked, lambda: (x(),), dict),
}
