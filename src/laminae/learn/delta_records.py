"""What a backward pass brought, as plain records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from laminae.base import torch
from laminae.base.learned import DeltaRecord, DerivativeRecord
from laminae.learn.backward import Delta, Derivatives


def delta_records(found: Derivatives, frozen: frozenset[str] = frozenset()) -> tuple[DeltaRecord, ...]:
    """One for each turn of a layer, in the order that the pass went through them."""
    seen: set[str] = set()
    return tuple(_record(delta, found, frozen, seen) for delta in found.deltas)


def _record(delta: Delta, found: Derivatives, frozen: frozenset[str], seen: set[str]) -> DeltaRecord:
    entry = delta.turn.entry
    value = next((v for v in delta.values if torch.is_tensor(v)), None)
    state = "" if delta.reached else "not stored" if not delta.kept else "none came"
    weights = tuple(_weights(delta, found, frozen, seen))
    record = DeltaRecord(entry.index, entry.name, entry.op, entry.path, weights=weights, state=state, value=value)
    if value is None:
        return record
    return replace(record, shape=tuple(value.shape), norm=norm(value), largest=largest(value), zeros=zeros(value))


def _weights(delta: Delta, found: Derivatives, frozen: frozenset[str], seen: set[str]) -> Iterator[DerivativeRecord]:
    """Of the layer's weights, each at the layer that the pass came to first."""
    known = {*found.weights, *found.without, *frozen}
    for own, parameter in delta.turn.layer.parameters.items():
        name = delta.turn.prefix + own
        if name in seen or not known.intersection((name, own)):
            continue
        seen.add(name)
        by = found.weights.get(name, found.weights.get(own))
        told = DerivativeRecord(name, parameter.shape, frozen=name in frozen or own in frozen)
        yield told if by is None else replace(told, norm=norm(by), largest=largest(by))


def norm(value: Any) -> float:
    """The root of the sum of the squares, in float64."""
    return float(torch.linalg.vector_norm(value.detach().double()))


def largest(value: Any) -> float:
    return float(value.detach().abs().max()) if value.numel() else 0.0


def zeros(value: Any) -> float:
    return float((value == 0).double().mean()) if value.numel() else 0.0
