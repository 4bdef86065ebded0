"""Seeing a backward pass: every delta stored, beside none; and the derivatives of each sample, beside Opacus and torch.func.

python -m benchmarks.deltas contestant      one of them, alone
"""

from __future__ import annotations

import json
import statistics
import sys
import warnings
from collections.abc import Callable
from time import perf_counter, process_time
from typing import Any

from benchmarks.learning import CLASSES, made
from benchmarks.measure import repeat

TITLE = "A backward pass that stores its deltas, training phase, 1 thread, its CPU time; the forward pass is not counted"
SIZES = ("mlp × 32", "resnet18 × 8", "resnet50 × 8", "vit-small × 8", "bert-6L-384 × 8", "lstm × 8")
WAYS = ("torch", "store none", "store all")
CONTESTANTS = tuple(f"{size}/{way}" for size in SIZES for way in WAYS)

SAMPLES_TITLE = "Derivatives of each sample, forward and backward, evaluation phase, 1 thread, its CPU time"
SAMPLES_SIZES = ("mlp × 32", "cnn × 32", "bert-6L-384 × 8", "lstm × 8")
SAMPLES_WAYS = ("opacus", "torch.func", "per_sample=True")
SAMPLES = tuple(f"{size}/{way}" for size in SAMPLES_SIZES for way in SAMPLES_WAYS)
FROZEN = {"bert-6L-384": "bert.embeddings"}
"""Opacus takes no position that all samples share."""

Call = Callable[[], Any]


def torch_backward(size: str) -> tuple[Call, Callable[[Any], Any]]:
    """The forward pass, and the backward pass of what it gave."""
    import torch

    module, inputs, expected = made(size)
    weights = list(module.parameters())

    def forward() -> Any:
        output = module(**inputs)
        return torch.nn.functional.cross_entropy(getattr(output, "logits", output), expected)

    return forward, lambda loss: torch.autograd.grad(loss, weights, allow_unused=True)


def ours_backward(size: str, store: bool) -> tuple[Call, Callable[[Any], Any]]:
    import laminae as lm

    module, inputs, expected = made(size)
    model = lm.open(module, kwargs=inputs)
    return lambda: model.run(**inputs, backward=True), lambda trace: trace.backward("cross_entropy", expected, store=store)


def second(first: Call, then: Callable[[Any], Any], seconds: float = 3.0) -> float:
    """The median time of what follows, in ms."""
    times: list[float] = []
    end = perf_counter() + seconds
    while perf_counter() < end or len(times) < 7:
        made = first()
        start = process_time()
        found = then(made)
        times.append(process_time() - start)
        del made, found
    return statistics.median(times[2:]) * 1e3


def samples_module(size: str) -> tuple[Any, dict[str, Any], Any, str]:
    """In the evaluation phase; the name of the part that is frozen, "" for none."""
    import torch

    name, batch = size.split(" × ")
    if name == "cnn":
        torch.manual_seed(0)
        module: Any = torch.nn.Sequential(
            torch.nn.Conv2d(3, 32, 3, padding=1), torch.nn.GroupNorm(8, 32), torch.nn.ReLU(),
            torch.nn.Conv2d(32, 64, 3, stride=2, padding=1), torch.nn.GroupNorm(8, 64), torch.nn.ReLU(),
            torch.nn.Conv2d(64, 64, 3, stride=2, padding=1), torch.nn.ReLU(),
            torch.nn.Flatten(), torch.nn.Linear(4096, CLASSES),
        )  # fmt: skip
        inputs, expected = {"input": torch.randn(int(batch), 3, 32, 32)}, torch.randint(0, CLASSES, (int(batch),))
    else:
        module, inputs, expected = made(size)
    frozen = FROZEN.get(name, "")
    for key, parameter in module.named_parameters():
        parameter.requires_grad_(not frozen or not key.startswith(frozen))
    return module.eval(), inputs, expected, frozen


def by_opacus(size: str) -> Call:
    import torch
    from opacus import GradSampleModule
    from opacus.layers import DPLSTM

    module, inputs, expected, _ = samples_module(size)
    if size.startswith("lstm"):
        theirs = DPLSTM(256, 256, 2, batch_first=True)
        theirs.load_state_dict(module.lstm.state_dict())
        module.lstm = theirs.eval()
    for inner in module.modules():
        if isinstance(inner, torch.nn.Dropout):
            inner.p = 0.0
    wrapped = GradSampleModule(module.train())  # it looks at nothing in the evaluation phase

    def run() -> list[Any]:
        wrapped.zero_grad(set_to_none=True)
        output = wrapped(*inputs.values())
        torch.nn.functional.cross_entropy(getattr(output, "logits", output), expected).backward()
        return [p.grad_sample for p in wrapped.parameters() if p.requires_grad]

    return run


def by_torch_func(size: str) -> Call:
    import torch

    module, inputs, expected, _ = samples_module(size)
    learning = {name: p.detach() for name, p in module.named_parameters() if p.requires_grad}
    rest = {name: p.detach() for name, p in [*module.named_parameters(), *module.named_buffers()] if name not in learning}
    (x,) = inputs.values()

    def loss(weights: Any, x: Any, y: Any) -> Any:
        output = torch.func.functional_call(module, {**weights, **rest}, (x.unsqueeze(0),))
        return torch.nn.functional.cross_entropy(getattr(output, "logits", output), y.unsqueeze(0))

    each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0), randomness="different")
    return lambda: each(learning, x, expected)


def by_laminae(size: str) -> Call:
    import laminae as lm

    module, inputs, expected, frozen = samples_module(size)
    (x,) = inputs.values()
    model = lm.open(module, example=(x,), dynamic=(x[:3],))
    freeze = [frozen.replace(".", "/") + "/**"] if frozen else []
    return lambda: model.run(x, backward=True).backward("cross_entropy", expected, per_sample=True, freeze=freeze).weights


def main(contestant: str) -> None:
    warnings.simplefilter("ignore")
    import torch

    torch.set_num_threads(1)
    size, way = contestant.split("/", 1)
    if way == "torch":
        ms = second(*torch_backward(size))
    elif way in WAYS:
        ms = second(*ours_backward(size, way == "store all"))
    else:
        ways = {"opacus": by_opacus, "torch.func": by_torch_func, "per_sample=True": by_laminae}
        try:
            ms = repeat(ways[way](size), seconds=2.0, clock=process_time)
        except (ImportError, RuntimeError):  # not installed; an operator that vmap cannot run
            ms = float("nan")
    print(json.dumps(ms))


if __name__ == "__main__":
    main(sys.argv[1])
