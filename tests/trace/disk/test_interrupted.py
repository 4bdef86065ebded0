"""A harvest that is killed, shut out, or finds no room: what is there stays whole, and the same harvest goes on with it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pytest
import torch

import laminae as lm
from tests.trace.disk.small import chain, content, lines, rewrite, samples

ROOT = Path(__file__).parents[3]


def killing(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.trace.disk.killing", *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_killed_at_every_step_it_goes_on_to_the_same_bytes(tmp_path):
    assert int(killing("steps", str(tmp_path))) >= 30


def test_killed_at_random_moments_it_goes_on_to_the_same_bytes(tmp_path):
    assert killing("moments", str(tmp_path), "6", "1").startswith("6 ")


@pytest.mark.long
def test_killed_at_forty_random_moments_it_goes_on_to_the_same_bytes(tmp_path):
    assert killing("moments", str(tmp_path), "40").startswith("40 ")


@pytest.fixture
def whole(tmp_path) -> Path:
    """A harvest of ten samples in five shards."""
    chain().harvest(samples(10), out=tmp_path / "acts", batch=2, shard_bytes=1)
    return tmp_path / "acts"


def again(folder: Path) -> lm.Activations:
    return chain().harvest(samples(10), out=folder, batch=2, shard_bytes=1)


@pytest.mark.parametrize("lost", [1, 2, 30, 400, 700, 1500, 3000])
def test_a_torn_manifest_is_gone_on_with_from_its_last_whole_line(whole, lost):
    wanted = content(whole)
    data = wanted["manifest.jsonl"]
    (whole / "manifest.jsonl").write_bytes(data[: max(0, len(data) - lost)])
    assert again(whole).finished
    assert content(whole) == wanted


def test_a_manifest_of_nothing_or_a_part_of_its_first_line_is_begun_anew(whole):
    wanted = content(whole)
    for length in (0, 1, 20, 100):
        (whole / "manifest.jsonl").write_bytes(wanted["manifest.jsonl"][:length])
        if length:
            with pytest.raises(lm.FileError, match="nothing in it yet"):
                lm.load(whole)
        again(whole)
        assert content(whole) == wanted


def test_a_last_line_that_a_power_cut_left_empty_is_left_out(whole):
    wanted = content(whole)
    kept = wanted["manifest.jsonl"].splitlines(keepends=True)[:-3]
    (whole / "manifest.jsonl").write_bytes(b"".join(kept) + bytes(300) + b"\n")
    assert lm.load(whole).samples == 6
    again(whole)
    assert content(whole) == wanted


def test_a_rerun_of_something_else_is_refused_and_says_what_differs(whole):
    wanted = content(whole)
    cases = {
        "batch": lambda: chain().harvest(samples(10), out=whole, batch=5, shard_bytes=1),
        "shard_bytes": lambda: chain().harvest(samples(10), out=whole, batch=2, shard_bytes=2),
        "store": lambda: chain().harvest(samples(10), out=whole, batch=2, shard_bytes=1, store=["L2"]),
        "samples": lambda: chain().harvest(samples(11), out=whole, batch=2, shard_bytes=1),
    }
    for word, rerun in cases.items():
        with pytest.raises(lm.FileError, match="otherwise") as caught:
            rerun()
        assert word in caught.value.details, word
    other = chain()
    other["L2"].parameters["L2.bias"].assign(other["L2"].parameters["L2.bias"].numpy() + 1)
    with pytest.raises(lm.FileError, match="otherwise") as caught:
        other.harvest(samples(10), out=whole, batch=2, shard_bytes=1)
    assert "model fingerprint" in caught.value.details
    with pytest.raises(lm.FileError, match="other data"):
        chain().harvest(samples(10, seed=1), out=whole, batch=2, shard_bytes=1)
    assert content(whole) == wanted


def test_a_function_in_a_store_rule_must_mean_the_same_layers_and_have_the_same_code(tmp_path):
    out, x = tmp_path / "acts", samples(4)

    def harvest(predicate, reduce):
        return chain().harvest(x, store=[lm.Store(predicate, reduce=reduce)], out=out)

    harvest(lambda layer: layer.operator == "Gemm", lambda value: value * 2)
    harvest(lambda layer: layer.operator == "Gemm", lambda value: value * 2)
    assert lines(out)[0]["layers"] == ["L2", "L4"]
    with pytest.raises(lm.FileError, match="otherwise") as caught:
        harvest(lambda layer: layer.operator != "Gemm", lambda value: value * 2)
    assert "layers" in caught.value.details
    with pytest.raises(lm.FileError, match="otherwise"):
        harvest(lambda layer: layer.operator == "Gemm", lambda value: value * 3)
    for way in (lambda value: value.sum((1,)), partial(torch.sum, dim=1), lambda value, k=1: value * k):
        folder = tmp_path / f"acts{len(list(tmp_path.iterdir()))}"
        chain().harvest(x, store=[lm.Store("L2", reduce=way)], out=folder)
        for another in (lambda value: value.sum((0,)), partial(torch.sum, dim=0), lambda value, k=2: value * k):
            with pytest.raises(lm.FileError, match="otherwise"):
                chain().harvest(x, store=[lm.Store("L2", reduce=another)], out=folder)


def test_a_run_with_another_function_for_a_patch_is_another_run(tmp_path):
    out, x = tmp_path / "run", samples(4)
    chain().run(x, patch={"L2": lambda value: value * 2}, out=out)
    chain().run(x, patch={"L2": lambda value: value * 2}, out=out)
    with pytest.raises(lm.FileError, match="otherwise"):
        chain().run(x, patch={"L2": lambda value: value * 3}, out=out)


def test_what_another_engine_stands_on_is_held_against_the_rerun(tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    out, x = tmp_path / "acts", samples(4)
    chain().harvest(x, out=out, engine="onnxruntime")
    assert lines(out)[0]["versions"]["onnxruntime"]
    monkeypatch.setattr(
        "laminae.trace.disk.header.version", lambda package: "0.0" if package == "onnxruntime" else version(package)
    )
    with pytest.raises(lm.FileError, match="otherwise") as caught:
        chain().harvest(x, out=out, engine="onnxruntime")
    assert "versions onnxruntime" in caught.value.details


def test_a_manifest_that_was_taken_away_between_opening_and_lock_is_not_written_to(tmp_path, monkeypatch):
    import fcntl

    real = fcntl.flock

    def late(handle, how):
        (tmp_path / "acts" / "manifest.jsonl").unlink()  # as the other writer does, ending without a shard
        real(handle, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(lm.FileError, match="another process is writing"):
        chain().harvest(samples(4), out=tmp_path / "acts")
    monkeypatch.undo()
    assert chain().harvest(samples(4), out=tmp_path / "acts").samples == 4


def test_a_rerun_takes_the_threads_of_the_manifest(whole):
    wanted = content(whole)
    first, *rest = lines(whole)
    rewrite(whole, [{**first, "threads": 3}, *rest[:2]])
    before, during = torch.get_num_threads(), []
    chain().harvest(samples(10), out=whole, batch=2, shard_bytes=1, progress=lambda _: during.append(torch.get_num_threads()))
    assert set(during) == {3}
    assert torch.get_num_threads() == before
    assert {k: v for k, v in content(whole).items() if k != "manifest.jsonl"} == {
        k: v for k, v in wanted.items() if k != "manifest.jsonl"
    }


def test_data_that_have_become_fewer_or_more_are_refused(tmp_path):
    out, model = tmp_path / "acts", chain()
    model.harvest(iter([samples(4)] * 3), out=out, shard_bytes=1)
    for batches in ([samples(4)] * 2, [samples(4)] * 4):
        with pytest.raises(lm.FileError, match="other data"):
            model.harvest(iter(batches), out=out, shard_bytes=1)
    model.harvest(iter([samples(4)] * 3), out=out, shard_bytes=1)


def test_a_second_writer_is_refused_while_the_first_goes_on(tmp_path):
    model, out = chain(), tmp_path / "acts"
    inside, leave = threading.Event(), threading.Event()

    def data():
        yield samples(4)
        inside.set()
        leave.wait(20)
        yield samples(4)

    first = threading.Thread(target=lambda: model.harvest(data(), out=out))
    first.start()
    inside.wait(20)
    script = "import sys, numpy, laminae as lm; from tests.trace.disk.small import chain, samples\n"
    script += f"chain().harvest(samples(8), out={str(out)!r})"
    second = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert "another process is writing" in second.stderr
    with pytest.raises(lm.FileError, match="another process is writing"):
        chain().run(samples(2), out=out)
    leave.set()
    first.join()
    assert lm.load(out).finished
    assert lm.load(out).samples == 8


@contextmanager
def full_disk(bytes_free: int):
    """Writes fail when so many bytes were written, as on a disk without room: the last one is cut short."""
    real, left = os.pwrite, bytes_free

    def pwrite(handle, data, at):
        nonlocal left
        if left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done = real(handle, data[:left], at)
        left -= done
        return done

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "pwrite", pwrite)
        yield


@pytest.mark.parametrize("free", [0, 100, 1000, 1300, 2000, 2600])
def test_a_manifest_that_finds_no_room_stays_whole_and_is_gone_on_with(tmp_path, whole, free):
    out = tmp_path / "full"
    with full_disk(free), pytest.raises(lm.FileError, match="cannot write to") as caught:
        again(out)
    assert "No space left" in str(caught.value)
    assert out.exists() == (free >= 1000), "without a whole shard nothing is left behind"
    assert free < 1000 or lm.load(out).check() == []
    again(out)
    assert content(out) == content(whole)


@pytest.fixture
def disk(tmp_path):
    """A disk of 300 kB, where this process may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this process may not mount a small disk: " + mounted.stderr.decode().strip())
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_disk_without_room_leaves_what_was_whole(disk, tmp_path):
    model, x = lm.Model.chain(lm.Input(1000, name="x"), lm.ReLU(name="relu")), torch.rand(100, 1000)
    with pytest.raises(lm.FileError, match="cannot write to") as caught:
        model.harvest(x, store=["relu"], out=disk / "acts", batch=10, shard_bytes=1)
    assert "samples, whole" in caught.value.details["left behind"]
    acts = lm.load(disk / "acts")
    assert 0 < acts.samples < 100
    assert acts.check() == []
    assert not [name for name in content(disk / "acts") if name.endswith(".tmp")]
    assert torch.equal(acts["relu"][:10], x[:10])
    subprocess.run(["mount", "-o", "remount,size=2m", str(disk)], check=True)
    assert model.harvest(x, store=["relu"], out=disk / "acts", batch=10, shard_bytes=1).samples == 100
    model.harvest(x, store=["relu"], out=tmp_path / "whole", batch=10, shard_bytes=1)
    assert content(disk / "acts") == content(tmp_path / "whole")


