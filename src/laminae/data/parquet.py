"""Arrow's columns as numbers and texts: a Parquet file, or whatever gives Arrow tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from laminae.base.errors import LaminaeError, MissingPackageError, UsageError
from laminae.data.encoding import Cells
from laminae.data.files import require_file
from laminae.data.origin import of_file
from laminae.data.source import damaged
from laminae.data.table import BLOCK

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Parquet:
    """Rows are numbered from 1. Of the file only the columns that are asked for are read."""

    path: Path
    word: str = "row"

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def names(self) -> Sequence[str]:
        return list(self._file.schema_arrow.names)

    @property
    def rows(self) -> int | None:
        return int(self._file.metadata.num_rows)

    def blocks(self, columns: Sequence[str]) -> Iterator[tuple[Array, list[Cells]]]:
        done = 0
        try:
            for batch in self._file.iter_batches(BLOCK, columns=list(dict.fromkeys(columns))):
                yield np.arange(done + 1, done + len(batch) + 1), [cells(batch.column(name), name, self.name) for name in columns]
                done += len(batch)
        except LaminaeError:
            raise
        except Exception as error:  # Arrow raises OSError, ArrowInvalid, MemoryError… at damaged files
            raise damaged(self.name, "Parquet", error) from None

    def origin(self) -> dict[str, Any]:
        return {"kind": "parquet", **of_file(self.path, whole=True)}

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "word": self.word}

    @cached_property
    def _file(self) -> Any:
        require_file(self.path)
        try:
            import pyarrow.parquet
        except ImportError:
            raise MissingPackageError("Parquet is read by pyarrow", {"install": "pip install 'laminae[data]'"}) from None
        try:
            return pyarrow.parquet.ParquetFile(self.path)
        except Exception as error:
            raise damaged(self.name, "Parquet", error) from None


def cells(column: Any, name: str, source: str) -> Cells:
    """One column: numbers float64, NaN for nothing; texts, None for nothing. Raises UsageError for what is neither."""
    import pyarrow as pa

    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        texts: list[str | None] = column.to_pylist()
        return texts
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind) or pa.types.is_decimal(kind)
    if not number and not pa.types.is_null(kind):
        raise UsageError(
            f"column {name!r} of {source!r} is {kind}", {"expected": "numbers or texts", "the way out": "columns=[…] without it"}
        )
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_boolean(kind):
        column = column.cast(pa.uint8())
    numbers: Array = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return numbers
