"""`--data` and what goes with it: the samples of a command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from laminae.base.dtypes import is_float
from laminae.base.errors import UsageError

if TYPE_CHECKING:
    from laminae.api.model import Model
    from laminae.data.image import Preparation
    from laminae.data.interface import Samples

Data = Annotated[
    str,
    typer.Option("--data", metavar="D", help=".npz with x and y, .csv, .parquet, .npy, or a folder with a subfolder per class."),
]
Target = Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="Tables: what to expect; default the last. Repeatable.")]
ColumnNames = Annotated[str | None, typer.Option("--columns", metavar="A,B,…", help="Tables: the input; default all the others.")]
Categories = Annotated[
    str | None,
    typer.Option(metavar="A,B=ids,…", help="Tables: columns that are classes, a number for each class, or =ids the class's."),
]
Missing = Annotated[
    str,
    typer.Option(metavar="HOW", help="Tables: error, drop, mean, a value; or for single columns: age=mean,city=unknown."),
]
Unseen = Annotated[str, typer.Option(metavar="HOW", help="Classes not seen before: error, drop, zeros.")]
Layout = Annotated[str, typer.Option(metavar="nchw|nhwc", help="Images: axes of the input.")]
Size = Annotated[str | None, typer.Option(metavar="HxW", help="Images: resize to this.")]
Scale = Annotated[float, typer.Option(help="Images: (pixel * scale - mean) / std, pixels 0 to 255.")]
Mean = Annotated[str, typer.Option(metavar="M[,M,M]", help="Images: one number, or one a channel.")]
Std = Annotated[str, typer.Option(metavar="S[,S,S]", help="Images: likewise.")]
WorkerCount = Annotated[int, typer.Option("--workers", help="Images: processes that decode them.", min=0)]


@dataclass(frozen=True)
class Asked:
    """What the options say of the data."""

    target: Sequence[str] | None = None
    columns: str | None = None
    categories: str | None = None
    missing: str = "error"
    unseen: str = "error"
    images: Preparation | None = None


def samples_for(model: Model, data: str, expect: str | None, asked: Asked) -> Samples:
    """The samples, in the shape and dtype that the model's one input declares. Raises UsageError, FileError."""
    from laminae.data.interface import require_samples
    from laminae.data.opening import is_table, samples

    made = samples(
        data if expect is None else (data, expect),
        _target(model, asked.target, data),
        columns=None if asked.columns is None else _listed(asked.columns),
        categories=_categories(asked.categories),
        missing=_missing(asked.missing),
        unseen=asked.unseen,
        images=_images(model, asked.images),
        **(_form(model) if is_table(data) else {}),
    )
    return require_samples(made, "a command")


def _target(model: Model, asked: Sequence[str] | None, data: str) -> Any:
    """A list where the model gives [batch, 1]: what is expected has the shape of what it gives."""
    from laminae.data.opening import is_table

    output = model.graph.outputs[0].shape
    single = output is not None and len(output) == 2 and output[1] == 1
    if not asked:
        return [-1] if single and is_table(data) else None
    return list(asked) if single or len(asked) > 1 else asked[0]


def _form(model: Model) -> dict[str, Any]:
    """Of a table's rows: the shape that the model takes a sample in, where it is no mere list of numbers, and its dtype."""
    inputs = model.graph.inputs
    if len(inputs) != 1:
        return {}
    sample = inputs[0].shape[1:] if inputs[0].shape else ()
    fixed = tuple(size for size in sample if isinstance(size, int))
    dtype = inputs[0].dtype or "float32"
    shape = fixed if len(sample) > 1 and len(fixed) == len(sample) else None
    return {"shape": shape, "dtype": dtype if is_float(dtype) or "int" in dtype else "float32"}


def _images(model: Model, how: Preparation | None) -> Preparation | None:
    """Grey or colour as the model declares it, where nothing else was said."""
    from dataclasses import replace

    inputs = model.graph.inputs
    if how is None or how.channels is not None or len(inputs) != 1 or len(inputs[0].shape or ()) != 4:
        return how
    channels = (inputs[0].shape or ())[1 if how.layout == "nchw" else 3]
    return replace(how, channels=channels) if channels in (1, 3) else how


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _categories(text: str | None) -> dict[Any, str]:
    pairs = (name.rpartition("=") for name in _listed(text or ""))
    return {name or kind: kind if name else "one-hot" for name, _, kind in pairs}


def _missing(text: str) -> Any:
    """`drop`, `0`, or `age=mean,city=unknown`."""
    if "=" not in text:
        return _value(text)
    pairs = [part.rpartition("=") for part in _listed(text)]
    odd = next((kind for name, _, kind in pairs if not name), None)
    if odd is not None:
        raise UsageError(
            f"--missing: {odd!r} says no column", {"expected": "one choice for all, or NAME=CHOICE for each: age=mean"}
        )
    return {name: _value(kind) for name, _, kind in pairs}


def _value(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
