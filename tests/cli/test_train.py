"""`laminae train` and what `laminae predict` makes of it: the weights are those of `lm.fit`, the answers those of the model."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import laminae as lm
from tests.cli.running import Desk

MODEL = """
name: sides
input: 2
layers:
  - Linear: 8
  - ReLU
  - {Linear: 2, name: scores}
"""

TRAIN = ("train", "sides.yaml", "--data", "sides.csv", "--out", "run")


@pytest.fixture
def sides(desk: Desk) -> Desk:
    """Points left and right of a line; the far ones are named."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2)).astype(np.float32)
    names = np.where(x @ [1, -2] > 0, "right", "left")
    pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "side": names}).to_csv("sides.csv", index=False)
    pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "far": np.round(3 * x[:, 0] + 5).astype(int)}).to_csv("far.csv", index=False)
    desk.write("sides.yaml", MODEL)
    desk.write("far.yaml", "input: 2\nlayers: [{Linear: 1}]\n")
    return desk


def test_the_weights_are_those_of_fit(sides: Desk) -> None:
    asked = ("--epochs", "3", "--batch", "16", "--optimizer", "sgd,momentum=0.9", "--lr", "0.1", "--seed", "5")
    answer = sides.run(*TRAIN, *asked, "--save", "trained.onnx")
    assert (answer.code, answer.err) == (0, "")
    model = lm.open("sides.yaml")
    data = lm.data.samples("sides.csv", "side")
    optimizer = lm.optimizer("sgd", momentum=0.9, lr=0.1)
    lm.fit(model, data, loss="cross_entropy", optimizer=optimizer, epochs=3, batch=16, seed=5)
    trained = lm.open("trained.onnx")
    for name, parameter in model.parameters.items():
        np.testing.assert_array_equal(trained.parameters[name].numpy(), parameter.numpy())
    assert "cross_entropy(), the target is 2 classes" in answer.out
    assert "laminae predict run" in answer.out
    assert max(map(len, answer.out.splitlines())) <= 110


def test_answers_from_the_folder_have_the_classes_by_name(sides: Desk) -> None:
    assert sides.run(*TRAIN, "--epochs", "25", "--validation", "0.2", "--normalise", "mean/std", "--lr", "0.02").code == 0
    answer = sides.run("predict", "run", "--data", "sides.csv", "--out", "answers.csv", "--probabilities")
    assert (answer.code, answer.err) == (0, "")
    found, known = pd.read_csv("answers.csv"), pd.read_csv("sides.csv")
    assert list(found) == ["class", "probability", "p(left)", "p(right)"]
    assert (found["class"] == known["side"]).mean() > 0.9
    np.testing.assert_allclose(found["p(left)"] + found["p(right)"], 1, atol=1e-6)
    model = lm.open("run/model.onnx")
    logits = model(known[["a", "b"]].to_numpy(np.float32)).numpy().astype(np.float64)
    powers = np.exp(logits - logits.max(1, keepdims=True))
    np.testing.assert_allclose(found["p(right)"], (powers / powers.sum(1, keepdims=True))[:, 1], atol=1e-6)
    known[["b", "a"]].to_csv("turned.csv", index=False)
    assert sides.run("predict", "run", "--data", "turned.csv", "--out", "turned.jsonl").code == 0
    rows = [json.loads(line) for line in Path("turned.jsonl").read_text().splitlines()]
    assert [row["class"] for row in rows] == found["class"].tolist()


