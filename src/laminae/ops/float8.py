"""Casts to 8-bit floats: torch rounds to nearest, but saturates as it likes. https://onnx.ai/onnx/technical/float8.html"""

from __future__ import annotations

from typing import TYPE_CHECKING

from laminae.base import torch
from laminae.base.errors import AttributeValueError

if TYPE_CHECKING:
    from torch import Tensor, dtype


def to_float8(x: Tensor, dtype: dtype, saturate: int, round_mode: str) -> Tensor:
    """x in an 8-bit float dtype; too large a value becomes the largest one where it is to saturate, else NaN or ∞."""
    x = x.float()
    if dtype == torch.float8_e8m0fnu:
        return _to_power_of_two(x, saturate, round_mode)
    largest = torch.finfo(dtype).max
    if saturate:
        return x.clamp(-largest, largest).to(dtype)
    if dtype == torch.float8_e4m3fn:  # 464 is the last value that rounds to 448, the largest
        x = torch.where(x.abs() > 464, torch.nan, x)
    return x.to(dtype)


def _to_power_of_two(x: Tensor, saturate: int, round_mode: str) -> Tensor:
    """The exponent of a float32, rounded by what its mantissa holds; 255 is NaN."""
    bits = x.view(torch.int32)
    exponent, mantissa = (bits >> 23) & 255, bits & 0x7FFFFF
    mantissa = torch.where(exponent == 0, (2 * mantissa - 0x800000).clamp(min=0), mantissa)  # 2^-127 has no exponent of its own
    if round_mode not in ("up", "down", "nearest"):
        raise AttributeValueError(f"there is no round_mode {round_mode!r}", {"known": "up, down, nearest"})
    more = {"up": mantissa > 0, "nearest": mantissa >= 0x400000}.get(round_mode, torch.zeros_like(x, dtype=torch.bool))
    unheld = x.isnan() if saturate else x.isnan() | (x < 2.0**-127) | (x > 2.0**127)
    return torch.where(unheld, 255, (exponent + more).clamp(max=254)).to(torch.uint8).view(torch.float8_e8m0fnu)
