"""A page in the browser, as its reader has it: keys, clicks, and what stands in the panel."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

SIZE = {"width": 1400, "height": 900}


class Page:
    """complaints: what the page wrote to the console, and what it failed at. requests: what it asked for, itself among it."""

    def __init__(self, browser: Any, path: Path, *, dark: bool = False, size: dict[str, int] = SIZE, **more: Any) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.address = path.as_uri()
        more = {"reduced_motion": "reduce", **more}
        self.context = browser.new_context(viewport=size, color_scheme="dark" if dark else "light", **more)
        self.page = self.context.new_page()
        self.page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("request", lambda asked: self.requests.append(asked.url.split("#")[0]))
        self.page.goto(self.address)
        self.page.wait_for_selector("#app[data-ready]", timeout=30_000)

    def close(self) -> None:
        self.context.close()

    def settle(self) -> None:
        """Two frames: what was asked for is drawn."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def until(self, expression: str) -> None:
        """Waits for it to be true; the page's own policy keeps playwright's way of waiting out."""
        end = time.monotonic() + 10
        while not self.page.evaluate(expression):
            assert time.monotonic() < end, f"never true: {expression}"
            self.page.wait_for_timeout(20)

    def rest(self) -> None:
        """Until the walk has rested so long that the address names where it is."""
        self.page.wait_for_timeout(400)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def selected(self) -> tuple[str, int | None, bool]:
        """What the panel is about: its name, its place in forward order from 1 where it is a layer, whether it is a group."""
        name, line = self.page.evaluate(
            """() => ["h2", ".op"].map((part) => document.querySelector(`.panel ${part}`)?.innerText ?? "")"""
        )
        found = re.search(r"layer (\d+) of \d+", line)
        return name, int(found[1]) if found else None, line.startswith("group of")

    def where(self, identity: str) -> tuple[float, float, float, float] | None:
        """Where a node stands in the canvas."""
        found = self.page.evaluate("(id) => document.querySelector('.board').where(id)", identity)
        return None if found is None else tuple(found)

    def click(self, identity: str, *, count: int = 1) -> None:
        """In the middle of a box, brought to where it is to be seen."""
        self.settle()
        found = self.where(identity)
        assert found is not None, f"{identity} is not drawn"
        x, y, width, height = found
        box = self.page.locator(".board").bounding_box()
        middle = box["x"] + x + width / 2, box["y"] + y + height / 2
        assert box["x"] <= middle[0] <= box["x"] + box["width"], (identity, found)
        assert box["y"] <= middle[1] <= box["y"] + box["height"], (identity, found)
        self.page.mouse.move(*middle)
        for click in range(1, count + 1):
            self.page.mouse.down(click_count=click)
            self.page.mouse.up(click_count=click)
            self.settle()  # between the clicks too, as by hand: what the first one did is drawn

    def text(self) -> str:
        """All that the panel says."""
        return str(self.page.locator(".panel").inner_text())

    def facts(self) -> dict[str, str]:
        """The rows of the tables in the panel: the first cell of each by its heading, the first row of that heading."""
        rows = self.page.evaluate(
            """() => [...document.querySelectorAll(".panel table.facts:not(.keys) tbody tr")]
                .map((row) => [row.querySelector("th").innerText, row.querySelector("td").innerText])"""
        )
        return dict(reversed(rows))
