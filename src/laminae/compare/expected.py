"""Expected values by name, from a dict, an .npz or a folder of .npy, laid over the layers of a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from laminae.base.arrays import as_value, is_array
from laminae.base.errors import UsageError
from laminae.compare.sides import Node, Side, with_values
from laminae.data.files import read
from laminae.data.source import bare
from laminae.graph.select import unknown


def values_of(source: Any) -> dict[str, Any]:
    """What was expected, by name. source: a mapping; an .npz; a folder that `laminae run --out` wrote, or of NAME.npy.

    Raises FileError for what cannot be read, UsageError for a file that names nothing.
    """
    if isinstance(source, Mapping):
        return {str(key): held for key, held in source.items()}
    path = Path(source)
    if path.is_dir():
        return _folder(path)
    held = bare(read(path))
    if not isinstance(held, Mapping):
        raise UsageError(f"{str(path)!r} holds no names", {"expected": "an .npz of arrays by name, or a folder of NAME.npy"})
    return {str(key): array for key, array in held.items()}


def _folder(path: Path) -> dict[str, Any]:
    files = sorted(path.glob("**/*.npy"))
    if not files:
        return _written_by_run(path)
    return {file.relative_to(path).with_suffix("").as_posix(): bare(read(file)) for file in files}


def _written_by_run(path: Path) -> dict[str, Any]:
    """What `laminae run --out` or `trace.save` wrote: of each layer its outputs, of several a tuple."""
    from laminae.trace.disk.shelf import Shelf

    found: dict[str, Any] = {}
    for name, outputs in Shelf(path).layers.items():
        parts = {layer.output: layer.batch(0) for layer in outputs}
        found[name] = parts[0] if set(parts) == {0} else tuple(parts.get(i) for i in range(max(parts) + 1))
    return found


def lay_over(side: Side, values: Mapping[str, Any]) -> tuple[Side, list[str]]:
    """The model's layers with what they are expected to make, and the names that mean none of them.

    A name is a value's, a layer's, a path, or a group's, which means its last layer. Raises UnknownNameError where none fits.
    """
    groups = _groups(side)
    by_name = {node.path: node for node in side.nodes} | {node.name: node for node in side.nodes}
    held: dict[Node, list[Any]] = {}
    keys: dict[str, str] = {}
    loose = []
    for name, value in values.items():
        node, place = side.made_by.get(name, (by_name.get(name, groups.get(name.strip("/").replace(".", "/"))), 0))
        if node is None:
            loose.append(name)
            continue
        parts = held.setdefault(node, [None] * len(node.outputs))
        several = isinstance(value, tuple) and len(value) == len(parts) > 1
        for i, part in enumerate(value if several else (value,), 0 if several else place):
            parts[i] = _value(part, node.values[i])
        keys[node.name] = name
    if not held:
        raise unknown("layer", next(iter(values), ""), [node.name for node in side.nodes])
    return with_values(side, held, keys), loose


def _groups(side: Side) -> dict[str, Node]:
    """Every group's path and its last layer."""
    found: dict[str, Node] = {}
    for node in side.nodes:
        parts = node.path.split("/")[:-1]
        found.update(("/".join(parts[: i + 1]), node) for i in range(len(parts)))
    return found


def _value(given: Any, made: Any) -> Any:
    """An array as the engines hold it, of the device of what was made."""
    if given is None or isinstance(given, dict) or (isinstance(given, list | tuple) and not hasattr(made, "shape")):
        return given
    value = given.detach() if is_array(given) and hasattr(given, "detach") else as_value(np.asarray(given))
    return value.to(made.device) if is_array(value) and is_array(made) else value
