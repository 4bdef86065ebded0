"""Softmax and its like until opset 12: all axes from `axis` on are one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laminae.base.errors import ShapeError

if TYPE_CHECKING:
    from torch import Tensor


def rows(input: Tensor, axis: int) -> Tensor:
    """`input` with its axes from `axis` on made one, the last."""
    if axis > input.ndim:
        raise ShapeError(f"axis {axis} is outside a tensor of rank {input.ndim}")
    return input.flatten(axis) if input.ndim > axis else input.unsqueeze(-1)
