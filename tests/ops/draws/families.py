"""All strategies: importing a family's file registers its operators."""

from __future__ import annotations

import importlib
import pkgutil

import tests.ops.draws as here
from tests.ops.draws.drawing import STRATEGIES, Strategy

_NOT_FAMILIES = {"drawing", "compared", "forests", "geometry", "pooling", "judges", "families", "many", "__main__"}


def strategies() -> dict[str, Strategy]:
    """By operator name (with its domain before a dot where it is not the main one)."""
    for module in pkgutil.iter_modules(here.__path__):
        if module.name not in _NOT_FAMILIES:
            importlib.import_module(f"tests.ops.draws.{module.name}")
    return STRATEGIES
