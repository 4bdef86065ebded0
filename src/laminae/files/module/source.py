"""A module that was opened: read once for each phase it is asked in, over one set of parameters."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from laminae.base import torch
from laminae.base.errors import UsageError
from laminae.files.module.exporting import export
from laminae.files.module.following import Places, tensors_of
from laminae.files.module.interface import Interface
from laminae.files.module.program import read_program
from laminae.files.module.sizes import Sizes
from laminae.graph.flat import flatten, restore
from laminae.graph.graph import Graph
from laminae.graph.parameter import Parameter

Phase = tuple[bool, ...]
"""Of every module inside, whether it is in training."""


class ModuleSource:
    """An nn.Module with an example of its arguments."""

    def __init__(self, module: Any, args: Sequence[Any], kwargs: Mapping[str, Any], dynamic: Any = None) -> None:
        self.module = module
        self.args, self.kwargs = _apart(tuple(args), dict(kwargs), (tensor for *_, tensor in tensors_of(module)))
        self.dynamic = dynamic
        self.boxes: dict[int, Parameter] = {}
        self._read: dict[Phase, tuple[Graph, Interface]] = {}
        self._places = Places(module, ())

    @property
    def phase(self) -> Phase:
        """The phase the module is in."""
        return tuple(inner.training for inner in self.module.modules())

    def read(self) -> tuple[Graph, Interface]:
        """A graph of the module in its phase, to do with what one likes, and its interface.

        Raises ExportError; ModelError where the module is no longer the one that was opened.
        """
        self.follow()
        if self.phase not in self._read:
            sizes = Sizes(self.args, self.kwargs, self.dynamic)
            program = export(self.module, self.args, self.kwargs, sizes)
            self._read[self.phase] = read_program(program, self.module, boxes=self.boxes, sizes=sizes.symbols(program))
            self._hold()
        graph, interface = self._read[self.phase]
        return restore(flatten(graph)), interface

    def untouched(self, phase: Phase) -> Graph:
        """The graph of a phase as it was read, before any edit: to look at."""
        return self._read[phase][0]

    def follow(self) -> None:
        """Hold the tensors that the module holds now: `load_state_dict(assign=True)` and the like put others in their place.

        Raises ModelError where they are of another dtype or shape, or a module inside was replaced.
        """
        if not self._places.unchanged():
            self._places.follow()
            self.boxes = {id(box.array): box for box in self.boxes.values()}

    def _hold(self) -> None:
        self.boxes = {id(box.array): box for box in self.boxes.values()}
        self._places = Places(self.module, self.boxes.values())

    def to(self, device: Any) -> None:
        """Move the module, and the parameters with it."""
        self.follow()
        self.module.to(device)
        self._places.follow()
        for box in self.boxes.values():
            box.array = box.tensor().to(device)
        self._hold()

    # -- copies --------------------------------------------------------------------------------------------------------

    def copied(self, memo: dict[int, Any]) -> ModuleSource:
        """A copy of the module, and all that was read of it over the copy's own tensors. memo: as `copy.deepcopy` has it.

        A parameter's own copy stands in the memo.
        """
        twin = ModuleSource.__new__(ModuleSource)
        twin.module = copy.deepcopy(self.module, memo)
        twin.args, twin.kwargs, twin.dynamic = self.args, self.kwargs, self.dynamic
        tensors = {name: tensor for _, _, name, tensor in tensors_of(twin.module)}
        for place in self._places.places:
            if id(place.box) not in memo and place.name in tensors:
                memo[id(place.box)] = _over(place.box, tensors[place.name])
        twin._read = {phase: (copied(graph, memo), interface) for phase, (graph, interface) in self._read.items()}
        twin.boxes = {id(box): copied_box(box, memo) for box in self.boxes.values()}
        twin._hold()
        return twin

    def __getstate__(self) -> dict[str, Any]:
        state = {**vars(self), "boxes": list(self.boxes.values())}
        del state["_places"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({**state, "boxes": {id(box.array): box for box in state["boxes"]}})
        self._hold()


def copied(graph: Graph, memo: dict[int, Any]) -> Graph:
    """A copy of a graph, its parameters those of the memo where they are in it, else copies."""
    flat = flatten(graph)
    flat.boxes = [copied_box(box, memo) if isinstance(box, Parameter) else box for box in flat.boxes]
    return restore(flat)


def copied_box(box: Parameter, memo: dict[int, Any]) -> Parameter:
    """The copy of a parameter, the same one each time."""
    if id(box) not in memo:
        known = memo.get(id(box.array))
        memo[id(box)] = box.copy() if known is None else _over(box, known)
        memo.setdefault(id(memo), []).append(box)  # as deepcopy does: an id means a thing only while that lives
    made: Parameter = memo[id(box)]
    return made


def _over(box: Parameter, tensor: Any) -> Parameter:
    """The box of another tensor."""
    metadata = dict(box.metadata)
    return Parameter(box.name, tensor, dtype=box.dtype, metadata=metadata, doc=box.doc, overridable=box.overridable)


def arguments(example: Any, kwargs: Mapping[str, Any] | None) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """An example as positional and keyword arguments: a tuple, a dict, or one tensor."""
    if isinstance(example, Mapping):
        return _apart(*_tensors((), {**example, **(kwargs or {})}))
    if example is None and kwargs is None:
        raise UsageError(
            "a module is opened with an example of its arguments",
            {"write": "lm.open(module, example=(x,)) or lm.open(module, kwargs={'input_ids': ids})"},
        )
    args = tuple(example) if isinstance(example, (tuple, list)) else () if example is None else (example,)
    return _apart(*_tensors(args, dict(kwargs or {})))


def _tensors(*values: Any) -> Any:
    return torch.utils._pytree.tree_map(_tensor, values)


def _tensor(value: Any) -> Any:
    """NumPy arrays as tensors, NumPy scalars as numbers; everything else as it is."""
    if isinstance(value, np.generic):
        return value.item()
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value


def _apart(args: tuple[Any, ...], kwargs: dict[str, Any], seen: Iterable[Any] = ()) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments, each a tensor of its own: torch.export takes one that is given twice for one argument."""
    known = {id(tensor) for tensor in seen}

    def own(value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        if id(value) in known:
            return value.detach().clone()
        known.add(id(value))
        return value

    apart: tuple[tuple[Any, ...], dict[str, Any]] = torch.utils._pytree.tree_map(own, (args, kwargs))
    return apart
