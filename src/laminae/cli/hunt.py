"""`laminae hunt`: what is wrong inside a model, for an input."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from laminae.base.errors import UsageError
from laminae.cli.options import AsJson, ModelFile, Plugin, Trust, opened

if TYPE_CHECKING:
    from laminae.api.hunting import Hunt
    from laminae.api.model import Model


def hunt(
    model: ModelFile,
    input: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", metavar="[NAME=]FILE", help=".npy .npz .json .csv or an image; - is stdin. Repeatable."),
    ] = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=NUMBER", help="dead, saturated, clipped, limit, growth, elements, observed, share or top. Repeatable."
        ),
    ] = None,
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
    plugin: Plugin = None,
    trust: Trust = False,
) -> int:
    """Find NaN and where it comes from, dead, saturated, exploding and constant layers, odd parameters. Exit 1 for a problem."""
    from laminae.cli import inputs as given
    from laminae.cli.progress import progress
    from laminae.compare.hunt.thresholds import thresholds
    from laminae.data.image import Preparation

    if input and random:
        raise UsageError("hunt needs one input", {"give": "--input or --random, not both"})
    limits = _limits(threshold or [])
    thresholds(limits)
    how = Preparation(layout, given.size(size), scale, given.numbers("--mean", mean), given.numbers("--std", std))
    dims = given.dimensions(dim or [])
    found = opened(model, plugin, trust)
    if not input and not random and found.example is None:
        raise UsageError("hunt needs an input", {"give": "--input FILE, or --random"})
    arrays: Mapping[str, Any] = (
        given.drawn(found, seed, dims) if random else given.gathered(found, input, how) if input else found.example or {}
    )
    with progress(f"hunting in {found.name or model}"):
        result = _hunted(found, dict(arrays), device, limits)
    _print(model, result, json)
    return 0 if result.sound else 1


def _hunted(model: Model, arrays: dict[str, Any], device: str | None, limits: Mapping[str, float]) -> Hunt:
    import laminae as lm

    return lm.hunt(model, arrays, device=device, **limits)  # type: ignore[arg-type]


def _limits(texts: Sequence[str]) -> dict[str, float]:
    """`dead=0.3` as {"dead": 0.3}. Raises UsageError."""
    found = {}
    for text in texts:
        name, sign, number = text.partition("=")
        try:
            value = float(number)
        except ValueError:
            sign = ""
        if not sign:
            raise UsageError(f"--threshold {text!r} says no number", {"expected": "NAME=NUMBER, as dead=0.3"})
        found[name] = int(value) if value.is_integer() else value
    return found


def _print(file: str, result: Hunt, json: bool) -> None:
    from laminae.cli import as_json
    from laminae.cli.printing import console

    if json:
        held = [_plain(asdict(finding)) for finding in result]
        print(as_json.text({"model": {"file": file}, "problems": len(result.problems), "findings": held}))
        return
    console().print(result.table())


def _plain(held: Any) -> Any:
    """As JSON holds it; NaN and Inf, which are what is told here, as texts."""
    if isinstance(held, Mapping):
        return {key: _plain(value) for key, value in held.items()}
    if isinstance(held, list | tuple):
        return [_plain(part) for part in held]
    if isinstance(held, float) and not math.isfinite(held):
        return "NaN" if math.isnan(held) else "Inf" if held > 0 else "-Inf"
    return held
