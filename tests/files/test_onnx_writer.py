"""Saving: whole or not at all, whatever happens; what cannot be said in a file is refused."""

from __future__ import annotations

import errno
import os
import stat

import numpy as np
import onnx
import pytest

from laminae.base.errors import FileError, LaminaeError
from laminae.files import atomic, onnx_writer
from laminae.files.onnx_reader import read
from laminae.files.onnx_writer import to_bytes, to_proto, write
from laminae.graph import Graph, Parameter
from laminae.graph.equality import differences
from tests.files import small


def test_a_built_graph_says_what_it_is():
    proto = to_proto(small.built())
    assert (proto.ir_version, proto.producer_name) == (11, "laminae")
    assert [(o.domain, o.version) for o in proto.opset_import] == [("", 21)]
    dims = proto.graph.input[0].type.tensor_type.shape.dim
    assert [dim.WhichOneof("value") for dim in dims] == ["dim_param", None, "dim_value"]
    onnx.checker.check_model(proto)


def test_an_input_layer_may_have_another_name_than_its_value():
    graph = small.built()
    graph.layers[0].name = "the input"
    again = read(to_bytes(graph))
    assert again.layers[0].name == "the input"
    assert again.inputs[0].metadata == {}
    assert differences(graph, again) == []


# -- whole or not at all -------------------------------------------------------------------------------------------------


@pytest.fixture
def there(tmp_path):
    """A folder with a saved model, and what is in its files."""
    path = tmp_path / "m.onnx"
    write(read(small.sound()), path)
    path.with_name("m.onnx.data").write_bytes(b"older data")
    return path, {name.name: name.read_bytes() for name in tmp_path.iterdir()}


def contents(path):
    return {name.name: name.read_bytes() for name in path.parent.iterdir()}


FAILURES = {
    "disk full": OSError(errno.ENOSPC, "No space left on device"),
    "Ctrl-C": KeyboardInterrupt(),
    "anything": RuntimeError("anything"),
}


@pytest.mark.parametrize("external", [False, True])
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize(("room", "place"), [(atomic.os, "fsync"), (atomic.os, "replace"), (onnx_writer, "raw_bytes")])
def test_after_a_failure_everything_is_as_it_was(there, monkeypatch, room, place, failure, external):
    path, before = there

    def fail(*_args):
        raise FAILURES[failure]

    monkeypatch.setattr(room, place, fail)
    with pytest.raises(FileError if failure == "disk full" else type(FAILURES[failure])) as caught:
        write(large(), path, external=external)
    monkeypatch.undo()
    assert contents(path) == before
    if failure == "disk full":
        assert "No space left on device" in str(caught.value)
        assert "is as it was" in str(caught.value)


def large() -> Graph:
    graph = small.built()
    graph.add_parameter(Parameter("p", np.zeros(1000, np.float32)))
    return graph


def test_a_file_system_without_hard_links_saves_all_the_same(there, monkeypatch):
    path, before = there
    real = os.replace

    def fail(*_args, **_rest):
        raise OSError(errno.EPERM, "Operation not permitted")

    def only_data(source, target):
        fail() if str(target).endswith(".onnx") else real(source, target)

    monkeypatch.setattr(atomic.os, "link", fail)
    with monkeypatch.context() as inner:
        inner.setattr(atomic.os, "replace", only_data)
        with pytest.raises(FileError, match="Operation not permitted"):
            write(large(), path, external=True)
    assert contents(path) == before
    write(large(), path, external=True)
    assert differences(large(), read(path)) == []
    assert len(contents(path)) == 2


def test_when_the_second_of_two_files_fails_the_first_is_put_back(there, monkeypatch):
    path, before = there
    real = os.replace

    def only_data(source, target):
        if str(target).endswith(".onnx"):
            raise OSError(errno.EIO, "Input/output error")
        real(source, target)

    monkeypatch.setattr(atomic.os, "replace", only_data)
    with pytest.raises(FileError, match="Input/output error"):
        write(small.built(), path, external=True)
    monkeypatch.undo()
    assert contents(path) == before


def test_when_there_was_nothing_nothing_is_left(tmp_path, monkeypatch):
    def fail(*_args):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(atomic.os, "replace", fail)
    with pytest.raises(FileError, match=r"what was there +nothing"):
        write(small.built(), tmp_path / "m.onnx", external=True)
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_cannot_be_written_leaves_the_file_as_it_was(there):
    path, before = there
    graph = small.built()
    small.add(graph, what=object())
    with pytest.raises(LaminaeError):
        write(graph, path)
    assert contents(path) == before


def test_the_mode_of_a_file_that_is_there_is_kept(tmp_path):
    path = tmp_path / "m.onnx"
    write(small.built(), path)
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
    path.chmod(0o640)
    write(small.built(), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_is_replaced_and_what_it_leads_to_is_left_alone(tmp_path):
    target, link = tmp_path / "blob", tmp_path / "m.onnx"
    target.write_bytes(b"blob")
    link.symlink_to(target)
    write(small.built(), link)
    assert target.read_bytes() == b"blob"
    assert differences(small.built(), read(link)) == []


def test_where_it_cannot_be_saved(tmp_path):
    with pytest.raises(FileError, match="is a folder"):
        write(small.built(), tmp_path)
    with pytest.raises(FileError, match="there is no folder"):
        write(small.built(), tmp_path / "nowhere" / "m.onnx")
    with pytest.raises(FileError, match="cannot be written"):
        write(small.built(), tmp_path / "a\0b")
    with pytest.raises(FileError, match="cannot be written: File name too long"):
        write(small.built(), tmp_path / ("m" * 300))


# -- weights in a file of their own -----------------------------------------------------------------------------------------


def test_large_weights_lie_at_whole_pages_of_a_file_of_their_own(tmp_path):
    graph = small.built()
    for i in range(3):
        graph.add_parameter(Parameter(f"p{i}", np.full(1000 + i, i, np.float32)))
    write(graph, tmp_path / "m.onnx", external=True)
    proto = onnx.load(tmp_path / "m.onnx", load_external_data=False)
    entries = [{e.key: e.value for e in tensor.external_data} for tensor in proto.graph.initializer]
    assert entries[0] == {}  # w is small and stays
    assert [int(e["offset"]) for e in entries[1:]] == [0, 4096, 8192]
    assert {e["location"] for e in entries[1:]} == {"m.onnx.data"}
    theirs = onnx.load(tmp_path / "m.onnx")
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(theirs.graph.initializer[3]), np.full(1002, 2, np.float32))
    assert differences(graph, read(tmp_path / "m.onnx")) == []


def test_they_go_there_by_themselves_when_they_are_many(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_writer, "EXTERNAL_FROM", 10_000)
    graph = small.built()
    write(graph, tmp_path / "small.onnx")
    graph.add_parameter(Parameter("p", np.zeros(4000, np.float32)))
    write(graph, tmp_path / "large.onnx")
    write(graph, tmp_path / "whole.onnx", external=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["large.onnx", "large.onnx.data", "small.onnx", "whole.onnx"]


def test_more_than_a_file_can_hold_is_refused_with_the_way_out(tmp_path, monkeypatch):
    graph = small.built()
    graph.add_parameter(Parameter("p", np.broadcast_to(np.float32(0), (1 << 29,))))
    for save in (lambda: write(graph, tmp_path / "m.onnx", external=False), lambda: to_bytes(graph)):
        with pytest.raises(FileError, match=r"larger than one file[\s\S]*external=True"):
            save()
    assert list(tmp_path.iterdir()) == []
