"""Every way to give an input gives the same pass, and every bad one a clear error, exit 2, nothing written."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import laminae as lm
from tests.cli.running import Desk, X, process


def outputs(desk: Desk, *arguments: str) -> list[object]:
    answer = desk.run("run", *arguments, "--json")
    assert (answer.code, answer.err) == (0, "")
    return [output["values"] for output in json.loads(answer.out)["outputs"].values()]


def npy(array: np.ndarray) -> bytes:
    held = io.BytesIO()
    np.save(held, array)
    return held.getvalue()


def test_all_kinds_of_files_give_the_same_pass(desk: Desk) -> None:
    np.savez("named.npz", L1=X)
    np.savez("any.npz", X)
    desk.write("x.json", json.dumps(X.tolist()))
    desk.write("named.json", json.dumps({"L1": X.tolist()}))
    desk.write("x.csv", "broccoli,tagada,workout\n" + "\n".join(",".join(map(str, row)) for row in X.tolist()))
    wanted = outputs(desk, "patients.onnx", "--input", "x.npy")
    for file in ("named.npz", "any.npz", "x.json", "named.json", "x.csv", "L1=x.npy", "L1=x.csv"):
        assert outputs(desk, "patients.onnx", "--input", file) == wanted, file


@pytest.mark.parametrize("given", [npy(X), json.dumps(X.tolist()).encode(), b"100,2000,100\n200,0,0\n0,2000,3000\n"])
def test_stdin_is_told_by_how_it_begins(desk: Desk, given: bytes) -> None:
    answer = process("run", "patients.onnx", "--input", "-", "--json", cwd=desk.folder, input=given)
    assert answer.returncode == 0, answer.stderr
    (output,) = json.loads(answer.stdout)["outputs"].values()
    assert np.allclose(output["values"], [[0], [1], [0]], atol=1e-6)


def test_several_inputs_by_name_and_by_place(desk: Desk) -> None:
    a, b = lm.Input(2, name="a"), lm.Input(2, name="b")
    lm.Model([a, b], lm.Concat(axis=1, name="both")(a, b)).save("two.onnx")
    desk.save("one.npy", np.ones((1, 2), np.float32))
    desk.save("zero.npy", np.zeros((1, 2), np.float32))
    assert outputs(desk, "two.onnx", "--input", "b=zero.npy", "--input", "a=one.npy") == [[[1, 1, 0, 0]]]
    assert outputs(desk, "two.onnx", "--input", "one.npy", "--input", "zero.npy") == [[[1, 1, 0, 0]]]
    missing = desk.run("run", "two.onnx", "--input", "one.npy")
    assert (missing.code, missing.out) == (2, "")
    assert "the model takes 2 inputs, it was given 1" in missing.err


def test_images_are_laid_out_scaled_and_resized_as_asked(desk: Desk) -> None:
    pixels = np.arange(16, dtype=np.uint8).reshape(4, 4) * 10
    Image.fromarray(pixels).save("small.png")
    Image.fromarray(pixels).resize((8, 8)).save("large.png")
    assert outputs(desk, "picture.onnx", "--input", "small.png") == [[pixels.reshape(-1).astype(float).tolist()]]
    scaled = outputs(desk, "picture.onnx", "--input", "small.png", "--scale", "0.1", "--mean", "2", "--std", "4")
    assert np.allclose(scaled, [[(pixels.reshape(-1) * 0.1 - 2) / 4]], atol=1e-6)
    refused = desk.run("run", "picture.onnx", "--input", "large.png")
    assert refused.code == 2
    assert "write  --size 4x4" in refused.err
    assert desk.run("run", "picture.onnx", "--input", "large.png", "--size", "4x4").code == 0


def test_colour_images_by_either_layout(desk: Desk) -> None:
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    Image.fromarray(pixels).save("colour.png")
    for shape in ((3, 4, 4), (4, 4, 3)):
        lm.Model.chain(lm.Input(shape, name="image"), lm.Flatten()).save("colour.onnx")
        layout = "nchw" if shape[0] == 3 else "nhwc"
        wanted = np.moveaxis(pixels, 2, 0) if layout == "nchw" else pixels
        found = outputs(desk, "colour.onnx", "--input", "colour.png", "--layout", layout, "--mean", "0,0,0")
        assert found == [[wanted.reshape(-1).astype(float).tolist()]]


def test_random_input_is_the_same_for_a_seed_and_has_the_sizes_asked(desk: Desk) -> None:
    first = outputs(desk, "patients.onnx", "--random", "--seed", "3", "--dim", "batch=4")
    assert first == outputs(desk, "patients.onnx", "--random", "--seed", "3", "--dim", "batch=4")
    assert first != outputs(desk, "patients.onnx", "--random", "--seed", "4", "--dim", "batch=4")
    assert np.shape(first[0]) == (4, 1)


def damaged() -> dict[str, bytes | str]:
    return {
        "empty.npy": b"",
        "cut.npy": npy(X)[:-5],
        "noise.npy": bytes(range(256)),
        "noise.npz": b"PK\x03\x04" + bytes(100),
        "huge.npy": npy(X)[:128].replace(b"(3, 3)", b"(9**9)").replace(b"(9**9)", b"(9999)") + bytes(36),
        "half.json": '{"L1": [1,',
        "deep.json": "[" * 100_000,
        "text.json": '"words"',
        "ragged.json": "[[1, 2, 3], [1]]",
        "words.json": '[["a", "b", "c"]]',
        "words.csv": "1,2,3\n4,five,6\n",
        "ragged.csv": "1,2,3\n4,5\n",
        "noise.png": b"\x89PNG\r\n\x1a\n" + bytes(50),
        "kind.txt": "1 2 3",
    }


@pytest.mark.parametrize("name", damaged())
def test_a_damaged_input_is_refused(desk: Desk, name: str) -> None:
    desk.write(name, damaged()[name])
    refused(desk, "run", "patients.onnx", "--input", name)


def test_a_pickle_in_an_npy_is_never_run(desk: Desk) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (Path("sprung"),)

    np.save("trap.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    assert "Python objects" in refused(desk, "run", "patients.onnx", "--input", "trap.npy")
    assert not Path("sprung").exists()


ASKED = {
    "there is no file 'nothing.npy'": ["--input", "nothing.npy"],
    "is a folder, not a file": ["--input", "."],
    "has another rank": ["--input", "rank.npy"],
    "has another size at axis 1": ["--input", "size.npy"],
    "has another dtype": ["--input", "double.npy"],
    "has no input 'L9'": ["--input", "L9=x.npy"],
    "is one more": ["--input", "x.npy", "--input", "x.npy"],
    "'L1' is given twice": ["--input", "L1=x.npy", "--input", "L1=x.npy"],
    "run needs an input": [],
    "no input has an axis named 'width'": ["--random", "--dim", "width=3"],
    "says no size": ["--random", "--dim", "batch"],
    "is no size": ["--input", "x.npy", "--size", "4by4"],
    "is no number": ["--input", "x.npy", "--mean", "grey"],
    "there is no layer 'L9'": ["--input", "x.npy", "--store", "L9"],
    "have other shapes": ["--input", "x.npy", "--expect", "size.npy"],
    "No such option": ["--input", "x.npy", "--sideways"],
    "there is no plugin": ["--input", "x.npy", "--plugin", "none.py"],
    "line     2": ["--input", "x.npy", "--plugin", "bad.py"],
}


@pytest.mark.parametrize("message", ASKED)
def test_a_bad_question_gets_a_clear_answer(desk: Desk, message: str) -> None:
    desk.save("rank.npy", X[0])
    desk.save("size.npy", X[:, :2])
    desk.save("double.npy", X.astype(np.float64))
    desk.write("bad.py", "x = 1\nraise RuntimeError('no')\n")
    assert message in refused(desk, "run", "patients.onnx", *ASKED[message])


def test_out_never_overwrites_and_leaves_nothing_half_written(desk: Desk) -> None:
    desk.write("taken", "mine")
    assert "cannot be written to" in refused(desk, "run", "patients.onnx", "--input", "x.npy", "--out", "taken")
    assert "there is no folder" in refused(desk, "run", "patients.onnx", "--input", "x.npy", "--out", "no/where")
    assert Path("taken").read_text() == "mine"


def test_a_full_disk_leaves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    message = refused(desk, "run", "patients.onnx", "--input", "x.npy", "--out", "stored")
    assert "No space left on device" in message


def test_names_of_layers_never_lead_out_of_the_folder(desk: Desk) -> None:
    model = lm.open("patients.onnx")
    model.rename("L2", "../../evil/../x\x00y")
    model.save("evil.onnx")
    assert desk.run("run", "evil.onnx", "--input", "x.npy", "--out", "stored").code == 0
    assert {p.name for p in Path("stored").iterdir()} == {"000000.safetensors", "manifest.jsonl"}
    assert "../../evil/../x\x00y" in lm.load("stored")


def refused(desk: Desk, *arguments: str) -> str:
    """The message of a command that must fail with exit 2, say why on stderr, and write nothing."""
    before = sorted(p.name for p in desk.folder.iterdir())
    answer = desk.run(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert "Error: " in answer.err
    assert "Traceback" not in answer.err
    assert "inside Laminae" not in answer.err
    assert sorted(p.name for p in desk.folder.iterdir()) == before
    return answer.err
