"""Every sample once an epoch; going on from any place gives the rest, bit for bit."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from laminae.base.errors import FileError, ShapeError, UsageError
from laminae.data import batches, order, sample_count, samples
from laminae.data.stream import Stream

X, Y = np.arange(20, dtype=np.float32).reshape(10, 2), np.arange(10)

KNOWN = [7, 6, 3, 2, 4, 1, 5, 0]
KNOWN_HASH = "833db29fa5500d3d"
"""What these seeds gave when this was written: a checkpoint of then goes on the same way."""

seeds = st.none() | st.integers(0, 2**64)


@given(st.integers(0, 50), st.integers(1, 60), seeds, st.integers(0, 5), st.integers(0, 2))
def test_every_sample_once_an_epoch(count: int, size: int, seed: int | None, epoch: int, prefetch: int) -> None:
    x = np.arange(count)
    cut = list(batches(samples((x, x * 2)), size, shuffle=seed, epoch=epoch, prefetch=prefetch))
    assert [len(a) for a, _ in cut] == [size] * (count // size) + [count % size] * (count % size > 0)
    assert sorted(int(v) for a, _ in cut for v in a) == x.tolist()
    assert all((b == a * 2).all() for a, b in cut)
    if seed is None:
        assert [int(v) for a, _ in cut for v in a] == x.tolist()


@given(st.integers(1, 50), st.integers(1, 20), seeds, st.integers(0, 5), st.data())
def test_from_any_place_on_the_rest_is_the_same(count: int, size: int, seed: int | None, epoch: int, data: st.DataObject) -> None:
    made = samples((np.arange(count), np.arange(count)))
    whole = [x.tolist() for x, _ in batches(made, size, shuffle=seed, epoch=epoch)]
    done = data.draw(st.integers(0, len(whole)))
    start = sum(map(len, whole[:done]))
    assert [x.tolist() for x, _ in batches(made, size, shuffle=seed, epoch=epoch, start=start)] == whole[done:]
    place = data.draw(st.integers(0, count))
    rest = [int(v) for x, _ in batches(made, size, shuffle=seed, epoch=epoch, start=place) for v in x]
    assert rest == [v for batch in whole for v in batch][place:]


@given(st.integers(0, 60), st.integers(1, 20), st.integers(0, 9))
def test_a_short_last_batch_can_be_left_out_as_torch_does(count: int, size: int, seed: int) -> None:
    made = samples((np.arange(count), np.arange(count)))
    kept = [len(x) for x, _ in batches(made, size, shuffle=seed, drop_last=True)]
    dataset = torch.utils.data.TensorDataset(torch.arange(count))
    oracle = torch.utils.data.DataLoader(dataset, batch_size=size, drop_last=True)
    assert kept == [len(x) for (x,) in oracle]


def test_the_batches_are_those_of_a_data_loader_with_the_same_order() -> None:
    dataset = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    oracle = torch.utils.data.DataLoader(dataset, batch_size=4, sampler=order(10, 3, 1).tolist())
    for data in ((X, Y), dataset, (torch.from_numpy(X), torch.from_numpy(Y))):
        for (x, y), (a, b) in zip(batches(samples(data), 4, shuffle=3, epoch=1), oracle, strict=True):
            np.testing.assert_array_equal(np.asarray(x), a.numpy())
            np.testing.assert_array_equal(np.asarray(y), b.numpy())


def test_the_order_is_of_seed_and_epoch_alone_and_stays_what_it_is() -> None:
    orders = {tuple(order(20, seed, epoch).tolist()) for seed in range(5) for epoch in range(5)}
    assert len(orders) == 25
    assert order(8, 0, 0).tolist() == order(8, 0, 0).tolist() == KNOWN
    assert hashlib.sha256(order(1000, 7, 3).astype("<i8").tobytes()).hexdigest().startswith(KNOWN_HASH)


def test_an_order_prefers_no_place() -> None:
    """χ² over 8 × 8 places: 49 degrees of freedom, below 100 but once in a hundred thousand."""
    counts = np.zeros((8, 8))
    for epoch in range(2000):
        counts[np.arange(8), order(8, 5, epoch)] += 1
    assert ((counts - 250) ** 2 / 250).sum() < 100


def test_several_inputs_are_cut_together() -> None:
    ((a, b), y), *_ = batches(samples(((X, X * 2), Y)), 3, shuffle=0)
    np.testing.assert_array_equal(b, a * 2)
    np.testing.assert_array_equal(a[:, 0], y * 2)
    made = samples({"a": X, "b": X, "y": Y}, "y")
    assert made.inputs == ("a", "b")
    first, *_ = batches(made, 3)
    assert {name: len(part) for name, part in first[0].items()} == {"a": 3, "b": 3}
    assert sample_count(first[0]) == 3


def test_batches_as_they_come() -> None:
    made = [(X[:5], Y[:5]), (X[5:], Y[5:])]
    assert list(batches(samples(made), 1)) == made
    assert list(batches(samples(iter(made)))) == made
    assert list(batches(samples(made), start=5)) == made[1:]
    assert [y.tolist() for _, y in batches(samples([{"a": X, "t": Y}], "t"))] == [Y.tolist()]
    with pytest.raises(UsageError, match="lies inside batch 0"):
        list(batches(samples(made), start=3))
    with pytest.raises(UsageError, match="cannot be shuffled"):
        batches(samples(made), shuffle=1)


def test_an_iterator_gives_one_epoch_a_function_each() -> None:
    def fresh(epoch: int) -> Iterator[tuple[Any, Any]]:
        return iter([(X + epoch, Y)])

    again = samples(fresh)
    assert [float(x[0, 0]) for epoch in range(3) for x, _ in batches(again, epoch=epoch)] == [0, 1, 2]
    plain = samples(lambda: [(X, Y)])
    assert [len(list(batches(plain))) for _ in range(2)] == [1, 1]
    once = samples(iter([(X, Y)]))
    assert len(list(batches(once))) == 1
    with pytest.raises(UsageError, match="second epoch"):
        list(batches(once, epoch=1))


def test_a_data_loader_is_a_stream_of_its_own_batches() -> None:
    dataset = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    made = samples(torch.utils.data.DataLoader(dataset, batch_size=6))
    assert isinstance(made, Stream)
    assert [len(x) for x, _ in batches(made)] == [len(x) for x, _ in batches(made, epoch=1)] == [6, 4]


def test_prefetch_raises_in_its_place_and_ends_its_thread() -> None:
    def broken() -> Iterator[tuple[Any, Any]]:
        yield X, Y
        raise FileError("gone")

    made = batches(samples(broken), prefetch=3)
    next(made)
    with pytest.raises(FileError, match="gone"):
        next(made)
    early = batches(samples((X, Y)), 1, prefetch=2)
    next(early)
    early.close()
    until = time.monotonic() + 5
    while any(t.name == "laminae-prefetch" for t in threading.enumerate()) and time.monotonic() < until:
        time.sleep(0.01)
    assert not any(t.name == "laminae-prefetch" for t in threading.enumerate())


def test_files_pairs_of_files_and_dicts_give_the_same_batches(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=X, y=Y)
    np.savez_compressed(tmp_path / "c.npz", input=X, output=Y)
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", Y)
    np.savetxt(tmp_path / "d.csv", np.column_stack([X, Y]), delimiter=",")
    (tmp_path / "d.json").write_text(f'{{"x": {X.tolist()}, "y": {Y.tolist()}}}')
    pair = (tmp_path / "x.npy", str(tmp_path / "y.npy"))
    for source in [(X, Y), {"x": X, "y": Y}, *(tmp_path / f"{n}" for n in ("d.npz", "c.npz", "d.csv", "d.json")), pair]:
        found = list(batches(samples(source), 4))
        assert [len(x) for x, _ in found] == [4, 4, 2]
        np.testing.assert_array_equal(np.concatenate([x for x, _ in found]), X)
        np.testing.assert_array_equal(np.concatenate([y for _, y in found]), Y)
        assert found[0][1].dtype == np.int64


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ((X, Y[:9]), ShapeError, "other numbers of samples"),
        (((X, X[:3]), Y), ShapeError, "other numbers of samples"),
        ({"a": X, "b": Y, "c": Y}, UsageError, "which arrays"),
        (X, UsageError, "cannot take batches from a ndarray"),
        (7, UsageError, "cannot take batches from a int"),
        ((X, None), UsageError, "no expectation"),
        ((np.float32(1), Y), UsageError, "no axis"),
        ((X, [[1]] * 9 + [[1, 2]]), UsageError, "cannot take batches"),
        ("nothing.npz", FileError, "no file"),
        ("nothing.csv", FileError, "no file"),
        ("nothing.parquet", FileError, "no file"),
    ],
)
def test_what_is_no_data_is_refused(data: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        list(batches(samples(data)))


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"batch": 0}, "batch=0"),
        ({"batch": True}, "batch=True"),
        ({"start": 11}, "behind the end"),
        ({"start": -1}, "start=-1"),
        ({"shuffle": -1}, "seed=-1"),
        ({"shuffle": 1, "epoch": 0.5}, "epoch=0.5"),
        ({"prefetch": -1}, "prefetch=-1"),
        ({"workers": "2"}, "workers='2'"),
    ],
)
def test_what_is_no_way_to_cut_is_refused_at_once(named: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        batches(samples((X, Y)), **named)


def test_batches_that_are_no_pairs_are_refused() -> None:
    with pytest.raises(UsageError, match="batch 1 is no pair"):
        list(batches(samples(iter([(X, Y), X]))))
    with pytest.raises(UsageError, match="needs samples"):
        batches((X, Y))  # type: ignore[arg-type]
