"""Where boxes stand, frames around them, and the way of each arrow: laid out once, drawn by any renderer.

Layers stand in ranks, one after another along the page, as forward order has them; what passes over ranks has a narrow place of
its own in each. Sugiyama, Tagawa, Toda 1981, without the search for ranks. A group is laid out by itself and then stands as one
box in what is around it; equal groups are laid out once.
"""

from laminae.see.layout.closed import Inside, insides
from laminae.see.layout.groups import layout
from laminae.see.layout.records import DOWN, RIGHT, Item, Layout, Pads, Rect, Route

__all__ = ["DOWN", "RIGHT", "Inside", "Item", "Layout", "Pads", "Rect", "Route", "insides", "layout"]
