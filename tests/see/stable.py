"""`python -m tests.see.stable`: twenty models drawn, the SHA-256 of each drawing and of its page's document as JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx

import laminae as lm
from laminae.plan.describe import describe_whole
from laminae.see.document import Document, document
from laminae.see.drawing.svg import svg
from tests.see.browser.subjects import BODIES, chain_file
from tests.see.pictures import transformer

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"


def models() -> Iterator[tuple[str, Any]]:
    """The nine networks that come with onnx, chains, bodies, the builder's, modules."""
    for path in sorted(LIGHT.glob("light_*.onnx")):
        yield path.stem, lm.open(path)
    for layers in (5, 60, 700):
        yield f"chain of {layers}", lm.open(chain_file(layers))
    yield "bodies", lm.open(onnx.parser.parse_model(BODIES))
    yield "transformer", transformer()
    x = lm.Input((3, 8, 8), name="x")
    h: Any = x
    for i in range(4):
        h = lm.Add(name=f"stage/{i}/add")(h, lm.Conv(3, 3, padding=1, name=f"stage/{i}/conv")(h))
    yield "residual", lm.Model(x, h, seed=0)
    yield from modules()


def modules() -> Iterator[tuple[str, Any]]:
    import torch
    from torch import nn

    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    nested = nn.Sequential(nn.Sequential(nn.Sequential(nn.Linear(4, 4), nn.ReLU()), nn.Linear(4, 4)), nn.Tanh())
    yield "nested", lm.open(nested.eval(), example=(torch.zeros(1, 4),))
    yield "encoder", lm.open(nn.TransformerEncoder(layer, 3, enable_nested_tensor=False).eval(), example=(torch.zeros(1, 5, 8),))
    yield "lstm", lm.open(nn.LSTM(4, 6, 2, batch_first=True).eval(), example=(torch.zeros(1, 3, 4),))
    cnn = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 5))
    yield "cnn", lm.open(cnn.eval(), example=(torch.zeros(1, 1, 8, 8),))
    yield "gru", lm.open(nn.GRU(4, 6, batch_first=True).eval(), example=(torch.zeros(1, 3, 4),))


def digests() -> dict[str, str]:
    found = {}
    for name, model in models():
        records = describe_whole(model.graph)
        page = json.dumps(document(Document(records, title=name)), sort_keys=True)
        found[name] = hashlib.sha256((svg(records, title=name) + page).encode()).hexdigest()
    return found


if __name__ == "__main__":
    print(json.dumps(digests()))
