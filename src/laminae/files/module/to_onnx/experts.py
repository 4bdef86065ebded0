"""The matrices of a mixture of experts, each for its own rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from laminae.files.module.to_onnx.place import all_of


def grouped_mm(inputs: Sequence[Any], attributes: Mapping[str, Any], opset: int) -> Any:
    """Rows [s, k] of which each group, up to its place in `ends`, has its own matrix of [g, k, m]: every row by every matrix.

    ONNX has no operator whose work hangs on the groups' lengths without a loop.
    """
    x, weight, ends = all_of(inputs, 3)
    if ends is None or x.ndim != 2 or weight.ndim != 3:
        return None
    rows = torch.arange(x.shape[0])
    group = (rows[:, None] >= ends[None, :]).sum(1)
    last = weight.shape[0] - 1
    made = (x @ weight)[group.clamp(max=last), rows]
    return made * (group <= last).to(made.dtype)[:, None]
