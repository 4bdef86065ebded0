"""Dtypes smaller than a byte, as files pack them: the first element in the lowest bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from laminae.base.dtypes import BITS, numpy_dtype

Array = np.ndarray[Any, Any]


def unpack(data: Any, name: str, size: int) -> Array:
    """`size` elements of a packed dtype from its bytes (uint8, any length that holds them), flat."""
    data = np.asarray(data, np.uint8)
    if BITS[name] == 6:
        return _as_dtype(_unpack_six(data)[:size], name)
    per_byte = 8 // BITS[name]
    out = np.empty((len(data), per_byte), np.uint8)
    for i in range(per_byte):
        np.bitwise_and(data >> (i * BITS[name]), (1 << BITS[name]) - 1, out=out[:, i])
    return _as_dtype(out.reshape(-1)[:size], name)


def pack(array: Array) -> Array:
    """The bytes (uint8) of an array of a packed dtype."""
    bits = BITS[array.dtype.name]
    codes = np.ascontiguousarray(array).reshape(-1).view(np.uint8) & ((1 << bits) - 1)
    if bits == 6:
        return _pack_six(codes)
    per_byte = 8 // bits
    codes = np.concatenate([codes, np.zeros(-len(codes) % per_byte, np.uint8)]).reshape(-1, per_byte)
    out = np.zeros(len(codes), np.uint8)
    for i in range(per_byte):
        out |= codes[:, i] << (i * bits)
    return out


def _as_dtype(codes: Array, name: str) -> Array:
    """Bit patterns as elements; integers with a sign get it from their highest bit."""
    if name.startswith("int"):
        sign = 1 << (BITS[name] - 1)
        return ((codes.astype(np.int8) ^ sign) - sign).astype(numpy_dtype(name))
    return codes.astype(numpy_dtype(name)) if name.startswith("uint") else codes.view(numpy_dtype(name))


def _unpack_six(data: Array) -> Array:
    """Four elements in three bytes, a stream of 24 bits."""
    data = np.concatenate([data, np.zeros(-len(data) % 3, np.uint8)]).reshape(-1, 3).astype(np.uint32)
    stream = data[:, 0] | data[:, 1] << 8 | data[:, 2] << 16
    return np.stack([stream >> shift & 63 for shift in (0, 6, 12, 18)], axis=1).reshape(-1).astype(np.uint8)


def _pack_six(codes: Array) -> Array:
    length = (6 * len(codes) + 7) // 8
    codes = np.concatenate([codes, np.zeros(-len(codes) % 4, np.uint8)]).reshape(-1, 4).astype(np.uint32)
    stream = codes[:, 0] | codes[:, 1] << 6 | codes[:, 2] << 12 | codes[:, 3] << 18
    return np.stack([stream >> shift & 255 for shift in (0, 8, 16)], axis=1).reshape(-1).astype(np.uint8)[:length]
