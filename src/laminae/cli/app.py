"""The commands, and what `laminae` itself takes."""

from __future__ import annotations

from typing import Annotated

import typer

from laminae.cli.check import check
from laminae.cli.compare import compare
from laminae.cli.demo import demo
from laminae.cli.draw import draw
from laminae.cli.evaluate import evaluate
from laminae.cli.export import export
from laminae.cli.harvest import harvest
from laminae.cli.hunt import hunt
from laminae.cli.init import init
from laminae.cli.predict import predict
from laminae.cli.run import run
from laminae.cli.show import show
from laminae.cli.train import train
from laminae.cli.view import view

app = typer.Typer(
    name="laminae",
    help="See inside a deep-learning model: an ordered graph of layers.",
    epilog="Exit codes: 0 yes, 1 no (expectation not met, problem found), 2 bad input or use, 130 Ctrl-C.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (show, check, run, compare, evaluate, hunt, harvest, draw, view, export, init, train, predict, demo):
    app.command()(command)


def _version(asked: bool) -> None:
    if asked:
        from laminae import __version__

        print(f"laminae {__version__}")
        raise typer.Exit


@app.callback()
def laminae(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)] = False,
) -> None:
    """See inside a deep-learning model: an ordered graph of layers."""
