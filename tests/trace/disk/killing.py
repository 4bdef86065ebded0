"""A process that harvests in children of its own and has them killed: at every step that reaches the disk, or at any moment.

    python -m tests.trace.disk.killing steps FOLDER        at every call that writes, syncs or renames; a write half done
    python -m tests.trace.disk.killing moments FOLDER N    by SIGKILL at N random moments, one after another in one folder

Prints how many were killed; ends with an AssertionError where what remains is not what an undisturbed harvest leaves.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from tests.trace.disk.small import chain, content, samples

STORE = ["L2", "L4"]


def slow(count: int, seconds: float) -> Any:
    """Batches that take their time."""
    for start in range(0, count, 4):
        time.sleep(seconds)
        yield samples(count)[start : start + 4]


def child(work: Callable[[], None]) -> int:
    """The process id of a child that does it and ends."""
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
        os._exit(0)
    except BaseException as error:
        print(type(error).__name__, error, file=sys.stderr)
        os._exit(1)


def killed_at(step: int) -> None:
    """From now on this process kills itself at that step of what reaches the disk; a write it does by half."""
    count = 0

    def counted(name: str, half: Callable[..., Any] | None = None) -> None:
        real = getattr(os, name)

        def call(*args: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count == step:
                if half is not None:
                    half(real, *args)
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **named)

        setattr(os, name, call)

    counted("pwrite", lambda real, handle, data, at: real(handle, data[: len(data) // 2], at))
    for name in ("open", "fsync", "replace", "ftruncate", "mkdir", "unlink"):
        counted(name)


def steps(folder: Path, data: Callable[[], Any]) -> int:
    """Kill at step 1, 2, … until none is left; each time go on, and hold what is there against an undisturbed harvest."""
    wanted = undisturbed(folder, data)
    for step in range(1, 10_000):
        place = folder / "acts"
        shutil.rmtree(place, ignore_errors=True)

        def work(step: int = step, place: Path = place) -> None:
            killed_at(step)
            chain().harvest(data(), store=STORE, out=place, shard_bytes=150)

        _, status = os.waitpid(child(work), 0)
        if not os.WIFSIGNALED(status):
            assert os.WEXITSTATUS(status) == 0
            return step - 1
        go_on(place, data)
        assert content(place) == wanted, f"killed at step {step}"
    raise AssertionError("it never ended")


def moments(folder: Path, data: Callable[[], Any], count: int, seed: int) -> int:
    """Kill at random moments, each time going on with the same folder; when it is done begin anew, until all kills are made."""
    wanted, chance, kills = undisturbed(folder, data), random.Random(seed), 0
    place = folder / "acts"
    shutil.rmtree(place, ignore_errors=True)
    while kills < count:
        pid = child(lambda: go_on_here(place, data))
        time.sleep(chance.uniform(0.0, 0.12))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        kills += os.WIFSIGNALED(status)
        if not os.WIFSIGNALED(status):
            assert os.WEXITSTATUS(status) == 0
            assert content(place) == wanted
            shutil.rmtree(place)
    go_on(place, data)
    assert content(place) == wanted
    return kills


def undisturbed(folder: Path, data: Callable[[], Any]) -> dict[str, bytes]:
    go_on(folder / "whole", data)
    return content(folder / "whole")


def go_on_here(place: Path, data: Callable[[], Any]) -> None:
    chain().harvest(data(), store=STORE, out=place, shard_bytes=150)


def go_on(place: Path, data: Callable[[], Any]) -> None:
    """In a child: this process never starts a thread, so that it can have children."""
    _, status = os.waitpid(child(lambda: go_on_here(place, data)), 0)
    assert os.WIFEXITED(status)
    assert os.WEXITSTATUS(status) == 0


def main() -> None:
    torch.set_num_threads(1)
    what, folder, *rest = sys.argv[1:]
    if what == "steps":
        print(steps(Path(folder), lambda: slow(12, 0.0)))
    else:
        seed = int(rest[1]) if len(rest) > 1 else random.randrange(1 << 30)
        print(moments(Path(folder), lambda: slow(48, 0.004), int(rest[0]), seed), "seed", seed)


if __name__ == "__main__":
    main()
