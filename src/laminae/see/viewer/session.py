"""What the viewer is handed: it asks, and never runs a model itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

OPENING, READY, FAILED = "opening", "ready", "failed"


@dataclass(frozen=True)
class State:
    """How far the model is.

    state: "opening", "ready" or "failed". said: what is being done. part: of all there is to do, 0 to 1, None where nobody
    knows. error: why it failed. text: whether inputs may be given as text. beside: the run that the model is compared with.
    """

    state: str
    said: str = ""
    part: float | None = None
    error: str | None = None
    text: bool = False
    beside: int | None = None


@dataclass(frozen=True)
class Session:
    """A model that has been opened, or will be, as the viewer asks about it.

    All but `state` are called when the state is "ready", from threads of the viewer's, `run` from one at a time. They raise
    UnknownNameError for a run, layer, output or parameter that is not there, other LaminaeErrors for what cannot be done.
    Mappings are JSON, but for numbers that are not finite.
    """

    title: Callable[[], str]
    state: Callable[[], State]
    document: Callable[[], Mapping[str, Any]]
    """What the page draws."""
    told: Callable[[int], Mapping[str, Any]]
    """Of a run: what it changed."""
    layer: Callable[[int, int], Mapping[str, Any]]
    """Of a run and a layer: what its outputs are made of."""
    previews: Callable[[int, Sequence[int]], Mapping[str, Any]]
    """Of a run and several layers."""
    value: Callable[[int, int, int], Any]
    """Of a run, a layer and an output: the array."""
    parameter: Callable[[str], Any]
    """Of a parameter's name: the array."""
    run: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    """What if? Of a request's words: the new run."""
    python: Callable[[int], str]
    """Of a run: the Python that does the same."""
    drawing: Callable[[int, str], bytes]
    """Of a run, as svg, png or pdf."""
