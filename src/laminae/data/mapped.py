"""Array files as arrays of which only what is used is read."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from laminae.base.errors import FileError
from laminae.data.files import require_file
from laminae.data.growing import IN_MEMORY, Growing
from laminae.data.npy import header
from laminae.data.source import damaged, opened

Array = np.ndarray[Any, Any]

LOCAL_HEADER = struct.Struct("<26xHH")
"""Of a file in a zip: at its end the lengths of the name and of the extra field, which the content follows."""

PIECE = 1 << 22
"""Bytes that are decompressed at a time."""


def map_npy(path: Path) -> Array:
    """The array of an .npy file, mapped. Raises FileError as `read_npy` does."""
    require_file(path)
    try:
        found: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # NumPy raises much at damaged files
        raise damaged(str(path), ".npy", error) from None
    return found


def map_npz(path: Path) -> dict[str, Array]:
    """The arrays of an .npz file by name: mapped where they are stored as they are (np.savez); where they are compressed,
    unpacked into memory, beyond 256 MiB in all into temporary files. Raises FileError."""
    require_file(path)
    found: dict[str, Array] = {}
    left = IN_MEMORY
    with opened(path, str(path), ".npz") as file, zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            key, name = info.filename.removesuffix(".npy"), f"{path}, {info.filename}"
            if info.compress_type == zipfile.ZIP_STORED:
                found[key] = _mapped(path, file, info)
                continue
            with archive.open(info) as member:
                found[key] = _unpacked(member, name, info.file_size, left)
            left = max(0, left - info.file_size)
    if not found:
        raise FileError(f"{str(path)!r} holds no array")
    return found


def _mapped(path: Path, file: IO[bytes], info: zipfile.ZipInfo) -> Array:
    file.seek(info.header_offset)
    name, extra = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
    begin = info.header_offset + LOCAL_HEADER.size + name + extra
    file.seek(begin)
    shape, fortran, dtype = header(file, f"{path}, {info.filename}", info.file_size)
    if 0 in shape or not shape:
        return np.zeros(shape, dtype) if shape else np.frombuffer(file.read(dtype.itemsize), dtype).reshape(())
    return np.memmap(path, dtype, "r", file.tell(), shape, "F" if fortran else "C")


def _unpacked(member: IO[bytes], name: str, length: int, memory: int) -> Array:
    """In memory if it takes no more than that."""
    shape, fortran, dtype = header(member, name, length)
    store, left = Growing(1, "uint8", memory), int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    store.reserve(left)
    while left:
        piece = member.read(min(left, PIECE))
        if not piece:
            raise FileError(f"{name!r} is cut off", {"missing": f"{left:,} bytes"})
        store.append(np.frombuffer(piece, np.uint8)[:, None])
        left -= len(piece)
    array = store.whole().reshape(-1).view(dtype)
    return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)
