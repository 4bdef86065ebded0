"""Activations for other tools: Zarr, Parquet. Written beside their place and put there whole."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.errors import DTypeError, FileError, UsageError
from laminae.trace.disk.layer import LayerActivations
from laminae.trace.disk.manifest import RECORDS
from laminae.trace.disk.shelf import Shelf

Array = np.ndarray[Any, Any]
Writer = Callable[[Path, Sequence[LayerActivations], Callable[[Any], Array]], None]

ONLY_OURS = ("float8", "float4", "float6", "int4", "uint4", "int2", "uint2")
"""Dtypes, by how they begin, that other tools lack: their values are in float32 or int8 as well."""


def export(shelf: Shelf, path: Path, to: str, layers: Sequence[str] | str | None, bfloat16: str) -> list[LayerActivations]:
    """Write these layers to `path`; which they were. Raises UsageError, FileError, MissingPackageError."""
    from laminae.trace.disk.to_parquet import write_parquet
    from laminae.trace.disk.to_zarr import write_zarr

    writers: dict[str, Writer] = {"zarr": write_zarr, "parquet": write_parquet}
    if to not in writers:
        raise UsageError(f"there is no export to {to!r}", {"there are": ", ".join(writers)})
    if bfloat16 not in ("float32", "uint16"):
        raise UsageError(f"bfloat16 as {bfloat16!r} is not possible", {"there are": "float32 (its values), uint16 (its bits)"})
    if os.path.lexists(path):
        raise FileError(f"{str(path)!r} is there already", {"give": "a new name, or remove it"})
    if not path.absolute().parent.is_dir():
        raise FileError(f"{str(path)!r} cannot be written", {"because": f"there is no folder {str(path.absolute().parent)!r}"})
    chosen = _chosen(shelf, layers) if layers is not None else _able(shelf, to)
    temporary = path.absolute().parent / f".laminae-{secrets.token_hex(6)}.tmp"
    try:
        writers[to](temporary, chosen, lambda value: plain(value, bfloat16))
        os.replace(temporary, path)
    except OSError as problem:
        rows = {"because": problem.strerror or problem, "left behind": "nothing"}
        raise FileError(f"{str(path)!r} cannot be written", rows) from problem
    finally:
        with suppress(OSError):
            os.unlink(temporary)
        shutil.rmtree(temporary, ignore_errors=True)
    return chosen


def plain(value: Any, bfloat16: str) -> Array:
    """A value as an array that every tool knows."""
    array = np.asarray(as_numpy(value))
    name = array.dtype.name
    if name == "bfloat16":
        return array.view(np.uint16) if bfloat16 == "uint16" else array.astype(np.float32)
    if name.startswith(ONLY_OURS):
        return array.astype(np.float32 if "float" in name else np.int8)
    if array.dtype == object:
        return array.astype(str)
    return array


def _able(shelf: Shelf, to: str) -> list[LayerActivations]:
    """All that can be written so."""
    every = [output for outputs in shelf.layers.values() for output in outputs]
    return [x for x in every if x.dtype not in RECORDS and (to != "parquet" or x.by_sample)]


def _chosen(shelf: Shelf, layers: Sequence[str] | str) -> list[LayerActivations]:
    names = [layers] if isinstance(layers, str) else layers
    found: dict[tuple[str, int], LayerActivations] = {}
    for name in names:
        held = shelf.find(name)
        for one in held.values() if isinstance(held, dict) else [held]:
            for output in one if isinstance(one, tuple) else (one,):
                found[output.name, output.output] = output
    odd = next((layer for layer in found.values() if layer.dtype in RECORDS), None)
    if odd is not None:
        raise DTypeError(f"{odd.name!r} holds {odd.dtype}, no numbers by sample", {"read it with": "acts[…].batch(i)"})
    return list(found.values())
