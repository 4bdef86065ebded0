"""A sparse tensor as files hold it: the elements that are not zero, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from laminae.base.shapes import format_shape


@dataclass(frozen=True, eq=False)
class SparseArray:
    """values: [n]; indices: [n] into the flat tensor, int64, ascending; shape: of the whole tensor."""

    values: np.ndarray[Any, Any]
    indices: np.ndarray[Any, Any]
    shape: tuple[int, ...]

    @classmethod
    def of(cls, dense: np.ndarray[Any, Any]) -> SparseArray:
        """The elements of an array that are not +0."""
        flat = np.ascontiguousarray(dense).reshape(-1)
        bits = flat.view(np.uint8).reshape(flat.size, -1)
        indices = np.flatnonzero(bits.any(axis=1)).astype(np.int64)
        return cls(flat[indices], indices, dense.shape)

    def dense(self) -> np.ndarray[Any, Any]:
        """The whole tensor, zeros included."""
        whole = np.zeros(self.shape, self.values.dtype)
        whole.reshape(-1)[self.indices] = self.values
        return whole

    def __eq__(self, other: object) -> bool:
        """Bit for bit."""
        if not isinstance(other, SparseArray):
            return NotImplemented
        mine, theirs = (self.values, self.indices), (other.values, other.indices)
        same = all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in zip(mine, theirs, strict=True))
        return self.shape == other.shape and same

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"SparseArray({format_shape(self.shape)} {self.values.dtype}, {self.values.size} values)"
