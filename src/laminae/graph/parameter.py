"""A named tensor that layers own: a weight if it learns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from laminae.base import arrays
from laminae.base.dtypes import dtype_name, is_float, nbytes
from laminae.base.errors import DTypeError, ShapeError
from laminae.base.shapes import format_shape

ROLE = "laminae.role"
"""Metadata of parameters that do not learn: `constant`, or `statistic` (BatchNorm's running ones)."""


class Parameter:
    """A box of one array, in whatever form it was last used: NumPy (perhaps mapped from a file) or a torch tensor.

    Layers that share a parameter hold the same box. `array` is read by engines; write through `assign`.
    """

    __slots__ = ("array", "doc", "dtype", "metadata", "name", "overridable", "shape")

    def __init__(
        self,
        name: str,
        array: Any,
        *,
        dtype: str | None = None,
        metadata: dict[str, str] | None = None,
        doc: str = "",
        overridable: bool = False,
    ) -> None:
        self.name = name
        self.array = array
        self.dtype = dtype or dtype_name(array)
        self.shape: tuple[int, ...] = tuple(array.shape)
        self.metadata = metadata or {}
        self.doc = doc
        self.overridable = overridable

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def is_weight(self) -> bool:
        """Whether it can learn: it is of floats, and not marked as a constant or a statistic by who made it."""
        return is_float(self.dtype) and ROLE not in self.metadata

    @property
    def nbytes(self) -> int:
        return nbytes(self.dtype, self.size)

    def numpy(self) -> Any:
        """The values as a NumPy array over the same memory (a copy where they are on another device)."""
        return arrays.as_numpy(self.array)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        array = self.numpy()
        return array.astype(dtype) if dtype is not None else array.copy() if copy else array

    def tensor(self) -> Any:
        """The values as a torch tensor; from now on the box holds this tensor."""
        self.array = arrays.as_value(self.array)
        return self.array

    def assign(self, array: Any) -> None:
        """Put a copy of other values in the box. Raises ShapeError or DTypeError unless shape and dtype are the box's own."""
        array = array if hasattr(array, "dtype") else np.asarray(array)
        found = dtype_name(array)
        if found != self.dtype:
            raise DTypeError(
                f"parameter {self.name!r} is {self.dtype}, not {found}", {"instead": f"array.astype({self.dtype!r})"}
            )
        if tuple(array.shape) != self.shape:
            raise ShapeError(
                f"parameter {self.name!r} has another shape",
                {"expected": format_shape(self.shape), "found": format_shape(tuple(array.shape))},
            )
        own = arrays.copy_of(arrays.as_value(array))
        self.array = own.to(self.array.device) if arrays.is_tensor(self.array) else arrays.as_numpy(own)

    def copy(self) -> Parameter:
        """A box of its own, with values of its own."""
        array = arrays.copy_of(self.array) if arrays.is_array(self.array) else self.array.copy()
        return Parameter(
            self.name, array, dtype=self.dtype, metadata=dict(self.metadata), doc=self.doc, overridable=self.overridable
        )

    def __repr__(self) -> str:
        return f"Parameter({self.name!r}, {format_shape(self.shape)} {self.dtype})"
