"""A run that is killed, finds no room, or whose writes fail: a whole checkpoint is always there, and it goes on to the same bits."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import laminae as lm
from tests.learn.checkpoints.killing import small
from tests.learn.checkpoints.runs import content, fit

ROOT = Path(__file__).parents[3]


def killing(*arguments: str) -> str:
    command = [sys.executable, "-m", "tests.learn.checkpoints.killing", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_killed_at_random_moments_it_goes_on_to_the_same_bits(tmp_path):
    assert killing("moments", str(tmp_path), "8", "1").startswith("8 ")


@pytest.mark.long
def test_killed_at_fifty_random_moments_it_goes_on_to_the_same_bits(tmp_path):
    assert killing("moments", str(tmp_path), "50").startswith("50 ")


@pytest.mark.long
def test_killed_at_every_step_that_reaches_the_disk_it_goes_on_to_the_same_bits(tmp_path):
    assert int(killing("steps", str(tmp_path))) >= 60


KINDS = {"write": ("write", "pwrite"), "fsync": ("fsync",), "rename": ("rename", "replace")}


@contextmanager
def failing(kind: str, at: int, code: int):
    """The `at`-th call of a kind fails, as all of its kind after it; a write does half of its work first. Yields the count."""
    count = [0]
    with pytest.MonkeyPatch.context() as patched:
        for name in KINDS[kind]:

            def call(real, *args, **named):
                count[0] += 1
                if count[0] < at:
                    return real(*args, **named)
                if kind == "write" and count[0] == at:
                    real(args[0], args[1][: len(args[1]) // 2], *args[2:])
                raise OSError(code, os.strerror(code))

            patched.setattr(os, name, partial(call, getattr(os, name)))
        yield count


def whole_checkpoints(run: Path) -> list[str]:
    """Those that are there, each held against its manifest by plain means."""
    found = sorted(path.name for path in run.glob("step-*")) if run.exists() else []
    for name in found:
        told = json.loads((run / name / "manifest.json").read_bytes())
        assert set(told["files"]) == {"model.safetensors", "state.safetensors"}
        for file, facts in told["files"].items():
            assert hashlib.sha256((run / name / file).read_bytes()).hexdigest() == facts["sha256"]
    return found


@pytest.mark.parametrize("kind", [pytest.param("write", marks=pytest.mark.slow), "fsync", "rename"])
def test_whichever_call_fails_the_last_checkpoint_is_whole_and_named_and_it_goes_on(kind, tmp_path):
    small(tmp_path / "whole")
    wanted, code = content(tmp_path / "whole"), errno.ENOSPC if kind == "write" else errno.EIO
    with failing(kind, 1 << 30, code) as count:
        small(tmp_path / "counted")
    assert count[0] >= 8
    for at in range(1, count[0] + 1):
        run = tmp_path / f"run{at}"
        with failing(kind, at, code), pytest.raises(lm.FileError) as caught:
            small(run)
        assert os.strerror(code) in caught.value.details["because"]
        there = whole_checkpoints(run)
        assert not list(run.glob(".laminae-*")), "nothing half written stays"
        last = caught.value.details.get("last checkpoint", "none yet")
        assert there or last == "none yet"
        assert last == "none yet" or Path(last.split("'")[1]).name in there
        assert there or not run.exists()
        small(run)
        assert content(run) == wanted, f"{kind} {at}"


def wide(out: Path, **more):
    """A run whose checkpoints take about 130 kB each."""
    x = np.random.default_rng(0).normal(size=(20, 100)).astype(np.float32)
    model = lm.Model.chain(lm.Input(100), lm.Linear(100, name="a"), lm.ReLU(), lm.Linear(1, name="b"), seed=0)
    return model, lm.fit(model, (x, x[:, :1]), loss="mse", epochs=4, batch=10, out=out, **more)


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


def test_a_disk_without_room_leaves_the_last_checkpoint_whole_and_says_so(disk, tmp_path):
    with pytest.raises(lm.FileError, match="cannot write checkpoint") as caught:
        wide(disk / "run", keep=5)
    assert "No space left" in caught.value.details["because"]
    there = whole_checkpoints(disk / "run")
    assert there
    assert there[-1] in caught.value.details["last checkpoint"]
    assert "resume=True" in caught.value.details["to go on from it"]
    subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
    wide(disk / "run", keep=5, resume=True)
    wide(tmp_path / "whole", keep=5)
    assert content(disk / "run") == content(tmp_path / "whole")


def test_a_folder_that_cannot_be_written_to_is_said_and_left_alone(disk):
    fit("built", disk / "run", epochs=1)
    before = content(disk / "run")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    for out in (disk / "run", disk / "other"):
        with pytest.raises(lm.FileError, match="cannot be written to") as caught:
            fit("built", out, epochs=2, resume=True)
        assert "Read-only" in caught.value.details["because"]
    assert content(disk / "run") == before
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)


def press(batch: int):
    """Ctrl-C while that batch is learned from."""
    import signal

    return lambda told: os.kill(os.getpid(), signal.SIGINT) if getattr(told, "batch", 0) == batch else None


def test_ctrl_c_writes_a_checkpoint_and_says_how_to_go_on(tmp_path):
    whole, history = fit("cnn", tmp_path / "whole")
    _, first = fit("cnn", tmp_path / "run", callbacks=[press(4)])
    assert "interrupted after batch 4 of epoch 1" in first.stopped
    assert "resume=True" in first.stopped
    assert repr(str(tmp_path / "run")) in first.stopped
    assert whole_checkpoints(tmp_path / "run") == ["step-00000004"]
    again, second = fit("cnn", tmp_path / "run", resume=True)
    assert all(np.array_equal(whole[name], again[name]) for name in whole)
    assert second["loss"] == history["loss"]
    assert "step-00000004" in second.notes[-1]


def test_a_loss_that_is_no_number_leaves_the_last_checkpoint_and_says_where_it_is(tmp_path):
    from tests.learn.checkpoints.runs import data_of

    x, y = data_of("mlp")
    x[17] = np.nan
    with pytest.raises(lm.LayerError, match="batch 3 of epoch 1") as caught:
        fit("mlp", tmp_path / "run", data=(x, y), shuffle=False, every=1)
    assert whole_checkpoints(tmp_path / "run") == ["step-00000001", "step-00000002"]
    assert "step-00000002" in caught.value.details["last checkpoint"]
    with pytest.raises(lm.LayerError) as caught:
        fit("mlp", tmp_path / "none", data=(x, y), shuffle=False)
    assert caught.value.details["last checkpoint"] == "none yet"
    assert not (tmp_path / "none").exists()
