"""Element types by their NumPy names ("float32", "bfloat16"): their sizes, NumPy and torch forms, ONNX codes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from laminae.base.errors import DTypeError
from laminae.base.lazy import torch

if TYPE_CHECKING:
    import torch as real_torch

CODES = {
    "float32": 1, "uint8": 2, "int8": 3, "uint16": 4, "int16": 5, "int32": 6, "int64": 7, "string": 8, "bool": 9,
    "float16": 10, "float64": 11, "uint32": 12, "uint64": 13, "complex64": 14, "complex128": 15, "bfloat16": 16,
    "float8_e4m3fn": 17, "float8_e4m3fnuz": 18, "float8_e5m2": 19, "float8_e5m2fnuz": 20, "uint4": 21, "int4": 22,
    "float4_e2m1fn": 23, "float8_e8m0fnu": 24, "uint2": 25, "int2": 26,
    "float6_e2m3fn": 27, "float6_e3m2fn": 28,
}  # fmt: skip
"""Every dtype and its number in ONNX (TensorProto.DataType)."""

NAMES = {code: name for name, code in CODES.items()}

BITS = {"uint4": 4, "int4": 4, "float4_e2m1fn": 4, "uint2": 2, "int2": 2, "float6_e2m3fn": 6, "float6_e3m2fn": 6}
"""Bits of the dtypes smaller than a byte, which files pack."""


@cache
def numpy_dtype(name: str) -> np.dtype[Any]:
    """The NumPy dtype of that name; ml_dtypes gives those NumPy lacks, strings are objects."""
    if name not in CODES:
        raise DTypeError(f"there is no dtype {name!r}", {"known": ", ".join(CODES)})
    if name == "string":
        return np.dtype(object)
    return np.dtype(getattr(ml_dtypes, name, None) or name)


def dtype_name(array: Any) -> str:
    """The dtype name of a NumPy array, a torch tensor or anything with a `dtype`."""
    text = str(array.dtype)
    text = text.removeprefix("torch.")
    return "string" if text == "object" or text[:2] in ("<U", "|S", "|O") else text


@cache
def torch_dtype(name: str) -> real_torch.dtype:
    """The torch dtype of that name; raises DTypeError for those torch lacks (strings, sub-byte)."""
    found = getattr(torch, name, None)
    if not isinstance(found, torch.dtype):
        raise DTypeError(f"torch has no dtype {name!r}")
    return found


def from_code(code: int) -> str:
    """The name of an ONNX dtype number."""
    if code not in NAMES:
        raise DTypeError(f"there is no ONNX dtype number {code}", {"known": ", ".join(f"{v} {k}" for k, v in CODES.items())})
    return NAMES[code]


def nbytes(name: str, size: int) -> int:
    """Bytes that `size` elements take (sub-byte dtypes packed)."""
    return (size * BITS[name] + 7) // 8 if name in BITS else size * numpy_dtype(name).itemsize


def is_float(name: str | None) -> bool:
    return name is not None and "float" in name
