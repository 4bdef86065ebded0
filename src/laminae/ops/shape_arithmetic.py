"""Arithmetic on sizes before any run, so that `Shape → Gather → Mul → Concat → Reshape` gives a shape and not a riddle.

The rules here carry `Spec.value` from inputs to output, element by element: a number, the name of a size (which is
never negative) or None where nothing is known. A result that the dtype cannot hold is not known either.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from laminae.base.dtypes import numpy_dtype
from laminae.base.shapes import Spec
from laminae.ops.rules import broadcast_shapes

CARRIED = ("bool", "int32", "int64", "float32", "float64")
MOST = 1024

Array = np.ndarray[Any, Any]

Element = Any
"""int | float | bool | str | None: a number, a name, or not known."""


def elementwise(function: Callable[..., Element], *, dtype: str | None = None) -> Callable[..., Spec]:
    """A rule that broadcasts its inputs, and applies the function to each element of their contents where those are known.

    dtype: the output's; the first known one of the inputs unless given.
    """

    def rule(*inputs: Spec, **attributes: Any) -> Spec:
        found = dtype or next((x.dtype for x in inputs if x.dtype), None)
        dims = broadcast_shapes(*(x.shape for x in inputs))
        return Spec(found, dims, contents(function, inputs, found))

    return rule


def contents(function: Callable[..., Element], inputs: Sequence[Spec], dtype: str | None) -> Array | None:
    """The function of each element of the inputs, or None where a content is not known, too large, or of another kind."""
    if any(x.value is None or x.dtype not in CARRIED for x in inputs) or dtype not in CARRIED:
        return None
    arrays = [np.asarray(x.value).astype(object) for x in inputs]
    if math.prod(np.broadcast_shapes(*(array.shape for array in arrays))) > MOST:
        return None
    return packed(np.frompyfunc(_guarded(function), len(arrays), 1)(*arrays), dtype)


def packed(elements: Any, dtype: str) -> Array:
    """Elements as an array of the dtype, or of objects where some are names or None."""
    elements = np.asarray(elements, dtype=object)
    fitted = [_fitted(element, dtype) for element in elements.ravel().tolist()]
    numbers = all(not isinstance(element, str) and element is not None for element in fitted)
    array = np.empty(len(fitted), dtype=numpy_dtype(dtype) if numbers else object)
    array[:] = fitted
    return array.reshape(elements.shape)


def _guarded(function: Callable[..., Element]) -> Callable[..., Element]:
    def call(*elements: Element) -> Element:
        try:
            return function(*elements)
        except (ArithmeticError, ValueError):
            return None

    return call


def _fitted(element: Element, dtype: str) -> Element:
    """The element as the dtype holds it; None where it cannot."""
    if element is None or (isinstance(element, str) and dtype != "bool"):
        return element
    if dtype == "bool":
        return None if isinstance(element, str) else bool(element)
    if dtype.startswith("float"):
        with np.errstate(all="ignore"):
            return float(numpy_dtype(dtype).type(element))
    if not math.isfinite(element):
        return None
    limits = np.iinfo(dtype)
    return int(element) if limits.min <= int(element) <= limits.max else None


def numbers_only(function: Callable[..., Element]) -> Callable[..., Element]:
    """The function where all elements are numbers, else None."""
    return lambda *elements: None if any(e is None or isinstance(e, str) for e in elements) else function(*elements)


def _named(*elements: Element) -> bool:
    return any(isinstance(element, str) for element in elements)


def add(a: Element, b: Element) -> Element:
    if a is None or b is None:
        return None
    if _named(a, b):
        return a if b == 0 else b if a == 0 else None
    return a + b


def subtract(a: Element, b: Element) -> Element:
    if a is None or b is None:
        return None
    if _named(a, b):
        return 0 if a == b else a if b == 0 else None
    return a - b


def multiply(a: Element, b: Element) -> Element:
    if a is None or b is None:
        return None
    if _named(a, b):
        return 0 if 0 in (a, b) else a if b == 1 else b if a == 1 else None
    return a * b


def divide(a: Element, b: Element) -> Element:
    if a is None or b is None or _named(b):
        return None
    if _named(a):
        return a if b == 1 else None
    if isinstance(a, int) and isinstance(b, int):
        quotient = abs(a) // abs(b)
        return quotient if (a < 0) == (b < 0) else -quotient
    return a / b


def equal(a: Element, b: Element) -> Element:
    if a is None or b is None:
        return None
    if _named(a, b):
        numbers = [element for element in (a, b) if not isinstance(element, str)]
        return True if a == b else False if numbers and numbers[0] < 0 else None
    return a == b


def maximum(*elements: Element) -> Element:
    return reduce(_larger, elements)


def minimum(*elements: Element) -> Element:
    return reduce(_smaller, elements)


def _larger(a: Element, b: Element) -> Element:
    if a is None or b is None:
        return None
    if _named(a, b):
        return a if a == b or (not _named(b) and b <= 0) else b if not _named(a) and a <= 0 else None
    return _nan(a, b) or max(a, b)


def _smaller(a: Element, b: Element) -> Element:
    if a is None or b is None:
        return None
    if _named(a, b):
        return a if a == b or (not _named(a) and a <= 0) else b if not _named(b) and b <= 0 else None
    return _nan(a, b) or min(a, b)


def _nan(*elements: Element) -> Element:
    return next((element for element in elements if element != element), None)


def choose(condition: Element, x: Element, y: Element) -> Element:
    """x where the condition holds, y where it does not; either where they are the same."""
    if condition is None:
        return x if x == y else None
    return x if condition else y


def unchanged(a: Element) -> Element:
    return a


def rounded(function: Callable[[Any], Element]) -> Callable[[Element], Element]:
    """Floor and its like: a size stays as it is."""
    return lambda a: a if a is None or isinstance(a, str) else function(a)
