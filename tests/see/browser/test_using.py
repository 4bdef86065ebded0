"""What is done with the page: groups opened and closed, searched, coloured, panned, saved and printed; each thing stays in its place."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import laminae as lm
from tests.see.browser.seeing import Page


def centre(page: Page, identity: str) -> tuple[float, float]:
    page.settle()
    found = page.where(identity)
    assert found is not None
    return found[0] + found[2] / 2, found[1]


def groups(page: Page) -> list[str]:
    """The ids of closed groups that are to be seen, by the outline: those of `nested` are its modules."""
    return [name for name in ("0", "2", "0/0", "0/2") if page.where(name) is not None]


def test_two_clicks_open_a_group_and_close_it_again_where_it_stands(opened: Any, tmp_path: Path) -> None:
    from tests.see.browser.subjects import subject

    subject("nested")[0].report(tmp_path / "closed.html", depth=0)
    page = opened(tmp_path / "closed.html", size={"width": 1400, "height": 1300})
    identity = next(iter(groups(page)))
    before = centre(page, identity)
    page.click(identity, count=2)
    assert page.page.locator("[role=treeitem][aria-selected=true]").get_attribute("aria-expanded") == "true"
    opened_at = centre(page, identity)
    assert abs(opened_at[0] - before[0]) < 2
    assert abs(opened_at[1] - before[1]) < 2
    x, y, _, _ = page.where(identity)  # type: ignore[misc]
    box = page.page.locator(".board").bounding_box()
    page.page.mouse.dblclick(box["x"] + x + 60, box["y"] + y + 10)
    page.settle()
    assert page.page.locator("[role=treeitem][aria-selected=true]").get_attribute("aria-expanded") == "false"
    assert abs(centre(page, identity)[1] - before[1]) < 2


def test_two_clicks_mean_what_the_first_one_met_though_the_drawing_moves(opened: Any, tmp_path: Path) -> None:
    """Seen from afar a click brings what it met near, so that something else may stand under the second."""
    from tests.see.browser.subjects import subject

    subject("gpt2")[0].report(tmp_path / "closed.html", depth=1)
    page = opened(tmp_path / "closed.html")
    for _ in range(9):
        page.press("-")
    page.settle()
    page.press("Home")
    while not page.selected()[2]:
        page.press("ArrowRight")
    name = page.selected()[0]
    page.rest()
    identity = page.page.evaluate("decodeURIComponent(location.hash.slice(1))")
    page.press("Escape")
    for _ in range(9):
        page.press("-")
    page.settle()
    page.click(identity, count=2)
    page.settle()
    assert page.selected()[0] == name
    assert page.page.locator("[role=treeitem][aria-selected=true]").get_attribute("aria-expanded") == "true"


def test_something_is_to_be_seen_after_all_groups_were_closed_far_down(opened: Any) -> None:
    page = opened("gpt2")
    page.press("End")
    page.press("Escape")
    page.page.get_by_label("Open all groups down to a level").select_option("99")
    page.press("End")
    page.press("Escape")
    page.page.get_by_label("Open all groups down to a level").select_option("0")
    page.settle()
    box = page.page.locator(".board").bounding_box()
    seen = False
    for name in ("input_ids", "transformer", "lm_head"):
        found = page.where(name)
        seen |= found is not None and found[0] < box["width"] and found[1] < box["height"] and found[1] + found[3] > 0
    assert seen


def test_a_search_goes_through_what_it_finds(opened: Any) -> None:
    page = opened("mnist")
    page.press("/")
    page.page.keyboard.type("conv")
    found = page.page.locator(".search output")
    assert found.inner_text() == "2 found"
    page.press("Enter")
    first = page.selected()[0]
    page.press("Enter")
    second = page.selected()[0]
    assert {first, second} == {"Convolution28", "Convolution110"}
    page.press("Shift+Enter")
    assert page.selected()[0] == first
    page.press("Escape")
    assert page.page.locator(".search input").input_value() == ""
    page.page.locator(".search input").fill("no such layer")
    assert found.inner_text() == "none"


def test_the_address_names_the_layer_and_a_page_opened_there_shows_it(opened: Any) -> None:
    page = opened("magika")
    page.press(*["ArrowRight"] * 5)
    page.rest()
    name = page.selected()
    address = page.page.url
    page.page.goto("about:blank")
    page.page.goto(address)
    page.page.wait_for_selector("#app[data-ready]")
    page.settle()
    assert page.selected() == name
    page.requests[:] = page.requests[:1]
    page.page.evaluate("location.hash = 'no%20such%2'")
    page.settle()
    assert page.selected()[1] is None


@pytest.mark.long
def test_a_long_walk_is_not_held_up_by_addresses(opened: Any) -> None:
    """Browsers refuse more than some 200 addresses in 10 s, and say so on the console."""
    page = opened("chain of 5,000")
    page.page.evaluate(
        """async () => {
            for (let i = 0; i < 400; i++) {
                document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
                if (i % 20 === 0) await new Promise((done) => setTimeout(done));
            }
        }"""
    )
    assert page.selected()[1] == 400


def test_a_drag_pans_and_the_wheel_zooms_where_it_points(opened: Any) -> None:
    page = opened("mnist")
    box = page.page.locator(".board").bounding_box()
    before = page.where("Input3")
    mouse = page.page.mouse
    mouse.move(box["x"] + 50, box["y"] + 300)
    mouse.down()
    mouse.move(box["x"] + 90, box["y"] + 330, steps=4)
    mouse.up()
    page.settle()
    after = page.where("Input3")
    assert after[0] - before[0] == pytest.approx(40)
    assert after[1] - before[1] == pytest.approx(30)
    assert page.selected()[1] is None
    mouse.move(box["x"] + after[0], box["y"] + after[1])
    mouse.wheel(0, -200)
    page.settle()
    page.page.wait_for_timeout(50)
    larger = page.where("Input3")
    assert larger[2] > after[2] * 1.2
    assert larger[:2] == pytest.approx(after[:2], abs=1)


def test_a_saved_picture_shows_the_whole_drawing(opened: Any, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    page = opened("mnist")
    with page.page.expect_download() as waiting:
        page.page.get_by_role("button", name="PNG").click()
    waiting.value.save_as(tmp_path / "p.png")
    assert waiting.value.suggested_filename == "CNTKGraph.png"
    pixels = np.asarray(image.open(io.BytesIO((tmp_path / "p.png").read_bytes())).convert("RGB")).astype(int)
    assert pixels.shape[0] > 1500
    used = (pixels.max(2) < 250).any(1)
    assert used[60:120].any()
    assert used[-160:].any()
    page.requests[:] = [one for one in page.requests if not one.startswith("blob:")]


def test_the_page_turns_dark_with_its_reader_and_white_on_paper(opened: Any) -> None:
    image = pytest.importorskip("PIL.Image")
    page = opened("mnist")
    box = page.page.locator(".board").bounding_box()

    def corner() -> list[int]:
        page.settle()
        shot = page.page.screenshot(clip={"x": box["x"] + 3, "y": box["y"] + 3, "width": 1, "height": 1})
        return list(image.open(io.BytesIO(shot)).convert("RGB").getpixel((0, 0)))

    assert corner() == [255, 255, 255]
    page.page.emulate_media(color_scheme="dark")
    assert corner() == [13, 17, 23]
    page.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert corner() == [255, 255, 255]
    page.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert corner() == [13, 17, 23]


def test_strange_names_are_shown_as_text(opened: Any, tmp_path: Path) -> None:
    name = "</script><img src=x onerror=alert(1)>\u202e\"'&<b>"
    x = lm.Input(3, name=name)
    lm.Model(x, lm.ReLU(name="#a/b%20c")(x)).run(np.array([[1, np.nan, np.inf]], np.float32)).report(tmp_path / "r.html")
    page = opened(tmp_path / "r.html")
    page.press("Home")
    assert page.selected()[0] == name.replace("\u202e", "\\u202e")
    assert page.facts()["NaN"] == "1"
    page.press("End")
    page.rest()
    assert page.selected()[0] == "#a/b%20c"
    assert page.page.locator("img").count() == 0
