"""Nested state (of an optimiser, a schedule, generators) as JSON, its tensors apart: what comes back is equal, type by type."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from laminae.base.arrays import is_tensor
from laminae.base.errors import UsageError
from laminae.base.lazy import torch

Tensors = dict[str, Any]


def flat(held: Any, tensors: Tensors, path: str) -> Any:
    """What JSON takes. Tensors and arrays go to `tensors`, under the path by which they were reached.

    Raises UsageError naming the path of what is neither plain nor a tensor.
    """
    if held is None or isinstance(held, bool | int | str):
        return held
    if isinstance(held, np.generic):
        return flat(held.item(), tensors, path)
    if isinstance(held, float):
        return held if math.isfinite(held) else {"float": repr(held)}
    if is_tensor(held) or isinstance(held, np.ndarray):
        return _apart(held, tensors, path)
    if isinstance(held, Mapping):
        kind = "counter" if isinstance(held, Counter) else "dict"
        return {kind: [[flat(key, {}, path), flat(part, tensors, f"{path}/{key}")] for key, part in held.items()]}
    if isinstance(held, list | tuple):
        parts = [flat(part, tensors, f"{path}/{place}") for place, part in enumerate(held)]
        return parts if isinstance(held, list) else {"tuple": parts}
    raise UsageError(
        f"{path} cannot be written to a checkpoint",
        {"found": f"a {type(held).__name__}", "expected": "tensors, arrays, numbers, texts, lists and dicts of these"},
    )


def _apart(held: Any, tensors: Tensors, path: str) -> Any:
    tensors[path] = held
    if not is_tensor(held):
        return {"array": path}
    if held.layout is not torch.strided:
        raise UsageError(
            f"{path} cannot be written to a checkpoint",
            {"found": f"a tensor of layout {str(held.layout).removeprefix('torch.')}", "expected": "a dense one"},
        )
    return {"tensor": path} | ({} if held.is_contiguous() else {"strides": list(held.stride())})


def grown(told: Any, read: Callable[[str], Any]) -> Any:
    """What was made flat. read: path → the tensor."""
    if isinstance(told, list):
        return [grown(part, read) for part in told]
    if not isinstance(told, dict):
        return told
    if "tensor" in told:
        return _laid(read(told["tensor"]), told.get("strides"))
    ((kind, content),) = told.items()
    if kind == "array":
        return read(content).numpy()
    if kind == "float":
        return float(content)
    if kind == "tuple":
        return tuple(grown(part, read) for part in content)
    pairs = {grown(key, read): grown(part, read) for key, part in content}
    return Counter(pairs) if kind == "counter" else pairs


def _laid(tensor: Any, strides: Any) -> Any:
    """A tensor of its own memory, its elements in the order in which they were."""
    made = torch.empty_like(tensor) if strides is None else torch.empty_strided(tensor.shape, strides, dtype=tensor.dtype)
    return made.copy_(tensor)
