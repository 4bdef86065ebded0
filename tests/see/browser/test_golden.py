"""How pages look, held against pictures that were looked at: LAMINAE_GOLDEN=write keeps new ones, to be looked at before they are committed.

Letters differ from machine to machine, and with them where the lines of the panel break. So the page as a whole is compared loosely,
after blurring; the drawing, where boxes stand in the same places whatever the letters, more strictly, in tiles. DejaVu Serif and
Liberation Sans in place of DejaVu Sans reach up to about two thirds of what is allowed. What fails: a box that is missing or of another
colour, a picture that is missing, a panel that is not there, light for dark; not a dashed line nor an arrow alone. The last tests
here show it.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import laminae as lm
from tests.see.browser.seeing import Page

KEPT = Path(__file__).parent / "golden"
SIZE = {"width": 1000, "height": 700}
CLEARLY, SHARE, MEAN = 24, 0.03, 2.5
"""Of the page, blurred: so much of 255 is clearly different, so large a part of it may be, and by so much all of it on average."""

BOARD, TILE, TILED, EVEN = (slice(42, 660), slice(0, 648)), 32, 14.0, 1.6
"""Of the drawing: where it stands above its legend; tiles of so many pixels may differ by so much of 255 in colour, and all of it on average."""

PANEL, INK = (slice(42, 700), slice(649, 1000)), 3.0
"""Of the panel, where lines break elsewhere in other letters: its mean colour may differ by so much of 255."""

TALLEST = 100_000
"""Bytes of a picture that is kept."""


def steady(page: Page) -> None:
    """Times differ from run to run, and what is found about them: they are left out."""
    page.page.evaluate(
        """() => {
            const drop = (one) => (one.style.display = "none");
            document.querySelectorAll(".row-ms").forEach(drop);
            document.querySelectorAll(".panel tr").forEach((row) => row.cells[0].innerText === "time" && drop(row));
            document.querySelectorAll(".panel .part").forEach((part) => /longest|found/i.test(part.firstChild.innerText) && drop(part));
        }"""
    )


def network(seed: int = 0) -> lm.Model:
    x = lm.Input((1, 12, 12), name="x")
    h = lm.ReLU(name="relu")(lm.Conv(4, 3, name="conv")(x))
    return lm.Model(x, lm.Linear(3, name="scores")(lm.Flatten(name="flat")(h)), seed=seed, name="small")


def wave() -> np.ndarray:
    ramp = np.linspace(0, 6, 144, dtype=np.float32).reshape(1, 1, 12, 12)
    return np.sin(ramp) + np.cos(7 * ramp.swapaxes(2, 3))


def run(place: Path) -> None:
    trace = network().run(wave())
    trace.report(place, expected=trace.output.numpy() + np.float32([0, 0, 1]))


def groups(place: Path) -> None:
    import torch

    def block() -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Linear(6, 6), torch.nn.ReLU())

    torch.manual_seed(0)
    module = torch.nn.Sequential(block(), torch.nn.Sequential(block(), block()), torch.nn.Linear(6, 2))
    x = torch.linspace(-1, 1, 12).reshape(2, 6)
    lm.open(module, example=(x,)).run(x).report(place, depth=0)


def comparison(place: Path) -> None:
    a, b = network(), network()
    b["conv"].parameters["conv.weight"].tensor()[0, 0, 0, 0] += 1
    lm.compare(a, b, wave()).report(place)


def nothing(page: Page) -> None:
    """As it opens."""


def opening(page: Page) -> None:
    """The second group, and the first in it."""
    page.press("Home", "ArrowRight", "ArrowRight", "Enter", "ArrowDown", "Enter")


def selecting(page: Page) -> None:
    page.press("Home", "ArrowRight")


PAGES: dict[str, tuple[Callable[[Path], None], Callable[[Page], None], bool]] = {
    "run-light": (run, nothing, False),
    "run-dark": (run, selecting, True),
    "groups-light": (groups, opening, False),
    "groups-dark": (groups, opening, True),
    "comparison-light": (comparison, selecting, False),
}


def taken(opened: Any, place: Path, act: Callable[[Page], None], **more: Any) -> np.ndarray:
    page = opened(place, size=SIZE, **more)
    act(page)
    page.settle()
    steady(page)
    page.page.evaluate("document.activeElement.blur()")
    return pixels(page.page.screenshot())


def pixels(png: bytes) -> np.ndarray:
    image = pytest.importorskip("PIL.Image")
    return np.asarray(image.open(io.BytesIO(png)).convert("RGB"))


def blurred(image: np.ndarray, reach: int = 4) -> np.ndarray:
    """Means over squares of 2 · reach + 1 pixels."""
    found = image.astype(np.float64)
    for axis in (0, 1):
        padded = np.pad(found, [(reach + 1, reach) if i == axis else (0, 0) for i in range(3)], mode="edge").cumsum(axis)
        size = found.shape[axis]
        ends = [np.take(padded, range(start, start + size), axis) for start in (0, 2 * reach + 1)]
        found = (ends[1] - ends[0]) / (2 * reach + 1)
    return found


def tiled(image: np.ndarray) -> list[float]:
    """The mean colour in tiles, and in tiles between these."""
    found: list[float] = []
    for down in (0, TILE // 2):
        for across in (0, TILE // 2):
            part = image[down:, across:]
            rows, columns = part.shape[0] // TILE, part.shape[1] // TILE
            found += part[: rows * TILE, : columns * TILE].reshape(rows, TILE, columns, TILE, 3).mean((1, 3)).ravel().tolist()
    return found


def apart(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """How far two pages lie apart, each time as a share of what is allowed."""
    page = np.abs(blurred(a) - blurred(b)).max(2)
    inks = a.astype(np.float64) - b
    return {
        "share that differs clearly": float((page > CLEARLY).mean()) / SHARE,
        "page on average": float(page.mean()) / MEAN,
        "worst tile of the drawing": max(map(abs, tiled(inks[BOARD]))) / TILED,
        "drawing on average": float(page[BOARD].mean()) / EVEN,
        "ink of the panel": float(np.abs(inks[PANEL].mean((0, 1))).max()) / INK,
    }


@pytest.mark.parametrize("name", PAGES)
def test_a_page_looks_as_it_did(opened: Any, name: str, tmp_path: Path) -> None:
    make, act, dark = PAGES[name]
    make(tmp_path / "r.html")
    found = taken(opened, tmp_path / "r.html", act, dark=dark)
    place = KEPT / f"{name}.png"
    if os.environ.get("LAMINAE_GOLDEN") == "write":
        from PIL import Image

        place.parent.mkdir(exist_ok=True)
        Image.fromarray(found).save(place, optimize=True)
    kept = pixels(place.read_bytes())
    assert found.shape == kept.shape
    far = apart(found, kept)
    assert {what: how for what, how in far.items() if how > 1} == {}, far


@pytest.mark.parametrize("letters", ["DejaVu Serif", "Liberation Sans"])
@pytest.mark.parametrize("name", ["run-light", "groups-light"])
def test_other_letters_pass(opened: Any, name: str, letters: str, tmp_path: Path) -> None:
    """Where there is no such font, another that the browser takes for it."""
    make, act, dark = PAGES[name]
    make(tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    (tmp_path / "r.html").write_text(text.replace("DejaVu Sans", letters).replace("system-ui", "serif"), encoding="utf-8")
    found = taken(opened, tmp_path / "r.html", act, dark=dark, bypass_csp=True)
    far = apart(found, pixels((KEPT / f"{name}.png").read_bytes()))
    assert max(far.values()) <= 1, far


def without(image: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
    found = image.copy()
    found[rows, columns] = 255
    return found


def test_the_tolerance_catches_what_is_missing() -> None:
    kept = pixels((KEPT / "run-light.png").read_bytes())
    groups = pixels((KEPT / "groups-light.png").read_bytes())
    conv = kept[390, 112]
    assert tuple(conv) == (253, 241, 222)  # the fill of a box with parameters
    green = np.where((kept == conv).all(2, keepdims=True), np.uint8([225, 240, 225]), kept)
    wrong = {
        "a box": without(kept, slice(333, 406), slice(222, 323)),
        "a picture in a box": without(kept, slice(371, 391), slice(116, 200)),
        "another colour of boxes": green,
        "a group": without(groups, slice(228, 700), slice(120, 530)),
        "the panel": without(kept, slice(42, 700), slice(649, 1000)),
        "the dark": 255 - kept,
    }
    missed = {what: apart(image, groups if "group" in what else kept) for what, image in wrong.items()}
    assert [what for what, far in missed.items() if max(far.values()) <= 1] == [], missed


def test_pictures_that_are_kept_are_small() -> None:
    assert {place.name for place in KEPT.iterdir() if place.stat().st_size > TALLEST} == set()
