"""Answers written as they are made: a row for each sample (.csv, .tsv, .jsonl, .parquet), or arrays (.npy, .npz)."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np

from laminae.base.errors import MissingPackageError, UsageError

Array = np.ndarray[Any, Any]

SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet", ".npy", ".npz")
ARRAYS = (".npy", ".npz")


class Writer(Protocol):
    """add: the next samples, an array [samples, …] for each name, the same names each time. end: nothing more comes."""

    def add(self, held: Mapping[str, Array]) -> None: ...

    def end(self) -> None: ...


def suffix_of(path: Path) -> str:
    """Raises UsageError for a name that says no kind of file."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"cannot write answers to {str(path)!r}", {"found": suffix or "no suffix", "known": " ".join(SUFFIXES)})
    return suffix


def writer(suffix: str, file: IO[bytes], samples: int) -> Writer:
    """What writes such a file into an open one. samples: how many there will be."""
    if suffix in (".csv", ".tsv"):
        return Table(file, "," if suffix == ".csv" else "\t")
    if suffix == ".jsonl":
        return JsonLines(file)
    if suffix == ".parquet":
        return Parquet(file)
    return Npy(file, samples) if suffix == ".npy" else Npz(file, samples)


def flat(held: Mapping[str, Array]) -> dict[str, Array]:
    """Columns of one value each: of [samples, n] n of them, "name 1", "name 2", … Raises UsageError for more axes."""
    made: dict[str, Array] = {}
    for name, array in held.items():
        if array.ndim == 1:
            made[name] = array
        elif array.ndim == 2:
            made.update({name if array.shape[1] == 1 else f"{name} {at + 1}": array[:, at] for at in range(array.shape[1])})
        else:
            details = {"found": f"{name!r} {list(array.shape)}", "expected": "one number, or one list of them, a sample"}
            raise UsageError(
                "these answers are no rows of a table", {**details, "the way out": "--out answers.npz, .npy or .jsonl"}
            )
    return made


class Table:
    def __init__(self, file: IO[bytes], sign: str) -> None:
        self._text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
        self._rows = csv.writer(self._text, delimiter=sign, lineterminator="\n")
        self._begun = False

    def add(self, held: Mapping[str, Array]) -> None:
        columns = flat(held)
        if not self._begun:
            self._rows.writerow(columns)
            self._begun = True
        self._rows.writerows(
            zip(
                *(map(_short, array.tolist()) if _is_float32(array) else array.tolist() for array in columns.values()),
                strict=True,
            )
        )

    def end(self) -> None:
        self._text.flush()
        self._text.detach()


class JsonLines:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def add(self, held: Mapping[str, Array]) -> None:
        lists = {name: _finite(array) for name, array in held.items()}
        for row in zip(*lists.values(), strict=True):
            line = json.dumps(dict(zip(lists, row, strict=True)), ensure_ascii=False, allow_nan=False)
            self._file.write(line.encode() + b"\n")

    def end(self) -> None:
        return


class Parquet:
    def __init__(self, file: IO[bytes]) -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError:
            raise MissingPackageError("Parquet is written by pyarrow", {"install": "pip install 'laminae[data]'"}) from None
        self._arrow, self._file, self._parquet = pyarrow, file, pyarrow.parquet
        self._writer: Any = None

    def add(self, held: Mapping[str, Array]) -> None:
        table = self._arrow.table(
            {name: array.tolist() if array.dtype.kind in "OU" else array for name, array in flat(held).items()}
        )
        if self._writer is None:
            self._writer = self._parquet.ParquetWriter(self._file, table.schema)
        self._writer.write_table(table)

    def end(self) -> None:
        if self._writer is not None:
            self._writer.close()


class Npy:
    """One array, straight into the file."""

    def __init__(self, file: IO[bytes], samples: int) -> None:
        self._file, self._samples, self._begun = file, samples, False

    def add(self, held: Mapping[str, Array]) -> None:
        if len(held) != 1:
            raise UsageError(
                f"an .npy file holds one array, not {len(held)}", {"there are": ", ".join(held), "give": "--out answers.npz"}
            )
        (array,) = held.values()
        if not self._begun:
            self._begun = True
            said = {
                "descr": np.lib.format.dtype_to_descr(array.dtype),
                "fortran_order": False,
                "shape": (self._samples, *array.shape[1:]),
            }
            np.lib.format.write_array_header_2_0(self._file, said)
        self._file.write(np.ascontiguousarray(array).tobytes())

    def end(self) -> None:
        return


class Npz:
    """Each array goes to a temporary file first: a zip takes one after another."""

    def __init__(self, file: IO[bytes], samples: int) -> None:
        self._file, self._samples = file, samples
        self._parts: dict[str, tuple[IO[bytes], Npy]] = {}

    def add(self, held: Mapping[str, Array]) -> None:
        for name, array in held.items():
            if name not in self._parts:
                kept = tempfile.TemporaryFile(prefix="laminae-")  # noqa: SIM115  until the end
                self._parts[name] = kept, Npy(kept, self._samples)
            self._parts[name][1].add({name: array})

    def end(self) -> None:
        with zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            for name, (kept, _) in self._parts.items():
                kept.seek(0)
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    shutil.copyfileobj(kept, member)
                kept.close()


def _is_float32(array: Array) -> bool:
    return bool(array.dtype == np.float32)


def _short(value: float) -> str:
    """The fewest digits that give the same float32."""
    return str(np.float32(value))


def _finite(array: Array) -> list[Any]:
    """Lists for JSON; what is no number is null, and float32 has the fewest digits that tell it."""
    if array.dtype.kind != "f":
        found: list[Any] = array.tolist()
        return found
    objects = np.array([float(str(x)) for x in array.reshape(-1)], object).reshape(array.shape)
    objects[~np.isfinite(array)] = None
    made: list[Any] = objects.tolist()
    return made
