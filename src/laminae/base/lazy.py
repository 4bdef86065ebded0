"""The one lazy `torch`: importing Laminae, showing a model and inferring shapes never load it."""

from __future__ import annotations

import importlib
import types
from typing import TYPE_CHECKING, Any


class LazyModule(types.ModuleType):
    """A module imported at the first attribute asked of it.

    What was asked once is kept in the instance, so a second look-up costs what a module's own does.
    """

    def __getattr__(self, name: str) -> Any:
        value = getattr(importlib.import_module(self.__name__), name)
        setattr(self, name, value)
        return value


if TYPE_CHECKING:
    import torch as torch
else:
    torch = LazyModule("torch")
