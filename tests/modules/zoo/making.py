"""How an architecture is made: its class with a tiny config, random weights and inputs, the same at every call.

The seed is fixed, the caller's random state is left alone, and every parameter and buffer that a new module has at 0 or 1
(biases, scales, running statistics) is moved, so that a value read from the wrong place is seen.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

Example = tuple[nn.Module, tuple[Any, ...], dict[str, Any]]
Inputs = Callable[[], dict[str, Any]]
Table = dict[str, tuple[str, Inputs, dict[str, Any]]]
"""Architecture → (transformers class, inputs, config)."""


@contextmanager
def seeded(seed: int = 0) -> Iterator[None]:
    """The random state of `seed` inside, the caller's again afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def moved(module: nn.Module) -> nn.Module:
    """`module` in eval mode, every floating parameter and running statistic a little off its initial value."""
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.is_floating_point():
                parameter.add_(0.02 * torch.randn_like(parameter))
        for name, buffer in module.named_buffers():
            if name.endswith("running_mean"):
                buffer.add_(0.1 * torch.randn_like(buffer))
            if name.endswith("running_var"):
                buffer.mul_(0.5 + torch.rand_like(buffer))
    return module.eval()


def build(model: str, inputs: Inputs, config: dict[str, Any]) -> Example:
    """The transformers class `model` with random weights, made from `config`; the first input goes by position."""
    import transformers

    kind = getattr(transformers, model)
    with seeded():
        module = moved(kind(kind.config_class(**config)))
        kwargs = inputs()
    first = list(inspect.signature(kind.forward).parameters)[1]
    return module, (kwargs.pop(first),) if first in kwargs else (), kwargs
