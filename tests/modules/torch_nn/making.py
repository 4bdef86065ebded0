"""What the layers of torch.nn are made with."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

Rows = dict[str, tuple[Any, ...]]
"""`Class` or `Class:variant` → (module, args) or (module, args, kwargs)."""


class Held(nn.Module):
    """Calls what a container holds, one after the other: modules, or parameters to add."""

    def __init__(self, container: nn.Module) -> None:
        super().__init__()
        self.container = container

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        held = self.container
        for item in held.values() if isinstance(held, nn.ModuleDict | nn.ParameterDict) else held:
            x = item(x) if isinstance(item, nn.Module) else x + item
        return x


def line(*shape: int) -> torch.Tensor:
    """A normal tensor of [2, 4, 10] or `shape`."""
    return torch.randn(shape or (2, 4, 10))


def plane(channels: int = 4) -> torch.Tensor:
    """A normal image [2, channels, 8, 9]."""
    return torch.randn(2, channels, 8, 9)


def volume(channels: int = 4) -> torch.Tensor:
    """A normal volume [2, channels, 5, 6, 7]."""
    return torch.randn(2, channels, 5, 6, 7)


def ran(module: nn.Module, x: torch.Tensor) -> nn.Module:
    """A lazy module after its first run, which gives it its parameters (and the class that is not lazy)."""
    module(x)
    return module
