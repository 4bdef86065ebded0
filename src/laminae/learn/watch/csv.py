"""The numbers of a run as CSV: a line for each epoch, or for each step."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from laminae.base.errors import FileError, UsageError
from laminae.base.learned import EpochRecord
from laminae.base.watched import Fitting, Progress
from laminae.files.atomic import check_place

EACH = ("epoch", "step")


class Csv:
    """A new file at the first line; each line is there to be read as soon as it is written. Where a run is gone on with, the
    lines of what it had done before stay.
    """

    def __init__(self, path: str | os.PathLike[str], each: str = "epoch") -> None:
        if each not in EACH:
            raise UsageError(f"each={each!r} is nothing", {"expected": "'epoch' or 'step'"})
        self.path, self.each = Path(os.fspath(path)), each
        self._file: TextIO | None = None
        self._fitting: Fitting | None = None

    def begin(self, fitting: Fitting) -> None:
        """Write the lines that a run which is gone on with had before. Raises FileError where the file cannot be."""
        check_place(self.path)
        self._fitting = fitting
        for line in [one.as_json() for one in fitting.before] if self.each == "epoch" else self._lines(fitting.step.batches):
            self._line(line)

    def __call__(self, told: Progress | EpochRecord) -> None:
        if self.each == "epoch" and isinstance(told, EpochRecord):
            self._line(told.as_json())
        elif self.each == "step" and isinstance(told, Progress):
            assert self._fitting is not None
            step = self._fitting.step
            self._line({"step": step.batches, "epoch": told.epoch, "batch": told.batch, "loss": told.loss, "rate": step.rate})

    def _lines(self, done: int) -> list[dict[str, str]]:
        """Those of the first so many steps, where the file has them."""
        if not done or not self.path.is_file():
            return []
        with open(self.path, encoding="utf-8", newline="") as file:
            return [line for line in csv.DictReader(file) if (line.get("step") or "").isdigit() and int(line["step"]) <= done]

    def _line(self, values: Mapping[str, Any]) -> None:
        try:
            if self._file is None:
                self._file = open(self.path, "w", encoding="utf-8", newline="")  # noqa: SIM115 - open until `end`
                csv.writer(self._file).writerow(values)
            csv.writer(self._file).writerow(values.values())
            self._file.flush()
        except OSError as problem:
            raise FileError(f"{str(self.path)!r} cannot be written: {problem.strerror or problem}") from problem

    def end(self) -> None:
        """Close the file; what was written stays."""
        if self._file is not None:
            self._file.close()
            self._file = None
