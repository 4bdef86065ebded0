"""Stored outputs as a folder: one .npy an output and trace.json, whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from laminae.base.arrays import AS_BYTES, as_numpy
from laminae.base.dtypes import dtype_name
from laminae.base.errors import FileError
from laminae.base.records import LayerRecord

LONGEST = 80
"""Characters of a layer's name in a file's name."""


def require_free(folder: Path) -> None:
    """Raises FileError unless a folder can be made there: nothing that exists is overwritten, save an empty folder."""
    if os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir())):
        raise FileError(f"{str(folder)!r} exists and is not an empty folder", {"give": "--out with a new name, or remove it"})
    if not folder.absolute().parent.is_dir():
        raise FileError(f"there is no folder {str(folder.absolute().parent)!r} to put {folder.name!r} in")


def write(records: Sequence[LayerRecord], folder: Path, document: dict[str, Any]) -> int:
    """Write every stored output and `document` with the names of the files; how many outputs. Raises FileError."""
    require_free(folder)
    target = folder.absolute()
    try:
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent))
    except OSError as error:
        raise _failed(folder, error) from None
    try:
        files = _arrays(records, temporary)
        (temporary / "trace.json").write_text(
            json.dumps({**document, "files": files}, indent=1, allow_nan=False), encoding="utf-8"
        )
        os.chmod(temporary, 0o777 & ~_umask())
        os.replace(temporary, target)
    except OSError as error:
        raise _failed(folder, error) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return len(files)


def file_name(index: int, name: str) -> str:
    """A name that is a file's on every system, and never leads out of the folder: `0003_conv1_Relu.npy`."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._-")[:LONGEST]
    return f"{index:04d}_{safe or 'layer'}.npy"


def _arrays(records: Sequence[LayerRecord], folder: Path) -> list[dict[str, Any]]:
    """Write each array; for each its file, layer, value and dtype (NumPy lacks some: those are written as whole numbers)."""
    files = []
    for record in records:
        for i, value in enumerate(record.values):
            if value is None or not hasattr(value, "shape"):
                continue
            name = file_name(record.index, record.name if len(record.values) == 1 else f"{record.name}.{i}")
            array, dtype = as_numpy(value), dtype_name(value)
            stored = array.view(AS_BYTES[dtype]) if dtype in AS_BYTES else array
            if stored.dtype.hasobject:
                stored = np.asarray(stored, dtype=str)
            np.save(folder / name, np.ascontiguousarray(stored) if stored.ndim else stored, allow_pickle=False)
            files.append({"file": name, "layer": record.name, "output": i, "dtype": dtype, "stored_as": str(stored.dtype)})
    return files


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _failed(folder: Path, error: OSError) -> FileError:
    short = error.errno is None and "requested and" in str(error)  # NumPy's own words for a file that got no more room
    reason = os.strerror(errno.ENOSPC) if short else error.strerror or str(error)
    return FileError(f"cannot write to {str(folder)!r}", {"because": reason, "left behind": "nothing"})
