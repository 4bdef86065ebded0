"""Training and evaluation of a model that was read from a module: a graph for each phase, over one set of parameters."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from typing import Any

from laminae.base.errors import EditError, LaminaeError, UsageError
from laminae.files.module.interface import Interface
from laminae.files.module.source import ModuleSource
from laminae.graph import Graph, Parameter

Edit = tuple[Callable[..., Any], tuple[Any, ...]]


def examples_of(source: ModuleSource | None, interface: Interface | None) -> Callable[[], Sequence[Any] | None]:
    """What gives the arrays that a module was opened with, one for each input, in order; None where there was none."""
    if source is None or interface is None:
        return lambda: None
    return lambda: interface.flatten(source.args, source.kwargs)


class Phases:
    """The module a model was read from, and the edits made to the model since: each phase's graph gets them all."""

    def __init__(self, source: ModuleSource) -> None:
        self.source = source
        self.edits: list[Edit] = []
        self.phase, self.training = source.phase, bool(source.module.training)

    def untouched(self) -> Graph:
        """The graph of this phase before any edit."""
        return self.source.untouched(self.phase)

    def forked(self) -> Phases:
        """The same, for another model over the same module: each goes on with its own edits and phase."""
        twin = copy.copy(self)
        twin.edits = list(self.edits)
        return twin

    def copied(self, memo: dict[int, Any]) -> Phases:
        """The same of a copy of the module. memo: as `copy.deepcopy` has it. Raises UsageError where the module has no copy."""
        twin = self.forked()
        try:
            twin.source = self.source.copied(memo)
        except Exception as error:
            raise UsageError(
                f"the {type(self.source.module).__name__} that this model was read from cannot be copied",
                {"because": f"{type(error).__name__}: {first_sentence(str(error))}"},
            ) from None
        return twin

    def switch(self, mode: bool, graph: Graph) -> tuple[Graph, Interface] | None:
        """The graph of the other phase, with the edits that `graph` has had, and its interface; the module is in that phase then.

        None where the graph is of that phase already.

        Raises EditError naming the layer of an edit that has no place there; then all is as it was.
        """
        module, source = self.source.module, self.source
        before = {inner: inner.training for inner in module.modules()}
        module.train(mode)
        if source.phase == self.phase:
            return None
        try:
            found, interface = source.read()
            self._again(found, mode)
        except BaseException:
            for inner, training in before.items():
                inner.training = training
            raise
        share(found, graph)
        self.phase, self.training = source.phase, mode
        return found, interface

    def _again(self, graph: Graph, mode: bool) -> None:
        for edit, args in self.edits:
            try:
                edit(graph, *args)
            except LaminaeError as error:
                where = next((x for x in args if isinstance(x, str)), "")
                raise EditError(
                    f"the edit of layer {where!r} has no place in the {'training' if mode else 'evaluation'} phase",
                    {"because": error.message, "the model": "is as it was, in the phase it was in"},
                ) from error


def first_sentence(text: str) -> str:
    return re.split(r"\.\s|\n", text.strip())[0][:200]


def share(graph: Graph, other: Graph) -> None:
    """Parameters that edits made: those of `other` in place of the equally named ones of `graph`."""
    boxes = {p: other.parameters[name] for name, p in graph.parameters.items() if name in other.parameters}
    changed = {p: box for p, box in boxes.items() if p is not box}
    if not changed:
        return
    for layer in graph.layers:
        layer.inputs = tuple(changed.get(x, x) if isinstance(x, Parameter) else x for x in layer.inputs)
    graph.parameters = {name: changed.get(p, p) for name, p in graph.parameters.items()}
    graph.changed()
