"""torch tensors as ONNX Runtime's values and back, over the same memory by DLPack: bfloat16 and the eight-bit floats too.

Elements smaller than a byte are packed and unpacked; texts, sequences and maps go as NumPy arrays, lists and dicts.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from laminae.base import torch
from laminae.base.arrays import as_numpy, as_value, is_array, is_tensor
from laminae.base.dtypes import BITS, CODES, NAMES, dtype_name, nbytes
from laminae.engines.onnxruntime.lazy import onnxruntime
from laminae.files.packing import pack, unpack

PACKED = frozenset(CODES[name] for name in BITS)
"""Numbers of the element types that are smaller than a byte."""


def given(value: Any) -> Any:
    """What ONNX Runtime is fed for a value: its own kind over a tensor's memory; sequences as lists of NumPy arrays."""
    if is_tensor(value):
        return shared(value)
    if is_array(value):
        return _packed(as_numpy(value)) if value.dtype in BITS else as_numpy(value)
    if isinstance(value, list | tuple):
        return [as_numpy(part) if is_array(part) else part for part in value]
    if isinstance(value, bool | int | float):
        return shared(torch.tensor(value, dtype=torch.float64 if isinstance(value, float) else None))
    return value


def shared(tensor: Any) -> Any:
    """An OrtValue over a tensor's memory, which it keeps alive; of a tensor that lies apart or elsewhere, over a copy's."""
    return onnxruntime.OrtValue.from_dlpack(tensor.detach().cpu().resolve_conj().resolve_neg().contiguous())


def taken(value: Any) -> Any:
    """What ONNX Runtime gave: a tensor over its memory, which lives as long as the tensor; a sequence a list, a map a dict."""
    if isinstance(value, onnxruntime.OrtValue):
        return _unpacked(value) if value.element_type() in PACKED else torch.utils.dlpack.from_dlpack(value)
    if isinstance(value, list | tuple):
        return [taken(part) for part in value]
    return as_value(value) if isinstance(value, np.ndarray | np.generic) else value


def type_of(value: Any) -> tuple[str, str, int | None]:
    """What kind of value it is, of which dtype, of which rank: all that a model has to know of what it is given."""
    if is_array(value):
        return "tensor", dtype_name(value), int(value.ndim)
    if isinstance(value, list | tuple):
        return "sequence", next((dtype_name(part) for part in value if is_array(part)), "float32"), None
    if isinstance(value, bool | int | float):
        return "tensor", "bool" if isinstance(value, bool) else "int64" if isinstance(value, int) else "float64", 0
    return "nothing" if value is None else type(value).__name__, "", None


def _packed(array: np.ndarray[Any, Any]) -> Any:
    """An OrtValue of elements smaller than a byte, of its own memory."""
    value = onnxruntime.OrtValue.ortvalue_from_shape_and_type(list(array.shape), CODES[dtype_name(array)])
    data = pack(array).tobytes()
    ctypes.memmove(value.data_ptr(), data, len(data))
    return value


def _unpacked(value: Any) -> Any:
    name, shape = NAMES[value.element_type()], tuple(value.shape())
    size = int(np.prod(shape, dtype=np.int64))
    data = np.frombuffer(ctypes.string_at(value.data_ptr(), nbytes(name, size)), np.uint8)
    return as_value(unpack(data, name, size).reshape(shape))
