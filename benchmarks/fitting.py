"""`lm.fit` around its steps: shuffled batches from memory, progress, checks; beside a plain loop over the same data."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from time import process_time
from typing import Any

from benchmarks.learning import CLASSES

SAMPLES, BATCH, FEATURES = 20_000, 32, 64
DATA = ("tensors", "arrays")
WAYS = ("plain loop", "lm.fit")
CONTESTANTS = tuple(f"{data}/{way}" for data in DATA for way in WAYS)
TITLE = f"an epoch of {SAMPLES:,} samples of {FEATURES} numbers, batches of {BATCH}, a small MLP, Adam, 1 thread, its CPU time"
LIMIT = 1.05


def made() -> tuple[Any, Any, Any]:
    import torch

    torch.manual_seed(0)
    module = torch.nn.Sequential(
        torch.nn.Linear(FEATURES, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, CLASSES)
    )
    return module, torch.randn(SAMPLES, FEATURES), torch.randint(0, CLASSES, (SAMPLES,))


def plain(arrays: bool) -> Callable[[], Any]:
    import torch

    module, x, y = made()
    optimizer = torch.optim.Adam(module.parameters())
    held = (x.numpy(), y.numpy()) if arrays else (x, y)

    def epoch() -> float:
        total = 0.0
        for at in torch.randperm(SAMPLES).split(BATCH):
            if arrays:
                rows = at.numpy()
                inputs, expected = (torch.from_numpy(part[rows]) for part in held)
            else:
                inputs, expected = (part[at] for part in held)
            loss = torch.nn.functional.cross_entropy(module(inputs), expected)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            total += float(loss) * len(inputs)
        return total / SAMPLES

    return epoch


def ours(arrays: bool) -> Callable[[], Any]:
    import laminae as lm

    module, x, y = made()
    model = lm.open(module, example=(x[:BATCH],), dynamic=(x[:3],))
    data = (x.numpy(), y.numpy()) if arrays else (x, y)
    return lambda: lm.fit(model, data, loss="cross_entropy", optimizer="adam", batch=BATCH)


def main(contestant: str) -> None:
    warnings.simplefilter("ignore")
    import torch

    torch.set_num_threads(1)
    data, way = contestant.split("/")
    epoch = {"plain loop": plain, "lm.fit": ours}[way](data == "arrays")
    times = []
    for _ in range(4):
        start = process_time()
        epoch()
        times.append(process_time() - start)
    print(json.dumps(min(times) * 1e3))


if __name__ == "__main__":
    main(sys.argv[1])
