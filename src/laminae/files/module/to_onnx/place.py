"""An ONNX operator in the middle of a trace of PyTorch ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

Made = tuple[Any, Sequence[Any]]
"""dtype and shape."""


def place(
    operator: str, inputs: Sequence[Any], attributes: dict[str, Any], made: Sequence[Made], opset: int, domain: str = ""
) -> tuple[Any, ...]:
    """An ONNX operator in the export, which gives values of these dtypes and shapes."""
    name = f"{domain}::{operator}" if domain else operator
    dtypes, shapes = [dtype for dtype, _ in made], [shape for _, shape in made]
    return tuple(torch.onnx.ops.symbolic_multi_out(name, list(inputs), attributes, dtypes=dtypes, shapes=shapes, version=opset))


def like(x: Any) -> Made:
    """Those of a tensor."""
    return x.dtype, x.shape


def all_of(inputs: Sequence[Any], count: int) -> list[Any]:
    """The inputs, None for those at the end that are left out."""
    return [*inputs, *[None] * (count - len(inputs))]
