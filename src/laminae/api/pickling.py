"""What is pickled of a model that was read from a module: the module too, where it can be."""

from __future__ import annotations

import io
import pickle
import warnings
from typing import Any

from laminae.api.phases import Phases, first_sentence
from laminae.base.arrays import is_tensor


def unpicklable(phases: Phases) -> str:
    """Why the module and what was read of it cannot be pickled; "" where they can. Tensors are not looked at."""
    try:
        _WithoutTensors(io.BytesIO()).dump(phases)
    except Exception as error:
        return f"{type(error).__name__}: {first_sentence(str(error))}"
    return ""


def warn(phases: Phases, because: str) -> None:
    warnings.warn(
        f"the {type(phases.source.module).__name__} that this model was read from cannot be pickled ({because}): "
        "the pickle holds the layers and the weights, one phase, and no example",
        stacklevel=3,
    )


class _WithoutTensors(pickle.Pickler):
    """Goes through everything, and writes tensors by a word."""

    def persistent_id(self, thing: Any) -> str | None:
        return "a tensor" if is_tensor(thing) else None
