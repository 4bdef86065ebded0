"""How a sample is made: its module and its inputs, the same at every call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

Example = tuple[nn.Module, tuple[Any, ...], dict[str, Any]]

Rows = dict[str, tuple[Callable[[], nn.Module], Callable[[], tuple[Any, ...]], Callable[[], dict[str, Any]]]]
"""Name → (module, args, kwargs), all made in this order under one seed."""


def ids(*shape: int) -> Tensor:
    """Integers in 0..15."""
    return torch.randint(0, 16, shape)


def x(*shape: int) -> Tensor:
    """A normal tensor, [4, 6] unless told."""
    return torch.randn(shape or (4, 6))


def build(module: Callable[[], nn.Module], args: Callable[[], tuple[Any, ...]], kwargs: Callable[[], dict[str, Any]]) -> Example:
    """The module and its inputs, the same at every call; the caller's random state is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return module().eval(), args(), kwargs()
