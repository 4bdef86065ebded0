"""Arrays as NumPy stores them: .npy one, .npz several by name. Pickles, which can run code, are refused."""

from __future__ import annotations

import math
import os
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from laminae.base.errors import FileError
from laminae.data.source import opened

Array = np.ndarray[Any, Any]


def read_npy(source: bytes | Path, name: str) -> Array:
    """The array of an .npy file. Raises FileError where it is none, is cut off or holds Python objects."""
    with opened(source, name, ".npy") as file:
        return _array(file, name, _length(file))


def read_npz(source: bytes | Path, name: str) -> dict[str, Array]:
    """The arrays of an .npz file by name, in order. Raises FileError as `read_npy` does."""
    with opened(source, name, ".npz") as file, zipfile.ZipFile(file) as archive:
        found = {}
        for info in archive.infolist():
            with archive.open(info) as member:
                found[info.filename.removesuffix(".npy")] = _array(member, f"{name}, {info.filename}", info.file_size)
        if not found:
            raise FileError(f"{name!r} holds no array")
        return found


def header(file: IO[bytes], name: str, length: int) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether in Fortran's order, dtype. A file that claims more than its `length` is refused before memory is taken."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file)
    if dtype.hasobject:
        raise FileError(f"{name!r} holds Python objects", {"because": "reading them could run code", "instead": "save numbers"})
    size = math.prod(shape) * dtype.itemsize
    if size > length:
        raise FileError(
            f"{name!r} is cut off", {"expected": f"{size:,} bytes for {list(shape)} {dtype}", "found": f"{length:,} bytes"}
        )
    return shape, fortran, dtype


def _array(file: IO[bytes], name: str, length: int) -> Array:
    shape, fortran, dtype = header(file, name, length)
    size = math.prod(shape)
    data = file.read(size * dtype.itemsize)
    array = np.frombuffer(bytearray(data), dtype, size)
    return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)


def _length(file: IO[bytes]) -> int:
    at = file.tell()
    length = file.seek(0, os.SEEK_END)
    file.seek(at)
    return length
