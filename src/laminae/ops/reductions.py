"""What the ten reductions share: which axes are meant, in either way of the standard, and the shape that is left."""

import numpy as np

from laminae.base import torch
from laminae.base.shapes import Spec, Unknown
from laminae.ops.costs import per_input
from laminae.ops.ready import awaiting_first
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, int_numbers, reduced
from laminae.ops.shape_arithmetic import packed


def reduction(name, *, axes_input_since=18, value=None, cost=per_input):
    """Register a function of (data, axes, keepdim) as the reduction `name`: with `axes` an input from that opset on.

    axes: a sequence, empty only for a scalar. value: the same function of a list of sizes, for shape arithmetic.
    """

    def shape_by_input(data, axes=None, *, keepdims=1, noop_with_empty_axes=0):
        if axes is None or axes.dims == (0,):
            return Spec(data.dtype, data.shape) if noop_with_empty_axes else carried(data, None, keepdims, value)
        if axes.value is None:
            return Spec(data.dtype, _open(data, axes, keepdims))
        return carried(data, int_numbers(axes), keepdims, value)

    def shape_by_attribute(data, *, axes=None, keepdims=1):
        return carried(data, axes or None, keepdims, value)

    def register(function):
        def with_axes(axes=None, *, keepdims=1, noop_with_empty_axes=0):
            if axes is None or not axes.numel():
                return None
            places, keepdim = axes.tolist(), bool(keepdims)
            return lambda data: function(data, places, keepdim)

        ready = awaiting_first(with_axes)

        @operator(name, since=axes_input_since, kind="reduction", shape=shape_by_input, cost=cost, ready=ready)
        def by_input(data, axes=None, *, keepdims=1, noop_with_empty_axes=0):
            if axes is not None and axes.numel():
                return function(data, axes.tolist(), bool(keepdims))
            if noop_with_empty_axes:  # each element is a set of its own
                return function(data.unsqueeze(0), (0,), False)
            return function(data, tuple(range(data.ndim)), bool(keepdims))

        @operator(name, since=1, kind="reduction", shape=shape_by_attribute, cost=cost)
        def by_attribute(data, *, axes=None, keepdims=1):
            return function(data, axes or tuple(range(data.ndim)), bool(keepdims))

        return function

    return register


def _open(data, axes, keepdims):
    """The shape after a reduction over axes of which at most the number is known."""
    if keepdims:
        return (None,) * data.rank
    if not axes.dims or not isinstance(axes.dims[0], int):
        raise Unknown
    return (None,) * (data.rank - axes.dims[0])


def carried(data, axes, keepdims, value):
    """The output of a reduction, with its content where that is one of known sizes."""
    dims = reduced(data, axes, keepdims)
    if value is None or data.value is None or data.rank != 1 or data.dtype not in ("int32", "int64"):
        return Spec(data.dtype, dims)
    return Spec(data.dtype, dims, packed(value(np.asarray(data.value).tolist()), data.dtype).reshape(dims))


def index_shape(data, *, axis=0, keepdims=1, select_last_index=0):
    """The shape of ArgMax and ArgMin."""
    return Spec("int64", reduced(data, [axis_of(axis, data.rank)], keepdims))


def limits(dtype):
    """The lowest and the highest value of a dtype: ∓∞, integers' own, False and True."""
    if dtype.is_floating_point:
        return -torch.inf, torch.inf
    return (False, True) if dtype == torch.bool else (torch.iinfo(dtype).min, torch.iinfo(dtype).max)


def filled(data, axes, keepdim, element):
    """The reduction of a tensor without elements, where each result is `element`."""
    gone = {axis % data.ndim for axis in axes}
    shape = [1 if i in gone else n for i, n in enumerate(data.shape) if keepdim or i not in gone]
    return torch.full(shape, element, dtype=data.dtype, device=data.device)
