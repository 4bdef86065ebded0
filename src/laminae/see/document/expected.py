"""What outputs should be: its box on the page, and whether it is so."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.records import LayerRecord, OutputComparison, SampleComparison
from laminae.base.shapes import format_shape
from laminae.see.document.boxes import Box, placed
from laminae.see.document.numbers import finite
from laminae.see.drawing.card import right
from laminae.see.preview import preview
from laminae.see.text import plain


def held(record: LayerRecord, expected: Any) -> OutputComparison:
    """A layer's output held against an array of its shape, or ids of classes against the greatest score of each sample."""
    wanted = plain(as_numpy(np.asarray(expected)))
    found = record.values[0] if record.values else None
    signs = () if found is None else right(plain(as_numpy(found)), wanted)
    samples = tuple(SampleComparison(i, bool(sign), math.nan, (), None, None) for i, sign in enumerate(signs))
    name = record.outputs[0].value if record.outputs else record.name
    wrong = sum(not sample.correct for sample in samples)
    return OutputComparison(
        name, bool(samples) and not wrong, math.nan, (), None, expected, math.nan, wrong, len(samples), samples
    )


def wish(found: OutputComparison, *, beside: bool) -> Box:
    """The box beside the layer's: the shape of what is expected, or where only that is known how much of it came."""
    return placed("expected", (_told(found),), "expected", None, beside=beside)


def _told(found: OutputComparison) -> str:
    right = sum(sample.correct for sample in found.samples)
    if _whole(found):
        return format_shape(np.asarray(found.expected).shape)
    if len(found.samples) > 1:
        return f"{right:,} of {len(found.samples):,} samples right"
    return "as found" if found.correct else f"{found.wrong_elements:,} of {found.elements:,} differ"


def _whole(found: OutputComparison) -> bool:
    """Whether it holds all of what is expected; a comparison by tolerances holds but the element that is worst."""
    return math.isnan(found.worst) and not found.at


def expected_json(found: OutputComparison, layer: int, node: int, whole: Any = None) -> dict[str, Any]:
    """whole: what is expected, where it is at hand. correct: None where nothing was run to hold against it."""
    seen = None
    if whole is not None or _whole(found):
        wanted = plain(as_numpy(np.asarray(found.expected if whole is None else whole)))
        seen = preview(wanted if wanted.ndim else wanted.reshape(1))
    told: Mapping[str, Any] = {
        "layer": layer,
        "node": node,
        "value": found.name,
        "correct": found.correct if found.correct or found.elements else None,
        "worst": None if _whole(found) else found.worst,
        "allowed": found.allowed,
        "at": list(found.at),
        "wrong": found.wrong_elements,
        "elements": found.elements,
        "samples": [sample.correct for sample in found.samples],
        "preview": None if seen is None else seen.as_json(),
    }
    return finite(told)  # type: ignore[no-any-return]
