"""Answers on disk: what pandas, pyarrow, json and NumPy read back is what was written, batch after batch."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from laminae.base.errors import UsageError
from laminae.data.writing import suffix_of, writer

floats = hnp.arrays(np.float32, st.integers(1, 20), elements=st.floats(width=32, allow_nan=False, allow_infinity=False))


def written(suffix: str, held: dict[str, np.ndarray], size: int = 3) -> io.BytesIO:
    file = io.BytesIO()
    count = len(next(iter(held.values())))
    to = writer(suffix, file, count)
    for at in range(0, count, size):
        to.add({name: array[at : at + size] for name, array in held.items()})
    to.end()
    file.seek(0)
    return file


@given(floats)
def test_every_float_comes_back_bit_for_bit(array: np.ndarray) -> None:
    names = np.array([f"class, {i}\n" for i in range(len(array))])
    held = {"name": names, "value": array, "wide": np.stack([array, -array], 1)}
    for suffix, sign in ((".csv", ","), (".tsv", "\t")):
        read = pd.read_csv(written(suffix, held), sep=sign, float_precision="round_trip")
        assert list(read) == ["name", "value", "wide 1", "wide 2"]
        assert read["name"].tolist() == names.tolist()
        assert (read["value"].to_numpy(np.float32) == array).all()
    rows = [json.loads(line) for line in written(".jsonl", held).read().splitlines()]
    assert (np.array([row["wide"] for row in rows], np.float32) == held["wide"]).all()
    table = pq.read_table(written(".parquet", held)).to_pydict()
    assert table["name"] == names.tolist()
    assert (np.array(table["wide 2"], np.float32) == -array).all()
    with np.load(written(".npz", held), allow_pickle=False) as read:
        assert all((read[name] == held[name]).all() for name in held)
    assert (np.load(written(".npy", {"wide": held["wide"]})) == held["wide"]).all()


def test_what_is_no_number_is_null_in_json() -> None:
    rows = written(".jsonl", {"y": np.array([np.nan, np.inf, 1.5], np.float32), "id": np.arange(3)}).read().splitlines()
    assert [json.loads(row)["y"] for row in rows] == [None, None, 1.5]


def test_what_does_not_fit_the_file_is_refused() -> None:
    with pytest.raises(UsageError, match="no rows of a table"):
        written(".csv", {"y": np.zeros((2, 3, 4))})
    with pytest.raises(UsageError, match="holds one array"):
        written(".npy", {"a": np.zeros(2), "b": np.zeros(2)})
    with pytest.raises(UsageError, match="no suffix"):
        suffix_of(Path("answers"))
