"""Shape rules that many operators share. A rule is called as its operator is, with a `Spec` in place of each value."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from laminae.base.dtypes import from_code
from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.shapes import Dim, Shape, Spec, Unknown, format_shape, known, product, same_dim


def same_shape(x: Spec, *others: Spec | None, **attributes: Any) -> Spec:
    """The first input's dtype and shape."""
    return Spec(x.dtype, x.dims)


def broadcast_shapes(*shapes: Shape) -> Shape:
    """NumPy's broadcasting, with named sizes. Raises ShapeError where sizes cannot meet.

    https://github.com/onnx/onnx/blob/main/docs/Broadcasting.md
    """
    rank = max(map(len, shapes), default=0)
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    return tuple(_broadcast_dims(dims, shapes) for dims in zip(*padded, strict=True))


def _broadcast_dims(dims: Sequence[Dim], shapes: Sequence[Shape]) -> Dim:
    rest = [dim for dim in dims if dim != 1]
    numbers = {dim for dim in rest if isinstance(dim, int)}
    if len(numbers) > 1:
        raise ShapeError(
            "sizes that do not broadcast: " + " and ".join(map(format_shape, shapes)),
            {"expected": "sizes from the right to be equal, or one of them 1", "found": " and ".join(map(str, sorted(numbers)))},
        )
    if numbers:
        return numbers.pop()
    if not rest:
        return 1
    return rest[0] if all(dim == rest[0] for dim in rest) else None


def broadcast(*inputs: Spec, **attributes: Any) -> Spec:
    """Elementwise over all inputs; the first one's dtype."""
    return Spec(inputs[0].dtype, broadcast_shapes(*(x.shape for x in inputs)))


def compare(a: Spec, b: Spec, **attributes: Any) -> Spec:
    """Elementwise over both inputs; bool."""
    return Spec("bool", broadcast_shapes(a.shape, b.shape))


def as_bool(x: Spec, **attributes: Any) -> Spec:
    return Spec("bool", x.dims)


def axis_of(axis: int, rank: int, *, extra: int = 0) -> int:
    """A non-negative axis; raises ShapeError where it is outside the rank (`extra` = 1 where it may stand behind the last)."""
    if not -rank - extra <= axis < rank + extra:
        raise ShapeError(
            f"axis {axis} is outside a tensor of rank {rank}", {"expected": f"{-rank - extra} to {rank + extra - 1}"}
        )
    return axis + rank + extra if axis < 0 else axis


def int_list(x: Spec) -> list[Dim]:
    """The content of a small integer input (a shape, axes): numbers, names or None. Raises `Unknown` where not known."""
    return [dim if dim is None or isinstance(dim, str) else int(dim) for dim in np.atleast_1d(x.content).tolist()]


def int_numbers(x: Spec) -> list[int]:
    """The same where every element must be a number."""
    numbers = int_list(x)
    if not all(isinstance(n, int) for n in numbers):
        raise Unknown
    return numbers  # type: ignore[return-value]


def reduced(data: Spec, axes: Sequence[int] | None, keepdims: int) -> Shape:
    """The shape after a reduction over `axes` (None: over all)."""
    shape = data.shape
    gone = set(range(len(shape))) if axes is None else {axis_of(a, len(shape)) for a in axes}
    if keepdims:
        return tuple(1 if i in gone else dim for i, dim in enumerate(shape))
    return tuple(dim for i, dim in enumerate(shape) if i not in gone)


def flattened(shape: Sequence[Dim], axis: int) -> Shape:
    """Two sizes: all before `axis` as one, all from `axis` on as one."""
    return product(shape[:axis]), product(shape[axis:])


def constant(array: np.ndarray[Any, Any], dtype: str, *, most: int = 1024) -> Spec:
    """A value known in full; kept where it is small enough to be a shape or a scalar."""
    return Spec(dtype, tuple(array.shape), array if array.size <= most and dtype != "string" else None)


def coded(to: int) -> str:
    """The dtype name of an attribute such as Cast's `to`."""
    try:
        return from_code(to)
    except Exception as error:
        raise AttributeValueError(str(error)) from None


def open_list(x: Spec, *, most: int = 1024) -> list[Dim]:
    """The content of a one-dimensional integer input, None for each element that is not known."""
    if x.value is not None:
        return int_list(x)
    (length,) = known(x.shape or (1,))
    if length > most:
        raise Unknown
    return [None] * length


def int_array(x: Spec) -> np.ndarray[Any, Any]:
    """The content of an integer input of any shape; raises `Unknown` where an element is not a number."""
    content = np.asarray(x.content)
    if not all(isinstance(n, int | float) for n in content.ravel().tolist()):
        raise Unknown
    return content.astype(np.int64)


