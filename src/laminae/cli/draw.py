"""`laminae draw`: the layers as boxes and arrows, in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from laminae.base.errors import UsageError
from laminae.cli.options import Full, ModelFile, Plugin, Trust, opened


def draw(
    model: ModelFile,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="An .svg, .png, .pdf or .html file.")],
    input: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", metavar="[NAME=]FILE", help="Run it, and draw what each layer stored. Repeatable."),
    ] = None,
    random: Annotated[bool, typer.Option("--random", help="Run it on random input of the declared shapes.")] = False,
    seed: Annotated[int, typer.Option(help="Of --random.", min=0)] = 0,
    dim: Annotated[list[str] | None, typer.Option(metavar="NAME=SIZE", help="A named axis for --random; others are 1.")] = None,
    expect: Annotated[str | None, typer.Option(metavar="FILE", help="What the output should be, drawn beside it.")] = None,
    depth: Annotated[int | None, typer.Option(help="Levels of groups that are open; as many as stay readable.", min=0)] = None,
    highlight: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Highlight these: a name, group or glob. Repeatable.")
    ] = None,
    full: Full = False,
    plugin: Plugin = None,
    trust: Trust = False,
) -> int:
    """Draw the layers in order: boxes, arrows, groups; with an input, the picture of what each layer stored."""
    from laminae.cli import inputs as given
    from laminae.cli.printing import written
    from laminae.cli.run import expected_of
    from laminae.data.image import Preparation

    if input and random:
        raise UsageError("draw takes one input", {"give": "--input or --random, not both"})
    if expect and not input and not random:
        raise UsageError("what is expected is held against a run", {"give": "--input FILE, or --random"})
    found = opened(model, plugin, trust)
    trace = None
    if input or random:
        arrays = (
            given.drawn(found, seed, given.dimensions(dim or [])) if random else given.gathered(found, input or [], Preparation())
        )
        trace = found.run(dict(arrays))
    expected = expected_of(expect, trace) if expect is not None and trace is not None else None
    found.draw(out, depth=depth, highlight=tuple(highlight or ()), values=trace, expected=expected, full=full)
    written(out, f"{found.name or 'the model'}, {len(found)} layers")
    return 0
