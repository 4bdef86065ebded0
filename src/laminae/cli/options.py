"""Arguments and options that commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from laminae.base.errors import FileError, UsageError

if TYPE_CHECKING:
    from laminae.api.model import Model

ModelFile = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="An .onnx or .pt2 file; with --trust, package.module:function.", show_default=False),
]
Full = Annotated[bool, typer.Option("--full", help="Every layer: no groups closed, no repeats folded.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Plugin = Annotated[
    list[str] | None,
    typer.Option("--plugin", metavar="FILE", help="A Python file that registers operators. It is run: trust it first."),
]


Trust = Annotated[
    bool,
    typer.Option("--trust", help="MODEL may be package.module:function, Python code that is run: it returns (module, example)."),
]


def opened(model: str, plugin: list[str] | None = None, trust: bool = False) -> Model:
    """The model of a command line, its plugins run before."""
    for path in plugin or []:
        run_plugin(Path(path))
    from laminae.cli.code import is_code, model_of

    if is_code(model):
        return model_of(model, trust)
    import laminae as lm

    return lm.open(model)


def run_plugin(path: Path) -> None:
    """Run a Python file, which registers operators. Raises UsageError naming the line at which it failed."""
    import runpy
    import traceback

    if not path.is_file():
        raise FileError(f"there is no plugin {str(path)!r}")
    try:
        runpy.run_path(str(path), run_name="laminae_plugin")
    except Exception as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
        line = frames[-1].lineno if frames else getattr(error, "lineno", None)
        where = {"line": str(line)} if line else {}
        raise UsageError(f"the plugin {str(path)!r} failed", {**where, "because": f"{type(error).__name__}: {error}"}) from None
