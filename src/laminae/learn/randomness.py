"""The generators that learning may draw from: torch's, those of the data, and Python's and NumPy's, which data may use."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from laminae.base import torch
from laminae.ops import chance


def state(generators: Sequence[Any] = (), others: bool = True) -> dict[str, Any]:
    """What is drawn next follows from it. generators: torch's of the data's own. others: Python's and NumPy's too."""
    cpu, gpu = chance.state()
    told = {"torch": cpu, "gpu": gpu, "data": [generator.get_state() for generator in generators]}
    if not others:
        return told
    version, numbers, gauss = random.getstate()
    return told | {"python": [version, np.array(numbers, np.uint32), gauss], "numpy": list(np.random.get_state())}


def put_back(known: dict[str, Any], generators: Sequence[Any] = ()) -> None:
    """Bring the generators to a state they were in."""
    chance.set_state((known["torch"], known["gpu"]))
    for generator, was in zip(generators, known["data"], strict=True):
        generator.set_state(was)
    if "python" in known:
        version, numbers, gauss = known["python"]
        random.setstate((version, tuple(numbers.tolist()), gauss))
        np.random.set_state(tuple(known["numpy"]))


def generators_of(loader: Any) -> list[Any]:
    """The generators that a DataLoader and its samplers have of their own, each once."""
    sampler, cutting = getattr(loader, "sampler", None), getattr(loader, "batch_sampler", None)
    owners: Iterable[Any] = (loader, sampler, cutting, getattr(cutting, "sampler", None))
    found = [getattr(owner, "generator", None) for owner in owners]
    return list({id(g): g for g in found if isinstance(g, torch.Generator)}.values())
