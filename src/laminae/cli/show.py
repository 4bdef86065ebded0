"""`laminae show`: the layers in order."""

from __future__ import annotations

from laminae.cli.options import Full, ModelFile, Plugin, opened


def show(model: ModelFile, full: Full = False, plugin: Plugin = None) -> int:
    """The layers in order: operator, what each reads, shapes, parameters, groups. Reads no weights."""
    from laminae.cli.printing import console

    found = opened(model, plugin)
    console().print(found.table(full=full))
    return 0
