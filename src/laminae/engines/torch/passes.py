"""One forward pass as torch makes it: the run of the outermost graph, and those of the bodies that it goes through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from laminae.base.errors import LayerError
from laminae.base.settings import settings
from laminae.engines import run as shared
from laminae.graph import Layer, Parameter
from laminae.plan.changes import NO_CHANGES, Changes

if TYPE_CHECKING:
    from laminae.engines.torch.program import Program


@dataclass(eq=False)
class Pass:
    """What all runs inside one forward pass share: passes through bodies so far, parameters brought to another device.

    changes: what it puts in place of what layers make. turns: of each layer in bodies, by path, where that is asked for. states:
    of torch's generator, before each layer that draws. first: the number of the first sample in its dataset.
    """

    count: int = 0
    moved: dict[Parameter, Any] = field(default_factory=dict)
    changes: Changes = NO_CHANGES
    turns: Counter[str] = field(default_factory=Counter)
    states: dict[Layer, Any] = field(default_factory=dict)
    first: int = 0

    def enter_body(self) -> None:
        """Raises LayerError where it has been too often."""
        self.count += 1
        if self.count > settings.max_passes:
            raise LayerError(
                f"one forward pass went through bodies more than {settings.max_passes:,} times",
                {
                    "because": "a loop does not end, or functions call one another too often",
                    "the way out": "laminae.settings.max_passes = …",
                },
            )


class Run(shared.Run):
    """A run of a program. path: of the body that this is a pass through, ending in `/`. recording: whether bodies are kept."""

    def __init__(self, program: Program, path: str = "", recording: bool = False, within: Pass | None = None) -> None:
        super().__init__(program.plan, program.device, program.engine)
        self.program, self.path, self.recording = program, path, recording
        self.within = Pass() if within is None else within

    @property
    def states(self) -> Mapping[Layer, Any]:
        """Of torch's generator, before each layer that drew."""
        return self.within.states

    def inside(self, layer: Layer, path: str, label: str, program: Program) -> Run:
        """The run of a body of a layer at that path; remembered where this run is recorded."""
        self.within.enter_body()
        run = Run(program, f"{self.path}{path}/{label}/", self.recording, self.within)
        if self.recording:
            self.inner.setdefault(layer, []).append((label, run))
        return run

    def forget(self) -> None:
        """Let go of what was not to be kept."""
        self.want_nothing()
        kept = self.program.kept
        self.values = [value if slot in kept else None for slot, value in enumerate(self.values)]
