"""Maps, as Python dicts, turned into tensors of one row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from laminae.base.dtypes import numpy_dtype
from laminae.base.host import HostArray
from laminae.ops.casting import cast_to, from_numpy


def row_of(values: Sequence[Any], dtype: str) -> Any:
    """[1, values], of that dtype; texts are read as numbers and numbers written as texts where it is another."""
    if any(isinstance(value, str) for value in values):
        return cast_to(HostArray(np.array([values], dtype=object)), dtype)
    array = np.array([values], dtype=np.int64 if values and _whole(values) else np.float32)
    return cast_to(from_numpy(array), dtype)


def dtype_of(values: Sequence[Any]) -> str:
    """What these values are: "string", "int64", else the dtype of NumPy's numbers; Python's own are float32."""
    if any(isinstance(value, str) for value in values):
        return "string"
    return "int64" if values and _whole(values) else next((str(v.dtype) for v in values if isinstance(v, np.generic)), "float32")


def _whole(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int | np.integer) for value in values)


def empty(dtype: str) -> Any:
    """What stands for a key that a map lacks."""
    return "" if dtype == "string" else numpy_dtype(dtype).type(0).item()
