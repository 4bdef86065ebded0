"""What was written is read back where it is asked for: by sample, slice and batch, as tensors, NumPy and by a DataLoader."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import laminae as lm
from laminae.trace.disk import mapped
from laminae.trace.disk.index import Index
from tests.trace.disk.small import chain, content, lines, reader, samples, texts


@pytest.fixture(scope="module")
def even(tmp_path_factory) -> tuple[lm.Activations, torch.Tensor]:
    """30 samples in batches of 4 and shards of one or two of them, and what L2 made of all."""
    x = samples(30)
    acts = chain().harvest(x, store=["L2", "L3"], out=tmp_path_factory.mktemp("e") / "acts", batch=4, shard_bytes=200)
    made = [chain().run(x[at : at + 4])["L2"] for at in range(0, 30, 4)]
    return acts, torch.cat(made)


@pytest.fixture(scope="module")
def ragged(tmp_path_factory) -> tuple[lm.Activations, list[list[int]]]:
    data = texts(40)
    return reader().harvest(data, out=tmp_path_factory.mktemp("r") / "acts", batch=4, shard_bytes=500), data


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_indexing_is_that_of_the_tensor(even, data):
    acts, whole = even
    layer = acts["L2"]
    bound = st.none() | st.integers(-40, 40)
    cut = slice(data.draw(bound), data.draw(bound), data.draw(st.sampled_from([None, 1, 2, 5])))
    assert torch.equal(layer[cut], whole[cut])
    places = data.draw(st.lists(st.integers(-30, 29), min_size=1, max_size=20))
    assert torch.equal(layer[places], whole[places])
    assert torch.equal(layer[np.array(places)], whole[places])
    assert torch.equal(layer[places[0]], whole[places[0]])
    assert all(torch.equal(a, b) for a, b in zip(layer.__getitems__(places), whole[places], strict=True))


def test_backwards_and_beyond(even):
    layer = even[0]["L2"]
    assert torch.equal(layer[::-1], even[1].flip(0))
    assert layer[5:5].shape == (0, 4)
    for place in (30, -31, [0, 30]):
        with pytest.raises(lm.UnknownSampleError, match="30 samples"):
            layer[place]
    with pytest.raises(lm.UsageError, match="says no samples"):
        layer["a"]
    assert [tuple(x.shape) for x in layer] == [(4,)] * 30


def test_a_mask_says_which_samples(even):
    acts, whole = even
    mask = whole[:, 0] > 0
    for which in (mask, mask.numpy(), mask.tolist()):
        assert torch.equal(acts["L2"][which], whole[mask])
    with pytest.raises(lm.UsageError, match="mask of 29"):
        acts["L2"][mask[:29]]
    for size in (0, 2.5, True, "4"):
        with pytest.raises(lm.UsageError, match="at a time"):
            next(acts["L2"].batches(size))


def test_shape_dtype_len_ids_and_forms(even):
    acts, whole = even
    layer = acts["L2"]
    assert (layer.shape, layer.dtype, len(layer), layer.ids) == ((30, 4), "float32", 30, range(30))
    np.testing.assert_array_equal(layer.numpy(), whole.numpy())
    np.testing.assert_array_equal(np.asarray(layer), whole.numpy())
    assert torch.equal(torch.cat(list(layer.batches(7))), whole)
    assert [len(part) for part in layer.batches(7)] == [7, 7, 7, 7, 2]
    assert repr(layer) == "LayerActivations('L2', [30, 4] float32)"


def test_what_was_read_is_memory_of_its_own(even):
    acts, whole = even
    for read in (lambda: acts["L2"][3], lambda: acts["L2"][2:9], lambda: acts["L2"].tensor(), lambda: acts["L2"].numpy()):
        made = read()
        made[:] = -1
        assert torch.equal(acts["L2"].tensor(), whole)
    first, second = acts["L2"].__getitems__([0, 1])
    first[:] = -1
    assert torch.equal(second, whole[1])


def test_unequal_lengths_come_as_lists_and_say_so(ragged):
    acts, data = ragged
    layer = acts["2/gelu"]
    assert layer.shape == (40, None, 5)
    assert [tuple(part.shape) for part in layer[3:6]] == [(len(data[i]), 5) for i in (3, 4, 5)]
    length = len(data[0])
    same = [i for i in range(40) if len(data[i]) == length]
    assert layer[same].shape == (len(same), length, 5)
    with pytest.raises(lm.ShapeError, match="unequal shapes"):
        layer.tensor()
    assert sum(len(part) for part in layer.batches(6)) == 40


def test_a_dataloader_takes_a_layer_in_its_own_processes_too(even):
    acts, whole = even
    for workers in (0, 2):
        loader = torch.utils.data.DataLoader(acts["L2"], batch_size=8, num_workers=workers)
        assert torch.equal(torch.cat(list(loader)), whole)
    shuffled = torch.utils.data.DataLoader(acts["L2"], batch_size=8, shuffle=True)
    assert torch.equal(torch.cat(list(shuffled)).sort(0).values, whole.sort(0).values)


def test_a_layer_is_pickled_as_its_place(even):
    again = pickle.loads(pickle.dumps(even[0]["L2"]))
    assert torch.equal(again[4], even[1][4])


def test_few_files_are_mapped_at_a_time(even, monkeypatch):
    monkeypatch.setattr(mapped, "OPEN", 2)
    acts = lm.load(even[0].path)
    assert torch.equal(acts["L2"].tensor(), even[1])
    assert len(acts._shelf.mapped._open) == 2


def test_one_layer_is_read_without_the_others(even, tmp_path):
    """The bytes of another layer may be anything: they are not looked at."""
    import shutil

    folder = tmp_path / "acts"
    shutil.copytree(even[0].path, folder)
    for path in folder.glob("*.safetensors"):
        data = bytearray(path.read_bytes())
        size = len(data) - 8 - int.from_bytes(data[:8], "little")
        data[-size // 2 :] = bytes(size // 2)  # L3 stands after L2
        path.write_bytes(data)
    acts = lm.load(folder)
    assert torch.equal(acts["L2"].tensor(), even[1])
    assert len(acts.check()) == len(list(folder.glob("*.safetensors")))


def grouped() -> lm.Model:
    import torch.nn as nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc, self.act = nn.Linear(3, 3), nn.GELU()

        def forward(self, x):
            return x + self.act(self.fc(x))

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.h = nn.ModuleList([Block(), Block()])

        def forward(self, x):
            for block in self.h:
                x = block(x)
            return x

    return lm.open(Net().eval(), example=(torch.randn(4, 3),), dynamic={"x": {0: "batch"}})


def test_layers_are_found_by_name_group_and_glob_as_in_a_trace(tmp_path):
    model, x = grouped(), samples(6)
    acts = model.harvest(x, out=tmp_path / "all", batch=6)
    trace = model.run(x)
    assert torch.equal(acts["h/0"].tensor(), trace["h/0"])
    assert list(acts["h/*/fc/*"]) == list(trace["h/*/fc/*"])
    assert list(acts["op:gelu"]) == list(trace["op:gelu"])
    assert torch.equal(acts["h/*"]["h/1"].tensor(), trace["h/1"])
    assert list(acts["h/*"]) == ["h/0", "h/1"]
    assert "h/1" in acts
    assert "h/9" not in acts
    with pytest.raises(lm.UnknownNameError, match="no layer 'h/9'"):
        acts["h/9"]
    some = model.harvest(x, store=["h/*/fc/*"], out=tmp_path / "some")
    with pytest.raises(lm.UnknownNameError, match="output of group 'h/0' was not stored") as caught:
        some["h/0"]
    assert "h/0/**" in caught.value.details["write"]
    assert list(some) == list(acts["h/*/fc/*"])


def test_it_prints_as_a_table(even):
    text = even[0].table().text(80)
    assert text.splitlines()[0].startswith("acts · tiny · 2 layers")
    assert "30 samples in 8 batches" in text
    assert "[30, 4]" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_table_of_very_many_layers_shows_the_ends(tmp_path):
    layers = [lm.Input(2, name="x"), *(lm.ReLU(name=f"r{i}") for i in range(60))]
    acts = lm.Model.chain(*layers).harvest(np.zeros((3, 2), np.float32), out=tmp_path / "acts")
    lines = str(acts).splitlines()
    assert len(lines) < 50
    assert any("… 21 more" in line for line in lines)
    assert len(acts.table(full=True).rows) == 61


def test_damage_is_told_by_the_digests(even, tmp_path):
    import shutil

    folder = tmp_path / "acts"
    shutil.copytree(even[0].path, folder)
    assert lm.load(folder).check() == []
    path = folder / "000001.safetensors"
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    (problem,) = lm.load(folder).check()
    assert "'000001.safetensors' is damaged" in problem.text
    path.write_bytes(data[:-8])
    (problem,) = lm.load(folder).check()
    assert "bytes" in problem.text
    with pytest.raises(lm.FileError, match="000001"):
        lm.load(folder)["L2"].tensor()
    path.unlink()
    (problem,) = lm.load(folder).check()
    assert "No such file" in problem.text


def test_what_is_no_folder_of_activations_is_said(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    for path, word in (
        (tmp_path / "empty", "no folder of activations"),
        (tmp_path / "file", "no folder"),
        (tmp_path / "no", "no folder"),
    ):
        with pytest.raises(lm.FileError, match=word):
            lm.load(path)


def test_the_index_of_a_hundred_million_samples_in_runs_is_small():
    index = Index([((i * 1000, 1000),) for i in range(100_000)])
    assert len(index) == 100_000_000
    batch, row = index.find(np.array([99_999_999, 1234]))
    assert (batch.tolist(), row.tolist()) == ([99_999, 1], [999, 234])


def test_content_of_an_unfinished_folder_is_read_and_said(even, tmp_path):
    import shutil

    folder = tmp_path / "acts"
    shutil.copytree(even[0].path, folder)
    head, *_ = (folder / "manifest.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "manifest.jsonl").write_bytes(b"".join((folder / "manifest.jsonl").read_bytes().splitlines(keepends=True)[:3]))
    acts = lm.load(folder)
    assert not acts.finished
    assert torch.equal(acts["L2"].tensor(), even[1][: acts.samples])
    assert "Not finished: 16 of 30 samples" in str(acts)
    (folder / "manifest.jsonl").write_bytes(head)
    assert len(lm.load(folder)) == 0
    assert Path(folder).exists()
    assert len(lines(folder)) == 1
    assert content(folder)
