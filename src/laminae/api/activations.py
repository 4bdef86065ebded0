"""A folder of activations as users hold it: what layers left over a dataset, or in one run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from laminae.base.records import Problem
from laminae.see.rendering import Column, Row, Table
from laminae.see.text import count, memory
from laminae.trace.disk.export import export
from laminae.trace.disk.layer import LayerActivations
from laminae.trace.disk.shelf import Shelf

SHOWN = 40
"""Rows of a table that is not full."""


class Activations:
    """What a folder holds: `acts["h/3"]` is what one layer left, of a group its last layer; `acts["h/*"]` a dict of these.

    Nothing is read but the manifest until samples are asked for, then only theirs.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._shelf = Shelf(path)

    @property
    def path(self) -> Path:
        """The folder, as it was given."""
        return self._shelf.mapped.path

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the layers, in forward order."""
        return tuple(self._shelf.layers)

    @property
    def facts(self) -> Mapping[str, Any]:
        """The run as a whole: the model's fingerprint, engine, threads, store policy, versions; as in the manifest."""
        return self._shelf.manifest.header

    @property
    def finished(self) -> bool:
        """Whether all of the dataset is there; where not, the same harvest goes on."""
        return self._shelf.manifest.finished

    @property
    def samples(self) -> int:
        """How many samples are there, whole: of an unfinished harvest those so far."""
        return self._shelf.manifest.samples

    def __getitem__(self, name: str) -> Any:
        """What a layer left, by name or path, of a group its last layer; of a glob or `op:…` a dict by name.

        Of a layer with several outputs a tuple. Raises UnknownNameError with the nearest names.
        """
        return self._shelf.find(name)

    def __contains__(self, name: object) -> bool:
        try:
            return bool(self._shelf.find(name))
        except KeyError:
            return False

    def __iter__(self) -> Iterator[str]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.layers)

    def check(self) -> list[Problem]:
        """Every file, all of it read, held against the SHA-256 that it was written with: each one that is damaged, none else."""
        return self._shelf.check()

    def export(
        self, path: str | os.PathLike[str], to: str, layers: Sequence[str] | str | None = None, *, bfloat16: str = "float32"
    ) -> tuple[LayerActivations, ...]:
        """Write layers for other tools, whole or not at all; those that were written.

        to: "zarr" (a group for each layer: `values`, and where sizes differ `shapes` and `offsets` to cut them by) or "parquet"
        (a row for each sample). layers: names, groups or globs; unless given all that can be written so: records are not, nor to
        Parquet what has no axis of samples. bfloat16: those tools lack it; "float32" holds every value of it, "uint16" its bits.
        Raises MissingPackageError, FileError, UsageError.
        """
        return tuple(export(self._shelf, Path(os.fspath(path)), to, layers, bfloat16))

    def table(self, *, full: bool = False) -> Table:
        """The layers in forward order: what each left, and how much of it. Of very many the first and last, unless `full`."""
        columns = (
            Column("layer", shrink=14),
            Column("operator", shrink=10, drop=2),
            Column("shape"),
            Column("dtype"),
            Column("bytes", right=True, drop=1),
        )
        layers = [layer for outputs in self._shelf.layers.values() for layer in outputs]
        over = 0 if full else max(0, len(layers) - SHOWN)
        rows = [_row(layer) for layer in layers[: SHOWN // 2]]
        rows += [
            Row((f"… {over} more", "", "", "", memory(sum(x.bytes for x in layers[SHOWN // 2 : SHOWN // 2 + over]))))
        ] * bool(over)
        rows += [_row(layer) for layer in layers[SHOWN // 2 + over :]]
        notes = [*self._notes(), *(["acts.table(full=True) shows all."] if over else [])]
        return Table(columns, rows, title=self._title(), aside=self._aside(), notes=notes)

    def _title(self) -> str:
        model = self.facts.get("model")
        name = model.get("name") if isinstance(model, dict) else ""
        return " · ".join([str(self.path.name), *([str(name)] if name else []), count(len(self.layers), "layer")])

    def _aside(self) -> str:
        batches = len(self._shelf.batches)
        size = sum(shard.bytes for shard in self._shelf.manifest.shards)
        return f"{count(self.samples, 'sample')} in {batches:,} batch{'' if batches == 1 else 'es'}, {memory(size)}"

    def _notes(self) -> list[str]:
        notes = [f"{layer}: a {what} is not written" for layer, what in self._shelf.left_out.items()]
        total = self.facts.get("samples")
        if not self.finished:
            of = f" of {total:,}" if isinstance(total, int) else ""
            notes.append(f"Not finished: {self.samples:,}{of} samples are there. The same harvest goes on with it.")
        return notes

    def __repr__(self) -> str:
        return f"Activations({str(self.path)!r}: {self._title().split(' · ', 1)[1]}, {self._aside()})"

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def _row(layer: LayerActivations) -> Row:
    shape = "[" + ", ".join("?" if size is None else str(size) for size in layer.shape) + "]"
    name = layer.name if not layer.output else f"{layer.name}:{layer.output}"
    apart = "" if layer.by_sample else " a batch"
    return Row((name, layer.op, shape + apart, layer.dtype, memory(layer.bytes)))


def load(path: str | os.PathLike[str]) -> Activations:
    """The activations in a folder that `model.harvest` or `model.run(x, out=…)` has written. Raises FileError for any other."""
    return Activations(path)
