"""Reports: what a page is given of a trace, of two side by side, and of a comparison."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import laminae
from laminae.api.pictures import write
from laminae.base.arrays import as_numpy, is_array, is_tensor
from laminae.base.errors import UsageError
from laminae.base.findings import Finding
from laminae.base.records import LayerRecord, OutputComparison
from laminae.files.atomic import check_place
from laminae.see.document import Document
from laminae.see.report import page

if TYPE_CHECKING:
    from laminae.api.comparing import ModelComparison
    from laminae.api.trace import Trace


def report_trace(
    trace: Trace,
    path: str | os.PathLike[str],
    *,
    expected: Any,
    beside: Trace | None,
    depth: int | None,
    highlight: Sequence[str] | str,
    max_mb: float,
) -> None:
    """As `Trace.report` says."""
    given = document_of(trace, expected=expected, beside=beside, depth=depth, highlight=highlight)
    _write(path, given, max_mb)


def document_of(trace: Trace, *, expected: Any = None, beside: Trace | None = None, **more: Any) -> Document:
    """What a page shows of a pass; expected: what the outputs should be, ids of classes, or how they compared; more: as for
    `Document`."""
    from laminae.api.comparing import compare
    from laminae.api.trace import Comparison

    ids = _are_ids(expected, trace.output)
    held_to = expected if expected is None or ids or isinstance(expected, Comparison) else trace.compare(expected)
    compared: tuple[OutputComparison, ...] = () if held_to is None or ids else held_to.outputs
    held = {} if beside is None else _beside(compare(trace, beside), beside, "the other run")
    findings: tuple[Finding, ...] = tuple(trace.hunt()) if trace.complete else ()
    notes = () if trace.complete else ("Not everything was stored in this run, so nothing was hunted for.",)
    return Document(
        trace.records(statistics=True, anatomy=True),
        title=trace.title,
        facts=trace.facts(),
        version=laminae.__version__,
        compared=compared,
        expected=expected if ids else None,
        wanted={} if ids else _wanted(trace, expected),
        findings=findings,
        ms=trace.ms,
        notes=notes,
        **held,
        **more,
    )


def _are_ids(expected: Any, output: Any) -> bool:
    """Whether it is a class for each sample, and the output a score for each class."""
    if expected is None or not hasattr(expected, "__len__") or isinstance(expected, Mapping) or not is_tensor(output):
        return False
    wanted = np.asarray(expected)
    return wanted.dtype.kind in "iu" and output.ndim == 2 and wanted.shape == tuple(output.shape[:1])


def _wanted(trace: Trace, expected: Any) -> dict[str, Any]:
    """Arrays that were expected, by the name of the output; of a comparison they are not known."""
    names = list(trace.outputs)
    if isinstance(expected, Mapping):
        pairs = dict(expected)
    elif len(names) == 1:
        pairs = {names[0]: expected}
    else:
        pairs = dict(zip(names, expected, strict=False)) if isinstance(expected, list | tuple) else {}
    return {name: as_numpy(value) for name, value in pairs.items() if isinstance(value, np.ndarray) or is_array(value)}


def report_comparison(held: ModelComparison, path: str | os.PathLike[str], max_mb: float) -> None:
    """The layers of `a`, each beside its counterpart in `b`; where a is a folder of values, those of the run."""
    shown, beside = (held.a, held.b) if held.a is not None else (held.b, None)
    assert shown is not None
    other = held.names[1] if held.a is not None else held.names[0]
    given = Document(
        shown.records(statistics=True, anatomy=True),
        title=" against ".join(reversed(held.names)) if len(set(held.names)) > 1 else held.names[0],
        facts=shown.facts(),
        version=laminae.__version__,
        notes=(
            f"Right is |found − expected| ≤ {held.atol:g} + {held.rtol:g} · |expected|. By itself: b's layer on a's values.",
            *held.notes,
        ),
        ms=shown.ms,
        **_beside(held, beside, other if len(set(held.names)) > 1 else "b"),
    )
    _write(path, given, max_mb)


def _beside(held: ModelComparison, trace: Trace | None, other: str) -> dict[str, Any]:
    """The layers of the first of two, held against the second's."""
    pairs = {layer.other: layer.name for layer in held.layers if layer.name and layer.other}
    beside: dict[str, LayerRecord] = {}
    for record in () if trace is None else trace.records(statistics=True):
        if record.name in pairs:
            beside[pairs[record.name]] = record
    first = held.first
    return {"differences": held.layers, "beside": beside, "other": other, "first": first.name if first is not None else ""}


def _write(path: str | os.PathLike[str], given: Document, max_mb: float) -> None:
    write(check_page(path), page(given, limit=max_mb).encode())


def check_page(path: str | os.PathLike[str]) -> Path:
    """Where a page goes. Raises UsageError for another ending, FileError where no file can be."""
    place = Path(os.fspath(path))
    if place.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"cannot write a report to {place.name!r}", {"expected": "a file that ends in .html"})
    check_place(place)
    return place
