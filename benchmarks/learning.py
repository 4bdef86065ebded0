"""Training steps: forward, loss, backward, the optimiser's step; plain torch, torch.compile, Laminae; in time and in peak memory.

Times are those of the CPU for one thread, pages taken from the system included: they hold on a machine that others use too.

python -m benchmarks.learning [SIZE …]      a slice: "resnet18", "vit-small × 8", …
"""

from __future__ import annotations

import ctypes
import json
import resource
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from math import nan
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks.measure import interleave_tables, repeat
from benchmarks.printing import ratio

TITLE = "A training step (random weights, AdamW, cross-entropy of ten classes), 1 thread, its CPU time"
MODELS = ("mlp", "resnet18", "resnet50", "vit-small", "bert-6L-384", "lstm")
BATCHES = (1, 8, 32)
SIZES = tuple(f"{model} × {batch}" for model in MODELS for batch in BATCHES)
ONNX, COMPILED = "laminae, onnx", "torch.compile"
CLOSE = ("torch", "laminae", "torch, fused AdamW", "laminae, fused AdamW")
"""Contestants that lie near together: three rounds. The others: one."""
FAR = (ONNX, COMPILED)
WAYS = (*CLOSE, *FAR)
CLASSES = 10
NO_ONNX = ("resnet18", "resnet50")
"""Their BatchNorm is exported as inference: another step."""

Step = Callable[[], Any]


def made(size: str) -> tuple[Any, dict[str, Any], Any]:
    """The module in its training phase, its arguments by name, and the ids of the classes."""
    import torch

    name, batch = size.split(" × ")
    torch.manual_seed(0)
    module, inputs = module_of(name, int(batch))
    return module.train(), inputs, torch.randint(0, CLASSES, (int(batch),))


def module_of(name: str, batch: int) -> tuple[Any, dict[str, Any]]:
    import torch
    import transformers as tf

    small = {"hidden_size": 384, "num_attention_heads": 6, "intermediate_size": 1536, "num_labels": CLASSES}
    if name == "mlp":
        sizes = ((784, 512), (512, 512), (512, 512))
        layers = [layer for a, b in sizes for layer in (torch.nn.Linear(a, b), torch.nn.ReLU())]
        return torch.nn.Sequential(*layers, torch.nn.Linear(512, CLASSES)), {"input": torch.randn(batch, 784)}
    if name == "lstm":
        return Recurrent(), {"x": torch.randn(batch, 64, 256)}
    if name == "bert-6L-384":
        config = tf.BertConfig(num_hidden_layers=6, **small)
        return tf.BertForSequenceClassification(config), {"input_ids": torch.randint(0, 1000, (batch, 64))}
    image = {"pixel_values": torch.randn(batch, 3, 128, 128)}
    if name == "vit-small":
        return tf.ViTForImageClassification(tf.ViTConfig(num_hidden_layers=12, image_size=128, **small)), image
    blocks = {"resnet18": {"depths": [2, 2, 2, 2], "layer_type": "basic", "hidden_sizes": [64, 128, 256, 512]}, "resnet50": {}}
    return tf.ResNetForImageClassification(tf.ResNetConfig(num_labels=CLASSES, **blocks[name])), image


def Recurrent() -> Any:  # noqa: N802
    import torch

    class Recurrent(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.out = torch.nn.LSTM(256, 256, 2, batch_first=True), torch.nn.Linear(256, CLASSES)

        def forward(self, x: Any) -> Any:
            return self.out(self.lstm(x)[0][:, -1])

    return Recurrent()


def plain(size: str, *, compiled: bool = False, **more: Any) -> Step:
    import torch

    module, inputs, expected = made(size)
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-4, **more)
    call = torch.compile(module) if compiled else module

    def step() -> None:
        output = call(**inputs)
        loss = torch.nn.functional.cross_entropy(getattr(output, "logits", output), expected)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    return step


def ours(size: str, *, onnx: bool = False, **more: Any) -> Step:
    import laminae as lm

    module, inputs, expected = made(size)
    model = lm.open(module, kwargs=inputs)
    if onnx:
        model = through_onnx(model)
    step = lm.stepper(model, "cross_entropy", lm.optimizer("adamw", lr=1e-4, **more))
    (x,) = inputs.values()
    return lambda: step(x, expected)


def through_onnx(model: Any) -> Any:
    """Saved as an .onnx file, and opened from it."""
    import laminae as lm

    path = Path(tempfile.mkdtemp()) / "model.onnx"
    model.save(path)
    return lm.open(path)


def work(size: str, way: str) -> Step:
    ways: dict[str, Callable[[], Step]] = {
        "torch": lambda: plain(size),
        "laminae": lambda: ours(size),
        "torch, fused AdamW": lambda: plain(size, fused=True),
        "laminae, fused AdamW": lambda: ours(size, fused=True),
        "laminae, onnx": lambda: ours(size, onnx=True),
        COMPILED: lambda: plain(size, compiled=True),
    }
    return ways[way]()


def held(what: str) -> float:
    """MB of memory of this process: VmRSS now, VmHWM at most since `forget_peak`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(what))


def forget_peak() -> None:
    """What is free goes back to the system, and from here on the peak counts anew: what making a model took is not a step's."""
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def table(sizes: Sequence[str]) -> dict[str, float]:
    """Measure, print, and give back `size/way` → ms and `size/way/MB` → MB."""
    others = [f"{size}/{way}" for size in sizes for way in FAR if way != ONNX or not size.startswith(NO_ONNX)]
    rows = interleave_tables("benchmarks.learning", [f"{size}/{way}" for size in sizes for way in CLOSE], rounds=3)
    rows |= interleave_tables("benchmarks.learning", others, rounds=1)
    found = {key: row["ms"] for key, row in rows.items()}
    memory = {key: row["MB"] for key, row in rows.items()}
    print(f"\n{TITLE}; ms, and the MB that the steps took at most")
    print(f"  {'':<18}" + "".join(f"{way:>22}" for way in WAYS))
    for size in sizes:
        keys = [f"{size}/{way}" for way in WAYS]
        print(f"  {size:<18}" + "".join(f"{found.get(k, nan):14.1f} {memory.get(k, nan):7.0f}" for k in keys))
    for size in sizes:
        ours, theirs = f"{size}/laminae", f"{size}/torch"
        ratio(f"{size}: laminae / torch", found[ours] / found[theirs], 1.02)
        ratio(f"{size}: laminae / torch, fused AdamW", found[f"{ours}, fused AdamW"] / found[f"{theirs}, fused AdamW"], 1.02)
        ratio(f"{size}: peak memory", memory[ours] / memory[theirs], 1.0)
    return (
        found
        | {f"{key}/MB": mb for key, mb in memory.items()}
        | {f"{k}/process": r["MB of the process"] for k, r in rows.items()}
    )


def main(contestant: str) -> None:
    warnings.simplefilter("ignore")
    import torch

    torch.set_num_threads(1)
    step = work(*contestant.split("/", 1))
    forget_peak()
    before = held("VmRSS")
    ms = repeat(step, seconds=2.0, warm=2, least=4, clock=process_time)
    whole = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"ms": ms, "MB": held("VmHWM") - before, "MB of the process": whole}))


if __name__ == "__main__":
    if len(sys.argv) == 2 and "/" in sys.argv[1]:
        main(sys.argv[1])
    else:
        table([size for size in SIZES if any(size.startswith(asked) for asked in sys.argv[1:])] or SIZES)
