"""Inputs alone, in batches: what samples are in each, in which order, and what is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import laminae as lm
from laminae.data.inputs import BY_SHAPE, Takes, inputs

ONE, TWO = Takes(("x",), (2,)), Takes(("a", "b"), (2, 2))
X = np.arange(30, dtype=np.float32).reshape(10, 3)


def told(data: Any, size: int = 4, takes: Takes = ONE) -> list[tuple[Any, Any]]:
    return [(batch.x, batch.ids) for batch in inputs(data, size, takes).batches()]


def whole(data: Any, takes: Takes = ONE) -> np.ndarray:
    """All samples of the one input, by whichever way it came."""
    return np.concatenate([np.asarray(x["x"] if isinstance(x, dict) else x) for x, _ in told(data, takes=takes)])


def test_an_array_is_cut_in_order() -> None:
    made = told(X)
    assert [ids for _, ids in made] == [((0, 4),), ((4, 4),), ((8, 2),)]
    assert inputs(X, 4, ONE).samples == 10
    np.testing.assert_array_equal(whole(X), X)


def test_every_form_of_the_same_samples_is_the_same(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    np.savez(tmp_path / "x.npz", x=X, y=np.zeros(10))
    (tmp_path / "folder").mkdir()
    for i, sample in enumerate(X):
        np.save(tmp_path / "folder" / f"{i:02d}.npy", sample)
    dataset = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.zeros(10))
    cases = [
        torch.from_numpy(X),
        X.tolist(),
        list(X),
        (X,),
        (X, np.zeros(10)),
        {"x": X, "labels": np.zeros(10)},
        tmp_path / "x.npy",
        str(tmp_path / "x.npz"),
        tmp_path / "folder",
        [X[:4], X[4:]],
        (part for part in (X[:1], X[1:])),
        torch.utils.data.DataLoader(dataset, batch_size=3),
        dataset,
    ]
    for case in cases:
        np.testing.assert_array_equal(whole(case), X)


def test_several_inputs_come_by_name_or_by_place() -> None:
    pairs = [x for x, _ in told((X, X + 1), takes=TWO)]
    np.testing.assert_array_equal(pairs[1][1], X[4:8] + 1)
    by_name = [x for x, _ in told({"b": X, "a": X + 1, "y": X}, takes=TWO)]
    assert list(by_name[0]) == ["a", "b"]
    rows = [x for x, _ in told([{"a": a, "b": a} for a in X], takes=TWO)]
    np.testing.assert_array_equal(rows[2]["b"], X[8:])


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40), st.integers(1, 7))
def test_samples_of_one_length_run_together_and_none_is_lost(lengths: list[int], size: int) -> None:
    data = [[place] * length for place, length in enumerate(lengths)]
    seen = []
    for x, ids in told(data, size):
        places = [first + i for first, count in ids for i in range(count)]
        assert len(x) == len(places) <= size
        assert [data[place] for place in places] == x
        assert len({len(row) for row in x}) == 1
        seen += places
    assert sorted(seen) == list(range(len(data)))
    assert seen == sorted(seen, key=lambda place: (lengths[place], place))
    assert inputs(data, size, ONE).order == (BY_SHAPE if seen != sorted(seen) else "as given")


def test_a_folder_of_unequal_samples_stays_in_order(tmp_path: Path) -> None:
    for i, length in enumerate((2, 2, 3, 3, 3, 2)):
        np.save(tmp_path / f"{i}.npy", np.full(length, i))
    assert [ids for _, ids in told(tmp_path, 2)] == [((0, 2),), ((2, 2),), ((4, 1),), ((5, 1),)]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"z": X}, "'z' is no input"),
        ({"x": X, "mask": X}, "'mask' is no input"),
        ({"labels": X}, "nothing for input 'x'"),
        ((X, X, X), "the data are 3 arrays"),
        (5, "cannot take"),
    ],
)
def test_what_is_no_input_is_said(data: Any, words: str) -> None:
    with pytest.raises(lm.UsageError, match=words):
        told(data)
