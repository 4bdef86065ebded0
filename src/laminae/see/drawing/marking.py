"""Which layers are highlighted, and the boxes that hold them."""

from __future__ import annotations

from collections.abc import Sequence

from laminae.base.records import LayerRecord
from laminae.graph.select import matches, unknown
from laminae.see.drawing.scheme import Scheme


def marked(records: Sequence[LayerRecord], shown: Scheme, asked: Sequence[str] | str) -> frozenset[str]:
    """The ids of the boxes that hold a layer which was asked for. Raises UnknownNameError as `marked_names`."""
    return frozenset(shown.homes[name] for name in marked_names(records, asked) if name in shown.homes)


def marked_names(records: Sequence[LayerRecord], asked: Sequence[str] | str) -> frozenset[str]:
    """The names of layers. asked: layers by name or path, groups, globs, `op:Conv`.

    Raises UnknownNameError for one that means none.
    """
    found: set[str] = set()
    for glob in [asked] if isinstance(asked, str) else asked:
        under = glob.strip("/") + "/"
        names = [
            record.name
            for record in records
            if matches(glob, name=record.name, path=record.path, operator=record.op) or record.path.startswith(under)
        ]
        if not names:
            raise unknown("layer", glob, [record.name for record in records])
        found.update(names)
    return frozenset(found)
