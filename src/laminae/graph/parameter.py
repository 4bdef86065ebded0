"""A named tensor that layers own: a weight if it learns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from laminae.base import arrays
from laminae.base.dtypes import dtype_name, is_float, nbytes
from laminae.base.errors import DTypeError, ModelError, ShapeError
from laminae.base.shapes import format_shape

ROLE = "laminae.role"
"""Metadata of parameters that do not learn: `constant`, or `statistic` (BatchNorm's running ones)."""


class Parameter:
    """A box of one array, in whatever form it was last used: NumPy (perhaps mapped from a file) or a torch tensor.

    Layers that share a parameter hold the same box. `array` is read by engines; write through `assign`, or into `tensor()` by
    torch's own operations. lent: whether somebody has its memory as a NumPy array, whose changes nobody can see;
    lent_as: a checksum of the values then.
    """

    __slots__ = ("array", "doc", "dtype", "lent", "lent_as", "metadata", "name", "overridable", "shape")

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
        self.lent, self.lent_as = False, 0

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
        """How many bytes its values take; elements smaller than a byte are packed."""
        return nbytes(self.dtype, self.size)

    def numpy(self) -> Any:
        """The values as a NumPy array over the same memory (a copy where they are on another device)."""
        if not self.lent:
            self.lent, self.lent_as = True, arrays.checksum(self.array)
        return arrays.as_numpy(self.array)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        array = arrays.as_numpy(self.array) if copy else self.numpy()
        return array.astype(dtype) if dtype is not None else array.copy() if copy else array

    def tensor(self) -> Any:
        """The values as a torch tensor; from now on the box holds this tensor.

        Changes made by torch's own operations are seen by the next run. Not so those through `.data`, which torch does not
        count: operators that keep weights in another form may go on with the old ones.
        """
        self.array = arrays.as_value(self.array)
        return self.array

    def assign(self, array: Any) -> None:
        """Put a copy of other values in the box: a tensor it holds is written in place, so whoever shares it has them too.

        Raises ShapeError or DTypeError unless shape and dtype are the box's own, ModelError for a tensor that has no memory of
        its own to write to.
        """
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
        if because := arrays.unwritable(self.array):
            raise ModelError(f"parameter {self.name!r} cannot be written to", {"because": because})
        if arrays.is_tensor(self.array):
            arrays.write(self.array, arrays.as_value(array))
        else:
            self.array, self.lent = arrays.as_numpy(arrays.copy_of(arrays.as_value(array))), False

    def copy(self) -> Parameter:
        """A box of its own, with values of its own: a leaf that learns where this one learns."""
        array, metadata = arrays.twin_of(self.array), dict(self.metadata)
        return Parameter(self.name, array, dtype=self.dtype, metadata=metadata, doc=self.doc, overridable=self.overridable)

    def __repr__(self) -> str:
        return f"Parameter({self.name!r}, {format_shape(self.shape)} {self.dtype})"
