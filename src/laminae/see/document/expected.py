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
    """The box beside the layer's."""
    return placed("expected", (format_shape(np.asarray(found.expected).shape),), "expected", None, beside=beside)


def expected_json(found: OutputComparison, layer: int, node: int) -> dict[str, Any]:
    """correct: None where nothing was run to hold against it."""
    wanted = plain(as_numpy(np.asarray(found.expected)))
    seen = preview(wanted if wanted.ndim else wanted.reshape(1))
    told: Mapping[str, Any] = {
        "layer": layer,
        "node": node,
        "value": found.name,
        "correct": found.correct if found.correct or found.elements else None,
        "worst": None if math.isnan(found.worst) and not found.at else found.worst,
        "allowed": found.allowed,
        "at": list(found.at),
        "wrong": found.wrong_elements,
        "elements": found.elements,
        "samples": [sample.correct for sample in found.samples],
        "preview": None if seen is None else seen.as_json(),
    }
    return finite(told)  # type: ignore[no-any-return]
