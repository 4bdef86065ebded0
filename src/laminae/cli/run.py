"""`laminae run`: a forward pass, and what every layer made of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from laminae.base.errors import UsageError
from laminae.cli.options import AsJson, Full, ModelFile, Plugin, Trust, opened

if TYPE_CHECKING:
    from laminae.api.model import Model
    from laminae.api.trace import Comparison, Trace

WARM = 5000.0
"""A pass that took fewer ms is run once more: the first of a process also sets torch up, and its times would mislead."""


def run(
    model: ModelFile,
    input: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", metavar="[NAME=]FILE", help=".npy .npz .json .csv or an image; - is stdin. Repeatable."),
    ] = None,
    expect: Annotated[str | None, typer.Option(metavar="FILE", help="What the outputs should be: .npy .npz .json .csv.")] = None,
    rtol: Annotated[float, typer.Option(help="Right is |found - expected| <= atol + rtol * |expected|.", min=0)] = 1e-3,
    atol: Annotated[float, typer.Option(help="See --rtol.", min=0)] = 1e-4,
    store: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Keep these layers' outputs: a name, group or glob; none; default all."),
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write what --store names there, for lm.load(DIR).")] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write a page that shows every layer and what it made.")
    ] = None,
    statistics: Annotated[bool, typer.Option("--stats", help="Mean, std, min, max and zeros of every output.")] = False,
    full: Full = False,
    json: AsJson = False,
    random: Annotated[bool, typer.Option("--random", help="Random input of the declared shapes.")] = False,
    seed: Annotated[int, typer.Option(help="Of --random.", min=0)] = 0,
    dim: Annotated[list[str] | None, typer.Option(metavar="NAME=SIZE", help="A named axis for --random; others are 1.")] = None,
    layout: Annotated[str, typer.Option(metavar="nchw|nhwc", help="Images: axes of the input.")] = "nchw",
    size: Annotated[str | None, typer.Option(metavar="HxW", help="Images: resize to this.")] = None,
    scale: Annotated[float, typer.Option(help="Images: (pixel * scale - mean) / std, pixels 0 to 255.")] = 1.0,
    mean: Annotated[str, typer.Option(metavar="M[,M,M]", help="Images: one number, or one a channel.")] = "0",
    std: Annotated[str, typer.Option(metavar="S[,S,S]", help="Images: likewise.")] = "1",
    device: Annotated[str | None, typer.Option(help="Where to run, as cuda.")] = None,
    engine: Annotated[str, typer.Option(metavar="NAME", help="What runs it: torch, onnxruntime.")] = "torch",
    plugin: Plugin = None,
    trust: Trust = False,
) -> int:
    """Run an input through the model: what every layer made, and whether the output is what it should be."""
    from laminae.cli import inputs as given
    from laminae.cli.progress import progress
    from laminae.data.image import Preparation

    if input and random:
        raise UsageError("run needs one input", {"give": "--input or --random, not both"})
    how = Preparation(layout, given.size(size), scale, given.numbers("--mean", mean), given.numbers("--std", std))
    dims = given.dimensions(dim or [])
    if out is not None:
        _require_writable(out)
    if report is not None:
        _require_page(report)
    found = opened(model, plugin, trust)
    if not input and not random and found.example is None:
        raise UsageError("run needs an input", {"give": "--input FILE, or --random"})
    example = found.example or {}
    arrays: Mapping[str, Any] = (
        given.drawn(found, seed, dims) if random else given.gathered(found, input, how) if input else example
    )
    expected = None if expect is None else _expected(expect)
    with progress(f"running {found.name or model}"):
        trace = found.run(dict(arrays), store=_policy(store), device=device, engine=engine)
        if trace.ms < WARM:
            trace = found.run(dict(arrays), store=_policy(store), device=device, engine=engine)
        comparison = None if expected is None else trace.compare(_shaped(expected, trace), rtol=rtol, atol=atol)
        if report is not None:
            trace.report(report, expected=comparison)
    _answer(
        model,
        found,
        trace,
        comparison,
        json=json,
        out=out,
        report=report,
        statistics=statistics,
        full=full,
        tolerance={"rtol": rtol, "atol": atol},
    )
    return 0 if comparison is None or comparison.correct else 1


def _require_writable(folder: Path) -> None:
    """Raises FileError before anything is run for nothing."""
    from laminae.trace.disk.folder import writing

    with writing(folder):
        pass


def _require_page(report: Path) -> None:
    """Raises UsageError and FileError before anything is run for nothing."""
    from laminae.api.reporting import check_page

    check_page(report)


def _policy(store: list[str] | None) -> object:
    """`--store` as a run takes it: all unless said."""
    if not store or store == ["all"]:
        return True
    return False if store == ["none"] else store


def _expected(file: str) -> Any:
    from laminae.data.files import read
    from laminae.data.source import bare

    held = bare(read(file))
    return next(iter(held.values())) if isinstance(held, Mapping) and len(held) == 1 else held


def expected_of(file: str, trace: Trace) -> Any:
    """What a file says the outputs should be, in their shape."""
    return _shaped(_expected(file), trace)


def _shaped(expected: Any, trace: Trace) -> Any:
    """Lines of a CSV, or a list, in the shape of the one output they have as many numbers as."""
    import numpy as np

    output = trace.output
    if isinstance(expected, Mapping) or isinstance(output, tuple) or not hasattr(output, "shape"):
        return expected
    array = np.asarray(expected)
    squeezable = array.ndim == 2 and array.shape[1] == 1 and array.shape[0] == np.prod(output.shape, dtype=int)
    return array.reshape(tuple(output.shape)) if squeezable else array


def _answer(
    file: str,
    model: Model,
    trace: Trace,
    comparison: Comparison | None,
    *,
    json: bool,
    out: Path | None,
    report: Path | None,
    statistics: bool,
    full: bool,
    tolerance: Mapping[str, float],
) -> None:
    if out is not None:
        trace.save(out)
    if json:
        from laminae.cli import as_json

        outputs = None if comparison is None else comparison.outputs
        print(as_json.text(as_json.document(file, model, trace, outputs, tolerance)))
        return
    from laminae.cli.told import tell

    tell(model, trace, comparison, statistics=statistics, full=full)
    from laminae.cli.printing import written

    if out is not None:
        written(out, f"what was stored, for lm.load({str(out)!r})")
    if report is not None:
        written(report, "every layer and what it made, for a browser")
