"""What is no ONNX model: refused with what it is, or looks like, and what to do about it."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import random
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from laminae.base.errors import FileError, LaminaeError, UsageError
from laminae.files.onnx_reader import read
from laminae.graph.equality import differences
from tests.files import small


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"content")
    return buffer.getvalue()


def safetensors() -> bytes:
    head = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return len(head).to_bytes(8, "little") + head + bytes(4)


def npy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 26454\n"

LOOKS_LIKE = {
    "web page": (b"<!DOCTYPE html>\n<html><head>", ["web page", "raw file"]),
    "web page with a space before it": (b"\n  <html lang='en'>", ["web page"]),
    "git-lfs pointer": (LFS, ["Git LFS pointer", "git lfs pull"]),
    "PyTorch file": (zipped("archive/data.pkl", "archive/version"), ["PyTorch", "torch.onnx.export"]),
    "zip archive": (zipped("readme.txt"), ["zip archive", "unpack"]),
    "npz": (zipped("x.npy"), ["NumPy archive"]),
    "npy": (npy(), ["NumPy array"]),
    "old PyTorch file": (pickle.dumps({"a": 1}, protocol=2), ["pickle", "torch.onnx.export"]),
    "safetensors": (safetensors(), ["safetensors", "weights without a model"]),
    "JSON": (b'{"architectures": ["Bert"]}', ["JSON"]),
    "gzip": (gzip.compress(b"x" * 100), ["gzip", "unpack"]),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(100), ["HDF5", "tf2onnx"]),
    "TensorFlow Lite": (b"\x1c\0\0\0TFL3" + bytes(100), ["TensorFlow Lite"]),
    "ONNX Runtime's format": (b"\x1c\0\0\0ORTM" + bytes(100), ["ONNX Runtime", ".onnx"]),
    "GGUF": (b"GGUF\3\0\0\0" + bytes(100), ["GGUF"]),
    "PNG": (b"\x89PNG\r\n\x1a\n" + bytes(100), ["PNG"]),
    "text form of ONNX": (b"ir_version: 8\ngraph {\n", ["text form", "onnx.save"]),
    "random bytes": (random.Random(0).randbytes(5000), ["expected", "onnx.ModelProto"]),
    "zeros": (bytes(5000), ["expected", "onnx.ModelProto"]),
    "a tensor (.pb)": (small.tensor("x").SerializeToString(), ["not an ONNX model"]),
    "a model without a graph": (b"\x08\x08", ["it has no graph"]),
}


@pytest.mark.parametrize("name", LOOKS_LIKE)
def test_a_file_that_is_something_else(name, tmp_path):
    data, words = LOOKS_LIKE[name]
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    for source, label in ((path, str(path)), (data, "bytes")):
        with pytest.raises(FileError) as caught:
            read(source)
        assert f"{label!r} is not an ONNX model" in str(caught.value)
        for word in words:
            assert word in str(caught.value), str(caught.value)


def test_a_model_without_an_ir_version():
    proto = small.sound()
    proto.ClearField("ir_version")
    with pytest.raises(FileError, match="does not say its IR version"):
        read(proto)


def test_a_file_cut_short_says_how_much_is_there_and_how_much_it_claims(tmp_path):
    data = small.sound().SerializeToString()
    path = tmp_path / "short.onnx"
    path.write_bytes(data[:100])
    with pytest.raises(FileError) as caught:
        read(path)
    assert caught.value.message == f"'{path}' was cut short"
    assert caught.value.details["there are"] == "100 bytes"
    claimed = int(caught.value.details["it claims"].removeprefix("at least "))
    assert 150 < claimed <= len(data)


@given(st.data())
def test_every_beginning_of_a_model_is_refused_or_the_whole(data):
    whole = small.sound().SerializeToString()
    end = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(LaminaeError):
        read(whole[:end])


@given(st.data())
def test_a_model_with_other_bytes_in_it_is_refused_or_read_and_never_fails_otherwise(data):
    broken = bytearray(small.doubling(3).SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    try:
        graph = read(bytes(broken))
    except LaminaeError:
        return
    assert differences(graph, read(bytes(broken))) == []


def test_a_file_that_is_not_there(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"")
    with pytest.raises(FileError, match="there is no file") as caught:
        read(tmp_path / "modell.onnx")
    assert caught.value.details["did you mean"] == "model.onnx"
    with pytest.raises(FileError, match="there is no folder"):
        read(tmp_path / "nowhere" / "model.onnx")


def test_a_folder_names_the_models_in_it(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"")
    with pytest.raises(FileError, match=r"is a folder[\s\S]*a\.onnx"):
        read(tmp_path)


def test_an_empty_file(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"")
    with pytest.raises(FileError, match="is empty"):
        read(tmp_path / "a.onnx")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "a.onnx"
    path.write_bytes(small.sound().SerializeToString())
    path.chmod(0)
    with pytest.raises(FileError, match="Permission denied"):
        read(path)


def test_permission_denied_is_said_whoever_asks(tmp_path, monkeypatch):
    path = tmp_path / "a.onnx"
    path.write_bytes(b"x")

    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("laminae.files.model_source.map_file", refuse)
    with pytest.raises(FileError, match=r"a\.onnx' cannot be read: Permission denied"):
        read(path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.onnx")
    with pytest.raises(FileError, match="not a regular file"):
        read(tmp_path / "pipe.onnx")
    with pytest.raises(FileError, match="not a regular file"):
        read("/dev/zero")


def test_a_name_that_no_file_can_have():
    with pytest.raises(FileError, match="cannot be read"):
        read("a\0b")
    with pytest.raises(FileError, match="cannot be read"):
        read("a" * 5000)


def test_something_that_is_no_source_at_all():
    with pytest.raises(UsageError, match="cannot open 'int'"):
        read(3)
