"""`laminae init`: what it writes learns as it is, and says what it saw."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import laminae as lm
from laminae.files.description import reading
from tests.cli.running import Desk


@pytest.fixture
def homes(desk: Desk) -> Desk:
    rng = np.random.default_rng(0)
    rooms, city = rng.integers(1, 6, 120).astype(float), rng.choice(["Rome", "Oslo"], 120)
    price = 100 * rooms + 50 * (city == "Rome") + 0.5
    rooms[7] = np.nan
    pd.DataFrame({"id": [f"h{i}" for i in range(120)], "rooms": rooms, "city": city, "price": price}).to_csv(
        "homes.csv", index=False
    )
    return desk


def test_an_mlp_for_a_table_of_numbers_texts_and_gaps(homes: Desk) -> None:
    answer = homes.run("init", "mlp", "--data", "homes.csv", "--target", "price", "--out", "homes.yaml")
    assert (answer.code, answer.err) == (0, "")
    said = reading.read("homes.yaml")
    assert said.data["categories"] == {"city": "one-hot"}
    assert said.data["missing"] == {"rooms": "mean"}
    assert said.data["columns"] == ["rooms", "city"]
    assert "left out" in answer.out
    told = json.loads(homes.run("train", "homes.yaml", "--data", "homes.csv", "--out", "run", "--json").out)
    assert told["epochs"][told["best"] - 1]["metrics"]["r2"] > 0.8


def test_a_file_that_is_there_stays_unless_forced(homes: Desk) -> None:
    homes.write("model.yaml", "mine")
    answer = homes.run("init", "mlp", "--data", "homes.csv")
    assert (answer.code, "--force" in answer.err, Path("model.yaml").read_text()) == (2, True, "mine")
    assert homes.run("init", "mlp", "--data", "homes.csv", "--force").code == 0
    lm.open("model.yaml")


def test_a_cnn_for_images_and_for_squares_of_numbers(desk: Desk) -> None:
    for i in range(12):
        (desk.folder / "p" / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 16 + i // 11)).save(desk.folder / "p" / "ab"[i % 2] / f"{i}.png")
    answer = desk.run("init", "cnn", "--data", "p", "--out", "p.yaml")
    assert answer.code == 0
    assert "sizes" in answer.out
    assert lm.open("p.yaml").graph.inputs[0].shape == ("batch", 3, 16, 20)
    assert desk.run("train", "p.yaml", "--data", "p", "--out", "run", "--epochs", "1").code == 0
    np.savez("d.npz", x=np.zeros((30, 9, 9), np.float32), y=np.arange(30) % 3)
    assert desk.run("init", "cnn", "--data", "d.npz", "--out", "d.yaml").code == 0
    assert desk.run("train", "d.yaml", "--data", "d.npz", "--out", "run2", "--epochs", "1").code == 0
    pd.DataFrame({**{f"p{i}": [0.5, 1, 2] * 10 for i in range(16)}, "y": ["a", "b", "c"] * 10}).to_csv("s.csv", index=False)
    assert desk.run("init", "cnn", "--data", "s.csv", "--out", "s.yaml").code == 0
    assert lm.open("s.yaml").graph.inputs[0].shape == ("batch", 1, 4, 4)


def test_a_transformer_for_texts_and_for_ids(desk: Desk) -> None:
    rows = [{"text": f"one more {'good' if i % 2 else 'bad'} film", "mood": "+" if i % 2 else "-"} for i in range(60)]
    Path("t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert desk.run("init", "transformer", "--data", "t.jsonl", "--target", "mood", "--out", "t.yaml").code == 0
    told = json.loads(desk.run("train", "t.yaml", "--data", "t.jsonl", "--out", "run", "--json", "--epochs", "12").out)
    assert told["epochs"][told["best"] - 1]["metrics"]["accuracy"] == 1
    ids = [{"ids": [i % 7, 3, 5, i % 2], "y": i % 2} for i in range(40)]
    Path("i.jsonl").write_text("\n".join(map(json.dumps, ids)))
    assert desk.run("init", "transformer", "--data", "i.jsonl", "--out", "i.yaml").code == 0
    model = lm.open("i.yaml")
    assert (model.graph.inputs[0].shape, model.graph.inputs[0].dtype) == (("batch", 4), "int64")
    assert desk.run("train", "i.yaml", "--data", "i.jsonl", "--out", "run2", "--epochs", "1").code == 0


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("mpl", "--data", "homes.csv"), "did you mean"),
        (("mlp", "--data", "homes.csv", "--target", "prize"), "did you mean"),
        (("cnn", "--data", "homes.csv"), "reads images"),
        (("mlp", "--data", "none.csv"), "none.csv"),
        (("mlp", "--data", "homes.csv", "--out", "nowhere/m.yaml"), "nowhere"),
    ],
)
def test_what_cannot_be_is_exit_2_and_nothing_is_written(homes: Desk, asked: tuple[str, ...], said: str) -> None:
    answer = homes.run("init", *asked)
    assert (answer.code, said in answer.err, Path("model.yaml").exists()) == (2, True, False)
