"""`--data` and what goes with it: the samples of a command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from laminae.base.dtypes import is_float
from laminae.base.errors import UsageError

if TYPE_CHECKING:
    from laminae.api.model import Model
    from laminae.data.image import Preparation
    from laminae.data.interface import Samples
    from laminae.data.texts import Text

Data = Annotated[
    str,
    typer.Option(
        "--data", metavar="D", help=".npz with x and y, .csv, .jsonl, .parquet, or a folder with a subfolder per class."
    ),
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
TextColumn = Annotated[
    str | None,
    typer.Option(
        "--text", metavar="COLUMN", help="Tables: the one input, a text, as ids: review,level=words,length=64,most=5000."
    ),
]
Layout = Annotated[str, typer.Option(metavar="nchw|nhwc", help="Images: axes of the input.")]
Size = Annotated[str | None, typer.Option(metavar="HxW", help="Images: resize to this.")]
Scale = Annotated[float, typer.Option(help="Images: (pixel * scale - mean) / std, pixels 0 to 255.")]
Mean = Annotated[str, typer.Option(metavar="M[,M,M]", help="Images: one number, or one a channel.")]
Std = Annotated[str, typer.Option(metavar="S[,S,S]", help="Images: likewise.")]
WorkerCount = Annotated[int, typer.Option("--workers", help="Images: processes that decode them.", min=0)]


@dataclass(frozen=True)
class Asked:
    """What the options say of the data: as they are written, or as a description has it."""

    target: str | Sequence[str] | None = None
    columns: Any = None
    categories: Any = None
    missing: Any = "error"
    unseen: str = "error"
    images: Preparation | None = None
    text: Any = None

    def over(self, said: Mapping[str, Any]) -> Asked:
        """With what a description says where no option was given. Raises UsageError for what cannot be."""
        plain = Asked()
        more = {field.name for field in fields(self) if getattr(self, field.name) == getattr(plain, field.name)} & said.keys()
        made = replace(self, **{name: said[name] for name in more - {"images"}})
        if "images" in said and (self.images is None or self.images == _nothing_asked()):
            made = replace(made, images=prepared(said["images"]))
        return made

    def words(self) -> dict[str, Any]:
        """As `laminae.data.samples` takes them, without the target."""
        held = {
            "columns": None if self.columns is None else _listed(self.columns),
            "categories": _categories(self.categories),
            "missing": _missing(self.missing),
            "unseen": self.unseen,
        }
        return held if self.text is None else {**held, "text": text_of(self.text)}


def prepared(said: Any) -> Preparation:
    """Images as a description has them: `{size: [28, 28], scale: 0.0039}`. Raises UsageError."""
    from laminae.data.image import Preparation

    known = [field.name for field in fields(Preparation)]
    if not isinstance(said, Mapping) or (said.keys() - set(known)):
        raise UsageError(f"images: {said!r} says not how images are read", {"it may say": ", ".join(known)})
    held: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in said.items()}
    for word in ("mean", "std"):
        if isinstance(held.get(word), int | float):
            held[word] = (float(held[word]),)
    return Preparation(**held)


def _nothing_asked() -> Preparation:
    from laminae.data.image import Preparation

    return Preparation(mean=(0.0,), std=(1.0,))


def text_of(said: Any) -> Text:
    """`review`, `review,level=characters,length=80`, or a mapping of these. Raises UsageError."""
    from laminae.cli.words import word_of
    from laminae.data.texts import Text

    column, more = word_of(said, "text") if isinstance(said, str) else (None, said)
    known = [field.name for field in fields(Text) if field.name != "vocabulary"]
    if not isinstance(more, Mapping) or more.keys() - set(known) or (column is None and "column" not in more):
        raise UsageError(
            f"text: {said!r} says not how a text is read", {"expected": "a column, and of it: " + ", ".join(known[1:])}
        )
    words: dict[str, Any] = {**({} if column is None else {"column": column}), **more}
    return Text(**words)


def samples_for(model: Model, data: str, expect: str | None, asked: Asked) -> Samples:
    """The samples, in the shape and dtype that the model's one input declares. Raises UsageError, FileError."""
    from laminae.data.interface import require_samples
    from laminae.data.opening import is_table, samples

    made = samples(
        data if expect is None else (data, expect),
        target_of(model, asked.target, data),
        images=images_of(model, asked.images),
        **asked.words(),
        **(form_of(model) if is_table(data) else {}),
    )
    return require_samples(made, "a command")


