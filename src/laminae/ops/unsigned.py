"""Dtypes for which torch has no kernel (uint16, uint32, uint64 above all), computed by NumPy, which has every one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from laminae.base import torch
from laminae.base.arrays import as_numpy, as_value

if TYPE_CHECKING:
    from torch import Tensor


def in_numpy(function: Callable[..., Any], *tensors: Tensor) -> Tensor:
    """The function of NumPy arrays on these tensors, as a tensor of theirs on their device. Wraps as unsigned arithmetic does."""
    with np.errstate(all="ignore"):
        return as_value(np.asarray(function(*map(as_numpy, tensors)))).to(tensors[0].device)  # type: ignore[no-any-return]


def ranks(x: Tensor) -> Tensor:
    """The elements as int64 numbers in the same order (for uint64, with its upper half moved below zero)."""
    return x.to(torch.int64) ^ torch.iinfo(torch.int64).min if x.dtype == torch.uint64 else x.to(torch.int64)
