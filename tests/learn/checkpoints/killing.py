"""A process that learns in children of its own and has them killed: at every step that reaches the disk, or at any moment.

    python -m tests.learn.checkpoints.killing steps FOLDER        at every call that writes, syncs or renames; a write half done
    python -m tests.learn.checkpoints.killing moments FOLDER N    by SIGKILL at N random moments, gone on with in one folder

Prints how many were killed; ends with an AssertionError where what remains is not what a run leaves that was never killed.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import torch

import laminae as lm
from tests.learn.checkpoints.runs import content, fit, model_of
from tests.trace.disk.killing import child

CALLS = ("open", "write", "pwrite", "fsync", "rename", "replace", "symlink", "mkdir", "ftruncate")


def small(out: Path) -> None:
    """A few checkpoints, quickly."""
    fit("built", out, epochs=2, every=4, keep=2, optimizer=lm.optimizer("sgd", lr=0.1, momentum=0.9), resume=True)


def long(out: Path) -> None:
    """Of a module with BatchNorm and Dropout: 120 steps, a checkpoint every five; each step takes its time."""
    pause = [lambda told: time.sleep(0.002) if hasattr(told, "batch") else None]
    fit("cnn", out, epochs=20, every=5, validation=0.2, resume=True, callbacks=pause)


def killed_at(step: int) -> None:
    """From now on this process kills itself at that step of what reaches the disk; a write it does by half."""
    count = 0

    def counted(name: str) -> None:
        real = getattr(os, name)

        def call(*args: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count == step:
                if name in ("write", "pwrite"):
                    real(args[0], args[1][: len(args[1]) // 2], *args[2:])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **named)

        setattr(os, name, call)

    for name in CALLS:
        counted(name)


def done(work: Any) -> None:
    """In a child: this process never starts a thread, so that it can have children."""
    _, status = os.waitpid(child(work), 0)
    assert os.WIFEXITED(status)
    assert os.WEXITSTATUS(status) == 0


def steps(folder: Path) -> int:
    """Kill at step 1, 2, … until none is left; each time go on, and hold what is there against a run that was never killed."""
    done(lambda: small(folder / "whole"))
    wanted, place = content(folder / "whole"), folder / "run"
    for step in range(1, 10_000):
        shutil.rmtree(place, ignore_errors=True)

        def work(step: int = step) -> None:
            killed_at(step)
            small(place)

        _, status = os.waitpid(child(work), 0)
        if not os.WIFSIGNALED(status):
            assert os.WEXITSTATUS(status) == 0
            return step - 1
        done(lambda: small(place))
        assert content(place) == wanted, f"killed at step {step}"
    raise AssertionError("it never ended")


def moments(folder: Path, count: int, seed: int) -> int:
    """Kill at random moments, each time going on in the same folder; when it is done begin anew, until all kills are made."""
    start = time.perf_counter()
    done(lambda: long(folder / "whole"))
    whole = time.perf_counter() - start
    wanted, chance, kills, place = content(folder / "whole"), random.Random(seed), 0, folder / "run"
    while kills < count:
        pid = child(lambda: long(place))
        time.sleep(chance.uniform(0.0, whole / 2))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        kills += os.WIFSIGNALED(status)
        if not os.WIFSIGNALED(status):
            assert os.WEXITSTATUS(status) == 0
            assert content(place) == wanted
            shutil.rmtree(place)
    done(lambda: long(place))
    assert content(place) == wanted
    return kills


def main() -> None:
    torch.set_num_threads(1)
    what, folder, *rest = sys.argv[1:]
    if what == "steps":
        small(Path(folder) / "warm")  # what is loaded at the first time, before there are children
        print(steps(Path(folder)))
        return
    model_of("cnn").eval().train()  # both phases are read once, before there are children
    seed = int(rest[1]) if len(rest) > 1 else random.randrange(1 << 30)
    print(moments(Path(folder), int(rest[0]), seed), "seed", seed)


if __name__ == "__main__":
    main()
