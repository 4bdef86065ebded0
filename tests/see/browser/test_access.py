"""The page without a mouse, by ear, in the dark, large and on a narrow screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.see.browser.seeing import Page

AXE = Path(__file__).resolve().parents[3] / "web/node_modules/axe-core/axe.min.js"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["digits", *(pytest.param(name, marks=pytest.mark.long) for name in ("bodies", "resnet"))])
def test_axe_finds_nothing_serious(opened: Any, name: str, dark: bool) -> None:
    """https://github.com/dequelabs/axe-core, all its rules; the page's own policy would keep it out."""
    if not AXE.exists():
        pytest.skip("axe-core is not here: npm ci in web/ brings it")
    page = opened(name, dark=dark, bypass_csp=True)
    page.page.evaluate(AXE.read_text(encoding="utf-8"))
    for keys in ((), ("ArrowRight", "ArrowRight"), ("ArrowUp",), ("c",)):
        page.press(*keys)
        page.settle()
        found = page.page.evaluate("axe.run(document)")["violations"]
        grave = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]
        assert grave == []


def focused(page: Page) -> str:
    """The name of what has the focus: its label, else its words."""
    return str(
        page.page.evaluate(
            "document.activeElement.ariaLabel ?? document.activeElement.closest('label')?.innerText.trim().split('\\n')[0] ?? document.activeElement.innerText"
        )
    )


def test_the_focus_goes_from_the_bar_to_the_outline_to_the_drawing_to_the_panel(opened: Any) -> None:
    page = opened("nested")
    order = []
    for _ in range(12):
        page.press("Tab")
        order.append(focused(page))
    assert order[0] == "Outline"
    assert order[1].startswith("Search layers")
    assert order[2:4] == ["colour", "Open all groups down to a level"]
    assert order[4:9] == ["Zoom in", "Zoom out", "Show all of it", "PNG", "Details"]
    assert order[9] == "Layers in forward order"
    assert order[10].startswith("The drawing of")
    assert order[11] == "Details"
    page.press("Tab")
    assert page.page.evaluate("!!document.activeElement.closest('aside')")


def test_the_outline_is_a_tree_with_levels_and_places_and_walked_like_one(opened: Any) -> None:
    page = opened("nested")
    page.page.locator("[role=tree]").focus()
    page.press("Home")
    rows = page.page.locator("[role=treeitem]")
    assert rows.first.get_attribute("aria-selected") == "true"
    top = [row for row in rows.all() if row.get_attribute("aria-level") == "1"]
    assert [row.get_attribute("aria-posinset") for row in top] == [str(i + 1) for i in range(len(top))]
    assert {row.get_attribute("aria-setsize") for row in top} == {str(len(top))}
    group = next(i for i, row in enumerate(rows.all()) if row.get_attribute("aria-expanded"))
    page.press(*["ArrowDown"] * group)
    chosen = page.page.locator("[role=treeitem][aria-selected=true]")
    if chosen.get_attribute("aria-expanded") == "false":
        page.press("ArrowRight")
    assert chosen.get_attribute("aria-expanded") == "true"
    page.press("ArrowRight")
    assert chosen.get_attribute("aria-level") == "2"
    while chosen.get_attribute("aria-level") != "1":
        page.press("ArrowLeft")
    page.press("ArrowLeft")
    assert chosen.get_attribute("aria-expanded") == "false"
    assert page.page.locator("[role=tree]").get_attribute("aria-activedescendant") == chosen.get_attribute("id")


def test_what_an_expectation_says_is_no_row_and_counts_as_none(opened: Any) -> None:
    page = opened("digits")
    row = page.page.locator("[role=treeitem]").first
    assert row.get_attribute("aria-setsize") == "10"
    assert page.page.locator("[role=treeitem]").count() == 10
    assert page.page.get_by_role("img", name="not as expected").count() == 1


def test_what_changes_is_said(opened: Any) -> None:
    page = opened("nested")
    said = page.page.locator("#said")
    assert said.get_attribute("aria-live") == "polite"
    page.press("Home")
    assert said.inner_text().strip()
    before = said.inner_text()
    page.press("ArrowRight")
    assert said.inner_text() != before
    board = page.page.locator(".board")
    assert board.get_attribute("role") == "application"
    assert "Arrow left and right" in str(board.get_attribute("aria-label"))


def test_a_link_in_the_panel_leads_on_by_keyboard(opened: Any) -> None:
    page = opened("mnist")
    page.press("ArrowRight", "ArrowRight")
    link = page.page.locator(".panel .links button").first
    name = link.inner_text()
    link.focus()
    page.press("Enter")
    assert page.selected()[0] == name
    assert page.page.evaluate("document.activeElement.tagName") == "ASIDE"
    page.press("ArrowLeft")
    assert page.selected()[0] != name


def test_the_panel_is_scrolled_by_the_keys_that_scroll(opened: Any) -> None:
    page = opened("mnist", size={"width": 1400, "height": 500})
    page.press("ArrowRight", "ArrowRight")
    page.page.locator("aside").focus()
    page.press("ArrowDown", "End")
    page.until("document.querySelector('aside').scrollTop > 50")
    assert page.selected()[1] == 2


@pytest.mark.parametrize(("width", "height"), [(700, 450), (640, 400), (400, 800), (320, 640)])
def test_nothing_is_out_of_reach_at_twice_the_size_nor_on_a_narrow_screen(opened: Any, width: int, height: int) -> None:
    page = opened("resnet", size={"width": width, "height": height})
    page.press("ArrowRight", "ArrowRight")
    if not page.page.locator("aside").count():
        page.page.get_by_role("button", name="Details").click()
    outside = """() => [...document.querySelectorAll("button, input, select, h1, h2, aside, canvas.board")]
        .filter((one) => !one.closest("aside") || one.matches("aside, h2"))
        .map((one) => [one.ariaLabel ?? one.innerText, one.getBoundingClientRect()])
        .filter(([, box]) => box.left < 0 || box.right > innerWidth + 0.5 || box.top < 0 || box.width < 20 || box.height < 15)
        .map(([name]) => name)"""
    assert page.page.evaluate(outside) == []
    assert page.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert page.page.evaluate("(({scrollWidth, clientWidth}) => scrollWidth <= clientWidth)(document.querySelector('aside'))")
    page.page.get_by_role("button", name="Outline").click()
    tree = page.page.locator("[role=tree]").bounding_box()
    assert tree["width"] >= 200
    assert tree["height"] >= 100
    page.page.locator("[role=treeitem]").first.click()
    assert page.selected()[1] == 1


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_the_drawing_glides_only_for_those_who_did_not_ask_for_less_motion(opened: Any, motion: str) -> None:
    page = opened("mnist", reduced_motion=motion)
    page.press("End")
    moved = page.page.evaluate(
        """() => new Promise((done) => {
            const board = document.querySelector(".board");
            const id = "Input3";
            const places = [];
            const look = () => (places.push(board.where(id)[1]), places.length < 20 ? requestAnimationFrame(look) : done(new Set(places).size));
            look();
        })"""
    )
    assert (moved > 2) == (motion == "no-preference")
