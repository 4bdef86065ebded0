"""Arguments to export a graph with: their sizes matter, their values do not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from laminae.base import torch
from laminae.base.errors import ExportError
from laminae.graph.value import Value

MADE_UP = 6
"""A size that varies and of which no example is known."""

SYMBOL = re.compile(r"[A-Za-z_]\w*")


def example_of(inputs: Sequence[Value], examples: Sequence[Any] | None) -> tuple[list[Any], list[Any]]:
    """A tensor for each input, and which of its axes vary as `dynamic_shapes` of torch.export says it."""
    known = examples if examples is not None else [None] * len(inputs)
    given, dynamic = [], []
    for value, example in zip(inputs, known, strict=True):
        if value.kind == "number":
            given.append(MADE_UP if example is None else example)
            dynamic.append(torch.export.Dim.DYNAMIC)
            continue
        if value.shape is None or value.dtype is None or not all(isinstance(dim, (int, str)) for dim in value.shape):
            raise ExportError(f"input {value.name!r} has no shape that is known", {"it is": repr(value)})
        sizes = [size(dim) for dim in value.shape] if example is None else list(example.shape)
        given.append(torch.zeros(sizes, dtype=getattr(torch, value.dtype)))
        dynamic.append({axis: torch.export.Dim.DYNAMIC for axis, dim in enumerate(value.shape) if isinstance(dim, str)})
    return given, dynamic


def size(dim: Any) -> int:
    """A size, made up where it is none."""
    if isinstance(dim, int):
        return dim
    import sympy

    found = sympy.sympify(dim)
    return int(found.subs(dict.fromkeys(found.free_symbols, MADE_UP)))
