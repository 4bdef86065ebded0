"""The parts of a split: nothing twice, nothing lost, the same for one seed, and as many of each class as can be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from laminae.base.errors import UsageError
from laminae.data import batches, samples, split


def values(part: Any) -> list[int]:
    return [int(v) for x, _ in batches(part, 7) for v in x]


@given(st.integers(2, 200), st.floats(0.01, 0.99), st.integers(0, 100), st.booleans())
def test_the_parts_are_disjoint_and_whole(count: int, part: float, seed: int, stratify: bool) -> None:
    made = samples((np.arange(count), np.arange(count) % 3))
    if not 0 < round(count * part) < count:
        with pytest.raises(UsageError, match="empty"):
            split(made, part, seed=seed)
        return
    training, held_out = split(made, part, seed=seed, stratify=stratify)
    assert len(held_out) == round(count * part)
    assert sorted([*values(training), *values(held_out)]) == list(range(count))
    assert values(training) == sorted(values(training))
    again = split(made, part, seed=seed, stratify=stratify)
    assert [values(p) for p in again] == [values(training), values(held_out)]


@given(st.lists(st.integers(0, 4), min_size=2, max_size=100), st.integers(0, 9), st.data())
def test_classes_have_the_same_share_in_both_parts(ids: list[int], seed: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, len(ids) - 1))
    _, held_out = split(samples((np.arange(len(ids)), ids)), count, seed=seed, stratify=True)
    taken = np.bincount(held_out.expected(np.arange(count)), minlength=5)
    exact = np.bincount(ids, minlength=5) * count / len(ids)
    assert (np.abs(taken - exact) < 1).all()


def test_seeds_differ_and_texts_can_be_classes() -> None:
    made = samples((np.arange(100), np.array(["a", "b"] * 50)))
    assert values(split(made, 0.2, seed=0)[1]) != values(split(made, 0.2, seed=1)[1])
    _, held_out = split(made, 10, stratify=True)
    assert sorted(held_out.expected(np.arange(10)).tolist()) == ["a"] * 5 + ["b"] * 5
    training, _ = split(split(made, 0.5)[0], 0.5)
    assert (len(training), training.place(0)) == (25, f"sample {values(training)[0]}")
    assert training.origin()["part"] == "training"


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"validation": 0}, "validation=0"),
        ({"validation": 1.0}, "no part"),
        ({"validation": 10}, "empty"),
        ({"validation": True}, "validation=True"),
        ({"seed": -1}, "seed=-1"),
        ({"stratify": True}, "(?s)by class.*float32"),
    ],
)
def test_what_is_no_split_is_refused(named: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        split(samples((np.arange(10), np.arange(10, dtype=np.float32))), **named)


def test_batches_that_come_as_they_come_cannot_be_split() -> None:
    with pytest.raises(UsageError, match="split needs samples"):
        split(samples([(np.arange(3), np.arange(3))]))  # type: ignore[arg-type]
