"""Where a model is being built: what is placed so far, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from laminae.base.errors import UnknownOperatorError, UsageError
from laminae.base.shapes import Spec
from laminae.graph import Layer, Parameter, Value
from laminae.layers.arguments import is_whole
from laminae.layers.layer import BuilderLayer
from laminae.layers.naming import Names
from laminae.ops.registry import Operator, find

OPSET = 23
"""The opset whose operators the layers place."""

Item = Value | Parameter
Boxes = dict[str, Parameter]


@dataclass
class Site:
    """Where a model is being built.

    rng: draws every weight, in the order of the layers. opset: what the placed layers are declared with. specs: what is
    known of each value and parameter. owned: the name and the parameters of each builder layer, for when it comes again.
    """

    names: Names
    rng: np.random.Generator
    opset: int = OPSET
    specs: dict[Item, Spec] = field(default_factory=dict)
    layers: list[Layer] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    owned: dict[BuilderLayer[Any], tuple[str, Boxes]] = field(default_factory=dict)

    def operator(self, name: str) -> Operator:
        """The operator as the layers mean it. Raises UnknownOperatorError where Laminae does not have it."""
        found = find("", name, OPSET)
        if found is None:
            raise UnknownOperatorError(f"operator {name} (opset {OPSET}) is not known")
        return found

    def spec(self, item: Item) -> Spec:
        """What is known of a value or a parameter."""
        if item not in self.specs:
            self.specs[item] = Spec(item.dtype, item.shape)
        return self.specs[item]


def generator(seed: int) -> np.random.Generator:
    """The one source of weights. Raises UsageError where the seed is not a whole number, 0 or more."""
    if not is_whole(seed) or seed < 0:
        raise UsageError(f"{seed!r} is no seed", {"expected": "a whole number, 0 or more"})
    return np.random.default_rng(int(seed))