def test_numbers_are_learned_in_a_column_and_answered_by_name(sides: Desk) -> None:
    asked = (
        "--data",
        "far.csv",
        "--epochs",
        "60",
        "--lr",
        "0.05",
        "--validation",
        "0.25",
        "--normalise",
        "mean/std,targets=true",
    )
    answer = sides.run("train", "far.yaml", *asked, "--out", "run", "--json")
    assert (answer.code, answer.err) == (0, "")
    told = json.loads(answer.out)
    assert told["loss"] == {"loss": "mse"}
    assert (told["samples"], told["held_out"], len(told["epochs"])) == (150, 50, 60)
    assert told["epochs"][-1]["metrics"]["r2"] > 0.95
    assert sides.run("predict", "run", "--data", "far.csv", "--out", "far.parquet").code == 0
    found = pd.read_parquet("far.parquet")
    assert list(found) == ["far"]
    assert np.abs(found["far"] - pd.read_csv("far.csv")["far"]).mean() < 0.5


def test_categories_means_and_lines_left_out_are_those_of_training(desk: Desk) -> None:
    desk.write("homes.csv", "rooms,city,price\n" + "".join(f"{i % 5 + 1},{['Rome', 'Oslo'][i % 2]},{i}\n" for i in range(40)))
    desk.write("homes.yaml", "input: 3\nlayers: [{Linear: 1}]\ndata: {categories: [city], missing: {rooms: mean}}\n")
    assert desk.run("train", "homes.yaml", "--data", "homes.csv", "--out", "run", "--epochs", "2").code == 0
    desk.write("new.csv", "city,rooms\nOslo,\nOslo,3\n")
    assert desk.run("predict", "run", "--data", "new.csv", "--out", "a.npz").code == 0
    held = np.load("a.npz")
    assert held["linear_1"][0] == held["linear_1"][1]
    desk.write("new.csv", "city,rooms\nBern,2\nOslo,3\n")
    answer = desk.run("predict", "run", "--data", "new.csv", "--out", "b.csv")
    assert (answer.code, "'Bern'" in answer.err, Path("b.csv").exists()) == (2, True, False)
    answer = desk.run("predict", "run", "--data", "new.csv", "--out", "b.csv", "--unseen", "drop")
    assert (answer.code, Path("b.csv").read_text().splitlines()[0]) == (0, "line,price")
    assert Path("b.csv").read_text().splitlines()[1].startswith("3,")


def test_a_folder_of_images(desk: Desk) -> None:
    for i in range(24):
        (desk.folder / "pictures" / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        pixels = np.full((8, 8), 40 + 150 * (i % 2) + i, np.uint8)
        Image.fromarray(pixels).save(desk.folder / "pictures" / "ab"[i % 2] / f"{i:02}.png")
    desk.write("look.yaml", "input: [1, 8, 8]\nlayers: [Flatten, {Linear: 2}]\ndata: {images: {scale: 0.004}}\n")
    assert desk.run("train", "look.yaml", "--data", "pictures", "--out", "run", "--epochs", "40", "--lr", "0.05").code == 0
    assert desk.run("predict", "run", "--data", "pictures", "--out", "a.csv").code == 0
    found = pd.read_csv("a.csv")
    assert (found["class"] == found["image"].str[0]).all()


def test_a_text_is_answered_by_the_words_of_training(desk: Desk) -> None:
    rows = [{"text": f"a {'good' if i % 2 else 'bad'} film {i}", "mood": "+" if i % 2 else "-"} for i in range(60)]
    Path("films.jsonl").write_text("\n".join(map(json.dumps, rows)))
    desk.write("text.yaml", "input: {shape: 6, dtype: int64}\nlayers: [Embedding: {num: 100, dim: 8}, Mean: 1, Linear: 2]\n")
    asked = ("--data", "films.jsonl", "--text", "text,length=6,most=100", "--epochs", "40", "--lr", "0.05", "--out", "run")
    assert desk.run("train", "text.yaml", *asked).code == 0
    Path("new.jsonl").write_text('{"text": "A GOOD one"}\n{"text": "so bad"}\n')
    assert desk.run("predict", "run", "--data", "new.jsonl", "--out", "a.csv").code == 0
    assert pd.read_csv("a.csv")["class"].tolist() == ["+", "-"]


def test_an_onnx_file_learns_and_answers(desk: Desk) -> None:
    np.savez("d.npz", x=np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32), y=np.ones((64, 1), np.float32))
    asked = ("--data", "d.npz", "--loss", "mse", "--freeze", "L2.bias", "--epochs", "1", "--out", "run", "--save", "new.onnx")
    assert desk.run("train", "patients.onnx", *asked).code == 0
    before, after = lm.open("patients.onnx").parameters, lm.open("new.onnx").parameters
    assert (before["L2.bias"].numpy() == after["L2.bias"].numpy()).all()
    assert (before["L2.weight"].numpy() != after["L2.weight"].numpy()).any()
    assert desk.run("predict", "new.onnx", "--data", "d.npz", "--out", "a.npy").code == 0
    np.testing.assert_array_equal(np.load("a.npy"), lm.open("new.onnx")(np.load("d.npz")["x"]).numpy())


