"""The viewer in Chromium: what was refused is said where it was asked, and stands in nobody's way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import laminae as lm

pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    layers = (
        lm.Input((2, 6, 6), name="x"),
        lm.Conv(4, 3, name="conv"),
        lm.ReLU(name="relu"),
        lm.Flatten(),
        lm.Linear(3, name="y"),
    )
    model = lm.Model.chain(*layers, seed=0)
    with model.view(np.ones((1, 2, 6, 6), np.float32), browser=False) as viewer:
        context = browser.new_context(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
        page = context.new_page()
        page.goto(viewer.url)
        page.wait_for_selector("#app[data-ready]")
        yield page
        context.close()


def patch_channels(page: Any, places: str) -> None:
    page.select_option('.patch select[aria-label="Where"]', "1")
    page.fill(".patch .places", places)
    page.click(".patch button[type=submit]")


def test_a_patch_that_is_refused_is_said_and_the_next_one_runs_without_it(page: Any) -> None:
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_selector(".panel .patch")
    assert page.inner_text(".panel h2") == "relu"
    patch_channels(page, "one")
    assert "Whole numbers" in page.inner_text(".panel [role=alert]")
    patch_channels(page, "99")
    page.wait_for_function("() => document.querySelector('.panel [role=alert]')?.innerText.includes('99')")
    patch_channels(page, "0, 2")
    page.wait_for_function("() => /changed/.test(document.querySelector('.run').innerText)")
    assert page.query_selector(".panel [role=alert]") is None
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.querySelectorAll('.panel .links li .icon').length === 1")
    assert "relu zero at 0, 2 of axis 1" in page.inner_text(".panel")
