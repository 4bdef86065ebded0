"""How far what a layer makes has moved: one number for all its outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.base.statistics import CHUNK


def unmoved(new: Sequence[Any], old: Sequence[Any]) -> bool:
    """Whether they are the same values, taken over and not made again."""
    return len(new) == len(old) and all(one is other for one, other in zip(new, old, strict=True))


def change(new: Sequence[Any], old: Sequence[Any]) -> float | None:
    """‖new − old‖ / ‖old‖ over all elements of several outputs, in float64; infinite where old is 0.

    NaN beside NaN, and what is equal, has not moved; any other NaN or infinity has, infinitely. None where nobody can tell: other
    shapes, no tensors, what was not kept.
    """
    if len(new) != len(old):
        return None
    far = size = 0.0
    for one, other in zip(new, old, strict=True):
        if one is other:
            size += 0.0 if not is_tensor(other) else _squares(other)
            continue
        if not is_tensor(one) or not is_tensor(other) or one.shape != other.shape:
            return None
        apart, around = _apart(one.detach().reshape(-1), other.detach().reshape(-1))
        far, size = far + apart, size + around
    return float((far / size) ** 0.5) if size else float("inf") if far else 0.0


def _squares(value: Any) -> float:
    return sum(_square(_wide(part)) for part in value.detach().reshape(-1).split(CHUNK))


def _apart(new: Any, old: Any) -> tuple[float, float]:
    """Σ (new − old)² and Σ old², a part at a time, so that their float64 copies stay small."""
    far = size = 0.0
    for one, other in zip(new.split(CHUNK), old.split(CHUNK), strict=True):
        a, b = _wide(one), _wide(other).to(one.device)
        apart, around = _square(a - b), _square(b)
        if apart != apart or around != around or around == float("inf"):
            apart, around = _odd(a, b)
        far, size = far + apart, size + around
    return far, size


def _odd(a: Any, b: Any) -> tuple[float, float]:
    """The same where some are not finite."""
    same = (a == b) | (torch.isnan(a) & torch.isnan(b))
    finite = torch.isfinite(b)
    around = _square(b[finite])
    moved = ~same
    if bool((moved & ~(torch.isfinite(a) & finite)).any()):
        return float("inf"), around
    return _square((a - b)[moved]), around


def _wide(part: Any) -> Any:
    return part.to(torch.complex128) if part.is_complex() else part.double()


def _square(part: Any) -> float:
    return float(torch.linalg.vector_norm(part)) ** 2
