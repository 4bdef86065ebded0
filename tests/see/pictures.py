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
from PIL import Image

import laminae as lm
from tests.pages import DOCS, python_of

PICTURES = DOCS / "pictures"
VIEW = {"width": 1240, "height": 760}
"""Of a browser, in pixels."""

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
    """The patients and the digits, as the command leaves them, and its page and the viewer as a browser shows them."""
    from laminae.cli.demo import demo
    from laminae.cli.digits import read

    with tempfile.TemporaryDirectory() as made, contextlib.redirect_stdout(io.StringIO()):
        demo(Path(made))
        for name in ("patients.svg", "digits.svg"):
            shutil.copy(Path(made) / name, folder / name)
        trace = lm.open(Path(made) / "digits.onnx").run(read().held_x[:1])
        with trace.view() as viewer:
            shoot(f"{(Path(made) / 'digits.html').as_uri()}#relu2", folder / "report.png")
            shoot(viewer.url, folder / "viewer.png", stroke=True)


def shoot(address: str, path: Path, *, stroke: bool = False) -> None:
    """A page as Chromium shows it; stroke: after the input was drawn on."""
    from playwright.sync_api import sync_playwright

    from tests.see.browser.conftest import FLAGS, PLACES

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=next(filter(None, map(shutil.which, PLACES))), args=FLAGS)
        page = browser.new_page(viewport=VIEW)
        page.goto(address)
        page.wait_for_selector("#app[data-ready]")
        if stroke:
            pad = page.wait_for_selector(".pad canvas").bounding_box()
            page.mouse.move(pad["x"] + 60, pad["y"] + 60)
            page.mouse.down()
            page.mouse.move(pad["x"] + 60, pad["y"] + 170, steps=8)
            page.mouse.up()
        page.wait_for_timeout(900)
        _kept(page.screenshot(), path)
        browser.close()


def _kept(png: bytes, path: Path) -> None:
    """In 128 colours, which is enough and small."""
    Image.open(io.BytesIO(png)).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    draw_transformer(PICTURES)
    draw_tour(PICTURES)
    draw_demo(PICTURES)
