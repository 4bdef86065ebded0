"""Five models with an input each: the three real ones beside the checkout, a small CNN and a small transformer, both exported."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch

from tests.shared import NAMES, model_file, model_input

EXPORTED = ("cnn", "transformer")
ALL = (*NAMES, *EXPORTED)


class Block(torch.nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = torch.nn.Conv2d(width, width, 3, padding=1), torch.nn.BatchNorm2d(width)
        self.conv2, self.bn2 = torch.nn.Conv2d(width, width, 3, padding=1), torch.nn.BatchNorm2d(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + x)


class Cnn(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = torch.nn.Conv2d(3, 8, 3, padding=1)
        self.blocks = torch.nn.Sequential(Block(8), Block(8), Block(8))
        self.pool, self.fc = torch.nn.MaxPool2d(2, 2), torch.nn.Linear(8 * 64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.pool(self.blocks(torch.relu(self.stem(x)))).flatten(1))


class Attending(torch.nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.query, self.key, self.value, self.out = (torch.nn.Linear(width, width) for _ in range(4))
        self.up, self.down = torch.nn.Linear(width, 2 * width), torch.nn.Linear(2 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.norm1(x)
        q, k, v = (f(h).unflatten(-1, (2, -1)).transpose(1, 2) for f in (self.query, self.key, self.value))
        scores = torch.softmax(q @ k.transpose(2, 3) / q.shape[-1] ** 0.5, -1)
        x = x + self.out((scores @ v).transpose(1, 2).flatten(2))
        return x + self.down(torch.relu(self.up(self.norm2(x))))


class Transformer(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = torch.nn.Embedding(50, 16)
        self.blocks = torch.nn.Sequential(Attending(16), Attending(16))
        self.norm, self.head = torch.nn.LayerNorm(16), torch.nn.Linear(16, 50)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.blocks(self.embed(ids))))


def module(name: str) -> tuple[torch.nn.Module, torch.Tensor]:
    """The module with weights that matter, and an input."""
    torch.manual_seed(0)
    made = Cnn() if name == "cnn" else Transformer()
    with torch.no_grad():
        for part in made.modules():
            if isinstance(part, torch.nn.BatchNorm2d):
                part.running_mean.normal_(0, 0.3)
                part.running_var.uniform_(0.5, 1.5)
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    x = torch.randn(2, 3, 16, 16) if name == "cnn" else torch.randint(0, 50, (2, 7))
    return made.eval(), x


def exported(name: str, folder: Path, *, dynamo: bool = False, folded: bool = False) -> Path:
    """The module as torch.onnx writes it, by its older exporter, or by the newer. folded: as it simplifies it."""
    made, x = module(name)
    path = folder / f"{name}-{dynamo}-{folded}.onnx"
    plain = {"optimize": False} if dynamo else {"do_constant_folding": False, "training": torch.onnx.TrainingMode.PRESERVE}
    options = {} if folded else plain
    with quiet():
        torch.onnx.export(
            made, (x,), str(path), dynamo=dynamo, input_names=["x"], output_names=["y"], opset_version=18, **options
        )
    return path


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without what exporters print and log."""
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


def loaded(name: str, folder: Path, *, folded: bool = False) -> tuple[onnx.ModelProto, np.ndarray]:
    """A model of the five, and its input."""
    if name in EXPORTED:
        return onnx.load(exported(name, folder, folded=folded)), module(name)[1].numpy()
    return onnx.load(model_file(name)), model_input(name)
