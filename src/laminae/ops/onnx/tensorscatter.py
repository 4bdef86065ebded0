"""TensorScatter. https://onnx.ai/onnx/operators/onnx__TensorScatter.html"""

from laminae.base import torch
from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.shapes import Spec, format_shape, same_dim
from laminae.ops.bits import movable, restored
from laminae.ops.costs import free
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of

MODES = ("linear", "circular")


def tensorscatter_shape(past_cache, update, write_indices=None, *, axis=-2, mode="linear"):
    if past_cache.dims is not None and update.dims is not None:
        check(past_cache.dims, update.dims, axis_of(axis, past_cache.rank), mode)
    return Spec(past_cache.dtype, past_cache.dims)


def check(cache, update, axis, mode):
    """Raises ShapeError unless the shapes are equal but for `axis`, where the update may be the smaller."""
    if mode not in MODES:
        raise AttributeValueError(f"mode {mode!r} is not known", {"known": ", ".join(MODES)})
    fits = axis != 0 and len(cache) == len(update)
    rest = [same_dim(a, b) for a, b in zip(cache, update, strict=False)]
    if fits and isinstance(cache[axis], int) and isinstance(update[axis], int):
        fits = update[axis] <= cache[axis]
    if not fits or not all(rest[:axis] + rest[axis + 1 :]):
        details = {"past_cache": format_shape(cache), "update": format_shape(update), "axis": axis}
        raise ShapeError("the update does not fit into the cache", details)


@operator("TensorScatter", since=24, kind="selection", shape=tensorscatter_shape, cost=free)
def tensorscatter(past_cache, update, write_indices=None, *, axis=-2, mode="linear"):
    """`past_cache` with `update` written over it along `axis` from write_indices [N] on, or from 0; shape of the cache.

    They differ in size along `axis` only; circular: what would stand behind the end goes on at the beginning.
    """
    axis = axis_of(axis, past_cache.ndim)
    check(past_cache.shape, update.shape, axis, mode)
    column = [-1] + [1] * (update.ndim - 1)
    places = torch.arange(update.shape[axis], device=update.device).reshape(column[: update.ndim - axis])
    if write_indices is not None:
        if write_indices.shape != update.shape[:1]:
            details = {"expected": format_shape(update.shape[:1]), "found": format_shape(write_indices.shape)}
            raise ShapeError("there is not one write index per sample", details)
        places = places + write_indices.reshape(column)
    places = places % past_cache.shape[axis] if mode == "circular" else places
    present = torch.scatter(movable(past_cache), axis, places.expand(update.shape), movable(update))
    return restored(present, past_cache.dtype)
