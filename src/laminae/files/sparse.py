"""SparseTensorProto ↔ SparseArray. https://github.com/onnx/onnx/blob/main/docs/IR.md, onnx.proto (SparseTensorProto)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from laminae.base.dtypes import BITS
from laminae.base.shapes import format_shape
from laminae.base.sparse import SparseArray
from laminae.files.lazy import onnx
from laminae.files.reading import Reading
from laminae.files.tensor_writer import parameter_header, tensor_of
from laminae.files.tensors import MOST_DIMS, read_tensor
from laminae.graph.parameter import Parameter

LARGEST = 1 << 32
"""Bytes of the whole tensor, zeros included: a file of a few bytes must not ask for more."""


def read_sparse(proto: Any, what: str, reading: Reading) -> SparseArray:
    """The array of a SparseTensorProto. Raises ModelError where its parts do not fit together, or the whole is too large."""
    shape = tuple(proto.dims[: MOST_DIMS + 1])
    values, indices = read_tensor(proto.values, what, reading), read_tensor(proto.indices, f"{what}, its indices", reading)
    size = math.prod(shape)
    if not shape or len(shape) > MOST_DIMS or min(shape) < 1:
        raise reading.error(f"{what} has dims no sparse tensor can have", {"found": format_shape(shape)})
    if size * values.dtype.itemsize > LARGEST:
        limit = f"{LARGEST:,} bytes at most, zeros included"
        raise reading.error(f"{what} is too large", {"dims": format_shape(shape), "expected": limit})
    if values.ndim != 1 or values.dtype == object or values.dtype.name in BITS:
        found = f"{format_shape(values.shape)} {values.dtype}"
        raise reading.error(f"{what} has values that are no row of numbers", {"expected": "[n]", "found": found})
    count = values.size
    if indices.dtype != np.int64 or indices.shape not in ((count,), (count, len(shape))):
        expected = f"[{count}] or [{count}, {len(shape)}] int64"
        found = f"{format_shape(indices.shape)} {indices.dtype}"
        raise reading.error(f"{what} has indices that do not fit its values", {"expected": expected, "found": found})
    limits = (size,) if indices.ndim == 1 else shape
    if count and ((indices < 0).any() or (indices >= np.array(limits)).any()):
        raise reading.error(f"{what} has an index outside its dims", {"dims": format_shape(shape)})
    flat = indices if indices.ndim == 1 else np.ravel_multi_index(tuple(indices.T), shape)
    if (np.diff(flat) <= 0).any():
        raise reading.error(f"{what} has indices out of order", {"expected": "ascending, none twice"})
    return SparseArray(values, np.asarray(flat, np.int64), shape)


def write_sparse(array: SparseArray, values: Any = None) -> Any:
    """A SparseTensorProto. values: the TensorProto of the values where it says more than they do (a name, a text)."""
    proto = onnx.SparseTensorProto(dims=array.shape)
    proto.values.CopyFrom(tensor_of(array.values))
    if values is not None:
        proto.values.MergeFrom(values)
    proto.indices.CopyFrom(tensor_of(array.indices))
    return proto


def sparse_parameter(parameter: Parameter) -> Any:
    """The sparse initializer of a parameter."""
    said = parameter_header(parameter)
    said.ClearField("dims")
    return write_sparse(SparseArray.of(parameter.numpy()), said)
