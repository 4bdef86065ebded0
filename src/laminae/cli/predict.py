"""`laminae predict`: what a model answers for data of which nothing is known yet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from laminae.base.errors import UsageError
from laminae.cli import data as given
from laminae.cli.options import AsJson, Plugin, Trust, opened

if TYPE_CHECKING:
    from laminae.api.model import Model
    from laminae.api.predicting import Meaning
    from laminae.cli.run_folder import Record
    from laminae.data.interface import Samples

Answering = Annotated[
    str, typer.Argument(metavar="MODEL|DIR", help="The folder of a run, or a model: .onnx, .pt2.", show_default=False)
]


def predict(
    model: Answering,
    data: Annotated[str, typer.Option("--data", metavar="D", help=".csv, .jsonl, .parquet, .npy, .npz, or a folder of images.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="By its ending: .csv .tsv .jsonl .parquet .npy .npz.")],
    probabilities: Annotated[bool, typer.Option("--probabilities", help="Of each class, not of the likeliest alone.")] = False,
    target: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="Tables: what to leave out. Repeatable.")] = None,
    columns: given.ColumnNames = None,
    categories: given.Categories = None,
    missing: given.Missing = "error",
    unseen: given.Unseen = "error",
    text: given.TextColumn = None,
    layout: given.Layout = "nchw",
    size: given.Size = None,
    scale: given.Scale = 1.0,
    mean: given.Mean = "0",
    std: given.Std = "1",
    batch: Annotated[int | None, typer.Option(help="Samples at a time; default 64, or what the model declares.", min=1)] = None,
    json: AsJson = False,
    plugin: Plugin = None,
    trust: Trust = False,
) -> int:
    """Answer for each sample, in the order of the data. From the folder of a run the data are read as those it learned from."""
    from laminae.api.predicting import meaning_of
    from laminae.cli import inputs, run_folder
    from laminae.data.image import Preparation
    from laminae.data.writing import suffix_of
    from laminae.files.atomic import check_place

    how = Preparation(layout, inputs.size(size), scale, inputs.numbers("--mean", mean), inputs.numbers("--std", std))
    asked = given.Asked(target, columns, categories, missing, unseen, how, text)
    suffix_of(out)
    check_place(out)
    if Path(model).is_dir():
        found, record, weights = run_folder.opened(Path(model))
        samples = _read(found, data, asked, record)
        meaning = meaning_of(found, record.loss, record.names)
    else:
        found, record, weights = opened(model, plugin, trust), None, ""
        samples = _read(found, data, asked, None)
        meaning = meaning_of(found, None, (), probabilities)
    _write(found, samples, meaning, out, batch, probabilities)
    _tell(found, samples, out, weights, json)
    return 0


def _read(model: Model, data: str, asked: given.Asked, record: Record | None) -> Samples:
    """The samples without their expectations: by what is recorded of the run, or by what the options say."""
    from laminae.cli.encoding import known
    from laminae.data.interface import require_samples
    from laminae.data.opening import is_table, samples

    target: Any = given.named(asked.target)
    words: dict[str, Any] = {**asked.words(), "images": given.images_of(model, asked.images)}
    if is_table(data):
        words |= given.form_of(model)
    elif data.lower().endswith(".npz") and target is None and asked.columns is None:
        words["columns"] = _inputs(model, Path(data))
    if record is not None:
        _require_nothing_else(asked)
        words |= known(record.data)
        target = None
    return require_samples(samples(data, target, labelled=False, **words), "a command")


def _inputs(model: Model, path: Path) -> list[str]:
    """The arrays of a file that are no expectations."""
    from laminae.data.inputs import EXPECTATIONS
    from laminae.data.mapped import map_npz

    named = {value.name for value in model.graph.inputs}
    return [name for name in map_npz(path) if name in named or name not in EXPECTATIONS]


def _require_nothing_else(asked: given.Asked) -> None:
    """Raises UsageError where an option would read the data otherwise than those that were learned from."""
    plain = given.Asked()
    for word in ("columns", "categories", "text"):
        if getattr(asked, word) != getattr(plain, word):
            details = {"because": "the folder of a run says it", "otherwise": "predict with its model.onnx"}
            raise UsageError(f"--{word} is not for the folder of a run", details)


def _write(model: Model, samples: Samples, meaning: Meaning, out: Path, batch: int | None, every: bool) -> None:
    """All answers or none, batch after batch."""
    from laminae.api.predicting import answers, arrays, columns
    from laminae.cli.progress import progress
    from laminae.data.writing import ARRAYS, suffix_of, writer
    from laminae.files.atomic import saving

    suffix = suffix_of(out)
    declared = [value.shape[0] for value in model.graph.inputs if value.shape and isinstance(value.shape[0], int)]
    done = 0
    with saving([out]) as (file,), progress(f"answering with {model.name or 'the model'}", len(samples)) as told:
        to = writer(suffix, file, len(samples))
        for answer in answers(model, samples, meaning, batch or (declared[0] if declared else 64)):
            if suffix in ARRAYS:
                held: Mapping[str, Any] = arrays(answer, meaning, every, suffix == ".npy")
            else:
                held = {**_where(samples, done, answer.count), **columns(answer, meaning, every)}
            to.add(held)
            done += answer.count
            told(done)
        to.end()


def _where(samples: Samples, start: int, count: int) -> dict[str, Any]:
    """A column that says which sample a row is of, where the order does not: images, and lines of which some were left out."""
    import numpy as np

    from laminae.data.folders import Images

    if isinstance(samples, Images):
        return {"image": np.asarray(samples.names[start : start + count], object)}
    if getattr(samples, "left_out", 0):
        return {"line": samples.places[start : start + count]}  # type: ignore[attr-defined]
    return {}


def _tell(model: Model, samples: Samples, out: Path, weights: str, json: bool) -> None:
    from laminae.cli.printing import written
    from laminae.see.text import count

    left_out = int(getattr(samples, "left_out", 0))
    if json:
        from laminae.cli import as_json

        print(as_json.text({"out": str(out), "samples": len(samples), "left_out": left_out, "checkpoint": weights or None}))
        return
    by = f" by checkpoint {weights}" if weights else ""
    without = f"; {left_out:,} were left out for what is missing, see the column line" if left_out else ""
    written(out, f"{count(len(samples), 'answer')}{by}{without}")
