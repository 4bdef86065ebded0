"""Reshape. https://onnx.ai/onnx/operators/onnx__Reshape.html"""

import math
from collections import Counter
from operator import methodcaller

from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape, product
from laminae.ops.costs import view
from laminae.ops.ready import awaiting_first
from laminae.ops.registry import operator
from laminae.ops.rules import moved, open_list


def reshape_shape(data, shape, *, allowzero=0):
    wanted = open_list(shape)
    if data.dims is None:
        return Spec(data.dtype, tuple(dim if isinstance(dim, str) or (dim or 0) > 0 else None for dim in wanted))
    return moved(data, _resolve(data.shape, wanted, allowzero), lambda content: content)


def _resolve(shape, wanted, allowzero):
    """The new sizes: 0 copies the size at its place, -1 (or the only one not known) is what the others leave."""
    copied = [i for i, dim in enumerate(wanted) if dim == 0 and not allowzero]
    if copied and copied[-1] >= len(shape):
        raise _misfit(shape, wanted)
    dims = [shape[i] if i in copied else dim for i, dim in enumerate(wanted)]
    left = [dim for i, dim in enumerate(shape) if i not in copied]
    free = [i for i, dim in enumerate(wanted) if dim == -1]
    if not free and 0 not in shape:
        free = [i for i, dim in enumerate(wanted) if dim is None]
    fixed = [dim for i, dim in enumerate(dims) if i not in copied and i not in free]
    if any(isinstance(dim, int) and dim < 0 for dim in fixed) or wanted.count(-1) > 1:
        raise _misfit(shape, wanted)
    if len(free) == 1:
        dims[free[0]] = _quotient(left, fixed, lambda: _misfit(shape, wanted))
    elif not free and isinstance(product(left), int) and isinstance(product(fixed), int) and product(left) != product(fixed):
        raise _misfit(shape, wanted)
    return tuple(None if dim == -1 else dim for dim in dims)


def _quotient(left, fixed, misfit):
    """The size that times `fixed` is `left`; names on both sides cancel out."""
    if None in left or None in fixed:
        return None
    names = Counter(dim for dim in left if isinstance(dim, str))
    divisors = Counter(dim for dim in fixed if isinstance(dim, str))
    number, divisor = (math.prod(dim for dim in side if isinstance(dim, int)) for side in (left, fixed))
    if divisors - names or divisor == 0:
        return None
    rest = list((names - divisors).elements())
    if number % divisor:
        if rest:
            return None
        raise misfit()
    return product([number // divisor, *rest])


def _misfit(shape, wanted):
    return ShapeError(
        "the elements do not fit the new shape",
        {"found": format_shape(shape), "expected": f"as many elements as {format_shape(wanted)}"},
    )


def reshape_ready(shape, *, allowzero=0):
    sizes = shape.tolist()
    if sizes and (allowzero or 0 not in sizes):
        return methodcaller("reshape", *sizes)
    if sizes.count(0) != 1:
        return lambda data: data.reshape(_copied(data, sizes))
    place = sizes.index(0)
    before, after = sizes[:place], sizes[place + 1 :]

    def call(data):
        if not data.numel():
            return data.reshape(_copied(data, sizes))
        return data.reshape(*before, data.size(place), *after)

    return call


@operator("Reshape", since=5, kind="shape", shape=reshape_shape, cost=view, aliases=True, ready=awaiting_first(reshape_ready))
def reshape(data, shape, *, allowzero=0):
    """`data` with the sizes that `shape` lists; -1 is what the others leave, 0 the size of `data` at its place."""
    sizes = shape.tolist()
    return data.reshape(sizes if allowzero or 0 not in sizes else _copied(data, sizes))


def _copied(data, sizes):
    """Zeros replaced by the sizes of `data`; -1 too where there are no elements to tell it by."""
    shape = data.shape
    found = [shape[i] if n == 0 else n for i, n in enumerate(sizes)]
    if -1 in found and data.numel() == 0:
        copied = [i for i, n in enumerate(sizes) if n == 0]
        left = math.prod(n for i, n in enumerate(data.shape) if i not in copied)
        found[found.index(-1)] = left // max(1, math.prod(n for n in sizes if n > 0))
    return found


def reshape_1_shape(data, *, shape=(), consumed_inputs=None):
    return moved(data, _resolve(data.shape, list(shape), 0), lambda content: content)


@operator("Reshape", since=1, kind="shape", shape=reshape_1_shape, cost=view, aliases=True)
def reshape_1(data, *, shape=(), consumed_inputs=None):
    """Until opset 4, `shape` is an attribute."""
    return data.reshape(_copied(data, shape) if 0 in shape else shape)
