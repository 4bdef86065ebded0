"""Learning curves: the losses, under them the metrics and the rate, over the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from laminae.base.errors import UsageError
from laminae.base.learned import EpochRecord
from laminae.see.plotting import BLUE, GREEN, GREY, ORANGE, PURPLE, plotting, rendered, scale
from laminae.see.text import number

WIDTH, TALL, LOW = 7.0, 2.8, 1.3
"""Inches: of the page, of the panel of the losses, of each other one."""

FEW = 30
"""Up to so many epochs each has a dot."""


def curves(records: Sequence[EpochRecord], title: str, form: str, *, best: int | None = None) -> bytes:
    """A picture as a file. best: the epoch that is marked, that of the least loss unless given. form: "png", "svg", "pdf".

    Raises UsageError where no epoch was ended, MissingPackageError without matplotlib.
    """
    if not records:
        raise UsageError("there are no curves of no epoch", {"expected": "at least one epoch that was ended"})
    names = list(dict.fromkeys(name for record in records for name, _ in record.metrics))
    moves = len({record.rate for record in records}) > 1
    low = len(names) + moves
    with plotting(WIDTH, TALL + LOW * low + 0.4) as figure:
        panels = figure.subplots(1 + low, 1, sharex=True, squeeze=False, height_ratios=[TALL, *[LOW] * low])[:, 0]
        figure.suptitle(_title(records, title, moves), x=0.01, ha="left", fontweight="bold")
        _losses(panels[0], records)
        for panel, name in zip(panels[1:], names, strict=False):
            _line(panel, records, [dict(record.metrics).get(name) for record in records], GREEN, "-", name)
            panel.set_title(name)
        if moves:
            rates = [record.rate for record in records]
            _line(panels[-1], records, rates, PURPLE, "-", "rate")
            scale(panels[-1], rates)
            panels[-1].set_title("learning rate")
        _mark(panels, records, _best(records) if best is None else best)
        panels[-1].set_xlabel("epoch")
        panels[-1].xaxis.get_major_locator().set_params(integer=True)
        return rendered(figure, form)


def _title(records: Sequence[EpochRecord], title: str, moves: bool) -> str:
    return title if moves else f"{title} · rate {number(records[-1].rate, 3)}"


def _losses(panel: Any, records: Sequence[EpochRecord]) -> None:
    trained = [record.loss for record in records]
    held_out = [record.validation for record in records]
    _line(panel, records, trained, BLUE, "-", "training")
    if any(value is not None for value in held_out):
        _line(panel, records, held_out, ORANGE, "--", "held out")
        panel.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.2)
    scale(panel, [*trained, *held_out])
    panel.set_title("loss")


def _line(panel: Any, records: Sequence[EpochRecord], values: Sequence[float | None], colour: str, style: str, name: str) -> None:
    numbers = [float("nan") if value is None else value for value in values]
    dots = {"marker": "o" if style == "-" else "s", "markersize": 3.2} if len(records) <= FEW else {}
    panel.plot([record.epoch for record in records], numbers, style, color=colour, label=name, linewidth=1.6, **dots)


def _best(records: Sequence[EpochRecord]) -> int | None:
    """The epoch of the least loss on what was held out; nothing where nothing was."""
    found = [record for record in records if record.validation is not None and record.validation == record.validation]
    return min(found, key=lambda record: record.validation or 0.0).epoch if found else None


def _mark(panels: Sequence[Any], records: Sequence[EpochRecord], best: int | None) -> None:
    """A line through all panels where the best epoch is."""
    if best is None or len(records) < 2:
        return
    for panel in panels:
        panel.axvline(best, color=GREY, linewidth=1.0, linestyle=":")
    near_end = best > (records[0].epoch + records[-1].epoch) / 2
    panels[0].annotate(
        f"best: {best}", (best, 0.97), xycoords=("data", "axes fraction"), color=GREY, fontsize=8, va="top",
        ha="right" if near_end else "left", xytext=(-3 if near_end else 3, 0), textcoords="offset points",
    )  # fmt: skip
