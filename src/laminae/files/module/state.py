"""The weights of a model that was read from a module: the module's state_dict, and what edits have added."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.base.errors import ModelError
from laminae.files.module.source import ModuleSource
from laminae.graph.graph import Graph, unique_name
from laminae.graph.parameter import ROLE, Parameter


def state_of(source: ModuleSource, graph: Graph) -> dict[str, Parameter]:
    """Parameters over the module's own tensors by the names of its state_dict; tied names have one.

    Raises ModelError where the state is more than tensors of the module.
    """
    known: dict[Hashable, Parameter] = {_memory(box.array): box for box in source.boxes.values() if is_tensor(box.array)}
    own = {_storage(tensor) for tensor in (*source.module.parameters(), *source.module.buffers())}
    state: dict[str, Parameter] = {}
    for name, tensor in source.module.state_dict(keep_vars=True).items():
        if not is_tensor(tensor) or _storage(tensor) not in own:
            raise ModelError(
                f"{name!r} of the module's state is no parameter or buffer of it",
                {"found": f"a {type(tensor).__name__} made by its class", "the way out": "torch.save(module.state_dict(), path)"},
            )
        state[name] = known.setdefault(_memory(tensor), Parameter(name, tensor))
    read = set(source.boxes.values())
    for box in graph.parameters.values():
        if box not in read and box.metadata.get(ROLE) != "constant":
            state[unique_name(box.name, state)] = box
    return state


def _memory(tensor: Any) -> Hashable:
    """Equal for tensors that are the same elements of one memory."""
    place = _storage(tensor)
    return (*place, tensor.data_ptr(), tuple(tensor.shape), tensor.stride(), tensor.dtype) if isinstance(place, tuple) else place


def _storage(tensor: Any) -> Hashable:
    """Equal for tensors over one memory; where there is none to be asked for, for the same tensor only."""
    if tensor.is_meta or tensor.layout is not torch.strided or not tensor.untyped_storage().data_ptr():
        return id(tensor)
    return tensor.device, tensor.untyped_storage().data_ptr()
