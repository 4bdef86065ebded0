"""Tile. https://onnx.ai/onnx/operators/onnx__Tile.html"""

import numpy as np

from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape, product
from laminae.ops.costs import free
from laminae.ops.ready import awaiting_first
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, moved, open_list


def tile_shape(input, repeats):
    times = open_list(repeats)
    if len(times) != input.rank:
        raise _misfit(times, input.rank)
    dims = tuple(product((dim, n)) for dim, n in zip(input.shape, times, strict=True))
    if not all(isinstance(n, int) for n in times):
        return Spec(input.dtype, dims)
    return moved(input, dims, lambda content: np.tile(content, times))


def _misfit(times, rank):
    return ShapeError("repeats does not fit the input", {"expected": f"{rank} numbers", "found": format_shape(times)})


def tile_ready(repeats):
    times = repeats.tolist()
    return lambda input: input.repeat(*times) if input.ndim == len(times) > 0 else tile(input, repeats)


@operator(
    "Tile",
    since=6,
    kind="movement",
    shape=tile_shape,
    cost=free,
    aliases=True,
    ready=awaiting_first(tile_ready),
)
def tile(input, repeats):
    """`input` repeats[i] times along axis i."""
    times = repeats.tolist()
    if len(times) != input.ndim:
        raise _misfit(times, input.ndim)
    return input.repeat(times)


def tile_1_shape(input, tiles, axis):
    (place,), (times,) = open_list(axis), open_list(tiles)
    dims = list(input.shape)
    if not isinstance(place, int):
        return Spec(input.dtype, (None,) * len(dims))
    place = axis_of(place, len(dims))
    dims[place] = product((dims[place], times))
    return Spec(input.dtype, tuple(dims))


@operator("Tile", since=1, kind="movement", shape=tile_1_shape, cost=free, aliases=True)
def tile_1(input, tiles, axis):
    """Until opset 5, `tiles` times along one `axis`."""
    times = [1] * input.ndim
    times[int(axis)] = int(tiles)
    return input.repeat(times)
