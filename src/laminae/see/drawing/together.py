"""Layers of one group side by side: forward order as far as it leaves choice, so that a group is one frame and not many.

An exporter writes layers as they come; a group that is left and entered again in the file need not be two groups in the drawing.
"""

from __future__ import annotations

from collections.abc import Sequence

from laminae.base.records import LayerRecord

MOST = 6_000
"""Of more layers than this the order is left as it is."""


def gathered(records: Sequence[LayerRecord]) -> list[LayerRecord]:
    """In another forward order, in which what is in one group stands together where no arrow goes out of it and in again."""
    return _gathered(list(records), 0) if 1 < len(records) <= MOST else list(records)


def _gathered(records: list[LayerRecord], level: int) -> list[LayerRecord]:
    parts = [record.path.split("/") for record in records]
    if all(len(part) <= level + 1 for part in parts):
        return records
    units = _units([part[level] if len(part) > level + 1 else None for part in parts], records)
    found: list[LayerRecord] = []
    for members in units:
        chosen = [records[i] for i in members]
        deeper = len(parts[members[0]]) > level + 1
        found += _gathered(chosen, level + 1) if deeper and len(chosen) > 1 else chosen
    return found


def _units(groups: Sequence[str | None], records: Sequence[LayerRecord]) -> list[list[int]]:
    """Members of each unit, a layer or as much of a group as can stand together, in an order that is forward order.

    A layer joins the last unit of its group unless that unit stands, through others, before something it reads.
    """
    at = {record.name: i for i, record in enumerate(records)}
    unit_of: list[int] = []
    members: list[list[int]] = []
    above: list[int] = []  # for each unit the units before it, as bits
    latest: dict[str, int] = {}
    for i, (group, record) in enumerate(zip(groups, records, strict=True)):
        read = {unit_of[at[name]] for name in record.reads if name in at and at[name] < i}
        before = 0
        for unit in read:
            before |= above[unit] | 1 << unit
        joined = latest.get(group, -1) if group is not None else -1
        outer = 0
        for unit in read - {joined}:
            outer |= above[unit] | 1 << unit
        if joined < 0 or outer >> joined & 1:
            joined = len(members)
            members.append([])
            above.append(0)
            outer = before
        members[joined].append(i)
        unit_of.append(joined)
        if outer & ~above[joined]:
            _grow(above, joined, outer)
        if group is not None:
            latest[group] = joined
    return [members[unit] for unit in _in_order(above)]


def _grow(above: list[int], unit: int, more: int) -> None:
    """Units after this one are after what it is after."""
    more |= above[unit]
    above[unit] = more
    for other in range(len(above)):
        if above[other] >> unit & 1:
            above[other] |= more


def _in_order(above: Sequence[int]) -> list[int]:
    """Each unit after all that is before it, and otherwise as they began."""
    found: list[int] = []
    done = 0
    for unit in range(len(above)):
        missing = (above[unit] | 1 << unit) & ~done
        waiting = (
            [other for other in range(len(above)) if missing >> other & 1] if missing.bit_count() > 1 else [unit] * bool(missing)
        )
        found += sorted(waiting, key=lambda other: (above[other].bit_count(), other))
        done |= missing
    return found
