"""Folders that lie: nothing outside them is read, nothing takes memory that is not there, every one ends in a clear error."""

from __future__ import annotations

import json
import os
import resource
import struct
from pathlib import Path

import pytest

import laminae as lm
from laminae.trace.disk.values import read
from tests.trace.disk.small import chain, lines, rewrite, samples


@pytest.fixture
def folder(tmp_path) -> Path:
    chain().harvest(samples(6), store=["L2", "L3"], out=tmp_path / "acts", batch=2, shard_bytes=1)
    return tmp_path / "acts"


def read_all(folder: Path) -> None:
    acts = lm.load(folder)
    str(acts)
    acts.check()
    for layer in acts.layers:
        for number in acts[layer].batch_numbers:
            acts[layer].batch(number)
        acts[layer].tensor()


def change(folder: Path, place: int, **said: object) -> None:
    found = lines(folder)
    found[place] |= said
    rewrite(folder, found)


def change_tensor(folder: Path, **said: object) -> None:
    found = lines(folder)
    found[1]["tensors"][0] |= said
    rewrite(folder, found)


@pytest.mark.parametrize("name", ["../acts/000001.safetensors", "/etc/passwd", "a/b", "..", "", "000000.safetensors\0", 7, None])
def test_a_shard_is_a_file_of_the_folder_by_its_own_name(folder, name):
    change(folder, 1, shard=name)
    with pytest.raises(lm.FileError, match="line 2 of the manifest"):
        read_all(folder)


def test_a_link_is_not_followed(folder, tmp_path):
    (folder / "000000.safetensors").rename(tmp_path / "elsewhere")
    (folder / "000000.safetensors").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(lm.FileError, match="000000") as caught:
        read_all(folder)
    assert "nothing outside the folder is read" in str(caught.value)
    (folder / "manifest.jsonl").rename(tmp_path / "manifest")
    (folder / "manifest.jsonl").symlink_to(tmp_path / "manifest")
    for use in (lambda: lm.load(folder), lambda: chain().harvest(samples(6), out=folder)):
        with pytest.raises(lm.FileError, match="cannot be"):
            use()


def test_a_pipe_is_not_waited_for(folder):
    (folder / "000000.safetensors").unlink()
    os.mkfifo(folder / "000000.safetensors")
    with pytest.raises(lm.FileError, match="no file"):
        read_all(folder)


@pytest.mark.parametrize(
    "said",
    [
        {"shape": [1 << 40, 4]},
        {"shape": [2, 4, 1 << 61, 1 << 61]},
        {"shape": [-2, 4]},
        {"shape": [2.0, 4]},
        {"shape": "24"},
        {"shape": [2, 5]},
        {"shapes": [[2, 4], [2, 4]]},
        {"dtype": "float99"},
        {"dtype": "int32"},
        {"dtype": "string", "sizes": [1 << 50]},
        {"dtype": "string"},
        {"dtype": "statistics"},
        {"batches": [5]},
        {"batches": [0, 0]},
        {"every": 0},
        {"output": 3},
        {"key": "other"},
        {"layer": 5},
    ],
)
def test_what_a_manifest_says_of_a_tensor_is_held_against_the_file(folder, said):
    change_tensor(folder, **said)
    with pytest.raises(lm.FileError):
        read_all(folder)


@pytest.mark.parametrize(
    "said",
    [
        {"batches": [[[0, 1 << 63]]]},
        {"batches": [[[0, -1]]]},
        {"batches": [[0, 2]]},
        {"batches": 3},
        {"batches": [[[2, 2]]]},
        {"bytes": 10},
        {"bytes": True},
        {"sha256": None},
        {"tensors": {}},
        {"tensors": [[]]},
        {"left_out": []},
    ],
)
def test_what_a_manifest_says_of_a_shard_is_checked(folder, said):
    change(folder, 1, **said)
    with pytest.raises(lm.LaminaeError):
        read_all(folder)


def test_samples_without_end_take_no_memory(folder):
    """A tensor without elements may claim any number of samples."""
    found = lines(folder)
    many = 1 << 60
    for tensor in found[1]["tensors"]:
        tensor["shape"] = [many, 0]
    found[1]["batches"] = [[[0, many]]]
    rewrite(folder, found[:2])
    head = {t["key"]: {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for t in found[1]["tensors"]}
    text = json.dumps(head).encode()
    (folder / "000000.safetensors").write_bytes(struct.pack("<Q", len(text)) + text)
    found[1]["bytes"] = 8 + len(text)
    rewrite(folder, found[:2])
    acts = lm.load(folder)
    assert acts["L2"].shape == (many, 0)
    assert str(many) in str(acts)
    assert acts["L2"][many - 1].shape == (0,)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff" * 8,
        struct.pack("<Q", 1 << 62) + b"{}",
        struct.pack("<Q", 600) + b" " * 600,
        struct.pack("<Q", 600) + b"[" * 600,
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 9) + b'{"L2":[]}',
    ],
)
def test_a_file_that_is_no_safetensors_is_said(folder, data):
    size = (folder / "000000.safetensors").stat().st_size
    (folder / "000000.safetensors").write_bytes(data + bytes(max(0, size - len(data))))
    with pytest.raises(lm.FileError, match="damaged"):
        lm.load(folder)["L2"].tensor()


@pytest.mark.parametrize("offsets", [[0, 1 << 60], [-32, 0], [40, 8], [0.0, 32.0], [0], None, [1 << 60, (1 << 60) + 32]])
def test_offsets_outside_the_file_are_said(folder, offsets):
    path = folder / "000000.safetensors"
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    head = json.loads(data[8 : 8 + length])
    head["L2"]["data_offsets"] = offsets
    text = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])
    change(folder, 1, bytes=path.stat().st_size)
    with pytest.raises(lm.FileError, match="otherwise than the manifest"):
        lm.load(folder)["L2"].tensor()


@pytest.mark.parametrize(
    "line", ["[" * 100_000, '{"a":' * 100_000, "nonsense", "{}", '{"shard": 1}', "[]", '{"end": 1e999', "\0\0"]
)
def test_a_line_that_is_no_shard_is_said(folder, line):
    found = (folder / "manifest.jsonl").read_text().splitlines()
    (folder / "manifest.jsonl").write_text("\n".join([found[0], line, *found[1:]]) + "\n")
    with pytest.raises(lm.FileError, match="line 2 of the manifest"):
        lm.load(folder)


def test_a_header_of_another_kind_is_said(folder):
    for said, match in (
        ({"format": 99}, "another version"),
        ({"groups": 5, "model": 3, "samples": "many"}, None),
        ({"groups": {"g": [1], "h": "L3"}}, None),
    ):
        before = (folder / "manifest.jsonl").read_bytes()
        change(folder, 0, **said)
        if match is None:
            str(lm.load(folder))
            assert "L2" in lm.load(folder)
        else:
            with pytest.raises(lm.FileError, match=match):
                lm.load(folder)
        (folder / "manifest.jsonl").write_bytes(before)


def test_a_manifest_of_any_size_is_not_read(folder):
    with open(folder / "manifest.jsonl", "r+b") as file:
        file.truncate(1 << 40)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for use in (lambda: lm.load(folder), lambda: chain().harvest(samples(6), out=folder)):
        with pytest.raises(lm.FileError, match="too large"):
            use()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.parametrize("data", [b"", b"[1, 2]", b'["a"]', b'["a", "b", "c"]', b'{"a": 1}', b"[" * 100_000, b"\xff"])
def test_texts_that_are_none_are_said(data):
    with pytest.raises(lm.FileError, match="texts"):
        read("string", (2,), memoryview(data))
