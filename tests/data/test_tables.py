"""Tables: the numbers are those pandas reads; texts, gaps and broken lines are errors with their line, or a choice with a name."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from laminae.base.errors import FileError, LaminaeError, ShapeError, UsageError
from laminae.data import Columns, batches, growing, samples, split
from laminae.data.table import Table

PEOPLE = """age,city,income,bought
31,Rom,2000.5,yes
,Köln,1000,no

47,"Rom",3000,yes
22,"New, York",,no
"""


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)
    return path


def all_of(made: Any) -> tuple[Any, Any]:
    return made.batch(np.arange(len(made)))


def table(path: Any, *given: Any, **named: Any) -> Table:
    made = samples(path, *given, **named)
    assert isinstance(made, Table)
    return made


finite = st.floats(allow_nan=False, allow_infinity=False, width=32)
rows = st.integers(1, 5).flatmap(lambda n: st.lists(st.lists(finite, min_size=n + 1, max_size=n + 1), min_size=1, max_size=30))


@given(rows, st.sampled_from(",;\t"), st.booleans())
def test_numbers_are_those_that_pandas_reads(tmp_path_factory: pytest.TempPathFactory, rows: Any, sign: str, named: bool) -> None:
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    names = [f"c{i}" for i in range(len(rows[0]))]
    frame = pd.DataFrame(rows, columns=names)
    frame.to_csv(path, sep=sign, header=named, index=False)
    read = pd.read_csv(path, sep=sign, header=0 if named else None).to_numpy()
    x, y = all_of(samples(path))
    np.testing.assert_array_equal(x, read[:, :-1].astype(np.float32))
    np.testing.assert_array_equal(y, read[:, -1].astype(np.float32))
    frame.to_parquet(path.with_suffix(".parquet"))
    for same in (path.with_suffix(".parquet"), frame):
        np.testing.assert_array_equal(all_of(samples(same))[0], x)
        np.testing.assert_array_equal(all_of(samples(same))[1], y)


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8).map(str.strip)


@given(st.lists(st.tuples(texts.filter(bool), st.integers(-9, 9)), min_size=1, max_size=20))
def test_texts_are_those_that_the_csv_module_wrote(tmp_path_factory: pytest.TempPathFactory, rows: Any) -> None:
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, quoting=csv.QUOTE_NONNUMERIC).writerows([("text", "number"), *rows])
    made = table(path, "number", categories={"text": "ids"})
    (column,) = made.columns.all
    assert column.classes is not None
    ids, numbers = all_of(made)
    assert [column.classes[i] for i in ids[:, 0]] == [text for text, _ in rows]
    assert numbers.tolist() == [number for _, number in rows]
    assert ids.dtype == np.int64


def test_columns_are_chosen_by_name_and_place(people: Path) -> None:
    made = table(people, "bought", columns=["income"], missing={"income": 0})
    x, y = all_of(made)
    assert x.tolist() == [[2000.5], [1000], [3000], [0]]
    assert (y.tolist(), made.classes.names) == ([1, 0, 1, 0], ("no", "yes"))
    assert [made.place(i) for i in range(4)] == [f"line {n} of {str(people)!r}" for n in (2, 3, 5, 6)]
    again = samples(people, -1, columns=[2], missing=0)
    np.testing.assert_array_equal(all_of(again)[0], x)
    assert all_of(samples(people, ["income"], columns=["age"], missing="drop"))[1].tolist() == [[2000.5], [3000]]
    two, _ = all_of(samples(people, "bought", columns={"a": ["income"], "b": ["city"]}, missing=0, categories=["city"]))
    assert {name: part.shape for name, part in two.items()} == {"a": (4, 1), "b": (4, 3)}


def test_one_hot_is_what_pandas_makes(people: Path) -> None:
    made = table(people, "bought", columns=["city", "age"], categories=["city"], missing="mean")
    dummies = pd.get_dummies(pd.read_csv(people)["city"]).sort_index(axis=1)
    x, _ = all_of(made)
    np.testing.assert_array_equal(x[:, :3], dummies.to_numpy(np.float32))
    assert made.columns.features() == [*(f"city={name}" for name in dummies.columns), "age"]
    assert x[1, 3] == np.float32((31 + 47 + 22) / 3)


def test_what_is_missing_is_an_error_or_a_choice(people: Path) -> None:
    with pytest.raises(FileError, match=r"line 3 of .*no value in column 'age'"):
        samples(people, "bought", columns=["age"])
    assert len(samples(people, "bought", columns=["age"], missing="drop")) == 3
    assert all_of(samples(people, "bought", columns=["age"], missing=-1))[0][1] == -1
    both = table(people, "bought", columns=["age", "income"], missing={"age": "drop", "income": "mean"})
    assert (len(both), both.origin()["left out"]) == (3, 1)
    with pytest.raises(FileError, match=r"line 6 .*no value in column 'income'"):
        samples(people, "income", columns=["age"], missing="mean")
    with pytest.raises(FileError, match=r"cannot stand there"):
        samples(people, "bought", columns=["age"], missing="much")


def test_a_class_that_is_missing_can_have_a_name(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,y\nred,1,0\n,2,1\nNA,3,1\n")
    made = table(tmp_path / "t.csv", categories={"a": "ids"}, missing={"a": "unknown"})
    assert made.columns.all[0].classes.names == ("NA", "red", "unknown")
    with pytest.raises(FileError, match=r"line 3"):
        samples(tmp_path / "t.csv", categories=["a"], missing="mean")


def test_the_mean_that_fills_is_the_training_parts(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal(200)
    values[::7] = np.nan
    pd.DataFrame({"a": values, "y": np.arange(200)}).to_csv(tmp_path / "t.csv", index=False)
    training, held_out = split(samples(tmp_path / "t.csv", missing="mean"), 0.3, seed=4)
    raw = values[all_of(training)[1]]
    wanted = np.where(np.isnan(raw), np.nanmean(raw), raw).astype(np.float32)
    np.testing.assert_allclose(all_of(training)[0][:, 0], wanted, rtol=1e-6)
    x, y = all_of(held_out)
    np.testing.assert_allclose(x[np.isnan(values[y]), 0], np.nanmean(raw), rtol=1e-6)
    inner, _ = split(training, 0.5, seed=1)
    rows = values[all_of(inner)[1]]
    assert all_of(inner)[0][np.isnan(rows), 0] == pytest.approx(np.nanmean(rows), rel=1e-5)
    assert held_out.origin()["columns"]["inputs"]["x"][0]["fill"] == pytest.approx(np.nanmean(raw), rel=1e-6)


def test_a_text_column_is_refused_with_the_ways_out(people: Path) -> None:
    with pytest.raises(UsageError, match=r"(?s)column 'city' is text.*'Rom' in line 2.*`categories`") as refused:
        samples(people, "bought", missing="drop")
    assert "columns" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n3\n", "line 3 .*broken"),
        ("a,b\n1,2\n3,4,5\n", "line 3 .*broken"),
        ("a,b\n1,2\nx,4\n", "line 3 .*, column 'a': 'x' is no number"),
        ("a,b\n1,2\n\n\n1_0,4\n", "line 5 .*'1_0' is no number"),
        ("a,b\n1,2\ninf,4\n", "line 3 .*inf is no float32"),
        ("a,b\n1,2\n1e39,4\n", "line 3 .*1e.39 is no float32"),
        ('a,b\n1,2\n"3,4\n' + "5,6\n" * 40000, "line 3 .*broken"),
        ("a,b\n1,2\n3,1e39\n", "line 3 .*1e.39 is no float32"),
        ("a,a\n1,2\n", "two columns .* named 'a'"),
        ("", "empty"),
        ("\n\n", "empty"),
        ("a,b\n", "no rows"),
        ("a,b\n1,\n", "line 2 .*no value in column 'b'"),
        (b"a,b\n1,2\n\xff,4\n", "line 3 .*broken"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, text: str | bytes, message: str) -> None:
    (tmp_path / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(LaminaeError, match=message):
        samples(tmp_path / "t.csv")


def test_a_line_without_end_is_refused_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b\n1,2\n" + b"0" * (1 << 25))
    with pytest.raises(FileError, match=r"line 3 .*no end"):
        samples(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"target": "bougth"}, "(?s)no column 'bougth'.*did you mean *bought"),
        ({"target": 9}, "no column 9"),
        ({"target": "bought", "columns": ["bought"]}, "asked for twice"),
        ({"target": "bought", "columns": []}, "no column left"),
        ({"target": ["age", "city", "income", "bought"]}, "no column left"),
        ({"categories": {"city": "hash"}}, "'hash' is no way"),
        ({"columns": ["age"], "categories": ["city"]}, "no column in use"),
        ({"unseen": "maybe"}, "unseen='maybe'"),
    ],
)
def test_columns_that_are_not_there_are_refused(people: Path, named: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        samples(people, **named)


def test_data_to_come_make_the_same_numbers(people: Path, tmp_path: Path) -> None:
    made = table(people, "bought", categories=["city"], missing="mean")
    kept = Columns.from_json(json.loads(json.dumps(made.columns.to_json())))
    assert kept == made.columns
    (tmp_path / "new.csv").write_text("extra,income,city,age\n9,,Rom,50\n9,5,Oslo,60\n9,6,Köln,70\n")
    with pytest.raises(UsageError, match=r"line 3 .*'city': 'Oslo' is a class that was not seen"):
        samples(tmp_path / "new.csv", columns=kept, labelled=False)
    x, y = all_of(samples(tmp_path / "new.csv", columns=kept, labelled=False, unseen="zeros"))
    cities = ["Köln", "New, York", "Rom"]
    assert y is None
    np.testing.assert_array_equal(x[:, 1:4], [[c == name for name in cities] for c in ("Rom", "Oslo", "Köln")])
    assert x[0, 4] == np.float32((2000.5 + 1000 + 3000) / 3)
    dropped = samples(tmp_path / "new.csv", columns=kept, labelled=False, unseen="drop")
    assert [dropped.place(i).split()[1] for i in range(len(dropped))] == ["2", "4"]
    with pytest.raises(UsageError, match=r"no column 'bought'"):
        samples(tmp_path / "new.csv", columns=kept)


def test_an_unseen_class_of_the_expectation_is_an_error_or_left_out(people: Path, tmp_path: Path) -> None:
    kept = table(people, "bought", columns=["income"], missing="drop").columns
    (tmp_path / "new.csv").write_text("income,bought\n1,yes\n2,perhaps\n")
    for unseen in ("error", "zeros"):
        with pytest.raises(UsageError, match=r"line 3 .*'perhaps'"):
            samples(tmp_path / "new.csv", columns=kept, unseen=unseen)
    assert all_of(samples(tmp_path / "new.csv", columns=kept, unseen="drop"))[1].tolist() == [1]


def test_rows_beyond_memory_go_to_a_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.random(20000), "city": rng.choice(list("zyx"), 20000), "y": rng.choice(["no", "yes"], 20000)})
    frame.to_csv(tmp_path / "t.csv", index=False)
    wanted = all_of(samples(tmp_path / "t.csv", categories=["city"]))
    monkeypatch.setattr(growing.Growing.__init__, "__defaults__", (1000,))
    made = table(tmp_path / "t.csv", categories=["city"])
    assert isinstance(made.rows, np.memmap)
    for found, expected in zip(all_of(made), wanted, strict=True):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(wanted[0][:, 1:], pd.get_dummies(frame["city"]).sort_index(axis=1).to_numpy(np.float32))


def test_shape_and_dtype_of_a_sample(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("1,2,3,4,7.5\n5,6,7,8,2\n")
    x, y = all_of(samples(tmp_path / "t.csv", shape=(1, 2, 2), dtype="int64"))
    assert (x.tolist(), x.dtype) == ([[[[1, 2], [3, 4]]], [[[5, 6], [7, 8]]]], np.int64)
    assert (y.tolist(), y.dtype) == ([7.5, 2], np.float32)
    with pytest.raises(ShapeError, match=r"4 numbers a sample"):
        all_of(samples(tmp_path / "t.csv", shape=(3,)))
    with pytest.raises(FileError, match=r"line 1 of .*7.5 is no int64"):
        samples(tmp_path / "t.csv", "column 1", dtype="int64")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "int8", "bool"])
def test_inputs_of_every_dtype(tmp_path: Path, dtype: str) -> None:
    (tmp_path / "t.csv").write_text("1,0,7\n0,1,8\n")
    x, _ = all_of(samples(tmp_path / "t.csv", dtype=dtype))
    assert (x.dtype.name, x.astype(int).tolist()) == (dtype, [[1, 0], [0, 1]])
    (tmp_path / "big.csv").write_text("1,0,7\n1e300,1,8\n")
    if dtype != "float64":
        with pytest.raises(FileError, match=r"line 2 .*1e.300 is no"):
            samples(tmp_path / "big.csv", dtype=dtype)


def test_inputs_and_expectations_in_two_tables(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("1,2\n3,4\n")
    (tmp_path / "y.csv").write_text("5\n6\n")
    x, y = all_of(samples((tmp_path / "x.csv", tmp_path / "y.csv"), shape=(1, 2)))
    assert (x.tolist(), y.tolist()) == ([[[1, 2]], [[3, 4]]], [[5], [6]])


def test_parquet_of_every_kind_of_number(tmp_path: Path) -> None:
    held = {
        "i8": pa.array([1, None, 3], pa.int8()),
        "bool": pa.array([True, False, None]),
        "decimal": pa.array([1, 2, None], pa.decimal128(5, 2)),
        "dictionary": pa.array(["a", "b", None]).dictionary_encode(),
        "half": pa.array(np.array([1, 2, 3], np.float16)),
        "y": pa.array([2, 0, 1], pa.int64()),
    }
    pq.write_table(pa.table(held), tmp_path / "t.parquet", row_group_size=2)
    made = table(tmp_path / "t.parquet", categories=["dictionary"], missing={**dict.fromkeys(held, 0), "dictionary": "z"})
    x, y = all_of(made)
    assert x.tolist() == [[1, 1, 1, 1, 0, 0, 1], [0, 0, 2, 0, 1, 0, 2], [3, 0, 0, 0, 0, 1, 3]]
    assert (y.tolist(), y.dtype, made.place(2)) == ([2, 0, 1], np.int64, f"row 3 of {str(tmp_path / 't.parquet')!r}")
    with pytest.raises(FileError, match=r"row 2 of .*no value in column 'i8'"):
        samples(tmp_path / "t.parquet", categories=["dictionary"])
    with pytest.raises(UsageError, match=r"'y' is text|'dictionary' is text"):
        samples(tmp_path / "t.parquet", missing=0)


def test_parquet_that_is_damaged_or_no_table_of_numbers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"when": pa.array([0], pa.timestamp("s")), "y": [1]}), path)
    with pytest.raises(UsageError, match=r"'when' of .* is timestamp"):
        samples(path)
    whole = path.read_bytes()
    for bad in (b"PAR1", whole[:-40], whole[:20] + bytes(40) + whole[60:]):
        path.write_bytes(bad)
        with pytest.raises(LaminaeError):
            samples(path)


def test_a_parquet_that_claims_more_rows_than_the_disk_holds_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: Any
) -> None:
    pq.write_table(pa.table({"a": np.zeros(200000, np.float32), "y": np.zeros(200000)}), tmp_path / "t.parquet")
    monkeypatch.setattr("laminae.data.growing.IN_MEMORY", 1000)
    monkeypatch.setattr(growing.Growing.__init__, "__defaults__", (1000,))
    usage = growing.shutil.disk_usage("/")
    monkeypatch.setattr(growing.shutil, "disk_usage", lambda folder: usage._replace(free=2000))
    with pytest.raises(FileError, match=r"(?s)no room.*TMPDIR"):
        samples(tmp_path / "t.parquet")


def test_a_frame_holds_texts_gaps_and_whole_numbers(people: Path) -> None:
    frame = pd.DataFrame(
        {"a": pd.array([1, None, 3], "Int64"), "b": ["x", None, "y"], "c": pd.Categorical(["k", "l", "k"]), "y": [1, 2, 3]}
    )
    with pytest.raises(FileError, match=r"row 1 of 'the frame' has no value in column 'a'"):
        samples(frame, categories=["b", "c"])
    x, y = all_of(samples(frame, categories=["b", "c"], missing={"a": "mean", "b": "x"}))
    assert (x.tolist(), y.tolist()) == ([[1, 1, 0, 1, 0], [2, 1, 0, 0, 1], [3, 0, 1, 1, 0]], [1, 2, 3])
    with pytest.raises(UsageError, match="column 'when' is datetime"):
        samples(pd.DataFrame({"when": pd.to_datetime(["2020-01-01"]), "y": [1]}))


@given(st.data())
def test_damaged_files_end_in_a_clear_error(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    pd.DataFrame({"a": np.arange(50.0), "b": list("xy") * 25, "y": np.arange(50)}).to_parquet(folder / "t.parquet")
    np.savez(folder / "t.npz", x=np.arange(50.0), y=np.arange(50))
    (folder / "t.csv").write_text(PEOPLE)
    path = folder / data.draw(st.sampled_from(["t.parquet", "t.npz", "t.csv"]))
    held = bytearray(path.read_bytes())
    for at, byte in data.draw(st.lists(st.tuples(st.integers(0, len(held) - 1), st.integers(0, 255)), max_size=4)):
        held[at] = byte
    path.write_bytes(held[: data.draw(st.integers(0, len(held)))])
    with contextlib.suppress(LaminaeError):
        all_of(samples(path, categories=() if path.suffix == ".npz" else ["city" if path.suffix == ".csv" else "b"]))


def test_the_origin_tells_when_data_have_changed(people: Path) -> None:
    from laminae.data import differences

    made = table(people, "bought", columns=["income"], missing="drop")
    before = json.loads(json.dumps(made.origin()))
    people.touch()
    assert differences(before, samples(people, "bought", columns=["income"], missing="drop").origin()) == {}
    other = samples(people, "bought", columns=["income"], missing=0).origin()
    assert set(differences(before, other)) == {"columns", "left out", "samples"}
    people.write_text(PEOPLE.replace("31", "32"))
    assert set(differences(before, table(people, "bought", columns=["income"], missing="drop").origin())) == {"sha256"}


def test_every_row_once_in_shuffled_batches(people: Path) -> None:
    made = samples(people, "bought", columns=["income"], missing=0)
    seen = [float(v) for x, _ in batches(made, 3, shuffle=1) for v in x[:, 0]]
    assert sorted(seen) == sorted(float(row["income"] or 0) for row in csv.DictReader(io.StringIO(PEOPLE)))
