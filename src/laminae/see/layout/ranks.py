"""The rank of each box: one more than the furthest it reads. Forward order is known, so one pass finds them."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def ranks(boxes: int, links: Collection[tuple[int, int]], first: Collection[int]) -> list[int]:
    """links: (from, to), without a cycle. first: boxes in rank 0 whose readers wait for them.

    What waits for none of them, as constants do, stands as near before its first reader as can be.
    """
    readers: list[list[int]] = [[] for _ in range(boxes)]
    waiting = [0] * boxes
    for a, b in links:
        readers[a].append(b)
        waiting[b] += 1
    order = _in_order(readers, waiting)
    found, depends = [0] * boxes, [False] * boxes
    for box in first:
        depends[box] = True
    for box in order:
        least, known = found[box] + 1, depends[box]
        for reader in readers[box]:
            if found[reader] < least:
                found[reader] = least
            if known:
                depends[reader] = True
    if any(depends):
        for box in reversed(order):
            if not depends[box] and readers[box]:
                found[box] = min([found[reader] for reader in readers[box]]) - 1
    return found


def _in_order(readers: Sequence[Sequence[int]], waiting: list[int]) -> list[int]:
    """Every box after all it reads; forward order where that is free."""
    order = [box for box, count in enumerate(waiting) if not count]
    for box in order:
        for reader in readers[box]:
            waiting[reader] -= 1
            if not waiting[reader]:
                order.append(reader)
    return order
