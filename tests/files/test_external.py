"""Weights in files beside the model: read where they are, and never anything outside the model's folder."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import pytest

from laminae.base.errors import FileError
from laminae.files.onnx_reader import read
from laminae.files.onnx_writer import to_bytes, write
from laminae.graph.equality import differences
from tests.files import small

WEIGHT = np.arange(16, dtype=np.float32).reshape(4, 4)


def external(path: Path, *, data: bytes | None = WEIGHT.tobytes(), dtype: int = 1, **entries: str) -> Path:
    """A model whose weight `w` is in another file, `w.data` unless `location` says otherwise."""
    proto = small.sound()
    weight = proto.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_type, weight.data_location = dtype, onnx.TensorProto.EXTERNAL
    for key, value in {"location": "w.data", **entries}.items():
        weight.external_data.add(key=key, value=value)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(proto.SerializeToString())
    if data is not None:
        (path.parent / "w.data").write_bytes(data)
    return path


def weight(path: Path) -> np.ndarray:
    return read(path).parameters["w"].numpy()


def test_the_data_are_where_offset_and_length_say(tmp_path):
    path = external(tmp_path / "m.onnx", data=b"." * 7 + WEIGHT.tobytes() + b"more", offset="7", length="64")
    np.testing.assert_array_equal(weight(path), WEIGHT)


def test_without_offset_and_length_they_begin_at_the_beginning(tmp_path):
    np.testing.assert_array_equal(weight(external(tmp_path / "m.onnx")), WEIGHT)


def test_a_folder_inside_the_folder(tmp_path):
    path = external(tmp_path / "m.onnx", data=None, location="data/w.bin")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "w.bin").write_bytes(WEIGHT.tobytes())
    np.testing.assert_array_equal(weight(path), WEIGHT)


def test_a_relative_path_from_another_folder(tmp_path, monkeypatch):
    external(tmp_path / "m.onnx")
    monkeypatch.chdir(tmp_path)
    np.testing.assert_array_equal(weight(Path("m.onnx")), WEIGHT)


def test_writing_to_the_weights_does_not_change_the_file(tmp_path):
    path = external(tmp_path / "m.onnx")
    weight(path)[:] = 0
    np.testing.assert_array_equal(weight(path), WEIGHT)


def test_hard_links_are_files_like_others(tmp_path):
    path = external(tmp_path / "m.onnx", data=None)
    (tmp_path / "elsewhere.data").write_bytes(WEIGHT.tobytes())
    os.link(tmp_path / "elsewhere.data", tmp_path / "w.data")
    np.testing.assert_array_equal(weight(path), WEIGHT)


def test_a_link_inside_the_folder(tmp_path):
    path = external(tmp_path / "m.onnx", data=None)
    (tmp_path / "real.data").write_bytes(WEIGHT.tobytes())
    (tmp_path / "w.data").symlink_to("real.data")
    np.testing.assert_array_equal(weight(path), WEIGHT)


def hugging_face_cache(tmp_path: Path) -> Path:
    """snapshots/1/onnx/model.onnx and its data are links to blobs/…, as huggingface_hub lays them out."""
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "1" / "onnx"
    snapshot.mkdir(parents=True)
    external(blobs / "aa11", data=None, location="model.onnx_data")
    (blobs / "bb22").write_bytes(WEIGHT.tobytes())
    (snapshot / "model.onnx").symlink_to("../../../blobs/aa11")
    (snapshot / "model.onnx_data").symlink_to("../../../blobs/bb22")
    return snapshot / "model.onnx"


def test_the_links_of_a_hugging_face_cache(tmp_path):
    np.testing.assert_array_equal(weight(hugging_face_cache(tmp_path)), WEIGHT)


def test_a_cache_whose_data_link_leads_elsewhere_is_refused(tmp_path):
    path = hugging_face_cache(tmp_path)
    (tmp_path / "secret").write_bytes(WEIGHT.tobytes())
    data = path.with_name("model.onnx_data")
    data.unlink()
    data.symlink_to(tmp_path / "secret")
    with pytest.raises(FileError, match="outside the model's folder"):
        read(path)


@pytest.mark.parametrize(
    "location", ["../w.data", "a/../../w.data", "/etc/hostname", "a/..", "C:\\w.data", "..\\w.data", "\\\\host\\share\\w"]
)
def test_a_path_that_leads_out_of_the_folder(tmp_path, location):
    (tmp_path / "w.data").write_bytes(WEIGHT.tobytes())
    with pytest.raises(FileError, match="outside the model's folder") as caught:
        read(external(tmp_path / "inner" / "m.onnx", location=location))
    assert caught.value.message.startswith("parameter 'w' has its data outside")
    assert caught.value.details["location"] == location


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_link_that_leads_out_of_the_folder(tmp_path, kind):
    path = external(tmp_path / "inner" / "m.onnx", data=None, location="w.data" if kind == "file" else "d/w.data")
    (tmp_path / "w.data").write_bytes(WEIGHT.tobytes())
    (path.parent / ("w.data" if kind == "file" else "d")).symlink_to(tmp_path / "w.data" if kind == "file" else tmp_path)
    with pytest.raises(FileError, match="outside the model's folder"):
        read(path)


REFUSED = {
    "offset that is no number": ({"offset": "a lot"}, ["no sound offset", "'a lot'"]),
    "negative offset": ({"offset": "-4"}, ["no sound offset", "'-4'"]),
    "huge offset": ({"offset": "9" * 30}, ["no sound offset"]),
    "negative length": ({"length": "-64"}, ["no sound length"]),
    "huge length": ({"length": str(2**62)}, ["no sound length", "4611686018427387904"]),
    "other length": ({"length": "60"}, ["64 bytes", "length 60"]),
    "offset past the end": ({"offset": "1000"}, ["past the end", "64 bytes at 1,000", "a file of 64 bytes"]),
    "no location": ({"location": ""}, ["names no data file"]),
    "location with a zero": ({"location": "w\0.data"}, ["names no data file"]),
    "missing": ({"location": "other.data"}, ["is missing", "other.data", "beside the model"]),
    "folder": ({"location": "."}, ["no file"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_and_says_why(name, tmp_path):
    entries, words = REFUSED[name]
    path = external(tmp_path / "m.onnx", **entries)
    with pytest.raises(FileError) as caught:
        read(path)
    assert caught.value.message.startswith("parameter 'w'")
    assert caught.value.details["file"] == str(path)
    for word in words:
        assert word in str(caught.value), str(caught.value)


def test_a_data_file_cut_short(tmp_path):
    with pytest.raises(FileError, match=r"past the end[\s\S]*a file of 60 bytes"):
        read(external(tmp_path / "m.onnx", data=WEIGHT.tobytes()[:60]))


def test_an_empty_data_file(tmp_path):
    with pytest.raises(FileError, match="a file of 0 bytes"):
        read(external(tmp_path / "m.onnx", data=b""))


def test_a_pipe_as_data_file(tmp_path):
    path = external(tmp_path / "m.onnx", data=None)
    os.mkfifo(tmp_path / "w.data")
    with pytest.raises(FileError, match="no file"):
        read(path)


def test_from_bytes_there_is_no_folder_to_look_in(tmp_path):
    data = external(tmp_path / "m.onnx").read_bytes()
    for source in (data, onnx.ModelProto.FromString(data)):
        with pytest.raises(FileError, match=r"parameter 'w'[\s\S]*open the model by its path"):
            read(source)


def test_a_checksum_is_kept_as_a_note(tmp_path):
    assert read(external(tmp_path / "m.onnx", checksum="ab12")).notes["checksums"] == {"w": "ab12"}


def test_saved_with_or_without_a_file_of_its_own_it_is_equal(tmp_path):
    graph = read(external(tmp_path / "m.onnx"))
    assert differences(graph, read(to_bytes(graph))) == []
    graph.parameters["w"].array = np.zeros((4, 4), np.float32)
    write(graph, tmp_path / "big.onnx", external=True)
    assert differences(graph, read(tmp_path / "big.onnx")) == []
