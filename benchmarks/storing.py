"""What storing costs: every output, three layers, none, beside the output alone; in time and in peak memory."""

from __future__ import annotations

import json
import resource
import sys
import warnings
from collections.abc import Callable
from typing import Any

from benchmarks.measure import repeat
from benchmarks.modules import module

TITLE = "Storing (random weights), batch 1, 2 threads, no derivatives; ms"
SIZES = ("resnet50", "mobilenetv2", "vit-small", "bert-6L-384", "gpt2", "lstm")
CNNS = ("resnet50", "mobilenetv2")
WAYS = ("model(x)", "run, store none", "run, store 3 layers", "run, store all")
CONTESTANTS = tuple(f"{size}/{way}" for size in SIZES for way in WAYS)
MEMORY = tuple(f"{size}/{way}/peak" for size in SIZES for way in WAYS[1:3])


def work(size: str, way: str) -> Callable[[], Any]:
    import laminae as lm

    model, inputs = module(size)
    opened = lm.open(model, kwargs=inputs)
    if way == "model(x)":
        return lambda: opened(**inputs)
    layers = [layer.name for layer in opened.layers if not layer.name.startswith("x")]
    three = [layers[len(layers) * i // 4] for i in (1, 2, 3)]
    store: Any = {"run, store none": False, "run, store 3 layers": three, "run, store all": True}[way]
    return lambda: opened.run(store=store, **inputs)


def main(contestant: str) -> None:
    warnings.simplefilter("ignore")
    import torch

    torch.set_num_threads(2)
    size, way, *peak = contestant.split("/")
    with torch.no_grad():
        run = work(size, way)
        if peak:
            for _ in range(10):
                run()
            print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
        else:
            print(json.dumps(repeat(run, seconds=2.0)))


if __name__ == "__main__":
    main(sys.argv[1])
