"""What came of learning, told: epochs, what was written, how to go on; or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laminae.cli.printing import console, written
from laminae.see.learning import history_table

if TYPE_CHECKING:
    from laminae.api.history import History
    from laminae.base.learned import EpochRecord

MOST = 24
"""Epochs that are shown."""


def best_of(history: History) -> EpochRecord | None:
    """The epoch with the lowest loss on what was held out, or of learning; None where no epoch ended."""
    known = [record for record in history.epochs if record.validation is not None] or list(history.epochs)
    return min(known, key=lambda r: r.loss if r.validation is None else r.validation, default=None)


def table(history: History, held: bool) -> None:
    """A row for each epoch, of many for some."""
    if not history.epochs:
        return
    best = best_of(history) if held else None
    shown = some(history.epochs, best)
    left = [] if len(shown) == len(history.epochs) else [f"{len(shown)} of the {len(history.epochs)} epochs are shown."]
    notes = [*left, *getattr(history, "notes", ()), *([f"Stopped: {in_the_shell(history.stopped)}."] if history.stopped else [])]
    console().print(history_table(shown, history.title, best=None if best is None else best.epoch, notes=notes))


def in_the_shell(text: str) -> str:
    """What `lm.fit` says to go on with, as the command has it."""
    return text.replace("the same call with resume=True", "the same line with --resume").replace("resume=True", "--resume")


def some(records: Sequence[EpochRecord], best: EpochRecord | None) -> list[EpochRecord]:
    """At most MOST of them, evenly, the first, the best and the last among them."""
    if len(records) <= MOST:
        return list(records)
    places = {round(i * (len(records) - 1) / (MOST - 2)) for i in range(MOST - 1)}
    return [record for at, record in enumerate(records) if at in places or record is best]


def written_to(work: Any, history: History, kept: Any, save: Path | None, without: str) -> None:
    """The files there are now, and what one does next."""
    best = best_of(history)
    of = "" if best is None else f"the weights of epoch {best.epoch}, the best on what was held out"
    which = of if work.held is not None else "the weights of the last epoch"
    console().print()
    written(kept.out, "the run: checkpoints, history, the model, how data become numbers")
    if without:
        console().print(f"  Its model could not be written as ONNX: {without}", style="yellow", soft_wrap=True)
    if save is not None:
        written(save, which)
    console().print(f"\n  Next:  laminae predict {kept.out} --data NEW --out answers.csv\n", style="bold", soft_wrap=True)


def document(work: Any, history: History, kept: Any, save: Path | None) -> str:
    """The object that `laminae train --json` prints."""
    from laminae.cli import as_json

    best = best_of(history)
    held = {
        "model": work.model.name,
        "loss": work.loss.as_json(),
        "optimizer": repr(work.settings.optimizer),
        "samples": len(work.training),
        "held_out": 0 if work.held is None else len(work.held),
        "epochs": [_epoch(record) for record in history.epochs],
        "best": None if best is None else best.epoch,
        "stopped": history.stopped or None,
        "out": str(kept.out),
        "saved": None if save is None else str(save),
    }
    return as_json.text(held)


def _epoch(record: EpochRecord) -> dict[str, Any]:
    from laminae.cli.as_json import finite

    return {
        "epoch": record.epoch,
        "loss": finite(record.loss),
        "validation": finite(record.validation),
        "metrics": {name: finite(value) for name, value in record.metrics},
        "rate": record.rate,
        "samples": record.samples,
        "seconds": record.seconds,
    }
