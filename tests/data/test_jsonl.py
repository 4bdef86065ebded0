"""JSON lines as tables: the numbers are pandas', and a line that does not fit is named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from laminae.base.errors import FileError, UsageError
from laminae.data import samples

ROWS = [
    {"age": 31, "city": "Rom", "member": True, "paid": 2000.5},
    {"age": None, "city": "Köln", "member": False, "paid": 1000},
    {"city": "Rom", "member": True, "age": 47, "paid": 3e3},
]


def lines(path: Path, rows: list) -> Path:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n\n", encoding="utf-8")
    return path


def test_numbers_are_those_that_pandas_reads(tmp_path: Path) -> None:
    path = lines(tmp_path / "t.jsonl", ROWS)
    made = samples(path, "paid", columns=["age", "member"], missing={"age": "mean"})
    frame = pd.read_json(path, lines=True)
    x, expected = made.batch(np.arange(3))
    np.testing.assert_array_equal(x[:, 0], frame["age"].fillna(frame["age"].mean()).astype(np.float32))
    np.testing.assert_array_equal(x[:, 1], frame["member"].astype(np.float32))
    np.testing.assert_array_equal(expected, frame["paid"].astype(np.float32))
    assert made.place(2) == f"line 3 of {str(path)!r}"


def test_texts_are_classes_and_lists_are_columns(tmp_path: Path) -> None:
    path = lines(tmp_path / "t.jsonl", [{"ids": [3, 1, 2], "mood": "good"}, {"ids": [0, 0, 9], "mood": "bad"}])
    made = samples(path, "mood", dtype="int64")
    x, expected = made.batch(np.arange(2))
    assert (x.tolist(), expected.tolist(), made.classes.names) == ([[3, 1, 2], [0, 0, 9]], [1, 0], ("bad", "good"))
    assert made.columns.features() == ["ids 1", "ids 2", "ids 3"]


WRONG = {
    '{"a": 1, "y": 2}\n{"a": 1, "y": 2,}\n': "line 2",
    '{"a": 1, "y": 2}\n[1, 2]\n': "line 2 .* no object",
    '{"a": 1, "y": 2}\n{"a": 1, "y": 2, "z": 3}\n': "line 2 .* has 'z'",
    '{"a": [1, 2], "y": 2}\n{"a": [1], "y": 2}\n': "line 2",
    '{"a": {"b": 1}, "y": 2}\n': "line 1",
    '{"a": 1, "y": 2}\n{"a": "x", "y": 2}\n': "line 2 .*'x' is no number",
    '{"a": 1, "y": 2}\n{"a": NaN, "y": 2}\n': "line 2 .* no value in column 'a'",
    '{"a": 1, "y": 2}\n{"y": 2}\n': "line 2 .* no value in column 'a'",
    "\n\n": "is empty",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_line_that_does_not_fit_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(text)
    with pytest.raises((FileError, UsageError), match=f"(?s){WRONG[text]}"):
        samples(path, "y")
