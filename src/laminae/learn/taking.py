"""What a training step is given, looked at closely once for each shape and dtype, and then taken as it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from laminae.base import torch
from laminae.base.arrays import as_value, is_tensor
from laminae.trace.session import Session

MOST = 64
"""Shapes that are remembered; data of more than so many are looked at each time."""

PLAIN = frozenset(map(np.dtype, ("float32", "float64", "int64", "int32", "bool", "uint8")))
"""Dtypes that torch has too."""


class Inputs:
    """x → one tensor for each input layer."""

    def __init__(self, session: Session, device: Any) -> None:
        self._session, self._device = session, device
        self._known: set[Any] = set()

    def __call__(self, x: Any) -> list[Any]:
        """Raises InputError where the input layers cannot take it."""
        given = tuple(map(tensor_where, x)) if isinstance(x, tuple) else (tensor_where(x),)
        key = tuple(map(facts, given))
        if key in self._known:
            return list(given)
        taken = self._session.inputs(given)
        if len(self._known) < MOST and None not in key and len(taken) == len(given) and all(map(same, taken, given)):
            self._known.add(key)
        return taken


def tensor_where(x: Any) -> Any:
    """A NumPy array as a tensor over its memory; anything else as it is."""
    if not isinstance(x, np.ndarray):
        return x
    if x.flags.carray and x.dtype in PLAIN and not torch.is_inference_mode_enabled():
        return torch.from_numpy(x)  # nothing to look at: each batch comes this way
    return as_value(x)


def facts(x: Any) -> Any:
    """What tells whether a tensor can be taken like one before; None of what cannot."""
    return (x.shape, x.dtype, x.device) if is_tensor(x) and not x.requires_grad else None


def same(taken: Any, given: Any) -> bool:
    """Whether what was taken is what was given: the same memory, shape and dtype."""
    return bool(facts(taken) == facts(given) and taken.data_ptr() == given.data_ptr() and taken.stride() == given.stride())
