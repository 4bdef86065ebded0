"""`--data` of every kind on the command line: tables by columns, folders of images, and what is wrong with them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import laminae as lm
from tests.cli.running import Desk

HOMES = "rooms,city,price\n1,Rome,10\n2,Oslo,20\n3,Rome,30\n"


@pytest.fixture
def homes(desk: Desk) -> Desk:
    """price = 10 · rooms, whatever the city: Oslo, Rome."""
    layers = (lm.Input(3, name="x"), lm.Linear(1, weight=[[10, 0, 0]], bias=[0]))
    lm.Model.chain(*layers).save("homes.onnx")
    lm.Model.chain(lm.Input(1, name="x"), lm.Linear(1, weight=[[10]], bias=[0])).save("rooms.onnx")
    desk.write("homes.csv", HOMES)
    return desk


def measured(desk: Desk, *arguments: str) -> dict[str, float]:
    answer = desk.run("evaluate", *arguments, "--json")
    assert (answer.code, answer.err) == (0, "")
    return json.loads(answer.out)["metrics"]


def test_columns_are_named_on_the_command_line(homes: Desk) -> None:
    rooms = ("rooms.onnx", "--data", "homes.csv", "--target", "price", "--columns", "rooms", "--metric", "mae")
    assert measured(homes, *rooms) == {"mae": 0}
    homes.write("homes.csv", HOMES + ",Rome,50\n")
    assert homes.run("evaluate", *rooms).code == 2
    assert measured(homes, *rooms, "--missing", "drop") == {"mae": 0}
    assert measured(homes, *rooms, "--missing", "4") == {"mae": 2.5}
    assert measured(homes, *rooms, "--missing", "rooms=mean") == {"mae": 7.5}
    everything = ("homes.onnx", "--data", "homes.csv", "--categories", "city", "--missing", "rooms=5", "--metric", "mae")
    assert measured(homes, *everything) == {"mae": 0}


def test_a_table_of_texts_says_what_to_write(homes: Desk) -> None:
    answer = homes.run("evaluate", "homes.onnx", "--data", "homes.csv")
    assert answer.code == 2
    assert "column 'city' is text" in answer.err
    answer = homes.run("evaluate", "homes.onnx", "--data", "homes.csv", "--target", "prize")
    assert "did you mean" in answer.err
    answer = homes.run("evaluate", "homes.onnx", "--data", "homes.csv", "--missing", "rooms=mean,drop")
    assert "'drop' says no column" in answer.err


def test_a_folder_of_images_by_class(desk: Desk) -> None:
    for i, name in enumerate(("a", "b")):
        (desk.folder / "pictures" / name).mkdir(parents=True)
        for j in range(3):
            pixels = np.zeros((4, 4), np.uint8)
            pixels[0, i] = 255
            Image.fromarray(pixels).convert("RGB").save(desk.folder / "pictures" / name / f"{j}.png")
    assert measured(desk, "picture.onnx", "--data", "pictures") == {"accuracy": 1}
    assert measured(desk, "picture.onnx", "--data", "pictures", "--workers", "1", "--batch", "4") == {"accuracy": 1}
    Image.new("L", (5, 5)).save(desk.folder / "pictures" / "b" / "odd.png")
    answer = desk.run("evaluate", "picture.onnx", "--data", "pictures")
    assert (answer.code, "odd.png" in answer.err, "--size" in answer.err) == (2, True, True)
    assert measured(desk, "picture.onnx", "--data", "pictures", "--size", "4x4")["accuracy"] == pytest.approx(6 / 7)
