"""Expectations brought to an output's form; NaN and ids that are none are named where they lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from laminae.base.errors import UsageError
from laminae.data import batches, samples
from laminae.data.expecting import Expecting


def test_whole_numbers_become_floats_in_a_column(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,y\n1,10\n2,20\n")
    made = Expecting(samples(tmp_path / "t.csv"), "float32", column=True)
    x, expected = made.batch(np.arange(2))
    assert (expected.dtype, expected.tolist()) == (np.float32, [[10], [20]])
    assert x.tolist() == [[1], [2]]
    assert len(list(batches(made, 1, shuffle=0))) == 2


def test_nan_is_named_with_its_sample(tmp_path: Path) -> None:
    x = np.ones((5, 2), np.float32)
    x[3, 1] = np.nan
    np.savez(tmp_path / "d.npz", x=x, y=np.arange(5))
    made = Expecting(samples(tmp_path / "d.npz"))
    made.batch(np.array([0, 1, 2]))
    with pytest.raises(UsageError, match=r"sample 3 of .*d\.npz.*holds nan"):
        made.batch(np.array([4, 3]))
    wanted = Expecting(samples((np.ones((2, 2), np.float32), np.array([1.0, np.inf], np.float32))))
    with pytest.raises(UsageError, match="sample 1: the expectation holds inf"):
        wanted.batch(np.arange(2))


def test_an_id_that_is_no_class_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,y\n1,1\n2,3\n3,2\n")
    made = Expecting(samples(tmp_path / "t.csv"), ids=3)
    with pytest.raises(UsageError, match=r"line 3 of .*: 3 is no class") as refused:
        made.batch(np.arange(3))
    assert "begin at 1" in str(refused.value)
    assert made.batch(np.array([0, 2]))[1].tolist() == [1, 2]
