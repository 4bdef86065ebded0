"""Timing contestants fairly: each in a process of its own that does nothing else, in turns, several rounds."""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from time import perf_counter


def repeat(
    work: Callable[[], object],
    *,
    seconds: float = 1.0,
    warm: int = 3,
    least: int = 5,
    clock: Callable[[], float] = perf_counter,
) -> float:
    """The median time of one call, in ms, over about that many seconds and at least so many calls."""
    for _ in range(warm):
        work()
    times: list[float] = []
    end = perf_counter() + seconds
    while perf_counter() < end or len(times) < least:
        start = clock()
        work()
        times.append(clock() - start)
    return statistics.median(times) * 1e3


def interleave(module: str, contestants: Sequence[str], *, rounds: int = 5) -> dict[str, list[float]]:
    """`python -m module contestant` for each contestant in turn, `rounds` times; each prints one number of ms."""
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name in contestants:
            done = subprocess.run([sys.executable, "-m", module, name], capture_output=True, text=True)
            found[name].append(_ms(name, done))
    return found


def _ms(name: str, done: subprocess.CompletedProcess[str]) -> float:
    """What a contestant printed. One that fails says why and counts as nothing: the others' figures are not lost with it."""
    if done.returncode:
        print(f"  {name} failed: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}", file=sys.stderr, flush=True)
        return math.nan
    return float(json.loads(done.stdout.strip().splitlines()[-1]))


def interleave_tables(module: str, contestants: Sequence[str], *, rounds: int = 3) -> dict[str, dict[str, float]]:
    """The same for contestants that print one JSON object, name → ms: the median for each name and contestant."""
    found: dict[str, dict[str, list[float]]] = {name: {} for name in contestants}
    for _ in range(rounds):
        for contestant in contestants:
            command = [sys.executable, "-m", module, contestant]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            for name, ms in json.loads(done.stdout.strip().splitlines()[-1]).items():
                found[contestant].setdefault(name, []).append(ms)
    return {contestant: medians(rows) for contestant, rows in found.items()}


def interleave_commands(commands: dict[str, list[str]], *, rounds: int = 9) -> dict[str, list[float]]:
    """Whole commands in turn; wall-clock ms of each."""
    found: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            start = perf_counter()
            subprocess.run(command, capture_output=True, check=True)
            found[name].append((perf_counter() - start) * 1e3)
    return found


def medians(found: dict[str, list[float]]) -> dict[str, float]:
    return {name: statistics.median(times) for name, times in found.items()}
