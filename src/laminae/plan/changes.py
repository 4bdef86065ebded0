"""What one run puts in place of what layers make and parameters hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from laminae.graph import Layer, Parameter

Change = Callable[[tuple[Any, ...]], tuple[Any, ...]]
"""All outputs of a layer, None where one is left out, to what stands in their place."""


@dataclass(frozen=True, eq=False)
class Changes:
    """layers: of the outermost graph. inside: by its name in the trace (`Loop_3/body/Add_1#2`), of a turn in a body.

    parameters: to the tensor that this run reads in place of theirs. The parameters themselves stay as they are.
    """

    layers: Mapping[Layer, Change] = field(default_factory=dict)
    inside: Callable[[str], Change | None] | None = None
    parameters: Mapping[Parameter, Any] = field(default_factory=dict)


NO_CHANGES = Changes()


def is_absolute(change: Change) -> bool:
    """Whether what a change gives does not depend on what was there."""
    first = next(iter(getattr(change, "patches", ())), None)
    return first is not None and bool(first.absolute)
