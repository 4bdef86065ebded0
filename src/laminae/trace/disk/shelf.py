"""Every layer that a folder of activations holds, found as in a trace: by name, path, group or glob."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from laminae.base.errors import UnknownNameError
from laminae.base.records import Problem
from laminae.graph.select import glob_pattern, is_glob, matches, unknown
from laminae.trace.disk.layer import LayerActivations
from laminae.trace.disk.manifest import Column, Shard
from laminae.trace.disk.mapped import Mapped
from laminae.trace.disk.stored import Stored


class Shelf:
    """What a folder holds. Raises FileError where it is no such folder."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.mapped = Mapped(path)
        self.manifest = self.mapped.manifest

    @cached_property
    def batches(self) -> list[tuple[int, int]]:
        """Of each batch the place at which its first sample ran, and how many there are."""
        found, place = [], 0
        for shard in self.manifest.shards:
            for runs in shard.batches:
                count = sum(n for _, n in runs)
                found.append((place, count))
                place += count
        return found

    @cached_property
    def layers(self) -> dict[str, tuple[LayerActivations, ...]]:
        """Layer → its outputs, in forward order."""
        columns: dict[str, dict[int, list[tuple[Shard, int, Column]]]] = {}
        first = 0
        for shard in self.manifest.shards:
            for column in shard.columns:
                columns.setdefault(column.layer, {}).setdefault(column.output, []).append((shard, first, column))
            first += len(shard.batches)
        return {
            name: tuple(
                LayerActivations(Stored(self.mapped, found), self.mapped, self.batches) for _, found in sorted(outputs.items())
            )
            for name, outputs in columns.items()
        }

    def find(self, name: Any) -> Any:
        """A layer's outputs, of several a tuple; of a group those of its last layer; of a glob a dict, by groups where no layer
        matches. Raises UnknownNameError.
        """
        if not isinstance(name, str):
            raise UnknownNameError(
                f"acts[{name!r}] is nothing", {"there are": f"{len(self.layers)} layers, by name, path or glob"}
            )
        if name in self.layers:
            return _one(self.layers[name])
        path = name.strip("/")
        by_path = next((found for found in self.layers.values() if found[0].path == path), None)
        if by_path is not None:
            return _one(by_path)
        if path in self._groups:
            return _one(self.layers[self._groups[path]])
        if is_glob(name) or name.startswith("op:"):
            found = {key: _one(x) for key, x in self.layers.items() if matches(name, name=key, path=x[0].path, operator=x[0].op)}
            found = found or {path: _one(self.layers[x]) for path, x in self._groups.items() if glob_pattern(name).match(path)}
            if found:
                return found
        inside = [key for key, x in self.layers.items() if x[0].path.startswith(path + "/")]
        if inside:
            rows = {"stored of it": ", ".join(map(repr, inside[:6])), "write": f"acts[{path + '/**'!r}]"}
            raise UnknownNameError(f"the output of group {name!r} was not stored", rows)
        raise unknown("layer", name, self.layers)

    def check(self) -> list[Problem]:
        """Every file held against its SHA-256, all of it read."""
        found = [self.mapped.damage(shard) for shard in self.manifest.shards]
        return [Problem("", text) for text in found if text]

    @property
    def left_out(self) -> Mapping[str, str]:
        """Layer → what it made that no file takes."""
        return {layer: what for shard in self.manifest.shards for layer, what in shard.left_out.items()}

    @cached_property
    def _groups(self) -> Mapping[str, str]:
        """Group → its last layer, where that is stored."""
        groups = self.manifest.header.get("groups")
        told = groups.items() if isinstance(groups, dict) else ()
        return {path: layer for path, layer in told if isinstance(layer, str) and layer in self.layers}


def _one(outputs: tuple[LayerActivations, ...]) -> Any:
    return outputs[0] if len(outputs) == 1 else outputs
