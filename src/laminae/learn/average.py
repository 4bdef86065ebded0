"""A running average of weights: after each step, decay · average + (1 − decay) · weights. Polyak, Juditsky 1992."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from laminae.base import torch
from laminae.learn.losses.holding import number


class Average:
    """weights: name → tensor. decay: how much of the average stays at each step, 0 to 1."""

    def __init__(self, weights: Mapping[str, Any], decay: float) -> None:
        number("average", decay, least=0, most=1)
        self.decay = decay
        self._weights = dict(weights)
        self.values = {name: tensor.detach().clone() for name, tensor in weights.items()}

    def update(self) -> None:
        """Take in the weights as they are now."""
        with torch.no_grad():
            torch._foreach_lerp_(list(self.values.values()), [w.detach() for w in self._weights.values()], 1 - self.decay)

    @contextmanager
    def swapped(self) -> Iterator[None]:
        """Inside, the weights are the averages."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def adopt(self) -> None:
        """From now on the weights are the averages."""
        with torch.no_grad():
            for name, weight in self._weights.items():
                weight.copy_(self.values[name])

    def _swap(self) -> None:
        with torch.no_grad():
            for name, weight in self._weights.items():
                before = weight.detach().clone()
                weight.copy_(self.values[name])
                self.values[name] = before
