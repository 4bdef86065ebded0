"""A module that was opened: read once for each phase it is asked in, over one set of parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from laminae.base import torch
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
        self.args, self.kwargs, self.dynamic = tuple(args), dict(kwargs), dynamic
        self.boxes: dict[int, Parameter] = {}
        self._read: dict[Phase, tuple[Graph, Interface]] = {}

    @property
    def phase(self) -> Phase:
        """The phase the module is in."""
        return tuple(inner.training for inner in self.module.modules())

    def read(self) -> tuple[Graph, Interface]:
        """A graph of the module in its phase, to do with what one likes, and its interface. Raises ExportError."""
        if self.phase not in self._read:
            sizes = Sizes(self.args, self.kwargs, self.dynamic)
            program = export(self.module, self.args, self.kwargs, sizes)
            self._read[self.phase] = read_program(program, self.module, boxes=self.boxes, sizes=sizes.symbols(program))
        graph, interface = self._read[self.phase]
        return restore(flatten(graph)), interface

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
        return (), {**example, **(kwargs or {})}
    if example is None and kwargs is None:
        raise UsageError(
            "a module is opened with an example of its arguments",
            {"write": "lm.open(module, example=(x,)) or lm.open(module, kwargs={'input_ids': ids})"},
        )
    args = tuple(example) if isinstance(example, (tuple, list)) else () if example is None else (example,)
    return tuple(map(_tensor, args)), {key: _tensor(value) for key, value in (kwargs or {}).items()}


def _tensor(value: Any) -> Any:
    """NumPy arrays as tensors; everything else as it is."""
    return torch.from_numpy(value) if type(value).__module__ == "numpy" and hasattr(value, "shape") and value.shape else value
