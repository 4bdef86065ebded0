"""Activations as a Parquet file: a row for each sample. https://parquet.apache.org"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from laminae.base.errors import MissingPackageError, UsageError
from laminae.trace.disk.layer import LayerActivations

Array = np.ndarray[Any, Any]

ROWS = 256
"""Samples of a row group, which is held in memory."""


def write_parquet(path: Path, layers: Sequence[LayerActivations], plain: Callable[[Any], Array]) -> None:
    """A column `sample`, and of each layer its elements as a list; where the shapes of samples differ a column `<layer>.shape`.

    The shape of all samples stands in the column's metadata. Raises MissingPackageError; UsageError for layers that have no
    axis of samples, or not the same samples.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingPackageError("Parquet files are written by pyarrow", {"install": "pip install 'laminae[data]'"}) from None
    ids = _samples(layers)
    schema = pa.schema([pa.field("sample", pa.int64()), *(field for layer in layers for field in _fields(pa, layer, plain))])
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, len(ids), ROWS):
            places = range(start, min(start + ROWS, len(ids)))
            columns = [pa.array(np.asarray(ids[start : start + ROWS], dtype=np.int64))]
            for layer in layers:
                columns += _columns(pa, layer, places, plain)
            writer.write_table(pa.table(columns, schema=schema))


def _samples(layers: Sequence[LayerActivations]) -> Any:
    for layer in layers:
        if not layer.by_sample or list(layer.ids) != list(layers[0].ids):
            what = "has other samples" if layer.by_sample else "has no axis of samples"
            rows = {"in a table": "each row is a sample", "the way out": "name the layers, or to zarr"}
            raise UsageError(f"layer {layer.name!r} {what}", rows)
    return layers[0].ids if layers else []


def _name(layer: LayerActivations) -> str:
    return layer.name if layer.output == 0 else f"{layer.name}:{layer.output}"


def _fields(pa: Any, layer: LayerActivations, plain: Callable[[Any], Array]) -> list[Any]:
    facts = {"shape": json.dumps(list(layer.shape[1:])), "dtype": layer.dtype, "operator": layer.op}
    dtype = plain(layer[0]).dtype
    kind = pa.string() if dtype.kind == "U" else pa.from_numpy_dtype(dtype)
    fields = [pa.field(_name(layer), pa.list_(kind), metadata=facts)]
    return [*fields, pa.field(f"{_name(layer)}.shape", pa.list_(pa.int64()))] if None in layer.shape else fields


def _columns(pa: Any, layer: LayerActivations, places: range, plain: Callable[[Any], Array]) -> list[Any]:
    samples = [plain(sample) for sample in layer.__getitems__(places)]
    offsets = np.cumsum([0, *(sample.size for sample in samples)]).astype(np.int32)
    flat = np.concatenate([sample.reshape(-1) for sample in samples])
    columns = [pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat))]
    return [*columns, pa.array([list(sample.shape) for sample in samples])] if None in layer.shape else columns
