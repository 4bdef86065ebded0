"""Casts between all dtypes, those that torch cannot hold included. https://onnx.ai/onnx/operators/onnx__Cast.html"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from laminae.base import torch
from laminae.base.arrays import as_numpy, as_value
from laminae.base.dtypes import numpy_dtype, torch_dtype
from laminae.base.errors import DTypeError
from laminae.base.host import DTYPES, HostArray
from laminae.ops.float8 import to_float8

if TYPE_CHECKING:
    from torch import Tensor

WORDS = {"true": 1, "false": 0}


def cast_to(x: Any, name: str, saturate: int = 1, round_mode: str = "up") -> Any:
    """x in the dtype of that name."""
    if name in DTYPES or isinstance(x, HostArray):
        return _on_host(x, name, saturate, round_mode)
    dtype = torch_dtype(name)
    if dtype.itemsize == 1 and dtype.is_floating_point:
        return to_float8(x, dtype, saturate, round_mode)
    return x.to(dtype)


def as_numbers(x: Any, dtype: Any) -> Tensor:
    """Numbers in a float dtype of torch, from any dtype but strings."""
    return x.to(dtype) if not isinstance(x, HostArray) else from_numpy(x.array.astype(np.float32)).to(dtype)  # type: ignore[no-any-return]


def from_numpy(array: Any) -> Any:
    """What NumPy made, as a value; a tensor on the device where new ones are made."""
    return as_value(np.asarray(array)).to(torch.get_default_device())


def _on_host(x: Any, name: str, saturate: int, round_mode: str) -> Any:
    array = as_numpy(x)
    if name == "string":
        return HostArray(_texts(array))
    if array.dtype == object and "float8" in name:
        return cast_to(from_numpy(_parsed(array, "float32")), name, saturate, round_mode)
    if array.dtype == object:
        return from_numpy(_parsed(array, name))
    if name in DTYPES:
        with np.errstate(all="ignore"):
            return HostArray((_whole(array) if "int" in name else _wide(array)).astype(numpy_dtype(name)))
    return cast_to(from_numpy(array.astype(np.float32)), name, saturate, round_mode)  # float32 holds every small dtype exactly


def _whole(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Integers, floats cut towards zero: the small dtypes keep their lowest bits."""
    return array if array.dtype.kind in "iu" else np.trunc(array.astype(np.float64)).astype(np.int64)


def _wide(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Numbers in a dtype of NumPy's own: ml_dtypes knows no way from one of its small dtypes to another."""
    return array if array.dtype.kind in "biuf" else array.astype(np.float32)


def _texts(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Every element in words: plain digits, as few as tell the number from its neighbours."""
    if array.dtype == object:
        return array.copy()
    numbers = array if array.dtype.kind in "biufc" else array.astype(np.float32)
    made = np.empty(array.shape, dtype=object)
    made.reshape(-1)[:] = [_text(number) for number in numbers.reshape(-1)]
    return made


def _text(number: Any) -> str:
    if number.dtype.kind != "f":
        return str(number)
    if not np.isfinite(number):
        return "NaN" if np.isnan(number) else "INF" if number > 0 else "-INF"
    return np.format_float_positional(number, unique=True, trim="0")


def _parsed(array: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, Any]:
    """Texts read as numbers: `1e-5`, `+INF`, `nan`; where a whole number is wanted, cut towards zero."""
    texts = array.reshape(-1).tolist()
    if "float" in name:
        wide = np.array([_float(text, name) for text in texts], dtype=np.float64)
        with np.errstate(all="ignore"):
            return wide.astype(numpy_dtype(name)).reshape(array.shape)
    numbers = [_integer(text, name) for text in texts]
    if name == "bool":
        return np.array([n != 0 for n in numbers], dtype=bool).reshape(array.shape)
    bits = np.array([n & (2**64 - 1) for n in numbers], dtype=np.uint64)
    return bits.astype(numpy_dtype(name)).reshape(array.shape)


def _float(text: str, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise DTypeError(f"{text!r} is not a number", {"expected": f"a text that reads as {name}"}) from None


def _integer(text: str, name: str) -> int:
    try:
        return WORDS[text.lower()] if name == "bool" and text.lower() in WORDS else int(text)
    except ValueError:
        number = _float(text, name)
    if not math.isfinite(number):
        raise DTypeError(f"{text!r} is not a whole number", {"expected": f"a text that reads as {name}"})
    return int(number)
