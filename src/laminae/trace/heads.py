"""Where an attention's heads are: which axis of a value holds them, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from laminae.base.shapes import Dim, Spec
from laminae.graph import Graph, Layer, Parameter, Value
from laminae.plan.shapes import walk
from laminae.trace.patch_apply import Split

COUNTS = ("num_heads", "q_num_heads")
"""Attributes by which attention operators say how many heads the last axis of their first output holds."""

WHOLE = ("Attention", "FlexAttention", "MultiHeadAttention", "GroupQueryAttention", "LinearAttention")
"""Operators that give [N, heads, length, size] wherever they give rank 4."""

KEEPS = ("Identity", "Cast", "Dropout", "clone", "contiguous", "detach", "dropout", "to", "_to_copy", "alias")
"""Operators that leave every axis where it is."""

RESHAPES = ("Reshape", "Flatten", "view", "reshape", "_unsafe_view", "flatten")

_SPECS: WeakKeyDictionary[Graph, tuple[int, Mapping[Value | Parameter, Spec]]] = WeakKeyDictionary()


def is_attention(layer: Layer) -> bool:
    """Whether the operator is one that weighs values by heads."""
    return _torch_attention(layer) or layer.operator in WHOLE or any(name in layer.attributes for name in COUNTS)


def _torch_attention(layer: Layer) -> bool:
    return layer.domain.startswith("torch.") and layer.operator.lstrip("_").startswith("scaled_dot_product_")


def heads_of(layer: Layer, output: int, value: Any, of: int | None, graph: Graph | None = None) -> Split | None:
    """The axis of a value that holds its heads, and how many there are; None where nothing says so.

    of: how many a user says there are. graph: in which the layer stands, for what comes after an attention (its heads put side
    by side). Raises ValueError where what is known says another number.
    """
    shape = tuple(getattr(value, "shape", ()))
    known = _of_attention(layer, output, shape)
    if known is None and graph is not None and of is None:
        known = after_attention(layer, graph, shape)
    if known is None:
        return None if of is None else (_axis(shape, of), of)
    if of not in (None, known[1]):
        raise ValueError(f"the layer has {known[1]} heads, not {of}")
    return known


def _axis(shape: tuple[int, ...], of: int) -> int:
    """Where a user's heads are: an axis of their own before the last two, else in the last."""
    return -3 if len(shape) >= 4 and shape[-3] == of else -1


def _of_attention(layer: Layer, output: int, shape: Sequence[Dim]) -> tuple[int, int] | None:
    """By the operator alone."""
    rank = len(shape)
    if _torch_attention(layer):
        axis = (rank - 3 if output == 0 else 1) if rank >= 4 or (output == 1 and rank == 3) else None
    elif layer.operator in WHOLE and rank >= 4:
        axis = rank - 3
    else:
        told = next((int(layer.attributes[name]) for name in COUNTS if name in layer.attributes), None)
        return None if told is None or output or rank < 2 else (-1, told)
    count = None if axis is None else shape[axis]
    return (axis, count) if axis is not None and isinstance(count, int) else None


def after_attention(layer: Layer, graph: Graph, shape: tuple[int, ...]) -> tuple[int, int] | None:
    """By what comes before: an attention whose heads transposes and reshapes have moved here."""
    chain, source = [layer], layer
    while not is_attention(source):
        step = source.inputs[0] if source.inputs else None
        if not isinstance(step, Value) or step.producer is None or not _moves(source) or len(chain) > 16:
            return None
        source = step.producer
        chain.append(source)
    specs = _specs(graph)
    found = _of_attention(source, 0, _dims(source, specs))
    for one in chain[-2::-1]:
        if found is None:
            return None
        before, after = _dims(one.inputs[0].producer, specs), _dims(one, specs)  # type: ignore[union-attr]
        found = _moved(one, found, before, after)
    return found if found is None or len(_dims(layer, specs)) == len(shape) else None


def _specs(graph: Graph) -> Mapping[Value | Parameter, Spec]:
    """What is known of every value before a run; once for a state of the graph."""
    if graph not in _SPECS or _SPECS[graph][0] != graph.revision:
        _SPECS[graph] = graph.revision, walk(graph).specs
    return _SPECS[graph][1]


def _dims(layer: Layer | None, specs: Mapping[Value | Parameter, Spec]) -> tuple[Dim, ...]:
    out = layer.outputs[0] if layer is not None and layer.outputs else None
    return (specs.get(out, Spec()).dims or ()) if out is not None else ()


def _base(layer: Layer) -> str:
    return layer.operator.partition(".")[0] if layer.domain.startswith("torch.") else layer.operator


def _moves(layer: Layer) -> bool:
    return _base(layer) in (*KEEPS, *RESHAPES, "transpose", "permute", "Transpose")


def _moved(layer: Layer, found: tuple[int, int], before: tuple[Dim, ...], after: tuple[Dim, ...]) -> tuple[int, int] | None:
    """Where the heads are after a layer."""
    axis, count = found
    base, rank = _base(layer), len(before)
    if base in KEEPS:
        return found
    if base in RESHAPES:
        return _reshaped(found, before, after)
    order = list(range(rank))
    if base == "transpose":
        a, b = int(layer.attributes["dim0"]) % rank, int(layer.attributes["dim1"]) % rank
        order[a], order[b] = order[b], order[a]
    else:
        given = layer.attributes.get("dims", layer.attributes.get("perm", order[::-1]))
        order = [int(place) % rank for place in given]
    if axis == -1:
        return found if order[-1] == rank - 1 else None
    return order.index(axis), count


def _reshaped(found: tuple[int, int], before: tuple[Dim, ...], after: tuple[Dim, ...]) -> tuple[int, int] | None:
    """Side by side in the last axis where that holds heads and their sizes now; else where the axes behind are the same."""
    axis, count = found
    if not before or not after:
        return None
    if axis == -1:
        return found if after[-1] == before[-1] else None
    size = before[-1]
    if axis == len(before) - 2 and isinstance(size, int) and after[-1] == count * size:
        return -1, count
    behind = len(before) - axis
    return (len(after) - behind, count) if after[-behind:] == before[-behind:] else None
