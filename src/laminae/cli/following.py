"""One scan followed through the layers, and what the loss sends back through them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from laminae.cli.printing import console, paragraph
from laminae.see.blocks import bars, shades, spark
from laminae.see.rendering import Column, Row, Table
from laminae.see.text import number

if TYPE_CHECKING:
    from laminae.api.learning import Backward
    from laminae.api.model import Model

Array = np.ndarray[Any, Any]


def follow(network: Model, x: Array, wanted: int) -> None:
    """The scan, what every layer made of it, the answer; then the delta of every layer. x: [1, 1, rows, columns]."""
    trace = network.run(x, backward="inputs")
    scores = trace.output.detach().softmax(1).reshape(-1).numpy()
    answer = int(scores.argmax())
    console().print(f"\n  One digit, {_a(wanted)}, followed forward through the layers\n", style="bold")
    _answer(x[0, 0], scores)
    rows = [(str(r.index), r.name, r.op, str(list(r.values[0].shape)), _spark(r.values[0])) for r in trace.records()]
    _print(("#", "layer", "operator", "output", "what it stored"), rows)
    verdict = "✓ right" if answer == wanted else "✗ wrong"
    console().print(f"\n  It is {_a(wanted)}; the model says {answer}, {verdict}.", style="bold")
    back = trace.backward("cross_entropy", [wanted])
    console().print(f"\n  And back again: from the loss, {number(back.loss, 3)}, to each layer and each weight\n", style="bold")
    _back(back)
    console().print("\n  Where the loss hangs on the scan: its own delta, pixel by pixel\n", style="bold")
    for scan, delta in zip(shades(x[0, 0]), shades(np.abs(back["scan"].numpy()[0, 0])), strict=True):
        console().print(f"    {scan:<16}      {delta}")
    console().print()
    paragraph("Left the scan; right the pixels, by how much a little ink more or less there would change the loss.", style="dim")


def _answer(scan: Array, scores: Array) -> None:
    """The scan beside a bar for each class."""
    answer = int(scores.argmax())
    right = [f"{digit}  {bar} {score:.3f}" for digit, (bar, score) in enumerate(zip(bars(scores, 24), scores, strict=True))]
    for line, told in zip(["", *shades(scan), ""], right, strict=True):
        console().print(f"    {line:<16}      {told}", style="bold green" if told.startswith(f"{answer} ") else "")
    console().print()


def _back(back: Backward) -> None:
    rows = []
    for record in back.records():
        if record.value is not None and not record.path.startswith("loss"):
            weights = ", ".join(f"{w.name.rsplit('.', 1)[-1]} {number(w.norm, 2)}" for w in record.weights)
            rows.append((str(record.index), record.name, number(record.norm, 3), _spark(record.value, 26), weights))
    _print(("#", "layer", "‖delta‖", "its delta", "‖derivatives of weights‖"), rows)


def _a(digit: int) -> str:
    return f"{'an' if digit == 8 else 'a'} {digit}"


def _spark(value: Any, width: int = 36) -> str:
    return spark(value.detach().numpy().reshape(-1), width)


def _print(names: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    console().print(Table([Column(name, right=name in ("#", "‖delta‖")) for name in names], [Row(row) for row in rows]))