def test_a_read_only_folder_is_said_and_left_alone(disk):
    (disk / "there").mkdir()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    for out in (disk / "acts", disk / "there"):
        with pytest.raises(lm.FileError, match="cannot be written to") as caught:
            chain().harvest(samples(3), out=out)
        assert "Read-only" in caught.value.details["because"]
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work")
    with pytest.raises(lm.FileError, match="no folder of activations"):
        chain().harvest(samples(3), out=other)
    assert content(other) == {"thesis.txt": b"years of work"}
    jsonl = tmp_path / "jsonl"
    jsonl.mkdir()
    (jsonl / "manifest.jsonl").write_text('{"audio": "a.wav"}\n')
    with pytest.raises(lm.FileError, match="another program's"):
        chain().run(samples(3), out=jsonl)
    assert content(jsonl) == {"manifest.jsonl": b'{"audio": "a.wav"}\n'}


def test_a_file_a_missing_parent_and_a_link_are_said(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for out in (tmp_path / "file", tmp_path / "no" / "folder", tmp_path / "link", "a\0b"):
        with pytest.raises(lm.FileError, match="cannot be written to"):
            chain().harvest(samples(3), out=out)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "link"]


def test_a_shard_that_was_lost_is_said_before_anything_is_run(whole):
    (whole / "000002.safetensors").unlink()
    with pytest.raises(lm.FileError, match="000002"):
        again(whole)


def test_what_is_wrong_with_the_call_leaves_no_folder(tmp_path):
    for call in (
        lambda: chain().harvest(samples(3), out=tmp_path / "acts", store=["nobody"]),
        lambda: chain().harvest(samples(3), out=tmp_path / "acts", device="nowhere"),
        lambda: chain().harvest(samples(3), out=tmp_path / "acts", batch=0),
        lambda: chain().run(samples(3)[:, :2], out=tmp_path / "acts"),
    ):
        with pytest.raises(lm.LaminaeError):
            call()
        assert not (tmp_path / "acts").exists()
