"""Arrays → TensorProto: always raw bytes, strings apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.dtypes import BITS, CODES, dtype_name
from laminae.base.errors import DTypeError
from laminae.files.kept import kept, write_metadata
from laminae.files.lazy import onnx
from laminae.files.packing import pack
from laminae.graph.parameter import Parameter

Array = np.ndarray[Any, Any]


def tensor_of(array: Any, name: str = "") -> Any:
    """A TensorProto that holds an array. Raises DTypeError for a dtype that ONNX lacks."""
    tensor = header(array, name)
    if tensor.data_type != CODES["string"]:
        tensor.raw_data = bytes(raw_bytes(array))
    return tensor


def header(array: Any, name: str = "") -> Any:
    """A TensorProto without its raw bytes (strings it holds)."""
    dtype = dtype_name(array)
    if dtype not in CODES:
        raise DTypeError(f"ONNX has no dtype {dtype!r}", {"tensor": name or "an attribute", "known": ", ".join(CODES)})
    tensor = onnx.TensorProto(name=name or None, dims=array.shape, data_type=CODES[dtype])
    if dtype == "string":
        items = as_numpy(array).reshape(-1)
        tensor.string_data.extend(item if isinstance(item, bytes) else str(item).encode() for item in items)
    return tensor


def parameter_header(parameter: Parameter) -> Any:
    """The TensorProto of a parameter without its raw bytes."""
    tensor = header(parameter.array, parameter.name)
    if parameter.doc:
        tensor.doc_string = parameter.doc
    write_metadata(tensor.metadata_props, parameter.metadata)
    rest = kept(parameter.metadata, onnx.TensorProto)
    if rest is not None:
        tensor.MergeFrom(rest)
    return tensor


def raw_bytes(array: Any) -> memoryview:
    """The bytes of an array as files have them: little-endian, in C order, sub-byte dtypes packed; not copied where it can be."""
    array = np.asarray(as_numpy(array))
    if array.dtype.name in BITS:
        return pack(array).data
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
