"""`laminae harvest`, `laminae export`, and what `laminae run --out` writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

import laminae as lm
from tests.cli.running import Desk


@pytest.fixture
def data(desk: Desk) -> np.ndarray:
    x = np.random.default_rng(0).random((50, 3), np.float32)
    desk.save("data.npy", x)
    return x


def test_a_dataset_is_harvested_and_told(desk: Desk, data: np.ndarray) -> None:
    answer = desk.run("harvest", "patients.onnx", "--data", "data.npy", "--store", "L[23]", "--out", "acts", "--batch", "8")
    assert (answer.code, answer.err) == (0, "")
    assert "acts · patients · 2 layers" in answer.out
    assert "50 samples in 7 batches" in answer.out
    acts, model = lm.load("acts"), lm.open("patients.onnx")
    assert torch.equal(acts["L2"][8:16], model.run(data[8:16])["L2"])


def test_the_same_again_changes_nothing_and_something_else_is_refused(desk: Desk, data: np.ndarray) -> None:
    given = ("harvest", "patients.onnx", "--data", "data.npy", "--out", "acts")
    first = desk.run(*given)
    before = {p.name: p.read_bytes() for p in Path("acts").iterdir()}
    assert desk.run(*given).out == first.out
    refused = desk.run(*given, "--batch", "3")
    assert refused.code == 2
    assert "batch        32 there, 3 now" in refused.err
    assert {p.name: p.read_bytes() for p in Path("acts").iterdir()} == before


def test_dtype_and_json(desk: Desk, data: np.ndarray) -> None:
    answer = desk.run(
        "harvest", "patients.onnx", "--data", "data.npy", "--store", "L2", "--out", "acts", "--dtype", "bf16", "--json"
    )
    told = json.loads(answer.out)
    assert told["samples"] == 50
    assert told["layers"] == [{"layer": "L2", "shape": [50, 1], "dtype": "bfloat16", "bytes": 100, "operator": "Gemm"}]


def test_files_of_every_kind_are_taken(desk: Desk, data: np.ndarray) -> None:
    np.savez("named.npz", L1=data)
    np.savez("pairs.npz", x=data, y=np.zeros(50))
    desk.write("data.json", json.dumps(data.tolist()))
    desk.write("data.csv", "a,b,c\n" + "\n".join(",".join(repr(float(v)) for v in row) for row in data))
    Path("folder").mkdir()
    for i, sample in enumerate(data):
        np.save(f"folder/{i:03d}.npy", sample)
    wanted = desk.run("harvest", "patients.onnx", "--data", "data.npy", "--out", "acts").code, lm.load("acts")["L2"].numpy()
    for source in ("named.npz", "pairs.npz", "data.json", "data.csv", "folder"):
        answer = desk.run("harvest", "patients.onnx", "--data", source, "--out", f"acts-{source}")
        assert answer.code == 0, answer.err
        np.testing.assert_array_equal(lm.load(f"acts-{source}")["L2"].numpy(), wanted[1])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--data", "no.npy"), "there is no file"),
        (("--data", "x.txt"), "there is no file"),
        (("--data", "patients.onnx"), "cannot read"),
        (("--data", "two.npz"), "'a' is no input of the model"),
        (("--data", "data.npy", "--store", "nobody"), "there is no layer 'nobody'"),
        (("--data", "data.npy", "--dtype", "float99"), "there is no dtype"),
        (("--data", "data.npy", "--out", "patients.onnx"), "cannot be written to"),
        (("--data", "broken.npy"), "cannot read 'broken.npy'"),
        (("--data", "objects.npy"), "cannot read 'objects.npy'"),
        (("--data", "empty"), "no folder of samples"),
        (("--data", "wide.npy"), "another size"),
    ],
)
def test_bad_input_ends_with_2_and_says_so(desk: Desk, data: np.ndarray, arguments: tuple[str, ...], words: str) -> None:
    np.savez("two.npz", a=data, b=data)
    np.save("objects.npy", np.array([{}], object), allow_pickle=True)
    np.save("wide.npy", np.zeros((4, 5), np.float32))
    desk.write("broken.npy", (desk.folder / "data.npy").read_bytes()[:200])
    Path("empty").mkdir()
    answer = desk.run("harvest", "patients.onnx", "--out", "acts", *arguments)
    assert answer.code == 2
    assert words in answer.err
    assert not Path("acts").exists()


def test_ctrl_c_ends_with_130_and_the_same_command_goes_on(desk: Desk) -> None:
    desk.save("many.npy", np.zeros((200_000, 3), np.float32))
    given = [sys.executable, "-m", "laminae", "harvest", "patients.onnx", "--data", "many.npy", "--out", "acts", "--batch", "1"]
    running = subprocess.Popen(given, cwd=desk.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ))
    while not (desk.folder / "acts" / "000000.safetensors").exists():
        time.sleep(0.05)
    time.sleep(0.2)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, b"")
    assert b"the same command goes on where it was" in err
    assert b"Traceback" not in err
    assert not lm.load(desk.folder / "acts").finished


def test_run_out_is_of_the_same_form(desk: Desk) -> None:
    answer = desk.run("run", "patients.onnx", "--input", "x.npy", "--out", "stored")
    assert answer.code == 0
    assert "lm.load('stored')" in answer.out
    acts, trace = lm.load("stored"), lm.open("patients.onnx").run(np.load("x.npy"))
    assert acts.layers == ("L1", "L2", "L3")
    for layer in acts.layers:
        assert torch.equal(acts[layer].tensor(), trace[layer])


def test_export_writes_for_other_tools(desk: Desk, data: np.ndarray) -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    desk.run("harvest", "patients.onnx", "--data", "data.npy", "--out", "acts", "--dtype", "bfloat16")
    answer = desk.run("export", "acts", "--to", "parquet", "--layer", "L[23]", "--out", "a.parquet", "--bfloat16", "uint16")
    assert answer.code == 0
    assert " ".join(answer.out.split()) == "wrote a.parquet 2 layers of 50 samples; bfloat16 as its bits, uint16"
    assert pq.read_table("a.parquet").column_names == ["sample", "L2", "L3"]
    again = desk.run("export", "acts", "--to", "parquet", "--out", "a.parquet")
    assert again.code == 2
    assert "is there already" in again.err
    missing = desk.run("export", "nowhere", "--to", "zarr", "--out", "b")
    assert missing.code == 2
    assert "there is no folder" in missing.err
