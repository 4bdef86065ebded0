"""`laminae view`: a page on this machine that looks into a model, and asks what if."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from laminae.base.errors import LaminaeError, UsageError
from laminae.cli.options import ModelFile, Plugin, Trust, opened
from laminae.cli.run import expected_of

if TYPE_CHECKING:
    from laminae.api.model import Model
    from laminae.api.trace import Trace
    from laminae.api.viewing import Looked, Source
    from laminae.data.image import Preparation
    from laminae.see.viewer.serve import Viewer

LINGER = 3.0
"""Seconds in which a page that waits for a model is told that it could not be opened."""


def view(
    model: ModelFile,
    input: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", metavar="[NAME=]FILE", help=".npy .npz .json .csv or an image; - is stdin. Repeatable."),
    ] = None,
    expect: Annotated[str | None, typer.Option(metavar="FILE", help="What the outputs should be: .npy .npz .json .csv.")] = None,
    beside: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Another model, run on the same input and held beside it.")
    ] = None,
    beside_input: Annotated[
        list[str] | None, typer.Option(metavar="[NAME=]FILE", help="Another input, held beside the first. Repeatable.")
    ] = None,
    tokenizer: Annotated[str | None, typer.Option(metavar="FILE", help="A tokenizer.json: inputs may be typed as text.")] = None,
    port: Annotated[int, typer.Option(help="Where it is served on this machine; 0 is any that is free.", min=0, max=65535)] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
    store: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Keep these layers' outputs, make the others again when looked at; default all."),
    ] = None,
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
    """Open a page on this machine: every layer and value, and what if an input or a layer were another. Ctrl-C ends it."""
    from laminae.cli import inputs as given
    from laminae.data.image import Preparation
    from laminae.see.viewer.serve import require_serve

    require_serve()
    if input and random:
        raise UsageError("view takes one input", {"give": "--input or --random, not both"})
    if beside and beside_input:
        raise UsageError("one thing is held beside the model", {"give": "--beside or --beside-input, not both"})
    how = Preparation(layout, given.size(size), scale, given.numbers("--mean", mean), given.numbers("--std", std))
    dims = given.dimensions(dim or []) if random else None
    options = {"store": store or True, "device": device, "engine": engine}
    asked = Asked(model, input or [], dims, seed, how, expect, beside, beside_input or [], options, plugin or [], trust)
    return _served(asked, tokenizer, port, browser)


@dataclass(frozen=True)
class Asked:
    """What is to be seen, and how it is run. dims: sizes of --random; None where the input is not random."""

    model: str
    inputs: Sequence[str]
    dims: Mapping[str, int] | None
    seed: int
    how: Preparation
    expect: str | None
    beside: str | None
    beside_inputs: Sequence[str]
    options: Mapping[str, Any]
    plugins: list[str]
    trust: bool


def _served(asked: Asked, tokenizer: str | None, port: int, browser: bool) -> int:
    """The page is there at once, and is told how far the model is; this thread opens it, so that Ctrl-C ends that too."""
    from laminae.api.viewing import Looked
    from laminae.see.viewer.serve import Viewer

    looked = Looked(os.path.basename(asked.model), tokenizer)
    with _ending(Viewer(looked.session(), port)) as viewer:
        shown = browser and viewer.open_browser()
        _say(viewer, shown=shown)
        try:
            _open(looked, asked)
        except LaminaeError as error:
            looked.fail(error)
            if shown or looked.asked:
                _linger(viewer, looked)
            raise
        viewer.wait()
    return 0


def _open(looked: Looked, asked: Asked) -> None:
    looked.say(f"opening {asked.model}")
    model = opened(asked.model, asked.plugins, asked.trust)
    looked.say(f"reading the input of {asked.model}")
    arrays = _arrays(model, asked)
    looked.say(f"running {len(model):,} layers")
    trace = model.run(arrays, **asked.options)
    expected = None if asked.expect is None else expected_of(asked.expect, trace)
    beside = _beside(looked, model, asked, arrays)
    looked.show(trace, beside=beside, expected=expected, source=_source(asked, model))


def _arrays(model: Model, asked: Asked) -> dict[str, Any]:
    """Raises UsageError where no input is given, and none is known."""
    from laminae.cli import inputs as given

    if asked.dims is not None:
        return dict(given.drawn(model, asked.seed, asked.dims))
    if asked.inputs:
        return given.gathered(model, asked.inputs, asked.how)
    if model.example is None:
        raise UsageError("view needs an input", {"give": "--input FILE, or --random"})
    return dict(model.example)


def _beside(looked: Looked, model: Model, asked: Asked, arrays: dict[str, Any]) -> Trace | Model | None:
    """Another model, or the trace of another input, in which inputs that are not given again are the first's."""
    if asked.beside is not None:
        looked.say(f"opening {asked.beside}")
        return opened(asked.beside, None, asked.trust)
    if not asked.beside_inputs:
        return None
    from laminae.cli import inputs as given

    looked.say("running the other input")
    return model.run({**arrays, **given.gathered(model, asked.beside_inputs, asked.how)}, **asked.options)


def _source(asked: Asked, model: Model) -> Source:
    """As Python: the file, and the inputs that lie in .npy files; others are written into the text."""
    from laminae.api.viewing import Source
    from laminae.cli.code import is_code

    before = [f"runpy.run_path({os.path.abspath(path)!r}, run_name='laminae_plugin')" for path in asked.plugins]
    opens = "" if is_code(asked.model) else f"lm.open({os.path.abspath(asked.model)!r})"
    return Source(opens, _files(asked.inputs, model), ["import runpy", *before] if before else ())


def _files(specs: Sequence[str], model: Model) -> dict[str, str]:
    """The input that each .npy file is of, and how Python reads it."""
    free = [value.name for value in model.graph.inputs]
    found = {}
    for spec in specs:
        name, _, file = ("", "", spec) if os.path.exists(spec) else spec.partition("=")
        name = name or (free[0] if free else "")
        free = [other for other in free if other != name]
        if file.endswith(".npy"):
            found[name] = f"np.load({os.path.abspath(file)!r})"
    return found


def _say(viewer: Viewer, *, shown: bool) -> None:
    from laminae.cli.printing import console

    told = "opened in the browser" if shown else "open this address"
    console().print(f"  {told}, Ctrl-C ends it:  {viewer.url}", style="green", soft_wrap=True)
    sys.stdout.flush()


def _linger(viewer: Viewer, looked: Looked) -> None:
    """Until a page that is open has been told why there is nothing to see."""
    for _ in range(round(LINGER / 0.1)):
        if looked.failure_told or viewer.wait(0.1):
            return


@contextmanager
def _ending(viewer: Viewer) -> Iterator[Viewer]:
    """Closes it at the end; where a run goes on that nothing can break off, the process ends, as Ctrl-C is meant."""
    try:
        yield viewer
    except KeyboardInterrupt:
        if not viewer.close():
            print("interrupted", file=sys.stderr, flush=True)
            os._exit(130)
        raise
    finally:
        viewer.close()
