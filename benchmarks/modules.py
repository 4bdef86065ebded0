"""PyTorch modules: the module itself, Laminae, and what others take to show its inside."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from typing import Any

from benchmarks.measure import repeat

TITLE = "PyTorch modules (random weights), batch 1, 2 threads, no derivatives"
WAYS = (
    "module",
    "laminae model(x)",
    "laminae model.run(x)",
    "hooks on every module",
    "nnsight",
    "torchlens",
    "torch.export",
    "lm.open",
)
SIZES = ("resnet50", "mobilenetv2", "vit-small", "bert-6L-384", "gpt2", "lstm")
CNNS = ("resnet50", "mobilenetv2")
NEAR = (*WAYS[:3], *WAYS[6:])
"""Contestants that lie near together: five rounds. The others lie far off, and take long: one."""
CLOSE = tuple(f"{size}/{way}" for size in SIZES for way in NEAR)
FAR = tuple(f"{size}/{way}" for size in SIZES for way in WAYS if way not in NEAR)


def module(size: str) -> tuple[Any, dict[str, Any]]:
    """The module in evaluation, and its arguments by name."""
    import torch
    import transformers as tf

    torch.manual_seed(0)
    small = {"hidden_size": 384, "num_attention_heads": 6, "intermediate_size": 1536}
    image = {"pixel_values": torch.randn(1, 3, 224, 224)}
    if size == "lstm":
        return torch.nn.LSTM(256, 256, 2, batch_first=True).eval(), {"input": torch.randn(1, 64, 256)}
    made: dict[str, Callable[[], Any]] = {
        "resnet50": lambda: tf.ResNetForImageClassification(tf.ResNetConfig()),
        "mobilenetv2": lambda: tf.MobileNetV2ForImageClassification(tf.MobileNetV2Config()),
        "vit-small": lambda: tf.ViTForImageClassification(tf.ViTConfig(num_hidden_layers=12, **small)),
        "bert-6L-384": lambda: tf.BertModel(tf.BertConfig(num_hidden_layers=6, **small)),
        "gpt2": lambda: tf.GPT2LMHeadModel(tf.GPT2Config(use_cache=False)),
    }
    inputs = image if size in ("resnet50", "mobilenetv2", "vit-small") else {"input_ids": torch.randint(0, 1000, (1, 64))}
    return made[size]().eval(), inputs


def plain(model: Any, inputs: dict[str, Any]) -> float:
    return repeat(lambda: model(**inputs))


def ours(model: Any, inputs: dict[str, Any], store: bool) -> float:
    import laminae as lm

    opened = lm.open(model, kwargs=inputs)
    return repeat((lambda: opened.run(**inputs)) if store else (lambda: opened(**inputs)))


def hooks(model: Any, inputs: dict[str, Any]) -> float:
    kept: dict[str, Any] = {}

    def keep(name: str) -> Callable[..., None]:
        def hook(_: Any, __: Any, output: Any) -> None:
            kept[name] = output

        return hook

    for name, inner in model.named_modules():
        inner.register_forward_hook(keep(name))

    def run() -> dict[str, Any]:
        kept.clear()
        model(**inputs)
        return dict(kept)

    return repeat(run)


def nnsight(model: Any, inputs: dict[str, Any]) -> float:
    import nnsight as nn

    wrapped = nn.NNsight(model)
    names = [n for n, inner in model.named_modules() if n and not list(inner.children()) and "output" not in n.split(".")]
    reached = [wrapped.get(name) for name in _in_order(model, inputs, names)]  # a module named `output` cannot be reached

    def run() -> list[Any]:
        with wrapped.trace(**inputs):
            kept = nn.save([])
            for inner in reached:
                kept.append(inner.output)
        return kept  # type: ignore[no-any-return]

    return repeat(run)


def _in_order(model: Any, inputs: dict[str, Any], names: list[str]) -> list[str]:
    """The modules in the order in which they run, each once."""
    seen: dict[str, None] = {}
    handles = [model.get_submodule(n).register_forward_hook(lambda *_, n=n: seen.setdefault(n)) for n in names]
    model(**inputs)
    for handle in handles:
        handle.remove()
    return list(seen)


def torchlens(model: Any, inputs: dict[str, Any]) -> float:
    import torchlens as tl

    return repeat(lambda: tl.trace(model, (), input_kwargs=inputs), seconds=3.0, warm=1)


def export(model: Any, inputs: dict[str, Any]) -> float:
    import torch

    return repeat(lambda: torch.export.export(model, (), inputs, strict=False), seconds=2.0, warm=1)


def opening(model: Any, inputs: dict[str, Any]) -> float:
    import laminae as lm

    return repeat(lambda: lm.open(model, kwargs=inputs), seconds=2.0, warm=1)


def main(contestant: str) -> None:
    warnings.simplefilter("ignore")
    import torch

    torch.set_num_threads(2)
    size, way = contestant.split("/", 1)
    model, inputs = module(size)
    calls: dict[str, Callable[[], float]] = {
        "module": lambda: plain(model, inputs),
        "laminae model(x)": lambda: ours(model, inputs, False),
        "laminae model.run(x)": lambda: ours(model, inputs, True),
        "hooks on every module": lambda: hooks(model, inputs),
        "nnsight": lambda: nnsight(model, inputs),
        "torchlens": lambda: torchlens(model, inputs),
        "torch.export": lambda: export(model, inputs),
        "lm.open": lambda: opening(model, inputs),
    }
    try:
        if way in ("torch.export", "lm.open"):
            ms = calls[way]()
        else:
            with torch.no_grad():
                ms = calls[way]()
    except ImportError:
        ms = float("nan")
    print(json.dumps(ms))


if __name__ == "__main__":
    main(sys.argv[1])
