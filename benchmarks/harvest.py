"""Harvesting: every block's output of a GPT-2 over texts of 16 to 128 tokens, to disk, beside the forward passes alone.

python -m benchmarks.harvest [TEXTS]      200 unless given; 2,000 is the whole measurement, about 5 GB on the disk
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from time import perf_counter
from typing import Any

TITLE = "harvest: 12 blocks of gpt2 (124 M parameters), 2 threads, texts of 16 to 128 tokens, batches of at most 16 of one length"
WAYS = ("model(x)", "model.run(x)", "harvest")
AIM = 1.25
"""What harvesting may take, as a multiple of the forward passes alone."""

BATCH, ROUNDS = 16, 3


def texts(count: int) -> list[list[int]]:
    import numpy as np

    rng = np.random.default_rng(0)
    return [rng.integers(0, 50257, int(rng.integers(16, 129))).tolist() for _ in range(count)]


def opened() -> tuple[Any, list[str]]:
    """The model for any number of texts of any length, and the layer that each block ends with."""
    import torch
    import transformers as tf

    import laminae as lm

    torch.manual_seed(0)
    module = tf.GPT2LMHeadModel(tf.GPT2Config(use_cache=False)).eval()
    example = {"input_ids": torch.randint(0, 1000, (2, 24))}
    model = lm.open(module, kwargs=example, dynamic={"input_ids": {0: "batch", 1: "tokens"}})
    return model, [model.groups[f"transformer/h/{i}"].layers[-1].name for i in range(12)]


def resident() -> float:
    """MB of memory this process has now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def measured(way: str, count: int, folder: Path) -> dict[str, float]:
    """Seconds of all texts, and of a harvest the memory at a quarter and at the end, and the bytes on the disk."""
    import torch

    from laminae.data.inputs import Takes, inputs

    torch.set_num_threads(2)
    warnings.simplefilter("ignore")
    model, blocks = opened()
    data = texts(count)
    batches = [torch.tensor(batch.x) for batch in inputs(data, BATCH, Takes(("input_ids",), (2,))).batches()]
    for warm in (batches[0], batches[-1]):
        model.run(warm, store=blocks)
        model(warm)
    memory: list[float] = []
    start = perf_counter()
    if way == "harvest":
        told = model.harvest(data, store=blocks, out=folder / "acts", batch=BATCH, progress=lambda _: memory.append(resident()))
    else:
        for batch in batches:
            model(batch) if way == "model(x)" else model.run(batch, store=blocks)
    seconds = perf_counter() - start
    if way != "harvest":
        return {"seconds": seconds}
    size = sum(path.stat().st_size for path in told.path.iterdir())
    quarter, end = (max(memory[: len(memory) // 4 + 1]), max(memory[len(memory) // 4 :]))
    return {"seconds": seconds, "MB at 25 %": quarter, "MB at 100 %": end, "MB on the disk": size / 1e6}


def main(count: int) -> None:
    print(f"{TITLE}; {count:,} texts, medians of {ROUNDS}")
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        for way in WAYS:
            command = [sys.executable, "-m", "benchmarks.harvest", way, str(count)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found[way].append(json.loads(done.stdout.strip().splitlines()[-1]))
    medians = {way: statistics.median(row["seconds"] for row in rows) for way, rows in found.items()}
    for way, seconds in medians.items():
        print(f"  {way:<20} {seconds:8.2f} s   {seconds / medians['model(x)']:5.2f} ×")
    last = found["harvest"][-1]
    print("  " + ", ".join(f"{last[name]:,.0f} {name}" for name in ("MB at 25 %", "MB at 100 %", "MB on the disk")))
    ratio = medians["harvest"] / medians["model(x)"]
    print(f"  harvest / model(x) {ratio:.2f} × (at most {AIM}: {'yes' if ratio <= AIM else 'NO'})")


def contestant(way: str, count: int) -> None:
    folder = Path(tempfile.mkdtemp(dir=os.environ.get("LAMINAE_BENCH_DIR")))
    try:
        print(json.dumps(measured(way, count, folder)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        contestant(sys.argv[1], int(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
