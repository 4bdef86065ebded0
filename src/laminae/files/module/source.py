"""A module that was opened: read once for each phase it is asked in, over one set of parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from laminae.base import torch
from laminae.base.dtypes import dtype_name
from laminae.base.errors import UsageError
from laminae.files.module.exporting import export
from laminae.files.module.interface import Interface
from laminae.files.module.reader import read_program
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
        self.args, self.kwargs = _apart(tuple(args), dict(kwargs), _held(module))
        self.dynamic = dynamic
        self.boxes: dict[int, Parameter] = {}
        self._read: dict[Phase, tuple[Graph, Interface]] = {}

    @property
    def phase(self) -> Phase:
        """The phase the module is in."""
        return tuple(inner.training for inner in self.module.modules())

    def read(self) -> tuple[Graph, Interface]:
        """A graph of the module in its phase, to do with what one likes, and its interface. Raises ExportError."""
        self._follow()
        if self.phase not in self._read:
            sizes = Sizes(self.args, self.kwargs, self.dynamic)
            program = export(self.module, self.args, self.kwargs, sizes)
            self._read[self.phase] = read_program(program, self.module, boxes=self.boxes, sizes=sizes.symbols(program))
        graph, interface = self._read[self.phase]
        return restore(flatten(graph)), interface

    def _follow(self) -> None:
        """Hold the tensors that the module holds now: `load_state_dict(assign=True)` and the like put others in their place."""
        named = {**dict(self.module.named_parameters()), **dict(self.module.named_buffers())}
        changed = {box: named[box.name] for box in self.boxes.values() if named.get(box.name, box.array) is not box.array}
        if any(tuple(new.shape) != box.shape or dtype_name(new) != box.dtype for box, new in changed.items()):
            self.boxes, self._read = {}, {}
            return
        for box, new in changed.items():
            box.array = new
        self.boxes = {id(box.array): box for box in self.boxes.values()}

    def to(self, device: Any) -> None:
        """Move the module, and the parameters with it."""
        named = {**dict(self.module.named_parameters()), **dict(self.module.named_buffers())}
        owned = {id(box): (name, box) for name, tensor in named.items() if (box := self.boxes.get(id(tensor))) is not None}
        self.module.to(device)
        now = {**dict(self.module.named_parameters()), **dict(self.module.named_buffers())}
        for box in self.boxes.values():
            box.array = now[owned[id(box)][0]] if id(box) in owned else box.tensor().to(device)
        self.boxes = {id(box.array): box for box in self.boxes.values()}


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


def _held(module: Any) -> Iterator[Any]:
    """The tensors of a module, plain attributes too."""
    yield from module.parameters()
    yield from module.buffers()
    for inner in module.modules():
        yield from (value for value in vars(inner).values() if isinstance(value, torch.Tensor))
