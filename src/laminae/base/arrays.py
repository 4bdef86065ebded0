"""One array in two forms, NumPy's and the one engines compute on, over the same memory."""

from __future__ import annotations

import math
import sys
import zlib
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from laminae.base.dtypes import dtype_name, nbytes, numpy_dtype
from laminae.base.host import DTYPES as HOST_DTYPES
from laminae.base.host import HostArray
from laminae.base.lazy import torch

AS_BYTES = {"bfloat16": "int16", "float8_e4m3fn": "uint8", "float8_e4m3fnuz": "uint8", "float8_e5m2": "uint8",
            "float8_e5m2fnuz": "uint8", "float8_e8m0fnu": "uint8"}  # fmt: skip
"""Dtypes that cross between NumPy and torch as integers of their size."""


def is_tensor(array: Any) -> bool:
    """Whether this is a torch tensor, without importing torch."""
    loaded = sys.modules.get("torch")
    return loaded is not None and isinstance(array, loaded.Tensor)


def ordinary_tensors() -> AbstractContextManager[Any]:
    """Inside torch.inference_mode, out of it: tensors made there could never be trained or changed again."""
    return torch.inference_mode(False) if torch.is_inference_mode_enabled() else nullcontext()


def as_value(array: Any) -> Any:
    """What engines compute on, over the memory of a NumPy array: a torch tensor, a HostArray for what torch cannot hold.

    Tensors and HostArrays are handed back as they are.
    """
    if is_tensor(array) or isinstance(array, HostArray):
        return array
    array = np.asarray(array)
    name = dtype_name(array)
    if name in HOST_DTYPES:
        return HostArray(array.astype(object) if name == "string" else array)
    if not array.flags.writeable or not array.flags.aligned or any(stride < 0 for stride in array.strides):
        array = array.copy()
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    with ordinary_tensors():
        if name in AS_BYTES:
            return torch.from_numpy(array.view(AS_BYTES[name])).view(getattr(torch, name))
        return torch.from_numpy(array)


def as_numpy(array: Any) -> np.ndarray[Any, Any]:
    """A NumPy array over the memory of a torch tensor (from another device: a copy)."""
    if not is_tensor(array):
        return array.array if isinstance(array, HostArray) else np.asarray(array)
    tensor = array.detach().cpu().resolve_conj().resolve_neg()
    name = dtype_name(tensor)
    if name in AS_BYTES:
        return tensor.view(getattr(torch, AS_BYTES[name])).numpy().view(numpy_dtype(name))  # type: ignore[no-any-return]
    return tensor.numpy()  # type: ignore[no-any-return]


def is_array(value: Any) -> bool:
    """Whether this is one array, a tensor or a HostArray: not a sequence, not a map, not nothing."""
    return is_tensor(value) or isinstance(value, HostArray)


def copy_of(value: Any) -> Any:
    """A value of its own memory, without history; of a sequence or a map, of each part."""
    return _copied(value, lambda array: array.detach().clone())


def own(value: Any) -> Any:
    """A value of its own memory, which derivatives go through where they are asked for."""
    return _copied(value, lambda array: array.clone())


def _copied(value: Any, copy: Callable[[Any], Any]) -> Any:
    if is_array(value):
        return copy(value)
    if isinstance(value, list | tuple):
        return [_copied(part, copy) for part in value]
    return {key: _copied(part, copy) for key, part in value.items()} if isinstance(value, dict) else value


def twin_of(array: Any) -> Any:
    """An array of its own memory and of the same class; a tensor is a leaf that learns as this one does."""
    if not is_tensor(array):
        return array.clone() if isinstance(array, HostArray) else array.copy()
    with ordinary_tensors():
        own = array.detach().clone()
        if isinstance(array, torch.nn.Parameter):
            return torch.nn.Parameter(own, array.requires_grad)
        return own.requires_grad_(array.requires_grad)


def write(tensor: Any, value: Any) -> None:
    """Put values into a tensor's own memory, where all who hold it see them; it stays a leaf if it was one."""
    with torch.inference_mode(tensor.is_inference()), torch.no_grad():
        tensor.copy_(value)


def unwritable(array: Any) -> str:
    """Why nothing can be written into a tensor's own memory; "" where it can be."""
    if not is_tensor(array):
        return ""
    if array.is_meta:
        return "it is on the meta device, without memory (module.to_empty gives it some)"
    if array.layout is not torch.strided:
        return f"its layout is {str(array.layout).removeprefix('torch.')}"
    repeated = any(stride == 0 and size > 1 for stride, size in zip(array.stride(), array.shape, strict=True))
    return "several of its elements are one place in memory (expand)" if repeated and array.numel() else ""


def shares_memory(value: Any, others: Iterable[Any]) -> bool:
    """Whether a value may be the memory of one of the others; of what is no tensor, always."""
    if not is_tensor(value):
        return value is not None
    place = value.untyped_storage().data_ptr()
    return any(is_tensor(other) and other.untyped_storage().data_ptr() == place for other in others)


def version(array: Any) -> int:
    """How often torch has written into a tensor's memory; 0 of what torch does not count."""
    try:
        return array._version  # type: ignore[no-any-return]
    except (AttributeError, RuntimeError):  # a HostArray, a tensor made in inference mode
        return 0


def checksum(array: Any) -> int:
    """Of the values of an array: another one where they changed."""
    found = as_numpy(array)
    return zlib.crc32(repr(found.tolist()).encode() if found.dtype == object else np.ascontiguousarray(found).tobytes())


def seen(value: Any) -> Any:
    """As little as `facts` can be told from later, without the value: a running model has no time for words."""
    try:
        return value.shape, value.dtype
    except AttributeError:
        return facts(value)


def told(noted: Any) -> tuple[tuple[int, ...] | None, str, int] | None:
    """The facts of a value that was only seen."""
    if noted is None or len(noted) == 3:
        return noted  # type: ignore[no-any-return]
    shape, dtype = tuple(noted[0]), noted[1]
    name = dtype if isinstance(dtype, str) else str(dtype).removeprefix("torch.")
    return shape, name, nbytes(name, math.prod(shape))


def facts(value: Any) -> tuple[tuple[int, ...] | None, str, int] | None:
    """Shape, dtype and bytes of a value; of a sequence its length in words, None for nothing."""
    if is_array(value):
        return tuple(value.shape), dtype_name(value), value.nbytes
    if isinstance(value, list | tuple):
        parts = [facts(part) for part in value]
        kind = next((part[1] for part in parts if part is not None), "")
        return None, f"sequence of {len(value)} {kind}".rstrip(), sum(part[2] for part in parts if part is not None)
    return (None, "map", 0) if isinstance(value, dict) else None
