"""`laminae show`: the layers in order."""

from __future__ import annotations

from typing import Annotated

import typer

from laminae.cli.options import Full, ModelFile, Plugin, Trust, opened

Dims = Annotated[list[str] | None, typer.Option("--dim", metavar="NAME=SIZE", help="A named axis: shapes and costs with it.")]


def show(model: ModelFile, full: Full = False, dim: Dims = None, plugin: Plugin = None, trust: Trust = False) -> int:
    """The layers in order: operator, what each reads, shapes, parameters, cost, groups. Reads no weights."""
    from laminae.cli.inputs import dimensions, sized
    from laminae.cli.printing import console

    found = opened(model, plugin, trust)
    console().print(found.table(full=full, shapes=sized(found, dimensions(dim or []))))
    return 0
