"""Samples of whatever data there are: arrays, files, tables, folders, datasets, batches."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from laminae.base.errors import UsageError
from laminae.data import huggingface
from laminae.data.arrays import Arrays
from laminae.data.classes import Classes
from laminae.data.columns import Choices, Columns, Name
from laminae.data.folders import read_images
from laminae.data.frames import Frame, is_frame
from laminae.data.holding import of_file, of_mapping, of_sequence
from laminae.data.image import Preparation
from laminae.data.interface import Samples
from laminae.data.items import Items, is_dataset, is_endless
from laminae.data.jsonl import JsonLines
from laminae.data.lines import Lines
from laminae.data.parquet import Parquet
from laminae.data.stream import Stream, is_loader
from laminae.data.table import Table, read_table
from laminae.data.texts import Text, Texts

TABLES: dict[str, Callable[[Path], Any]] = {
    ".csv": Lines,
    ".tsv": Lines,
    ".parquet": Parquet,
    ".pq": Parquet,
    ".jsonl": JsonLines,
    ".ndjson": JsonLines,
}
"""Suffix → the source of a table."""


def samples(
    data: Any,
    target: Name | Sequence[Name] | None = None,
    *,
    columns: Sequence[Name] | Mapping[str, Sequence[Name]] | Columns | None = None,
    categories: Sequence[Name] | Mapping[Name, str] = (),
    missing: str | float | Mapping[Name, str | float] = "error",
    unseen: str = "error",
    text: str | Text | None = None,
    classes: Classes | Sequence[str] | None = None,
    images: Preparation | None = None,
    labelled: bool = True,
    dtype: str = "float32",
    shape: tuple[int, ...] | None = None,
) -> Samples | Stream:
    """Samples to learn from, to be measured on, or (labelled=False) to be answered.

    data:

    - a pair (x, expected) of arrays or tensors, x also a tuple or dict of several; a dict of arrays, of which `target` is the
      expectation; a path to .npz, or a pair of paths to .npy: mapped, and read as they are used;
    - a table: a path to .csv, .tsv, .jsonl or .parquet, a DataFrame. `target`: the column to expect, the last unless said; of a
    list of
      them the expectation is [batch, columns]. `columns`: those of the input, all others unless said; {"a": […], "b": […]} of
      several inputs; `other.columns` of samples read before makes the same numbers again. It is read once, checked, and kept in
      memory or a temporary file;
    - a folder of images with a subfolder for each class, `images` says how they become inputs;
    - a Hugging Face dataset, a torch Dataset (`__getitem__`, `__len__`);
    - batches, as they come: a DataLoader, an iterable of pairs (x, expected), or a function that gives one for each epoch.

    categories: columns of texts (or numbers) that are classes: names, for a number each class, or {"city": "ids"}. missing:
    "error", "drop", "mean", a number or class, or one of these for each column by name. unseen: classes that `columns` or
    `classes` do not know: "error", "drop", or "zeros" of one-hot columns. text: of a table, the one column that is the input,
    as ids of its words or as `Text` says; its vocabulary is that of all these samples, or, once they are split, of the training
    part. dtype, shape: of a sample of a table.

    Raises UsageError for data and choices that cannot be, FileError naming file and line of what is broken or missing.
    """
    if isinstance(data, Samples | Stream):
        return data
    if text is not None:
        return _texts(data, text if isinstance(text, Text) else Text(text), (target, missing, unseen, classes, labelled), columns)
    known = classes if classes is None or isinstance(classes, Classes) else Classes(tuple(classes))
    choices = Choices(target, columns, categories, missing, unseen, labelled, known)
    how = images or Preparation()
    table = partial(read_table, choices=choices, dtype=dtype, shape=shape)
    if isinstance(data, str | os.PathLike):
        path = Path(data)
        if path.is_dir():
            return read_images(path, how, classes=known, unseen=unseen, labelled=labelled)
        return table(TABLES[path.suffix.lower()](path)) if is_table(path) else of_file(path, choices)
    if huggingface.is_huggingface(data):
        return _huggingface(data, choices, how, table)
    if is_frame(data):
        return table(Frame(data))
    if isinstance(data, tuple | list) and len(data) == 2 and isinstance(data[0], str | os.PathLike) and is_table(data[0]):
        x = table(TABLES[Path(data[0]).suffix.lower()](Path(data[0])), choices=replace(choices, target=None, labelled=False))
        data = (x.batch(np.arange(len(x)))[0], data[1])
    return _object(data, choices)


def _texts(data: Any, text: Text, choices: tuple[Any, ...], columns: Any) -> Texts:
    """A table of which the one input is a text: its texts are read as classes, of which there may be any number."""
    if columns is not None:
        raise UsageError(
            "a text is the only input", {"found": f"columns={columns!r}", "expected": "text alone, or columns alone"}
        )
    target, missing, unseen, classes, labelled = choices
    column = text.column
    made = samples(
        data,
        target,
        columns=[column],
        categories={column: "ids"},
        missing=missing,
        unseen=unseen,
        classes=classes,
        labelled=labelled,
    )
    if not isinstance(made, Table):
        raise UsageError(
            "a text is a column of a table", {"found": type(made).__name__, "expected": ".csv, .tsv, .jsonl, .parquet"}
        )
    return Texts(made, text).fitted()


def is_table(path: str | os.PathLike[str]) -> bool:
    """Whether a path's suffix is that of a table."""
    return Path(path).suffix.lower() in TABLES


def _object(data: Any, choices: Choices) -> Samples | Stream:
    """Arrays, a dataset, or batches."""
    target = choices.target if isinstance(choices.target, str) else None
    if isinstance(data, Mapping):
        return of_mapping(data, choices)
    if isinstance(data, tuple | list) and not _is_batches(data):
        return of_sequence(data, choices)
    if hasattr(data, "dtype") and hasattr(data, "shape"):
        if choices.labelled:
            raise _no_data(data)
        return Arrays(data, None, {"kind": "arrays"})
    if is_endless(data):
        raise UsageError(
            "this dataset gives one sample after another", {"give": "torch.utils.data.DataLoader(dataset, batch_size=64)"}
        )
    if is_loader(data) or isinstance(data, list | tuple):
        return Stream(data, target, choices.labelled)
    if is_dataset(data):
        return Items(data, target, choices.labelled)
    if isinstance(data, Iterable) or callable(data):
        return Stream(data, target, choices.labelled)
    raise _no_data(data)


def _huggingface(data: Any, choices: Choices, how: Preparation, table: Callable[..., Samples]) -> Samples:
    huggingface.require_one(data)
    if choices.target is None and not isinstance(choices.columns, Columns) and choices.labelled:
        choices = replace(choices, target=huggingface.target_of(data))
    if huggingface.is_table(data, choices):
        target = choices.target if isinstance(choices.target, str) else None
        known = choices.classes or huggingface.named_classes(data, target)
        return table(huggingface.Rows(data), choices=replace(choices, classes=known))
    return huggingface.features(data, choices, how)


def _is_batches(data: Sequence[Any]) -> bool:
    """Whether a sequence holds batches, not the arrays of one pair: an expectation is no tuple of several."""
    if isinstance(data, list):
        return all(isinstance(part, tuple | Mapping) for part in data)
    return len(data) != 2 and all(isinstance(part, tuple) and len(part) == 2 for part in data)


def _no_data(data: Any) -> UsageError:
    return UsageError(
        f"cannot take batches from a {type(data).__name__}",
        {"expected": "a pair (x, expected) of arrays, a file, a folder of images, a dataset, or an iterable of such pairs"},
    )
