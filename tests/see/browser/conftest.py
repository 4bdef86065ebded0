"""Chromium, and pages in it that may ask for nothing and complain about nothing.

The browser lives as long as the tests in this folder: while it does, its event loop runs in this thread, and tests elsewhere may
start loops of their own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.see.browser.seeing import Page
from tests.see.browser.subjects import subject

PLACES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    "--hide-scrollbars",
)


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no page is opened")
    found = next((place for place in map(shutil.which, PLACES) if place), None)
    if found is None:
        pytest.skip("there is no Chromium here: no page is opened")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=found, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Written once each, by the names of their subjects."""
    return _Reports(tmp_path_factory.mktemp("reports"))


class _Reports(dict[str, Path]):
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __missing__(self, name: str) -> Path:
        trace, more = subject(name)
        place = self.folder / f"{len(self)}.html"
        trace.report(place, **more)
        self[name] = place
        return place


@pytest.fixture
def opened(browser: Any, reports: dict[str, Path]) -> Iterator[Any]:
    """Opens a page, of a report by its name or a file; afterwards nothing may have gone wrong in it, nor been asked for."""
    pages: list[Page] = []

    def opening(what: str | Path, **more: Any) -> Page:
        pages.append(Page(browser, what if isinstance(what, Path) else reports[what], **more))
        return pages[-1]

    yield opening
    for page in pages:
        page.close()
        assert page.complaints == []
        assert page.requests == [page.address]
