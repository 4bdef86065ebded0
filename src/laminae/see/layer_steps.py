"""What layers did while a model learned, as a table of one step and as curves over the steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from laminae.base.errors import UsageError
from laminae.base.watched import LayerStep, WeightStep
from laminae.see.plotting import GREY, plotting, rendered, scale
from laminae.see.rendering import Column, Row, Table
from laminae.see.text import count, number, shorten

USUAL = 1e-3
"""Weights that learn well often move by about so much of their size at a step. Karpathy, cs231n.github.io/neural-networks-3."""

NAMED = 12
"""Lines that a legend names; of more, some from the first to the last layer."""


def layers_table(records: Sequence[LayerStep], title: str, step: int | None = None) -> Table:
    """One step, the last unless told otherwise: a row for each layer and, under the first, for each more weight of it."""
    steps = sorted({record.step for record in records})
    shown = steps[-1] if step is None and steps else step
    if records and shown not in steps:
        raise UsageError(f"step {step} was not looked at", {"looked at": _listed(steps)})
    rows = [row for record in records if record.step == shown for row in _rows(record)]
    columns = [Column("#", right=True), Column("layer", shrink=10), Column("operator", shrink=8, drop=1)]
    columns += [Column("‖output‖", right=True), Column("‖delta‖", right=True), Column("weight", shrink=8)]
    columns += [Column("‖weight‖", right=True, drop=2), Column("‖derivative‖", right=True), Column("moved by", right=True)]
    head = f"{title} · layers at step {shown}" if records else f"{title} · no step was looked at"
    aside = f"{count(len(steps), 'step')} looked at" if records else ""
    notes = ["moved by: how far the weight moved, of its own size; about 0.1 % is usual."] if rows else []
    return Table(columns, rows, title=head, aside=aside, notes=notes)


def _rows(record: LayerStep) -> list[Row]:
    first = (str(record.index), record.name, record.op, number(record.output, 3), number(record.delta, 3))
    if not record.weights:
        return [Row((*first, *("",) * 4))]
    return [Row((*(first if place == 0 else ("",) * 5), *_weight(one))) for place, one in enumerate(record.weights)]


def _weight(one: WeightStep) -> tuple[str, ...]:
    moved = "from 0" if one.ratio == float("inf") else f"{number(one.ratio * 100, 2)} %"
    return one.name.rsplit(".", 1)[-1], number(one.norm, 3), number(one.derivative, 2), moved


def _listed(steps: Sequence[int]) -> str:
    return ", ".join(map(str, steps[:8])) + (f" … {steps[-1]}" if len(steps) > 8 else "")


Lines = dict[str, tuple[list[int], list[float]]]
"""Name → the steps, and the numbers at them."""


def layer_curves(records: Sequence[LayerStep], title: str, form: str) -> bytes:
    """Outputs, deltas, derivatives, and how far weights moved, over the steps: a line for each, from dark at the first layer to
    light at the last. Raises UsageError where no step was looked at, MissingPackageError without matplotlib.
    """
    if not records:
        raise UsageError("no step was looked at", {"expected": "a run with lm.watch.layers(…) among its callbacks"})
    rows = [
        {"‖output‖": _of_layers(records, lambda one: one.output), "‖delta‖": _of_layers(records, lambda one: one.delta)},
        {
            "‖derivative‖ of each weight": _of_weights(records, lambda one: one.derivative),
            "moved by, of the weight's size": _of_weights(records, lambda one: one.ratio),
        },
    ]
    with plotting(10.0, 6.4) as figure:
        figure.suptitle(f"{title} · layers while it learned", x=0.01, ha="left", fontweight="bold")
        for axes, panels in zip(figure.subplots(2, 2, sharex=True), rows, strict=True):
            _row(axes, panels)
        for axes in figure.axes[2:]:
            axes.set_xlabel("step")
        figure.axes[3].axhline(USUAL, color=GREY, linewidth=1.0, linestyle=":")
        return rendered(figure, form)


def _row(row: Sequence[Any], panels: Mapping[str, Lines]) -> None:
    """Panels of the same layers or weights, each with one colour and style in all, and one legend at their right."""
    import matplotlib

    names = list(dict.fromkeys(name for found in panels.values() for name in found))
    colours = matplotlib.colormaps["viridis"]
    looks: dict[str, dict[str, Any]] = {
        name: {"color": colours(0.9 * place / max(len(names) - 1, 1)), "linestyle": ("-", "--", "-.")[place % 3]}
        for place, name in enumerate(names)
    }
    for axes, (title, found) in zip(row, panels.items(), strict=True):
        for name, (steps, values) in found.items():
            dots = {"marker": ".", "markersize": 4} if len(steps) <= 30 else {}
            axes.plot(steps, values, **looks[name], **dots, linewidth=1.3)
        scale(axes, [value for _, values in found.values() for value in values], times=1.0)
        axes.set_title(title)
    every = -(-len(names) // NAMED) if names else 1
    shown = [name for place, name in enumerate(names) if place % every == 0 or place == len(names) - 1]
    drawn = [matplotlib.lines.Line2D([], [], **looks[name], label=shorten(name, 28)) for name in shown]
    if drawn:
        row[-1].legend(handles=drawn, loc="upper left", bbox_to_anchor=(1.01, 1.0), fontsize=7, handlelength=2.6)


def _of_layers(records: Sequence[LayerStep], of: Callable[[LayerStep], float | None]) -> Lines:
    found: Lines = {}
    for one in records:
        if (value := of(one)) is not None:
            _add(found, one.name, one.step, value)
    return found


def _of_weights(records: Sequence[LayerStep], of: Callable[[WeightStep], float | None]) -> Lines:
    found: Lines = {}
    for record in records:
        for one in record.weights:
            value = of(one)
            if value is not None and value != float("inf"):
                _add(found, one.name, record.step, value)
    return found


def _add(found: Lines, name: str, step: int, value: float) -> None:
    steps, values = found.setdefault(name, ([], []))
    steps.append(step)
    values.append(value)
