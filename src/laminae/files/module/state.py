"""The state of a model that was read from a module: the module's state_dict, without what edits took out, with what they added.

An edit takes out of the state what only the layers read that it takes out; where nothing is left of what a module inside was read
for, all its own goes (`num_batches_tracked` of a BatchNorm). A name of a tied weight goes with the layers of its module. What no
layer ever read is untouched.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator
from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.base.errors import ModelError
from laminae.files.module.following import tensors_of
from laminae.files.module.source import ModuleSource
from laminae.graph.graph import Graph, unique_name
from laminae.graph.parameter import ROLE, Parameter


def state_of(source: ModuleSource, untouched: Graph, graph: Graph) -> dict[str, Parameter]:
    """Parameters over the module's own tensors by the names of its state_dict; tied names have one.

    untouched: the graph as it was read; graph: as it is now. Raises ModelError where the state is more than the module's tensors.
    """
    known: dict[Hashable, Parameter] = {_memory(box.array): box for box in source.boxes.values() if is_tensor(box.array)}
    own = {_storage(tensor) for tensor in (*source.module.parameters(), *source.module.buffers())}
    gone = taken_out(source, untouched, graph)
    state: dict[str, Parameter] = {}
    for name, tensor in source.module.state_dict(keep_vars=True).items():
        if name in gone:
            continue
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


def taken_out(source: ModuleSource, untouched: Graph, graph: Graph) -> frozenset[str]:
    """The names of the module's tensors that edits have taken out of the model."""
    if not source.boxes:
        return frozenset()
    boxes = {id(box.array): box for box in source.boxes.values()}
    before, now = _readers(untouched), _readers(graph)
    gone: set[str] = set()
    inside: dict[str, list[tuple[str, Parameter]]] = defaultdict(list)
    for _, _, name, tensor in tensors_of(source.module):
        if (box := boxes.get(id(tensor))) is not None:
            path = name.rpartition(".")[0].replace(".", "/")
            inside[path].append((name, box))
            if before[box] and (not now[box] or (path in before[box] and path not in now[box])):
                gone.add(name)
    for held in inside.values():
        read = [name for name, box in held if before[box]]
        if read and gone.issuperset(read):
            gone.update(name for name, box in held if not now[box])
    return frozenset(gone)


def _readers(graph: Graph) -> dict[Parameter, set[str]]:
    """The groups in which layers read each parameter, whichever pass; `""` too for one that is read or given anywhere."""
    found: dict[Parameter, set[str]] = defaultdict(set)
    for box, group in _reads(graph):
        found[box] |= {"", re.sub(r"#\d+(?=/|$)", "", group)}
    return found


def _reads(graph: Graph) -> Iterator[tuple[Parameter, str]]:
    for _, inner in graph.graphs():
        yield from ((box, layer.group) for layer in inner.layers for box in layer.inputs if isinstance(box, Parameter))
        yield from ((box, "") for box in inner.outputs if isinstance(box, Parameter))


def _memory(tensor: Any) -> Hashable:
    """Equal for tensors that are the same elements of one memory."""
    place = _storage(tensor)
    return (*place, tensor.data_ptr(), tuple(tensor.shape), tensor.stride(), tensor.dtype) if isinstance(place, tuple) else place


def _storage(tensor: Any) -> Hashable:
    """Equal for tensors over one memory; where there is none to be asked for, for the same tensor only."""
    if tensor.is_meta or tensor.layout is not torch.strided or not tensor.untyped_storage().data_ptr():
        return id(tensor)
    return tensor.device, tensor.untyped_storage().data_ptr()
