"""Tables from keys to values, looked up for whole arrays at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.dtypes import numpy_dtype
from laminae.base.errors import AttributeValueError
from laminae.ops.casting import from_numpy


def lookup(keys: Sequence[Any], values: Sequence[Any], default: Any, dtype: str) -> Callable[[Any], Any]:
    """The function from arrays of keys to arrays of values of that dtype; `default` for what is no key. NaN may be a key."""
    if len(keys) != len(values):
        raise AttributeValueError("a table needs as many values as keys", {"keys": len(keys), "values": len(values)})
    table = {_key(key): i for i, key in enumerate(keys)}
    found = np.empty(len(values) + 1, dtype=numpy_dtype(dtype))
    found[:] = [*values, default]

    def looked_up(X: Any) -> Any:
        array = as_numpy(X)
        different, back = np.unique(array, return_inverse=True)
        places = np.array([table.get(_key(key), -1) for key in different.tolist()], dtype=np.int64)
        return from_numpy(found[places[back.reshape(-1)]].reshape(array.shape))

    return looked_up


def _key(key: Any) -> Any:
    return None if key != key else key
