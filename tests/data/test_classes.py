"""Names of classes and ids, there and back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from laminae.base.errors import UsageError
from laminae.data import Classes, samples


@given(st.lists(st.text(st.characters(exclude_characters="\0"), max_size=5).map("_{}".format), min_size=1))
def test_ids_are_the_places_that_numpy_finds(names: list[str]) -> None:
    made = Classes.of(names)
    assert [made[int(id)] for id in made.ids(names)] == names
    assert made.ids(names).tolist() == np.unique(names, return_inverse=True)[1].tolist()
    assert Classes(json.loads(json.dumps(made.names))) == made


def test_numbers_are_in_their_own_order() -> None:
    assert Classes.of([10, 9, 1]).names == ("1", "9", "10")
    assert Classes.of(["10", "9", "x"]).names == ("10", "9", "x")


def test_unseen_classes_are_refused_by_their_place() -> None:
    made = Classes(("cat", "dog"))
    with pytest.raises(UsageError, match=r"(?s)sample 2: 'cow' is a class.*cat, dog"):
        made.ids(["cat", "dog", "cow"])
    assert made.ids(["cow", "dog"], strict=False).tolist() == [-1, 1]
    with pytest.raises(UsageError, match="named twice"):
        Classes(("a", "a"))


def test_texts_beside_arrays_are_ids_where_the_classes_are_named() -> None:
    found = samples((np.zeros((3, 2)), ["dog", "cat", "dog"]), classes=["cat", "dog"])
    assert found.batch(np.arange(3))[1].tolist() == [1, 0, 1]
    assert found.classes == Classes(("cat", "dog"))
    named = samples({"x": np.zeros((2, 2)), "y": np.array(["dog", "cat"])}, classes=["cat", "dog"])
    assert named.expected(np.arange(2)).tolist() == [1, 0]
    with pytest.raises(UsageError, match=r"sample 1: 'cow'"):
        samples((np.zeros((2, 2)), ["dog", "cow"]), classes=["cat", "dog"])


def test_classes_of_a_table_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,no\n2,yes\n3,no\n")
    made = samples(tmp_path / "t.csv", classes=["yes", "no", "perhaps"])
    assert (made.expected(np.arange(3)).tolist(), len(made.classes)) == ([1, 0, 1], 3)
    with pytest.raises(UsageError, match=r"line 2 .*'no' is a class that was not seen"):
        samples(tmp_path / "t.csv", classes=["yes"])
