"""Tile. https://onnx.ai/onnx/operators/onnx__Tile.html"""

import numpy as np

from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape, product
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, moved, open_list


def tile_shape(input, repeats):
    times = open_list(repeats)
    if len(times) != input.rank:
        raise ShapeError("repeats does not fit the input", {"expected": f"{input.rank} numbers", "found": format_shape(times)})
    dims = tuple(product((dim, n)) for dim, n in zip(input.shape, times, strict=True))
    if not all(isinstance(n, int) for n in times):
        return Spec(input.dtype, dims)
    return moved(input, dims, lambda content: np.tile(content, times))


@operator("Tile", since=6, kind="movement", shape=tile_shape, aliases=True)
def tile(input, repeats):
    """`input` repeats[i] times along axis i."""
    return input.repeat(repeats.tolist())


def tile_1_shape(input, tiles, axis):
    (place,), (times,) = open_list(axis), open_list(tiles)
    dims = list(input.shape)
    if not isinstance(place, int):
        return Spec(input.dtype, (None,) * len(dims))
    place = axis_of(place, len(dims))
    dims[place] = product((dims[place], times))
    return Spec(input.dtype, tuple(dims))


@operator("Tile", since=1, kind="movement", shape=tile_1_shape, aliases=True)
def tile_1(input, tiles, axis):
    """Until opset 5, `tiles` times along one `axis`."""
    times = [1] * input.ndim
    times[int(axis)] = int(tiles)
    return input.repeat(times)
