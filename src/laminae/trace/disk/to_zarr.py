"""Activations as a Zarr store (version 3): a group for each layer. https://zarr.readthedocs.io"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from laminae.base.errors import MissingPackageError
from laminae.trace.disk.layer import LayerActivations

Array = np.ndarray[Any, Any]

CHUNK = 1 << 22
"""Bytes of a chunk, about."""


def write_zarr(path: Path, layers: Sequence[LayerActivations], plain: Callable[[Any], Array]) -> None:
    """`<layer>/values`, samples first. Where their sizes differ `values` is flat: sample i is `values[offsets[i]:offsets[i + 1]]`
    in the shape `shapes[i]`. Of what has no samples there is an array for each batch. Raises MissingPackageError.
    """
    try:
        import zarr
    except ImportError:
        raise MissingPackageError("Zarr stores are written by zarr", {"install": "pip install 'laminae[zarr]'"}) from None
    root: Any = zarr.open_group(str(path), mode="w")
    for layer in layers:
        name = layer.path if layer.output == 0 else f"{layer.path}/output_{layer.output}"
        group = root.require_group(name.strip("/") or "layer")
        group.attrs.update({"layer": layer.name, "operator": layer.op, "dtype": layer.dtype})
        if not layer.by_sample:
            _batches(group, layer, plain)
        elif None in layer.shape:
            _ragged(group, layer, plain)
        else:
            _even(group, layer, plain)


def _even(group: Any, layer: LayerActivations, plain: Callable[[Any], Array]) -> None:
    shape = tuple(size or 0 for size in layer.shape)
    first = plain(layer[:1])
    step = max(1, CHUNK // max(1, first.nbytes))
    chunks = (min(step, max(1, shape[0])), *(max(1, size) for size in shape[1:]))
    values = group.create_array("values", shape=shape, dtype=first.dtype, chunks=chunks)
    for start in range(0, shape[0], step):
        values[start : start + step] = plain(layer[start : start + step])
    _ids(group, layer)


def _ragged(group: Any, layer: LayerActivations, plain: Callable[[Any], Array]) -> None:
    shapes = np.array([tuple(sample.shape) for sample in layer], dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(np.prod(shapes, axis=1))])
    dtype = plain(layer[0]).dtype
    step = max(1, CHUNK // dtype.itemsize)
    values = group.create_array("values", shape=(int(offsets[-1]),), dtype=dtype, chunks=(step,))
    held: list[Array] = []
    start = size = 0
    for sample in layer:
        held.append(plain(sample).reshape(-1))
        size += len(held[-1])
        if size >= step:
            values[start : start + size] = np.concatenate(held)
            held, start, size = [], start + size, 0
    if held:
        values[start : start + size] = np.concatenate(held)
    group.create_array("shapes", data=shapes)
    group.create_array("offsets", data=offsets)
    _ids(group, layer)


def _ids(group: Any, layer: LayerActivations) -> None:
    group.create_array("samples", data=np.asarray(layer.ids, dtype=np.int64))


def _batches(group: Any, layer: LayerActivations, plain: Callable[[Any], Array]) -> None:
    for number in layer.batch_numbers:
        group.create_array(f"batch_{number}", data=plain(layer.batch(number)))