BAD: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "target": (("--target", "sid"), ("no column 'sid'", "did you mean", "side")),
    "learning rate": (("--lr", "-1"), ("learning rate of -1",)),
    "optimizer": (("--optimizer", "adan"), ("no optimizer 'adan'", "'adam'")),
    "loss": (("--loss", "crossentropy"), ("no loss 'crossentropy'", "cross_entropy")),
    "schedule": (("--schedule", "cosin"), ("no schedule 'cosin'", "cosine")),
    "metric": (("--validation", "0.2", "--metric", "acuracy"), ("no metric 'acuracy'", "accuracy")),
    "nothing held out": (("--metric", "accuracy"), ("--validation",)),
    "everything frozen": (("--freeze", "**"), ("no weight that can learn",)),
    "epochs": (("--epochs", "0"), ("epochs=0",)),
    "part": (("--validation", "1.5"), ("1.5",)),
    "validation file": (("--validation", "none.csv"), ("none.csv",)),
    "shape": (("--columns", "a"), ("[batch, 2]",)),
    "normalise": (("--normalise", "mean"), ("mean/std",)),
    "loss of numbers": (("--loss", "mse"), ("another shape",)),
    "place": (("--save", "nowhere/x.onnx"), ("nowhere",)),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_use_is_exit_2_with_the_way_out_and_nothing_stays(sides: Desk, what: str) -> None:
    before = sorted(os.listdir())
    answer = sides.run(*TRAIN, "--epochs", "1", *BAD[what][0])
    assert (answer.code, "Traceback" in answer.err) == (2, False)
    for part in BAD[what][1]:
        assert part in answer.err
    assert sorted(os.listdir()) == before


DATA = {
    "a,b,side\n": "has no rows",
    "": "is empty",
    "a,b,side\n1,2,left\n1,nan,right\n": "line 3",
    "a,b,side\n1,2,left\n1,x,right\n": "line 3",
    "a,b,side\n1,2,left\n1,3,right\n2,2,up\n": "3 classes, the model 2",
    "a,b,side\n1,2,0\n1,3,2\n": "line 3",
    "a,b,side\n1,2,0.5\n1,3,2\n": "another shape",
}


@pytest.mark.parametrize("text", DATA)
def test_bad_data_are_exit_2_and_say_where(sides: Desk, text: str) -> None:
    sides.write("sides.csv", text)
    before = sorted(os.listdir())
    answer = sides.run(*TRAIN)
    assert answer.code == 2
    assert DATA[text] in answer.err
    assert sorted(os.listdir()) == before


def test_a_run_that_is_there_is_not_written_over_and_another_model_is_refused(sides: Desk) -> None:
    assert sides.run(*TRAIN, "--epochs", "1").code == 0
    answer = sides.run(*TRAIN, "--epochs", "1")
    assert (answer.code, "--resume" in answer.err, "resume=True" in answer.err) == (2, True, False)
    assert sides.run("predict", "run", "--data", "sides.csv", "--out", "a.csv").code == 0
    sides.write("sides.yaml", MODEL.replace("Linear: 8", "Linear: 9"))
    answer = sides.run(*TRAIN, "--epochs", "1", "--resume")
    assert (answer.code, "another model" in answer.err) == (2, True)
    answer = sides.run("predict", "run", "--data", "sides.csv", "--out", "a.csv", "--columns", "a")
    assert (answer.code, "folder of a run" in answer.err) == (2, True)
    assert sides.run("predict", ".", "--data", "sides.csv", "--out", "b.csv").code == 2


