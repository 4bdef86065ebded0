"""TensorProto → NumPy array: sizes are checked before anything is allocated, weights stay in the map.

https://github.com/onnx/onnx/blob/main/docs/IR.md, onnx.proto (TensorProto).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from laminae.base.dtypes import BITS, NAMES, nbytes, numpy_dtype
from laminae.base.errors import LaminaeError
from laminae.base.shapes import format_shape
from laminae.files.packing import unpack
from laminae.files.reading import Reading

Array = np.ndarray[Any, Any]

MOST_DIMS = 64
"""Axes a NumPy array can have."""

TYPED = {"float32": "float_data", "complex64": "float_data", "float64": "double_data", "complex128": "double_data",
         "int64": "int64_data", "uint32": "uint64_data", "uint64": "uint64_data", "string": "string_data"}  # fmt: skip
"""Dtype → the field for its elements where they are not raw; the others are in `int32_data`."""

FIELDS = {"float_data": np.float32, "double_data": np.float64, "int32_data": np.int32, "int64_data": np.int64,
          "uint64_data": np.uint64, "string_data": object}  # fmt: skip


def read_tensor(tensor: Any, what: str, reading: Reading) -> Array:
    """The array of a TensorProto, over the file's memory where it can be.

    what: the tensor, for messages (`parameter 'w'`). Raises ModelError, and FileError for data in other files.
    """
    name, dims = tensor_dtype(tensor, what, reading), tensor_dims(tensor, what, reading)
    size = math.prod(dims)
    if tensor.data_location == 1:
        flat = _from_file(tensor, name, size, what, reading)
    elif tensor.HasField("raw_data") and (tensor.raw_data or not any(len(getattr(tensor, f)) for f in FIELDS)):
        flat = _from_raw(tensor, name, size, what, reading)
    else:
        flat = _from_field(tensor, name, size, what, reading)
    try:
        return flat.reshape(dims)
    except ValueError as problem:
        raise reading.error(f"{what} has dims no array can have", {"dims": format_shape(dims)}) from problem


def tensor_dtype(tensor: Any, what: str, reading: Reading) -> str:
    if tensor.data_type not in NAMES:
        known = ", ".join(f"{code} {name}" for code, name in NAMES.items())
        raise reading.error(f"{what} has an unknown data type", {"found": tensor.data_type, "known": known})
    return NAMES[tensor.data_type]


def tensor_dims(tensor: Any, what: str, reading: Reading) -> tuple[int, ...]:
    dims = tuple(tensor.dims[: MOST_DIMS + 1])
    if len(dims) > MOST_DIMS:
        raise reading.error(f"{what} has {len(tensor.dims)} dims", {"expected": f"{MOST_DIMS} at most"})
    if any(dim < 0 for dim in dims):
        raise reading.error(f"{what} has a negative size", {"expected": "sizes of 0 or more", "found": format_shape(dims)})
    if tensor.HasField("segment"):
        raise reading.error(f"{what} is stored in segments, which ONNX never defined", {"way out": "save it whole"})
    return dims


def wrong_size(what: str, tensor: Any, expected: str, found: str, reading: Reading) -> LaminaeError:
    dims = format_shape(tensor.dims)
    return reading.error(f"{what} does not have the data its dims ask for", {"dims": dims, "expected": expected, "found": found})


def over(buffer: Any, offset: int, name: str, size: int) -> Array:
    """A flat array over memory; only packed dtypes, and booleans that are neither 0 nor 1, are copied."""
    if size == 0:
        return np.empty(0, numpy_dtype(name))
    if name in BITS:
        return unpack(np.frombuffer(buffer, np.uint8, nbytes(name, size), offset), name, size)
    if name == "bool":
        codes = np.frombuffer(buffer, np.uint8, size, offset)
        return codes.astype(bool) if codes.max() > 1 else codes.view(bool)
    return np.ndarray((size,), numpy_dtype(name), buffer, offset)


def _from_file(tensor: Any, name: str, size: int, what: str, reading: Reading) -> Array:
    if name == "string":
        raise reading.error(f"{what} holds strings in an external file, which ONNX does not allow")
    entries = {entry.key: entry.value for entry in tensor.external_data}
    buffer, offset = reading.external.find(what, entries, nbytes(name, size))
    if "checksum" in entries:
        reading.checksums[tensor.name] = entries["checksum"]
    return over(buffer, offset, name, size)


def _from_raw(tensor: Any, name: str, size: int, what: str, reading: Reading) -> Array:
    raw = tensor.raw_data
    if name == "string":
        raise reading.error(f"{what} holds strings as raw bytes", {"expected": "string_data"})
    span = reading.cuts.find(raw) if reading.cuts is not None else None
    offset, length = span or (0, len(raw))
    if length != nbytes(name, size):
        raise wrong_size(what, tensor, f"{nbytes(name, size):,} bytes of {name}", f"{length:,} bytes", reading)
    return over(reading.cuts.buffer if span and reading.cuts else bytearray(raw), offset, name, size)


def _from_field(tensor: Any, name: str, size: int, what: str, reading: Reading) -> Array:
    field = TYPED.get(name, "int32_data")
    items = getattr(tensor, field)
    expected = size
    if name in ("complex64", "complex128"):
        expected = 2 * size
    elif BITS.get(name) in (2, 4):
        expected = nbytes(name, size)
    if len(items) != expected:
        raise wrong_size(what, tensor, f"{expected:,} in {field}", f"{len(items):,}", reading)
    if field == "string_data":
        return _strings(items)
    return _elements(np.array(items, FIELDS[field]), name, size)


def _strings(items: Any) -> Array:
    out = np.empty(len(items), object)
    for i, item in enumerate(items):
        out[i] = decoded(item)
    return out


def decoded(data: bytes) -> str | bytes:
    """UTF-8 text, or the bytes where they are none."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _elements(items: Array, name: str, size: int) -> Array:
    """Elements of a typed field; float16 and smaller floats are there as the integers of their bits."""
    target = numpy_dtype(name)
    if size == 0:
        return np.empty(0, target)
    if name in ("complex64", "complex128"):
        return items.astype(np.float32 if name == "complex64" else np.float64).view(target)
    if BITS.get(name) in (2, 4):
        return unpack(items.astype(np.uint8), name, size)
    if name in ("float16", "bfloat16"):
        return items.astype(np.uint16).view(target)
    if name.startswith(("float8", "float6_")):
        return items.astype(np.uint8).view(target)
    return items.astype(target)
