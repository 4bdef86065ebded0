"""Going on from a stored output, and sweeping over a hundred of them, beside running everything and beside others."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from time import perf_counter
from typing import Any

from benchmarks.measure import repeat
from benchmarks.modules import module

TITLE = "Resuming and sweeping (random weights), batch 1, 2 threads, ms; a sweep's are for each of 100 ways"
SIZES = ("gpt2", "gpt2, 8 tokens", "resnet50", "vit-small")
SWEEP = "sweep of 100 from 50%"
WAYS = (
    "module",
    "resume from 50%",
    "resume from 90%",
    "run with a patch",
    SWEEP,
    "torchlens do at 50%",
    "nnsight set at 50%",
)
CLOSE = tuple(f"{size}/{way}" for size in SIZES for way in WAYS[:5])
FAR = tuple(f"{size}/{way}" for size in SIZES for way in WAYS[5:])
WITHIN = {"resume from 50%": 0.55, "resume from 90%": 0.15}


def made(size: str) -> tuple[Any, dict[str, Any]]:
    """The module and its arguments."""
    model, inputs = module(size.split(",")[0])
    return model, {name: x[:, :8] for name, x in inputs.items()} if "8 tokens" in size else inputs


def opened(size: str, share: float) -> tuple[Any, Any, str]:
    """The model, a trace, and the layer after which that share of a plain pass is spent.

    A plain pass keeps nothing: where every output is stored, those that are large take longer.
    """
    import laminae as lm

    module, inputs = made(size)
    model = lm.open(module, kwargs=inputs)
    for _ in range(3):
        model(**inputs)
    passes = sorted((model.run(store=False, **inputs) for _ in range(9)), key=lambda t: float(t.ms))
    trace = model.run(**inputs)
    spent, whole = 0.0, sum(entry.ms for entry in passes[4].layers)
    for entry, kept in zip(passes[4].layers, trace.layers, strict=True):
        spent += entry.ms
        if spent >= share * whole and hasattr(kept.output, "is_floating_point") and kept.output.is_floating_point():
            return model, trace, str(kept.name)
    raise ValueError("no layer stands there")


def resume(size: str, share: float) -> float:
    import laminae as lm

    _, trace, layer = opened(size, share)
    patch = lm.patch.scale(layer, 1.01)
    return repeat(lambda: trace.resume(patch))


def patched(size: str) -> float:
    import laminae as lm

    model, _, layer = opened(size, 0.5)
    patch, inputs = lm.patch.scale(layer, 1.01), made(size)[1]
    return repeat(lambda: model.run(store=False, patch=patch, **inputs))


def sweep(size: str) -> float:
    import laminae as lm

    _, trace, layer = opened(size, 0.5)
    ways = [lm.patch.scale(layer, 0.5 + i / 100) for i in range(100)]
    trace.sweep(ways[:4])
    start = perf_counter()
    assert trace.sweep(ways).how == "in batches"
    return (perf_counter() - start) * 1e3 / len(ways)


def torchlens(size: str) -> float:
    import torchlens as tl
    from torchlens.options import CaptureOptions

    model, inputs = made(size)
    log = tl.trace(model, (), input_kwargs=inputs, capture=CaptureOptions(intervention_ready=True))
    site = log.layer_labels[len(log.layer_labels) // 2]
    return repeat(lambda: log.fork().do(site, tl.scale(1.01)), seconds=3.0, warm=1)


def nnsight(size: str) -> float:
    import nnsight as nn

    model, inputs = made(size)
    names = [name for name, inner in model.named_modules() if name and not list(inner.children())]
    wrapped = nn.NNsight(model)
    reached = wrapped.get(names[len(names) // 2])

    def run() -> Any:
        with wrapped.trace(**inputs):
            reached.output = reached.output * 1.01
            kept = nn.save(wrapped.output)
        return kept

    return repeat(run)


def main(contestant: str) -> None:
    warnings.simplefilter("ignore")
    import torch

    torch.set_num_threads(2)
    size, way = contestant.split("/", 1)
    calls: dict[str, Callable[[], float]] = {
        "module": lambda: _plain(*made(size)),
        "resume from 50%": lambda: resume(size, 0.5),
        "resume from 90%": lambda: resume(size, 0.9),
        "run with a patch": lambda: patched(size),
        SWEEP: lambda: sweep(size),
        "torchlens do at 50%": lambda: torchlens(size),
        "nnsight set at 50%": lambda: nnsight(size),
    }
    with torch.no_grad():
        try:
            ms = calls[way]()
        except ImportError:
            ms = float("nan")
    print(json.dumps(ms))


def _plain(model: Any, inputs: dict[str, Any]) -> float:
    return repeat(lambda: model(**inputs))


if __name__ == "__main__":
    main(sys.argv[1])
