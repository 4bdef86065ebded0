"""Datasets of torch and of Hugging Face give the samples that they themselves give."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from laminae.base.errors import FileError, ShapeError, UsageError
from laminae.data import Classes, Normalisation, Preparation, batches, samples, split

RNG = np.random.default_rng(0)


class Squares(torch.utils.data.Dataset):  # type: ignore[type-arg]
    def __len__(self) -> int:
        return 7

    def __getitem__(self, i: int) -> Any:
        return {"a": torch.full((2,), float(i)), "b": np.float32(i)}, i * i


def test_a_torch_dataset_gives_what_a_data_loader_collates() -> None:
    made = samples(Squares())
    assert (len(made), made.inputs, made.place(3)) == (7, ("a", "b"), "item 3 of Squares")
    for (x, y), (a, b) in zip(batches(made, 3), torch.utils.data.DataLoader(Squares(), 3), strict=True):
        assert torch.equal(x["a"], a["a"])
        np.testing.assert_array_equal(x["b"], a["b"].numpy())
        np.testing.assert_array_equal(y, b.numpy())
    training, held_out = split(made, 2)
    assert sorted(int(v) for part in (training, held_out) for _, y in batches(part) for v in y) == [i * i for i in range(7)]
    assert set(Normalisation.fit(made).inputs) == {"a", "b"}


def test_items_of_unequal_shapes_are_refused() -> None:
    ragged = type("Ragged", (Squares,), {"__getitem__": lambda self, i: (torch.zeros(i), 0)})
    with pytest.raises(ShapeError, match="unequal shapes"):
        next(batches(samples(ragged())))
    with pytest.raises(UsageError, match="item 0 is no pair"):
        next(batches(samples(type("Alone", (Squares,), {"__getitem__": lambda self, i: i})())))


def test_an_iterable_dataset_wants_a_loader() -> None:
    class Endless(torch.utils.data.IterableDataset):  # type: ignore[type-arg]
        def __iter__(self) -> Any:
            return iter([])

    with pytest.raises(UsageError, match=r"(?s)one sample after another.*DataLoader"):
        samples(Endless())


datasets = pytest.importorskip("datasets", reason="Hugging Face datasets are not installed")


@pytest.fixture
def words() -> Any:
    held = {
        "ids": [[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 1, 1]],
        "mask": [[1, 1, 0]] * 4,
        "text": ["a", "b", "c", "d"],
        "label": [0, 1, 1, 0],
    }
    return datasets.Dataset.from_dict(held).cast_column("label", datasets.ClassLabel(names=["bad", "good"]))


def test_columns_of_arrays_are_inputs_by_name(words: Any) -> None:
    made = samples(words, "label", columns=["ids", "mask"])
    assert (made.inputs, made.classes) == (("ids", "mask"), Classes(("bad", "good")))
    x, y = made.batch(np.array([2, 0]))
    assert (x["ids"].tolist(), y.tolist()) == ([[7, 8, 9], [1, 2, 3]], [1, 0])
    np.testing.assert_array_equal(made.expected(np.arange(4)), words["label"])
    training, _ = split(made, 0.5, stratify=True)
    assert sorted(training.expected(np.arange(2)).tolist()) == [0, 1]
    with pytest.raises(UsageError, match="'text' is text"):
        next(batches(samples(words)))


def test_columns_of_numbers_are_a_table() -> None:
    held = {"a": [1.5, 2.5, None], "kind": ["x", "y", "x"], "target": [3, 4, 5]}
    made = samples(datasets.Dataset.from_dict(held), categories=["kind"], missing={"a": "mean"})
    x, y = made.batch(np.arange(3))
    assert (x.tolist(), y.tolist()) == ([[1.5, 1, 0], [2.5, 0, 1], [2, 1, 0]], [3, 4, 5])
    with pytest.raises(FileError, match=r"row 2 .*no value in column 'a'"):
        samples(datasets.Dataset.from_dict(held), categories=["kind"])


def test_classes_of_a_table_keep_their_ids() -> None:
    held = datasets.Dataset.from_dict({"a": [1.0, 2.0, 3.0], "label": [0, 1, -1]})
    held = held.cast_column("label", datasets.ClassLabel(names=["worse", "better"]))
    with pytest.raises(FileError, match=r"row 2 .* no value in column 'label'"):
        samples(held)
    made = samples(held, missing="drop")
    assert (made.classes, made.expected(np.arange(2)).tolist()) == (Classes(("worse", "better")), [0, 1])


def test_images_are_prepared(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 256, (3, 6, 5, 3), np.uint8)
    for i, image in enumerate(pixels):
        Image.fromarray(image).save(tmp_path / f"{i}.png")
    held = {"image": [str(tmp_path / f"{i}.png") for i in range(3)], "label": [2, 1, 0]}
    given = datasets.Dataset.from_dict(held).cast_column("image", datasets.Image())
    x, y = samples(given, images=Preparation(scale=1 / 255)).batch(np.arange(3))
    np.testing.assert_allclose(x, np.moveaxis(pixels, 3, 1) / 255, rtol=1e-6)
    assert y.tolist() == [2, 1, 0]


def test_what_is_not_one_dataset_is_refused(words: Any) -> None:
    with pytest.raises(UsageError, match=r"(?s)several datasets.*train"):
        samples(datasets.DatasetDict({"train": words}))
    with pytest.raises(UsageError, match="one row after another"):
        samples(words.to_iterable_dataset())
    with pytest.raises(ShapeError, match="unequal lengths"):
        next(batches(samples(datasets.Dataset.from_dict({"ids": [[1], [1, 2]], "y": [0, 1]}))))


def test_data_bring_no_torch_with_them(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3,4\n")
    code = (
        "import sys; from laminae.data import *; s = samples('t.csv'); Normalisation.fit(s); list(batches(s, shuffle=1)); split(s, 1);"
        "assert not {'torch', 'pyarrow', 'PIL', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
