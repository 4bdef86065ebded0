"""Every layer is reached, by keyboard and by mouse, and its numbers are the run's."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.see.browser.seeing import Page
from tests.see.browser.subjects import subject
from tests.see.pages import document_in

FAST = ("digits", "bodies", "nested")
LONG = [
    pytest.param(name, marks=pytest.mark.long)
    for name in ("mnist", "gpt2", "magika", "resnet", "ultraface", "resnet50", "gpt2, full-sized")
]
EVERY = [*FAST, *LONG]


def printed(value: float, digits: int = 6) -> str:
    """As the page prints a number: so many digits that count, no exponent where it is readable without one."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Inf" if value > 0 else "−Inf"
    size = abs(value)
    if value == int(value) and size < 1e6:
        text = str(int(value))
    elif 10**digits <= size < 1e6:
        text = str(round(value))
    elif size < 1e-4 or size >= 1e6:
        mantissa, power = f"{value:.{digits - 1}e}".split("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"
    else:
        text = np.format_float_positional(float(f"{value:.{digits - 1}e}"), trim="-")
    return text.replace("-", "−")


def close_to(text: str, value: float) -> bool:
    """The sixth digit may be one off where the mean is summed in another order."""
    if text == printed(value):
        return True
    found = float(text.replace("−", "-"))
    return math.isclose(found, value, rel_tol=1.1e-5, abs_tol=1e-7)


def require_true(page: Page, entry: Any, *, place: int) -> None:
    """The panel tells the truth about that layer."""
    assert page.selected() == (entry.name, place, False)
    told, facts = page.text(), page.facts()
    assert re.search(rf"^{re.escape(entry.record().domain.replace('laminae', ''))}\.?{re.escape(entry.op)}\b", told, re.MULTILINE)
    parameters = entry.record().parameters
    assert facts.get("parameters", "0") == f"{parameters:,}"
    array = np.asarray(entry.values[0])
    assert f"[{', '.join(map(str, array.shape))}]" in told
    if array.dtype.kind in "fiu" and array.size:
        real = array.astype(np.float64)
        assert facts["min"] == printed(real.min())
        assert facts["max"] == printed(real.max())
        assert close_to(facts["mean"], real.mean())
        assert close_to(facts["std"], real.std())


def walk(page: Page) -> list[int]:
    """By keyboard alone: on to the right, into each group on the way; the places of the layers met."""
    met: list[int] = []
    page.press("Home")
    before = None
    while (now := page.selected()) != before:
        while now[2]:
            page.press("ArrowDown")
            now = page.selected()
        if now[1] is not None:
            met.append(now[1])
        before = now
        page.press("ArrowRight")
    return met


@pytest.mark.parametrize("name", EVERY)
def test_every_layer_is_reached_by_keyboard_in_forward_order(opened: Any, name: str, reports: dict[str, Path]) -> None:
    page = opened(name)
    told = document_in(reports[name])
    met = walk(page)
    later = {place for node in told["nodes"] for place in node.get("turns", ())}
    assert sorted(met) == [i + 1 for i in range(len(told["layers"])) if i not in later]
    assert [entry.name for entry in subject(name)[0].layers] == [layer["name"] for layer in told["layers"]]
    inside = {i + 1 for i, layer in enumerate(told["layers"]) if "/" in layer["path"]}
    assert [place for place in met if place not in inside] == sorted(set(met) - inside)


@pytest.mark.parametrize("name", EVERY)
def test_a_click_on_a_box_shows_that_layers_true_numbers(opened: Any, name: str, reports: dict[str, Path]) -> None:
    page = opened(name)
    told = document_in(reports[name])
    entries = list(subject(name)[0].layers)
    for place in range(0, len(entries), max(1, len(entries) // 15)):
        node = told["nodes"][told["layers"][place]["node"]]
        if node["layer"] != place:
            continue
        page.page.evaluate("(id) => (location.hash = encodeURIComponent(id))", node["id"])  # brings it to where it can be clicked
        page.settle()
        page.press("Escape")
        assert page.selected()[1] is None
        page.click(node["id"])
        require_true(page, entries[place], place=place + 1)


def test_a_layer_of_a_loop_shows_each_of_its_turns(opened: Any) -> None:
    page = opened("bodies")
    entries = {entry.name: (i + 1, entry) for i, entry in enumerate(subject("bodies")[0].layers)}
    page.page.evaluate("location.hash = 'total/body/s2'")
    page.settle()
    for name in ("total/body/s2", "total/body/s2#2", "total/body/s2#3"):
        require_true(page, entries[name][1], place=entries[name][0])
        page.page.get_by_role("button", name="The turn after").click(force=True)
        page.settle()
    assert page.page.get_by_role("button", name="The turn after").is_disabled()
    page.page.locator(".turns input").fill("2")
    page.settle()
    require_true(page, entries["total/body/s2#2"][1], place=entries["total/body/s2#2"][0])


@pytest.mark.slow
def test_a_chain_of_5000_layers_is_walked_from_end_to_end(opened: Any) -> None:
    page = opened("chain of 5,000")
    entries = list(subject("chain of 5,000")[0].layers)
    page.press("Home")
    require_true(page, entries[0], place=1)
    page.press(*["ArrowRight"] * 40)
    require_true(page, entries[40], place=41)
    page.press("End")
    require_true(page, entries[-1], place=5000)
    page.press(*["ArrowLeft"] * 40)
    require_true(page, entries[-41], place=4960)
    for place in range(0, 5000, 619):
        page.page.evaluate(f"location.hash = {entries[place].name!r}")
        page.settle()
        page.press("Escape")
        page.click(entries[place].name)
        require_true(page, entries[place], place=place + 1)
    row = page.page.locator(".outline .row.selected")
    assert row.get_attribute("aria-posinset") == str(place + 1)
    assert row.get_attribute("aria-setsize") == "5000"
