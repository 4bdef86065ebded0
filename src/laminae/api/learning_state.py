"""What a model keeps of its learning: its phase, and what was done to a file that others wrote so that it can learn."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence

from laminae.base.errors import EditError
from laminae.graph import Graph
from laminae.graph.flat import flatten, restore
from laminae.learn import start
from laminae.learn.opened.prepare import Prepared, prepare
from laminae.learn.opened.told import learns_records
from laminae.learn.phases import switch
from laminae.see.learns import learns_table
from laminae.see.rendering import Table


class Learning:
    """tied: as `lm.open` takes it."""

    def __init__(self, tied: bool | str | Sequence[str] | None = None) -> None:
        self.tied = tied
        self.done = Prepared()
        self._phase: bool | None = None
        self._seen: tuple[int, int] = (0, 0)

    def copy(self) -> Learning:
        """The same, of another model."""
        twin = copy.copy(self)
        twin._seen = (0, 0)
        return twin

    def is_training(self, graph: Graph) -> bool:
        """As it was put; before, as the layers are."""
        return switch.is_training(graph) if self._phase is None else self._phase

    def in_phase(self, graph: Graph, mode: bool) -> Graph:
        made = switch.in_phase(graph, mode)
        self._phase = mode
        return made

    def evaluated(self, graph: Graph) -> Graph:
        """The graph in the evaluation phase, where it has one: its parameters are those that a model has in both."""
        try:
            return switch.in_phase(graph, False)
        except EditError:
            return graph

    def prepare(self, graph: Graph) -> None:
        """Make it ready to learn, where it is not since it was last looked at, and warn of what that changed."""
        if self._seen == (id(graph), graph.revision):
            return
        found = prepare(graph, self.tied)
        self._seen = id(graph), graph.revision
        if found:
            self.done += found
            warnings.warn(" ".join(_said(found)), stacklevel=4)

    def table(self, graph: Graph, title: str) -> Table:
        """What learns, the model staying as it is: what would have to be done first is done to another graph."""
        ready = restore(flatten(graph))
        done = self.done + prepare(ready, self.tied)
        return learns_table(learns_records(ready), title, _said(done))

    def reset(self, graph: Graph, seed: int, weights: Sequence[str] | str) -> None:
        left = start.reset(graph, seed, weights)
        if left:
            warnings.warn(f"no layer tells how these begin, they are as they were: {_listed(left)}", stacklevel=3)


def _said(done: Prepared) -> list[str]:
    said = []
    if done.apart:
        pairs = [f"{one.name} ({len(one.names)})" for one in done.apart]
        said.append(
            f"Equal weights that the file holds once learn apart, one for each layer: {_listed(pairs)}. "
            "lm.open(path, tied=…) keeps them one."
        )
    if done.turned:
        pairs = [f"{one} is {other} turned" for one, other in done.turned]
        said.append(
            f"Weights that the file holds twice learn as one: {_listed(pairs)}. lm.open(path, tied=False) has them apart."
        )
    if done.taken:
        said.append(f"Constants of the file learn as parameters: {_listed(done.taken)}.")
    return said


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
