"""Outputs held against the expectation, as a table: x, expected, model(x), correct?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.records import OutputComparison, SampleComparison
from laminae.see.rendering import Column, Row, Table
from laminae.see.small import sample_name
from laminae.see.text import count, number, plain

SAMPLES = 12
"""So many samples are shown; of more, the wrong ones and then the first."""

ELEMENTS = 6
"""A sample of at most so many elements is shown whole, a larger one by its worst element."""


def comparison_table(outputs: Sequence[OutputComparison], x: Any = None) -> Table:
    """A row for each sample of each output; a sample of many elements by the one that is furthest off."""
    several = len(outputs) > 1
    rows = [row for output in outputs for row in _output(output, x)]
    inputs = "x" if _small_input(x) else "sample"
    columns = [
        Column("output" if several else "", shrink=10),
        Column(inputs, shrink=10),
        Column("element" if any(row.cells[2] for row in rows) else "", drop=1),
    ]
    columns += [Column("expected", shrink=10), Column("model(x)", shrink=10), Column("difference", right=True, drop=2)]
    rows = rows if several else [Row(("", *row.cells[1:]), row.style) for row in rows]
    return Table([*columns, Column("correct?")], rows, title=f"expectation: {summary(outputs)}", notes=_notes(outputs))


def summary(outputs: Sequence[OutputComparison]) -> str:
    """`2 of 3 samples right`; of several outputs, how many are right."""
    if len(outputs) != 1:
        return f"{sum(o.correct for o in outputs)} of {count(len(outputs), 'output')} right"
    (output,) = outputs
    return f"{sum(s.correct for s in output.samples)} of {count(len(output.samples), 'sample')} right"


def _output(output: OutputComparison, x: Any) -> list[Row]:
    chosen = output.samples
    if len(chosen) > SAMPLES:
        wrong = [s for s in chosen if not s.correct][:SAMPLES]
        right = [s for s in chosen if s.correct][: SAMPLES - len(wrong)]
        chosen = tuple(sorted([*wrong, *right], key=lambda s: s.sample))
    rows = [_sample(output, sample, x) for sample in chosen]
    if len(output.samples) > len(chosen):
        right_ones = sum(s.correct for s in output.samples)
        text = f"{right_ones} of {len(output.samples)}"
        rows.append(Row((output.name, f"… {len(output.samples) - len(chosen)} more", "", "", "", "", text)))
    return rows


def _sample(output: OutputComparison, sample: SampleComparison, x: Any) -> Row:
    found, expected = plain(as_numpy(sample.found)), plain(as_numpy(sample.expected))
    sign = "✓" if sample.correct else "✗"
    name = _x(x, sample.sample)
    worst = number(sample.worst, 3)
    if found.size <= ELEMENTS:
        whole = (_bare(expected), _bare(found))
        return Row((output.name, name, "", *whole, worst, sign))
    at = f"[{', '.join(map(str, sample.at))}]"
    pair = (_one(expected, sample.at), _one(found, sample.at))
    return Row((output.name, name, at, *pair, worst, sign))


def _bare(array: np.ndarray[Any, Any]) -> str:
    return sample_name(array.reshape(-1)).strip("()") if array.size == 1 else sample_name(array.reshape(-1))


def _one(array: np.ndarray[Any, Any], at: tuple[int, ...]) -> str:
    element = array[at]
    return number(element.item() if hasattr(element, "item") else element, 6)


def _small_input(x: Any) -> bool:
    return len(getattr(x, "shape", ())) >= 1 and x.shape[0] > 0 and int(np.prod(x.shape[1:])) <= ELEMENTS


def _x(x: Any, sample: int) -> str:
    if _small_input(x) and sample < x.shape[0]:
        return sample_name(plain(as_numpy(x[sample])).reshape(-1))
    return str(sample)


def _notes(outputs: Sequence[OutputComparison]) -> list[str]:
    notes = [f"{o.name}: {o.text}" for o in outputs if o.text]
    for output in outputs:
        if output.text:
            continue
        if not output.elements:
            notes.append(f"{output.name} is empty: nothing to compare")
            continue
        at = f"[{', '.join(map(str, output.at))}]"
        wrong = f"{output.wrong_elements:,} of {output.elements:,} elements are wrong; " if output.wrong_elements else ""
        notes.append(f"{output.name}: {wrong}{_worst(output, at)}")
    return notes


def _worst(output: OutputComparison, at: str) -> str:
    if not isinstance(output.expected, str):
        return f"worst {at}, {number(output.worst, 3)} off where {number(output.allowed, 3)} is allowed"
    if output.correct:
        return "every text is as expected"
    return f"the first {at} is {number(output.found)} where {number(output.expected)} is expected"
