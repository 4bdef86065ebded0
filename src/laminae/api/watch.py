"""Watching a model learn: what `lm.fit(…, callbacks=[…])` takes, `lm.watch.curves("curves.svg")`.

curves: learning curves as a picture, drawn anew as the epochs end. csv: the numbers as a table. tensorboard: event files. layers:
what each layer's output, delta, weights and derivatives are like, every so many steps.

A callback of one's own is a function that is handed a `Progress` after each step and an `EpochRecord` after each epoch, and stops
the run where it returns True. It may have more methods: `begin(fitting)` before the first step, `backward(batch)` between a
backward pass and the move of the weights (`fitting.step.weights[name].grad` are the derivatives then), `end()` when all is over.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from laminae.api.pictures import write
from laminae.base.learned import EpochRecord
from laminae.base.watched import Batch, Fitting, LayerStep, Progress
from laminae.files.atomic import check_place
from laminae.graph.select import unknown
from laminae.learn.watch.csv import Csv
from laminae.learn.watch.layers import LayersWatched
from laminae.learn.watch.tensorboard import TensorBoard
from laminae.see.curves import curves as drawn
from laminae.see.layer_steps import layer_curves, layers_table
from laminae.see.plotting import format_of, require_matplotlib
from laminae.see.rendering import Table

__all__ = ["Batch", "Curves", "Fitting", "LayerStep", "Layers", "Progress", "csv", "curves", "layers", "tensorboard"]

SHARE = 0.05
"""Of the time of a run, at most so much is spent on drawing it."""


class Curves:
    """Draws after each epoch, and at the end; where epochs are short, not after each."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path, self.form = Path(os.fspath(path)), format_of(os.fspath(path))
        self._records: list[EpochRecord] = []
        self._title, self._next, self._drawn = "", 0.0, 0

    def begin(self, fitting: Fitting) -> None:
        """Raises FileError or MissingPackageError before anything is learned."""
        require_matplotlib()
        check_place(self.path)
        step = fitting.step
        self._title = f"{fitting.name} · {step.loss!r} · {type(step.optimizer).__name__}"
        self._records, self._drawn = list(fitting.before), len(fitting.before)

    def __call__(self, told: Progress | EpochRecord) -> None:
        if isinstance(told, EpochRecord):
            self._records.append(told)
            if perf_counter() >= self._next:
                self._draw()

    def _draw(self) -> None:
        start = perf_counter()
        write(self.path, drawn(self._records, self._title, self.form))
        end = perf_counter()
        self._drawn, self._next = len(self._records), end + (end - start) / SHARE

    def end(self) -> None:
        """Draw the epochs that are not in the picture yet."""
        if self._drawn < len(self._records):
            self._draw()


class Layers(LayersWatched):
    """What the layers did at each step that was looked at. `watched["L2"]`: the records of one layer, in order of the steps; of a
    group, those of its last layer.

    records: all of them. Prints as a table of the last step; `draw` has the curves.
    """

    def __getitem__(self, name: str) -> list[LayerStep]:
        """The records of one layer, in order of the steps; of a group those of its last layer. Raises UnknownNameError."""
        inside = [record.path for record in self.records if record.path.startswith(name.strip("/") + "/")]
        found = [record for record in self.records if name in (record.name, record.path)]
        found = found or [record for record in self.records if record.path in inside[-1:]]
        if not found:
            raise unknown("watched layer", name, dict.fromkeys(record.name for record in self.records))
        return found

    @property
    def steps(self) -> list[int]:
        """The steps that were looked at: how often the weights had moved before."""
        return sorted({record.step for record in self.records})

    def table(self, step: int | None = None) -> Table:
        """A row for each layer at one step, the last unless told otherwise."""
        return layers_table(self.records, self.title or "layers", step)

    def draw(self, path: str | os.PathLike[str]) -> None:
        """Curves over the steps, as .png, .svg or .pdf.

        Raises UsageError for another kind of file and where no step was looked at; MissingPackageError without matplotlib;
        FileError.
        """
        write(Path(os.fspath(path)), layer_curves(self.records, self.title, format_of(os.fspath(path))))

    def __repr__(self) -> str:
        return f"Layers({len(self.steps)} steps looked at, {len(dict.fromkeys(r.name for r in self.records))} layers)"

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def curves(path: str | os.PathLike[str]) -> Curves:
    """Learning curves as .png, .svg or .pdf, drawn anew as epochs end; the file is whole at any time. Of a run that is gone on
    with they have the epochs before, too.

    Drawing takes at most a twentieth of the time. Raises UsageError for another kind of file; MissingPackageError without
    matplotlib, FileError where the file cannot be, before anything is learned.
    """
    return Curves(path)


def csv(path: str | os.PathLike[str], *, each: str = "epoch") -> Csv:
    """A line for each epoch (all that its record has) or, each="step", for each step (step, epoch, batch, loss, rate).

    A file that is there is written anew; a run that is gone on with keeps the lines from before.
    """
    return Csv(path, each)


def tensorboard(
    folder: str | os.PathLike[str], *, histograms: Sequence[str] | str | None = None, every: int = 100
) -> TensorBoard:
    """Event files in a folder, for `tensorboard --logdir`; nothing need be installed to write them. See `TensorBoard`.

    histograms: weights, layers, globs ("**") whose weights and derivatives are counted at each `every`-th step.
    """
    return TensorBoard(folder, histograms, every)


def layers(layers: Any = "all", *, every: int = 100, store: Any = None) -> Layers:
    """At each `every`-th move of the weights, of each layer: the norm of its output and of its delta; of each of its weights the
    norm, that of the derivative, and how far it moved.

    layers: all, a name, a group, a glob, several, a function of the layer. store: what is kept of outputs and deltas themselves,
    as rules (`lm.Store("L2", reduce="histogram")`), in `record.kept_output`, `record.kept_delta`. What is learned stays the same
    bit for bit; a step that is looked at costs about as much as two more.
    """
    return Layers(layers, every, store)
