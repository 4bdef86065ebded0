"""What is laid out, and what comes of it: plain records, also as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

DOWN, RIGHT = "down", "right"
"""Which way forward order goes on the page."""


@dataclass(frozen=True)
class Pads:
    """Between a frame and what is in it, in pixels; its name stands in the room at the top.

    Where forward order goes to the right there is as much room at the bottom.
    """

    left: float = 14.0
    top: float = 32.0
    right: float = 14.0
    bottom: float = 14.0


@dataclass(frozen=True)
class Item:
    """A box of that size; with items in it a frame, of that size at least. first: it stands in the first rank, as inputs do."""

    id: str
    width: float
    height: float
    items: tuple[Item, ...] = ()
    first: bool = False

    def all(self) -> Iterator[Item]:
        """This one and all in it."""
        yield self
        for item in self.items:
            yield from item.all()


@dataclass(frozen=True)
class Rect:
    """Where a box or a frame stands, in pixels; x, y is its top left corner. depth: how many frames it stands in."""

    id: str
    x: float
    y: float
    width: float
    height: float
    depth: int = 0


@dataclass(frozen=True)
class Route:
    """An arrow from box to box. points: [x, y] from the one's border to the other's.

    Between two points on one line along the page it goes straight, else in a curve that leaves and arrives along the page. Arrows
    from one box to several have their first points in common for as long as they go together.
    """

    source: str
    target: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Layout:
    """direction: "down" or "right". width, height: of the whole, in pixels. frames: the outer before the inner."""

    direction: str
    width: float
    height: float
    boxes: tuple[Rect, ...]
    frames: tuple[Rect, ...]
    routes: tuple[Route, ...]

    def as_json(self) -> dict[str, Any]:
        """Numbers, strings, lists and dicts; pixels to a tenth."""
        return {
            "direction": self.direction,
            "width": round(self.width, 1),
            "height": round(self.height, 1),
            "boxes": [_rect(rect) for rect in self.boxes],
            "frames": [_rect(rect) for rect in self.frames],
            "routes": [
                {"from": r.source, "to": r.target, "points": [[round(x, 1), round(y, 1)] for x, y in r.points]}
                for r in self.routes
            ],
        }


def _rect(rect: Rect) -> dict[str, Any]:
    numbers = {name: round(getattr(rect, name), 1) for name in ("x", "y", "width", "height")}
    return {"id": rect.id, **numbers, "depth": rect.depth}
