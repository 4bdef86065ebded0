"""The pictures in docs/pictures, made by the code they show: `make pictures`.

Those of docs/tour.md are drawn by its own blocks; patients and digits are what `laminae demo` writes. Weights are learned, so
their last bits are the processor's.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import laminae as lm
from tests.pages import DOCS, python_of

PICTURES = DOCS / "pictures"
BLOCKS, POSITIONS, FEATURES = 6, 16, 24


def transformer() -> lm.Model:
    """Blocks of attention and of two layers, each with a way round them."""
    tokens = lm.Input((POSITIONS, FEATURES), name="tokens")
    h: Any = tokens
    for i in range(BLOCKS):
        block = f"block/{i}"
        mixed = lm.MultiHeadAttention(4, name=f"{block}/attention")(lm.LayerNorm(name=f"{block}/norm1")(h))
        h = lm.Add(name=f"{block}/add1")(h, mixed)
        wide = lm.GELU(name=f"{block}/gelu")(lm.Linear(2 * FEATURES, name=f"{block}/up")(lm.LayerNorm(name=f"{block}/norm2")(h)))
        h = lm.Add(name=f"{block}/add2")(h, lm.Linear(FEATURES, name=f"{block}/down")(wide))
    return lm.Model(tokens, lm.LayerNorm(name="norm")(h), seed=0, name="transformer")


def draw_transformer(folder: Path) -> None:
    """With what one sequence of numbers becomes; the attention of a block closed, one block for all."""
    x = np.random.default_rng(0).normal(size=(1, POSITIONS, FEATURES)).astype(np.float32)
    transformer().run(x).draw(folder / "transformer.svg", depth=2, highlight="block/*/attention/**")


def draw_tour(folder: Path) -> None:
    """Whatever the page draws under a name that begins with `tour-`."""
    with tempfile.TemporaryDirectory() as made, contextlib.chdir(made), contextlib.redirect_stdout(io.StringIO()):
        exec(python_of(DOCS / "tour.md"), {})
        for drawn in sorted(Path(made).glob("tour-*.svg")):
            shutil.copy(drawn, folder)


def draw_demo(folder: Path) -> None:
    """The patients and the digits, as the command leaves them."""
    from laminae.cli.demo import demo

    with tempfile.TemporaryDirectory() as made, contextlib.redirect_stdout(io.StringIO()):
        demo(Path(made))
        for name in ("patients.svg", "digits.svg"):
            shutil.copy(Path(made) / name, folder / name)


if __name__ == "__main__":
    draw_transformer(PICTURES)
    draw_tour(PICTURES)
    draw_demo(PICTURES)
