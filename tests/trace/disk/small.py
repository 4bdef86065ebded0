"""Small models and data to harvest, and what a folder holds byte by byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import laminae as lm


def chain() -> lm.Model:
    """Three numbers in, two out; takes any number of samples."""
    layers = (lm.Input(3, name="L1"), lm.Linear(4, name="L2"), lm.ReLU(name="L3"), lm.Linear(2, name="L4"))
    return lm.Model.chain(*layers, seed=0, name="tiny")


def samples(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((count, 3), np.float32)


def reader() -> lm.Model:
    """Texts of any length: tokens [batch, tokens] in, an embedding and a score of each out."""
    import torch

    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Embedding(50, 6), torch.nn.Linear(6, 5), torch.nn.GELU()).eval()
    example = torch.randint(0, 50, (2, 7))
    return lm.open(module, example=(example,), dynamic={"input": {0: "batch", 1: "tokens"}})


def texts(count: int, seed: int = 0) -> list[list[int]]:
    """Of 1 to 9 tokens each."""
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 50, int(rng.integers(1, 10))).tolist() for _ in range(count)]


def content(folder: Path) -> dict[str, bytes]:
    """Every file by name, hidden ones too."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def rewrite(folder: Path, lines: list[dict[str, Any]]) -> None:
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
