"""Scan outputs: what every pass through a body made, one after the other."""

import numpy as np

from laminae.base import torch
from laminae.base.dtypes import numpy_dtype
from laminae.base.errors import LayerError, ShapeError
from laminae.base.shapes import format_shape
from laminae.ops.casting import from_numpy


def joined(tensors, axis):
    """The tensors one after the other. Raises ShapeError for unequal ranks: torch passes over what is of shape [0]."""
    rank = tensors[0].ndim
    if any(x.ndim != rank for x in tensors):
        raise ShapeError("inputs of different ranks", {"found": " and ".join(format_shape(x.shape) for x in tensors)})
    return torch.cat(tensors, axis)


def stacked(rows, value, axis=0):
    """The rows along a new axis; where no pass was made, no rows of the sizes that the body declares for this `value`.

    Raises LayerError where a row's shape is another than the one before it.
    """
    if not rows:
        sizes = [dim if isinstance(dim, int) else 0 for dim in value.shape or ()]
        sizes.insert(axis if axis >= 0 else axis + len(sizes) + 1, 0)
        return from_numpy(np.empty(sizes, dtype=numpy_dtype(value.dtype or "float32")))
    shapes = dict.fromkeys(tuple(row.shape) for row in rows)
    if len(shapes) > 1:
        raise LayerError(
            "a scan output changed its shape between passes", {"shapes": ", ".join(str(list(s)) for s in list(shapes)[:4])}
        )
    return torch.stack(rows, axis)
