"""One array in two forms, NumPy and torch, over the same memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from laminae.base.dtypes import dtype_name, numpy_dtype
from laminae.base.errors import DTypeError
from laminae.base.lazy import torch

if TYPE_CHECKING:
    from torch import Tensor

AS_BYTES = {"bfloat16": "int16", "float8_e4m3fn": "uint8", "float8_e4m3fnuz": "uint8", "float8_e5m2": "uint8",
            "float8_e5m2fnuz": "uint8", "float8_e8m0fnu": "uint8"}  # fmt: skip
"""Dtypes that cross between NumPy and torch as integers of their size."""


def is_tensor(array: Any) -> bool:
    """Whether this is a torch tensor, without importing torch."""
    return type(array).__module__.startswith("torch") and hasattr(array, "untyped_storage")


def as_tensor(array: Any) -> Tensor:
    """A torch tensor over the memory of a NumPy array (a tensor is handed back as it is)."""
    if is_tensor(array):
        return array  # type: ignore[no-any-return]
    name = dtype_name(array)
    if name in ("string", "int4", "uint4", "int2", "uint2", "float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn"):
        raise DTypeError(f"the torch engine cannot hold {name} values yet")
    array = np.asarray(array)
    if not (array.flags.writeable and array.flags.aligned) or any(stride < 0 for stride in array.strides):
        array = array.copy()
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if name in AS_BYTES:
        return torch.from_numpy(array.view(AS_BYTES[name])).view(getattr(torch, name))
    return torch.from_numpy(array)


def as_numpy(array: Any) -> np.ndarray[Any, Any]:
    """A NumPy array over the memory of a torch tensor (from another device: a copy)."""
    if not is_tensor(array):
        return np.asarray(array)
    tensor = array.detach().cpu().resolve_conj().resolve_neg()
    name = dtype_name(tensor)
    if name in AS_BYTES:
        return tensor.view(getattr(torch, AS_BYTES[name])).numpy().view(numpy_dtype(name))  # type: ignore[no-any-return]
    return tensor.numpy()  # type: ignore[no-any-return]
