"""Text on the page is read by eyes that see less: WCAG 2.2 AA, 4.5 to 1 for text and 3 to 1 for lines that mean something."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[2] / "web/src"
Colour = tuple[float, float, float]

TEXT = [
    ("ink", "paper"),
    ("ink", "soft"),
    ("ink", "selected"),
    ("quiet", "paper"),
    ("quiet", "soft"),
    ("quiet", "selected"),
    ("accent", "paper"),
    ("accent", "soft"),
    ("marked", "paper"),
    ("marked", "soft"),
    ("marked", "selected"),
    ("good", "paper"),
    ("bad", "paper"),
    ("bad", "soft"),
    ("bad", "selected"),
    ("paper", "accent"),
    ("alarm", "bad"),
]
"""Each colour of letters beside what they stand on: the page, what the pointer is over, the row that is selected, buttons."""

LINES = [("control", "paper"), ("control", "soft"), ("accent", "paper"), ("accent", "soft"), ("marked", "paper")]
"""Borders of controls, the ring of what has the focus, the bar of the row that is selected."""


def luminance(colour: Colour) -> float:
    """By WCAG 2.2, relative luminance."""
    linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: Colour, b: Colour) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def over(top: Colour, share: float, below: Colour) -> Colour:
    return tuple(share * a + (1 - share) * b for a, b in zip(top, below, strict=True))  # type: ignore[return-value]


def colour(text: str) -> Colour:
    return tuple(int(text[i : i + 2], 16) for i in (1, 3, 5))  # type: ignore[return-value]


def test_the_measure_is_the_standards() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast(colour("#777777"), (255, 255, 255)) == pytest.approx(4.48, abs=0.005)


def in_css() -> dict[str, dict[str, Colour]]:
    text = (WEB / "page.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", text, re.DOTALL)
    found = {}
    alarms = [re.search(rf"\.alarm \{{[^}}]*?(?<![-\w])color: {hexes}", text) for hexes in (r"(#fff)", r"(#0d1117)")]
    for name, block, alarm in zip(("light", "dark"), blocks, alarms, strict=True):
        known = {key: colour(value) for key, value in re.findall(r"--(\w+): (#\w{6})", block)}
        share = re.search(r"\.row\.selected \{ background: color-mix\(in srgb, var\(--marked\) (\d+)%", text)
        assert share
        assert alarm
        known["selected"] = over(known["marked"], int(share[1]) / 100, known["paper"])
        known["alarm"] = (255, 255, 255) if alarm[1] == "#fff" else colour(alarm[1])
        found[name] = known
    return found


def on_canvas() -> dict[str, dict[str, Colour]]:
    text = (WEB / "theme.ts").read_text()
    found = {}
    for name in ("LIGHT", "DARK"):
        body = re.search(rf"const {name}: Theme = \{{(.*?)\n\}};", text, re.DOTALL)
        assert body
        known = {key: colour(value) for key, value in re.findall(r'^  (\w+): "(#\w{6})"', body[1], re.MULTILINE)}
        for kind, fill, stroke in re.findall(r'^    (\w+): \["(#\w{6})", "(#\w{6})"\]', body[1], re.MULTILINE):
            known |= {f"{kind} fill": colour(fill), f"{kind} stroke": colour(stroke)}
        frame = re.search(r"rgba\((\d+),(\d+),(\d+),(\.\d+)\)", body[1])
        assert frame
        known["frame"] = over((int(frame[1]), int(frame[2]), int(frame[3])), float(frame[4]), known["paper"])
        found[name.lower()] = known
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_controls_of_the_page_are_read(theme: str) -> None:
    known = in_css()[theme]
    weak = {f"{a} on {b}": round(contrast(known[a], known[b]), 2) for a, b in TEXT if contrast(known[a], known[b]) < 4.5}
    weak |= {f"{a} beside {b}": round(contrast(known[a], known[b]), 2) for a, b in LINES if contrast(known[a], known[b]) < 3}
    assert weak == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_lines_of_the_drawing_are_read(theme: str) -> None:
    known = on_canvas()[theme]
    kinds = [key.removesuffix(" fill") for key in known if key.endswith(" fill")]
    text = [(ink, f"{kind} fill") for ink, kind in itertools.product(("ink", "quiet"), kinds)]
    text += [
        ("heading", "paper"),
        ("heading", "frame"),
        ("paper", "badge"),
        ("paper", "good"),
        ("paper", "bad"),
        ("paper", "marked"),
    ]
    lines = [("arrow", "paper"), ("arrow", "frame"), ("marked", "paper"), ("marked", "frame"), ("bar", "plain fill")]
    lines += [(f"{kind} stroke", ground) for kind, ground in itertools.product(kinds, ("paper", "frame"))]
    weak = {f"{a} on {b}": round(contrast(known[a], known[b]), 2) for a, b in text if contrast(known[a], known[b]) < 4.5}
    weak |= {f"{a} beside {b}": round(contrast(known[a], known[b]), 2) for a, b in lines if contrast(known[a], known[b]) < 3}
    assert weak == {}
