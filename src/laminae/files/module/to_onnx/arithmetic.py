"""A number less a tensor: torch.onnx has no way for one of integers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch


def rsub(inputs: Sequence[Any], attributes: Mapping[str, Any], opset: int) -> Any:
    """other − alpha · x, in the dtype that both give."""
    x, other, alpha = inputs[0], attributes.get("other"), attributes.get("alpha", 1)
    if not isinstance(other, (bool, int, float)) or not isinstance(alpha, (int, float)):
        return None
    dtype = torch.result_type(x, other)
    x = x.to(dtype)
    return torch.full((), other, dtype=dtype) - (x if alpha == 1 else x * alpha)