def moved(x: Spec, dims: Shape, move: Callable[[np.ndarray[Any, Any]], Any], *, most: int = 1024) -> Spec:
    """`x` rearranged to `dims`; where its content is known and the result small, `move` rearranges that too."""
    numbers = tuple(dim for dim in dims if isinstance(dim, int))
    if x.value is None or len(numbers) < len(dims) or math.prod(numbers) > most:
        return Spec(x.dtype, dims)
    return Spec(x.dtype, dims, np.asarray(move(x.value), dtype=x.value.dtype).reshape(numbers))


def agreed(*dims: Dim) -> Dim:
    """The one size that all of these are: a number before a name before None. Raises ShapeError where numbers differ."""
    numbers = {dim for dim in dims if isinstance(dim, int)}
    if len(numbers) > 1:
        raise ShapeError("sizes that must be equal are not", {"found": " and ".join(map(str, sorted(numbers)))})
    return next(iter(numbers)) if numbers else next((dim for dim in dims if dim is not None), None)


def total(dims: Iterable[Dim]) -> Dim:
    """The sum of sizes: a number, the one name plus zeros, or None."""
    rest = [dim for dim in dims if dim != 0]
    if len(rest) == 1:
        return rest[0]
    return sum(dim for dim in rest if isinstance(dim, int)) if all(isinstance(dim, int) for dim in rest) else None


def sizes(x: Spec) -> Shape:
    """The sizes that a one-dimensional integer input lists. Raises ShapeError where one is negative."""
    found = tuple(open_list(x, most=64))
    if any(isinstance(dim, int) and dim < 0 for dim in found):
        raise ShapeError("a size is negative", {"found": format_shape(found)})
    return found


def filled(element: np.ndarray[Any, Any], dims: Shape, dtype: str, *, most: int = 1024) -> Spec:
    """A tensor of one element repeated; its content is kept where it is small."""
    size = product(dims)
    if not isinstance(size, int) or size > most or dtype == "string":
        return Spec(dtype, dims)
    return Spec(dtype, dims, np.broadcast_to(element, known(dims)))


def global_pool(X: Spec, **attributes: Any) -> Spec:
    """Every spatial axis becomes 1."""
    return Spec(X.dtype, (*X.shape[:2], *(1 for _ in X.shape[2:])))


def per_channel(X: Spec, **inputs: Spec) -> Spec:
    """X's own shape, once each named input has one element per channel (axis 1 of X)."""
    for name, found in inputs.items():
        if found.dims is not None and not (found.rank == 1 and same_dim(found.dims[0], X.shape[1])):
            details = {"X": format_shape(X.shape), "expected": format_shape(X.shape[1:2]), "found": format_shape(found.dims)}
            raise ShapeError(f"{name} must have one element per channel of X", details)
    return Spec(X.dtype, X.shape)


def fits_into(name: str, found: Spec | None, what: str, shape: Shape) -> None:
    """Raises ShapeError unless the input broadcasts into that shape without making it larger."""
    if found is None or found.dims is None:
        return
    sizes = zip(reversed(found.dims), reversed(shape), strict=False)
    if found.rank > len(shape) or not all(size == 1 or same_dim(size, other) for size, other in sizes):
        raise ShapeError(f"{name} does not fit {what}", {"expected": format_shape(shape), "found": format_shape(found.dims)})


def matmul_shape(A: Spec, B: Spec, *others: Spec | None, **attributes: Any) -> Spec:
    """NumPy's matmul: the last size of A meets the last but one of B, the axes before are broadcast, a vector loses its axis."""
    a, b = A.shape, B.shape
    if not a or not b:
        raise ShapeError("A and B must have at least rank 1", {"A": format_shape(a), "B": format_shape(b)})
    inner = b[-2] if len(b) > 1 else b[0]
    if not same_dim(a[-1], inner):
        expected = f"the last size of A ({a[-1]}) to equal the first of B's matrices ({inner})"
        details = {"A": format_shape(a), "B": format_shape(b), "expected": expected}
        raise ShapeError("A and B do not fit", details)
    return Spec(A.dtype, (*broadcast_shapes(a[:-2], b[:-2]), *a[-2:-1], *(b[-1:] if len(b) > 1 else ())))


def matmul_cost(A: Spec, B: Spec, *others: Spec | None, **attributes: Any) -> int:
    """The inner size for each element of the output."""
    return matmul_shape(A, B).size * known(A.shape[-1:])[0]