def samples_like(model: Model, data: str, first: Samples, asked: Asked) -> Samples:
    """Other data, read as the first were: by the same columns, means, classes and vocabulary."""
    from laminae.cli.encoding import encoding, known
    from laminae.data.interface import require_samples
    from laminae.data.opening import is_table, samples

    how = images_of(model, asked.images)
    words = {**asked.words(), "images": how, **known(encoding(first, {}, how)), "classes": first.classes}
    form = form_of(model) if is_table(data) else {}
    made = samples(data, target_of(model, asked.target, data), **words, **form)
    return require_samples(made, "a command")


def target_of(model: Model, asked: str | Sequence[str] | None, data: str) -> Any:
    """A list where the model gives [batch, 1]: what is expected has the shape of what it gives."""
    from laminae.data.opening import is_table

    output = output_shape(model)
    single = output is not None and len(output) == 2 and output[1] == 1
    if not asked:
        return [-1] if single and is_table(data) else None
    names = [asked] if isinstance(asked, str) else list(asked)
    return names if single or len(names) > 1 else names[0]


def named(target: str | Sequence[str] | None) -> Any:
    """One column by its name, several as a list."""
    if target is None or isinstance(target, str):
        return target
    return list(target) if len(target) > 1 else target[0] if target else None


def output_shape(model: Model, place: int = 0) -> tuple[Any, ...] | None:
    """As it is declared, or as the layers make it; None where that is not known."""
    value = model.graph.outputs[place]
    if value.shape is not None:
        return tuple(value.shape)
    made = {output.value: output.shape for record in model.records() for output in record.outputs}
    shape = made.get(value.name)
    return None if shape is None else tuple(shape)


def form_of(model: Model) -> dict[str, Any]:
    """Of a table's rows: the shape that the model takes a sample in, where it is no mere list of numbers, and its dtype."""
    inputs = model.graph.inputs
    if len(inputs) != 1:
        return {}
    sample = inputs[0].shape[1:] if inputs[0].shape else ()
    fixed = tuple(size for size in sample if isinstance(size, int))
    dtype = inputs[0].dtype or "float32"
    shape = fixed if len(sample) > 1 and len(fixed) == len(sample) else None
    return {"shape": shape, "dtype": dtype if is_float(dtype) or "int" in dtype else "float32"}


def images_of(model: Model, how: Preparation | None) -> Preparation | None:
    """Grey or colour as the model declares it, where nothing else was said."""
    inputs = model.graph.inputs
    if how is None or how.channels is not None or len(inputs) != 1 or len(inputs[0].shape or ()) != 4:
        return how
    channels = (inputs[0].shape or ())[1 if how.layout == "nchw" else 3]
    return replace(how, channels=channels) if channels in (1, 3) else how


def _listed(text: Any) -> Any:
    """Names between commas; what a description says stays."""
    if not isinstance(text, str):
        return text
    return [name.strip() for name in text.split(",") if name.strip()]


def _categories(text: Any) -> Any:
    if not (text is None or isinstance(text, str)):
        return text
    pairs = (name.rpartition("=") for name in _listed(text or ""))
    return {name or kind: kind if name else "one-hot" for name, _, kind in pairs}


def _missing(text: Any) -> Any:
    """`drop`, `0`, or `age=mean,city=unknown`."""
    if not isinstance(text, str):
        return text
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
