"""`laminae compare`: two models, or a model and expected values, layer by layer."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from laminae.base.errors import UsageError
from laminae.cli.options import AsJson, Plugin, Trust, opened

if TYPE_CHECKING:
    from laminae.api.comparing import ModelComparison
    from laminae.api.model import Model
    from laminae.base.differences import LayerComparison

HELP = "An .onnx or .pt2 file; package.module:function with --trust; an .npz or a folder of expected values."


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help=HELP, show_default=False)],
    b: Annotated[str, typer.Argument(metavar="B", help="Likewise.", show_default=False)],
    input: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", metavar="[NAME=]FILE", help=".npy .npz .json .csv or an image; - is stdin. Repeatable."),
    ] = None,
    rtol: Annotated[float, typer.Option(help="Right is |found - expected| <= atol + rtol * |expected|.", min=0)] = 1e-3,
    atol: Annotated[float, typer.Option(help="See --rtol.", min=0)] = 1e-4,
    match: Annotated[
        list[str] | None, typer.Option(metavar="A=B", help="A layer of A is this one of B; A= for none. Repeatable.")
    ] = None,
    engine: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="What runs both; given twice, what runs A and what runs B.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="Where to run, as cuda.")] = None,
    random: Annotated[bool, typer.Option("--random", help="Random input of the declared shapes.")] = False,
    seed: Annotated[int, typer.Option(help="Of --random.", min=0)] = 0,
    dim: Annotated[list[str] | None, typer.Option(metavar="NAME=SIZE", help="A named axis for --random; others are 1.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Every layer, also those that tell nothing.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write every layer, and what it was held against, as a page.")
    ] = None,
    json: AsJson = False,
    plugin: Plugin = None,
    trust: Trust = False,
) -> int:
    """Hold two models against each other layer by layer: the first layer that differs by itself, and by how much.

    A is what should be. One of the two may be expected values: an .npz, a folder of .npy by name, one that `run --out` wrote.
    """
    import laminae as lm
    from laminae.api.reporting import check_page
    from laminae.cli.progress import progress

    if input and random:
        raise UsageError("compare needs one input", {"give": "--input or --random, not both"})
    if report is not None:
        check_page(report)
    sides = [_side(side, plugin if at == 0 else None, trust) for at, side in enumerate((a, b))]
    model = next((side for side in sides if isinstance(side, lm.Model)), None)
    if model is None:
        raise UsageError("compare needs a model", {"found": f"{a}, {b}", "expected": "at least one .onnx or .pt2 file"})
    x = _input(model, input, random, seed, dim or [])
    if engine and len(engine) > 2:
        raise UsageError(f"compare has two sides, not {len(engine)} engines", {"give": "--engine once for both, or twice"})
    engines = None if not engine else engine[0] if len(engine) == 1 else tuple(engine)
    with progress("comparing"):
        found = lm.compare(sides[0], sides[1], x, match=_matches(match), rtol=rtol, atol=atol, engine=engines, device=device)
    if report is not None:
        found.report(report)
    if json:
        from laminae.cli import as_json

        print(as_json.text(document((a, b), found)))
    else:
        from laminae.cli.printing import console, written

        console().print(found.table(full=full))
        if report is not None:
            written(report, "every layer beside its counterpart, for a browser")
    return 0 if found.correct else 1


def _side(side: str, plugin: list[str] | None, trust: bool) -> Model | str:
    """A model opened, or the path of expected values."""
    values = os.path.isdir(side) or side.lower().endswith((".npz", ".npy", ".json"))
    return side if values else opened(side, plugin, trust)


def _input(model: Model, files: list[str] | None, random: bool, seed: int, dims: Sequence[str]) -> Mapping[str, Any]:
    from laminae.cli import inputs as given
    from laminae.data.image import Preparation

    if random:
        return given.drawn(model, seed, given.dimensions(dims))
    if files:
        return given.gathered(model, files, Preparation())
    if model.example is None:
        raise UsageError("compare needs an input", {"give": "--input FILE, or --random"})
    return model.example


def _matches(texts: Sequence[str] | None) -> dict[str, str | None] | None:
    """`conv1=node_conv2d` as a pair; a name may hold `=` where only one sign splits it well. Raises UsageError."""
    found: dict[str, str | None] = {}
    for text in texts or []:
        name, sign, other = text.partition("=")
        if not sign or not name:
            raise UsageError(f"--match {text!r} says no pair", {"expected": "NAME_IN_A=NAME_IN_B"})
        found[name] = other or None
    return found or None


def document(files: tuple[str, str], found: ModelComparison) -> dict[str, Any]:
    """The object that `laminae compare --json` prints."""
    first, worst = found.first, found.own_worst
    return {
        "a": files[0],
        "b": files[1],
        "correct": found.correct,
        "rtol": found.rtol,
        "atol": found.atol,
        "first": None if first is None else _object(first),
        "own_worst": None if worst is None else _object(worst),
        "layers": [_object(layer) for layer in found.layers],
        "only_a": list(found.only_a),
        "only_b": list(found.only_b),
        "notes": list(found.notes),
    }


def _object(layer: LayerComparison) -> dict[str, Any]:
    made: dict[str, Any] = _finite(layer.plain())
    return made


def _finite(held: Any) -> Any:
    """NaN and infinities as null, as in every JSON of ours."""
    if isinstance(held, Mapping):
        return {str(key): _finite(value) for key, value in held.items()}
    if isinstance(held, list | tuple):
        return [_finite(part) for part in held]
    if isinstance(held, complex):
        return [_finite(held.real), _finite(held.imag)]
    return None if isinstance(held, float) and not math.isfinite(held) else held
