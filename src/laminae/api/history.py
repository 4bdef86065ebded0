"""What came of learning, as users hold it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from laminae.api.pictures import write
from laminae.base.errors import MissingPackageError, UsageError
from laminae.base.learned import EpochRecord
from laminae.see.curves import curves
from laminae.see.learning import history_table
from laminae.see.plotting import format_of
from laminae.see.rendering import Table


class History:
    """What came of learning: `history.epochs` has a record of each epoch, `history["loss"]` the losses. Prints as a table.

    best: the best epoch, where `patience` or checkpoints asked for one. stopped: why it ended early, "" where it did not.
    interrupted: whether that was Ctrl-C. notes: what else there is to say.
    """

    def __init__(
        self,
        epochs: Sequence[EpochRecord],
        title: str,
        *,
        best: int | None = None,
        stopped: str = "",
        interrupted: bool = False,
        notes: Sequence[str] = (),
    ) -> None:
        self.epochs: tuple[EpochRecord, ...] = tuple(epochs)
        self.best, self.stopped, self.interrupted, self.title, self.notes = best, stopped, interrupted, title, tuple(notes)

    def __getitem__(self, name: str) -> list[float]:
        """The losses ("loss", "validation"), a metric, "rate", "samples" or "seconds" of each epoch."""
        known = self.as_json()["epochs"]
        there = [key for key, value in (known[0] if known else {"loss": 0.0}).items() if value is not None]
        if name not in there:
            raise UsageError(f"{name!r} was not taken", {"there are": ", ".join(there)})
        return [float(one[name]) for one in known]

    def as_json(self) -> dict[str, Any]:
        """Plain values: `title`, `best`, `stopped`, and of each of the `epochs` its numbers by name. `json.dumps` takes it."""
        epochs = [record.as_json() for record in self.epochs]
        return {"title": self.title, "best": self.best, "stopped": self.stopped, "epochs": epochs}

    def frame(self) -> Any:
        """A pandas DataFrame, a row for each epoch. Raises MissingPackageError without pandas."""
        try:
            import pandas
        except ImportError:
            raise MissingPackageError("data frames are made by pandas", {"install": "pip install pandas"}) from None
        rows = self.as_json()["epochs"]
        return pandas.DataFrame(rows, columns=list(rows[0]) if rows else ["epoch", "loss"]).set_index("epoch")

    def draw(self, path: str | os.PathLike[str]) -> None:
        """Learning curves as .png, .svg or .pdf: the losses, under them the metrics and, where it changes, the rate.

        Raises UsageError where no epoch was ended, MissingPackageError without matplotlib.
        """
        write(Path(os.fspath(path)), curves(self.epochs, self.title, format_of(os.fspath(path)), best=self.best))

    def table(self) -> Table:
        """A row for each epoch."""
        notes = [*self.notes, *([f"Stopped: {self.stopped}."] if self.stopped else [])]
        return history_table(self.epochs, self.title, best=self.best, notes=notes)

    def __len__(self) -> int:
        return len(self.epochs)

    def __iter__(self) -> Iterator[EpochRecord]:
        return iter(self.epochs)

    def __repr__(self) -> str:
        last = f", loss {self.epochs[-1].loss:.4g}" if self.epochs else ""
        return f"History({len(self)} epochs{last}{', stopped early' if self.stopped else ''})"

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()