def test_data_of_another_time_and_place_are_the_same_by_their_content(sides: Desk) -> None:
    rng = np.random.default_rng(0)
    np.savez("sides.npz", x=rng.random((20, 2), np.float32), y=rng.integers(0, 2, 20))
    asked = ("train", "sides.yaml", "--out", "run", "--data")
    assert sides.run(*asked, "sides.npz", "--epochs", "1").code == 0
    Path("copy.npz").write_bytes(Path("sides.npz").read_bytes())
    answer = sides.run(*asked, "copy.npz", "--epochs", "2", "--resume")
    assert (answer.code, answer.err) == (0, "")
    np.savez("copy.npz", x=rng.random((20, 2), np.float32), y=rng.integers(0, 2, 20))
    assert "sha256" in sides.run(*asked, "copy.npz", "--epochs", "3", "--resume").err


def test_a_description_says_all_and_the_command_line_stands_over_it(sides: Desk) -> None:
    sides.write("sides.yaml", MODEL + "training: {epochs: 4, lr: 1e-2, validation: 40, metrics: [f1]}\ndata: {target: side}\n")
    told = json.loads(sides.run(*TRAIN, "--epochs", "2", "--json").out)
    assert (len(told["epochs"]), told["held_out"], list(told["epochs"][0]["metrics"])) == (2, 40, ["f1"])
    assert "lr=0.01" in told["optimizer"]


@pytest.mark.slow
def test_ctrl_c_saves_and_the_line_it_prints_goes_on_to_the_same_bits(sides: Desk) -> None:
    asked = ("--epochs", "150", "--validation", "0.2", "--every", "5")
    command = [sys.executable, "-m", "laminae", *TRAIN, *asked]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not Path("run/last").exists() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.3)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, "Traceback" in err) == (130, False), err
    assert "--resume" in err
    assert "resume=True" not in out
    assert sides.run("predict", "run", "--data", "sides.csv", "--out", "a.csv").code == 0
    assert sides.run(*TRAIN, *asked, "--resume", "--save", "a.onnx").code == 0
    whole = (*TRAIN[:-1], "whole", *asked)
    assert sides.run(*whole, "--save", "b.onnx").code == 0
    assert lm.open("a.onnx").differences(lm.open("b.onnx")) == []


def test_the_curves_are_in_the_folder_and_a_running_average_is_what_answers(sides: Desk) -> None:
    sides.write("sides.yaml", MODEL + "training: {average: 0.9}\n")
    assert sides.run(*TRAIN, "--epochs", "4", "--validation", "0.2", "--lr", "0.05").code == 0
    assert "held out" in Path("run/curves.svg").read_text(encoding="utf-8")
    averages = lm.open("run/model.onnx")
    averages.load("run/best/average.safetensors")
    raw = lm.open("run/model.onnx")
    raw.load("run/best/model.safetensors")
    x = pd.read_csv("sides.csv")[["a", "b"]].to_numpy(np.float32)
    made = lm.open("run/model.onnx")(x).numpy()
    np.testing.assert_allclose(made, averages(x).numpy(), atol=1e-6)
    assert np.abs(made - raw(x).numpy()).max() > 1e-3
    assert sides.run("predict", "run", "--data", "sides.csv", "--out", "answers.csv", "--probabilities").code == 0
    powers = np.exp(made.astype(np.float64))
    found = pd.read_csv("answers.csv")["p(right)"]
    np.testing.assert_allclose(found, (powers / powers.sum(1, keepdims=True))[:, 1], atol=1e-5)
