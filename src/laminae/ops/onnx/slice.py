"""Slice. https://onnx.ai/onnx/operators/onnx__Slice.html"""

from operator import itemgetter

from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec
from laminae.ops.bits import flipped
from laminae.ops.costs import view
from laminae.ops.ready import awaiting_first
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, int_numbers, moved, open_list

LOWEST = -(2**62)
"""Below every place, and what torch takes without a warning: not so the lowest int64."""


def slice_shape(data, starts, ends, axes=None, steps=None):
    begin, end = open_list(starts), open_list(ends)
    step = [1] * len(begin) if steps is None else open_list(steps)
    if axes is not None and axes.value is None:
        return Spec(data.dtype, (None,) * data.rank)
    places = range(len(begin)) if axes is None else int_numbers(axes)
    if not len(begin) == len(end) == len(step) == len(places):
        found = f"{len(begin)}, {len(end)}, {len(places)} and {len(step)}"
        raise ShapeError("starts, ends, axes and steps of different lengths", {"found": found})
    found = zip((axis_of(axis, data.rank) for axis in places), begin, end, step, strict=True)
    cuts = {axis: _cut(*cut, data.shape[axis]) for axis, *cut in found}
    dims = tuple(_length(dim, cuts[i]) if i in cuts else dim for i, dim in enumerate(data.shape))
    return moved(data, dims, lambda content: content[tuple(cuts.get(i, slice(None)) for i in range(data.rank))])


def _cut(start, end, step, size):
    """The standard's slice as Python's: a start before the first element is that element, backwards too."""
    before = all(isinstance(n, int) for n in (start, step, size)) and step < 0 and start < -size
    return slice(-size if before else start, end, step)


def _length(dim, cut):
    """How many elements a slice takes of a size; a size that is not a number only where all or none are taken."""
    start, stop, step = cut.start, cut.stop, cut.step
    if step == 0:
        raise ShapeError("a step is 0")
    if not isinstance(dim, int):
        everything = step == 1 and start == 0 and (stop == dim if isinstance(stop, str) else (stop or 0) >= 2**31 - 1)
        return dim if everything else None
    if not all(isinstance(n, int) for n in (start, stop, step)):
        return None
    start, stop, step = cut.indices(dim)
    return max(0, -((start - stop) // step))


def slice_ready(starts, ends, axes=None, steps=None):
    """As one subscript, where all axes are counted from the same side and no step goes backwards."""
    begin, end = starts.tolist(), ends.tolist()
    places = list(range(len(begin))) if axes is None else axes.tolist()
    step = [1] * len(begin) if steps is None else steps.tolist()
    if not places or not all(0 < n < 2**31 for n in step) or min(places) < 0 <= max(places):
        return lambda data: _sliced(data, begin, end, places, step)
    cuts = {axis: slice(*(max(n, LOWEST) for n in cut)) for axis, *cut in zip(places, begin, end, step, strict=True)}
    if places[0] < 0:
        return itemgetter((..., *(cuts.get(axis, slice(None)) for axis in range(min(places), 0))))
    return itemgetter(tuple(cuts.get(axis, slice(None)) for axis in range(max(places) + 1)))


@operator("Slice", since=10, kind="movement", shape=slice_shape, cost=view, aliases=True, ready=awaiting_first(slice_ready))
def slice_10(data, starts, ends, axes=None, steps=None):
    """data[starts:ends:steps] along `axes` (the first ones where not given); negative ones count from the end."""
    begin = starts.tolist()
    places = range(len(begin)) if axes is None else axes.tolist()
    return _sliced(data, begin, ends.tolist(), places, [1] * len(begin) if steps is None else steps.tolist())


def _sliced(data, starts, ends, axes, steps):
    cuts, backwards = [slice(None)] * data.ndim, []
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if step < 0:
            places = range(*_cut(start, end, step, data.shape[axis]).indices(data.shape[axis]))[::-1]
            cuts[axis] = slice(places[0], places[-1] + 1, min(-step, data.shape[axis])) if places else slice(0, 0)
            backwards.append(axis)
        else:
            cuts[axis] = slice(max(start, LOWEST), max(end, LOWEST), min(step, max(data.shape[axis], 1)))
    cut = data[tuple(cuts)]
    return flipped(cut, backwards) if backwards else cut


def slice_1_shape(data, *, starts, ends, axes=None):
    places = range(len(starts)) if axes is None else axes
    cuts = {axis_of(axis, data.rank): slice(start, end, 1) for axis, start, end in zip(places, starts, ends, strict=True)}
    dims = tuple(_length(dim, cuts[i]) if i in cuts else dim for i, dim in enumerate(data.shape))
    return moved(data, dims, lambda content: content[tuple(cuts.get(i, slice(None)) for i in range(data.rank))])


@operator("Slice", since=1, kind="movement", shape=slice_1_shape, cost=view, aliases=True)
def slice_1(data, *, starts, ends, axes=None):
    """Until opset 9, all are attributes, and every step is 1."""
    return _sliced(data, starts, ends, range(len(starts)) if axes is None else axes, [1] * len(starts))
