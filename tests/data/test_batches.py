"""Batches hold every sample once, in order, whatever they are cut from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from laminae.base.errors import FileError, ShapeError, UsageError
from laminae.data.batches import batches
from laminae.data.files import read, read_bytes

X, Y = np.arange(20, dtype=np.float32).reshape(10, 2), np.arange(10)


@given(st.integers(0, 50), st.integers(1, 60))
def test_every_sample_once_in_order(samples: int, size: int) -> None:
    x = np.arange(samples)
    cut = list(batches((x, x * 2), size))
    assert all(len(a) <= size for a, _ in cut)
    assert [int(v) for a, _ in cut for v in a] == x.tolist()
    assert all((b == a * 2).all() for a, b in cut)


def test_files_and_pairs_of_files_and_dicts_give_the_same_batches(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=X, y=Y)
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", Y)
    np.savetxt(tmp_path / "d.csv", np.column_stack([X, Y]), delimiter=",")
    sources = [(X, Y), {"x": X, "y": Y}, tmp_path / "d.npz", (tmp_path / "x.npy", str(tmp_path / "y.npy")), tmp_path / "d.csv"]
    for source in sources:
        found = list(batches(source, 4))
        assert [len(x) for x, _ in found] == [4, 4, 2]
        np.testing.assert_array_equal(np.concatenate([x for x, _ in found]), X)
        np.testing.assert_array_equal(np.concatenate([y for _, y in found]), Y)
        assert found[0][0].dtype == np.float32
        assert found[0][1].dtype == np.int64


def test_several_inputs_are_cut_together() -> None:
    ((a, b), y), *_ = batches(((X, X * 2), Y), 3)
    np.testing.assert_array_equal(b, a * 2)
    assert len(y) == 3
    first, *_ = batches(({"a": X, "b": X}, Y), 3)
    assert {name: len(part) for name, part in first[0].items()} == {"a": 3, "b": 3}


def test_an_iterable_of_batches_is_handed_on() -> None:
    made = [(X[:5], Y[:5]), (X[5:], Y[5:])]
    assert list(batches(made, 1)) == made
    assert list(batches(iter(made))) == made


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ((X, Y[:9]), ShapeError, "other numbers of samples"),
        (((X, X[:3]), Y), ShapeError, "other numbers of samples"),
        ({"a": X, "b": Y, "c": Y}, UsageError, "which arrays"),
        (X, UsageError, "cannot take batches from a ndarray"),
        (7, UsageError, "cannot take batches from a int"),
        ("nothing.npz", FileError, "no file"),
    ],
)
def test_what_is_no_data_is_refused(data: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        list(batches(data))


def test_a_batch_that_is_no_pair_is_refused() -> None:
    with pytest.raises(UsageError, match="pair"):
        list(batches(iter([X])))
    with pytest.raises(UsageError, match="batch size 0"):
        batches((X, Y), 0)


def test_fortran_order_scalars_and_empty_arrays_are_read_as_numpy_does(tmp_path: Path) -> None:
    for array in (np.asfortranarray(X), np.float64(3.5), np.zeros((0, 4)), np.array(["a", "bc"]), X.astype(">f4")):
        np.save(tmp_path / "a.npy", array)
        found, wanted = read(tmp_path / "a.npy"), np.load(tmp_path / "a.npy")
        np.testing.assert_array_equal(found, wanted)
        assert (found.dtype, found.shape, found.flags.writeable) == (wanted.dtype, wanted.shape, True)


def test_a_csv_may_use_semicolons_and_have_names(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read_bytes(b"a;b\n1;2\n3;4\n", "stdin").array, [[1, 2], [3, 4]])
    np.testing.assert_array_equal(read_bytes("\ufeff1\t2\n".encode(), "stdin").array, [[1, 2]])
