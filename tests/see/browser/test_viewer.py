"""The page with a model behind it: what it shows and what it runs is what Python would, and it says when nobody is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import laminae as lm
from laminae.api.trace import Trace
from tests.see.browser.seeing import SIZE
from tests.see.browser.subjects import subject

pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")


class Viewed:
    """A page on a viewer. complaints: what it wrote to the console."""

    def __init__(self, browser: Any, trace: Trace, **more: Any) -> None:
        self.viewer = trace.view(**more)
        self.complaints: list[str] = []
        self.context = browser.new_context(viewport=SIZE, reduced_motion="reduce")
        self.page = self.context.new_page()
        self.page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.goto(self.viewer.url)
        self.page.wait_for_selector("#app[data-ready]", timeout=30_000)

    def select(self, name: str) -> None:
        """By the search, as a user does."""
        self.page.keyboard.press("/")
        self.page.keyboard.type(name)
        self.page.keyboard.press("Enter")
        self.page.keyboard.press("Escape")
        self.page.wait_for_function("(name) => document.querySelector('.panel h2')?.innerText === name", arg=name)

    def facts(self) -> dict[str, str]:
        self.page.wait_for_selector(".panel table.facts th:text-is('mean')")
        rows = self.page.evaluate(
            """() => [...document.querySelectorAll(".panel table.facts tbody tr")]
                .map((row) => [row.querySelector("th").innerText, row.querySelector("td").innerText])"""
        )
        return dict(rows)

    def whole(self) -> None:
        """Nothing is selected: what is said of the whole."""
        self.page.locator(".board").focus()
        self.page.keyboard.press("Escape")
        self.page.wait_for_selector(".panel h3:text-is('Keys')")

    def outputs(self) -> dict[int, float]:
        """The greatest numbers of the output, by their place."""
        rows = self.page.evaluate(
            "() => [...document.querySelectorAll('.outputs tr')].map((row) => [row.cells[0].innerText, row.cells[2].innerText])"
        )
        return {int(place): float(text.replace("−", "-")) for place, text in rows}

    def wait_for_run(self, past: int) -> int:
        """The number of a later run than that one."""
        self.page.wait_for_function(
            "(past) => Number((document.querySelector('.run').innerText.match(/run (\\d+)/) ?? [0, -1])[1]) > past", arg=past
        )
        return int(self.page.locator(".run").inner_text().split()[1].rstrip(":"))


@pytest.fixture
def viewed(browser: Any) -> Iterator[Callable[..., Viewed]]:
    made: list[Viewed] = []

    def viewing(trace: Trace, **more: Any) -> Viewed:
        made.append(Viewed(browser, trace, **more))
        return made[-1]

    yield viewing
    for one in made:
        one.context.close()
        one.viewer.close()
        assert one.complaints == []


FAST = ("digits", "bodies", "nested")
LONG = ("chain of 5,000", "gpt2", "mnist", "magika", "resnet", "ultraface", "resnet50", "gpt2, full-sized")


@pytest.mark.parametrize("name", [*FAST, *(pytest.param(name, marks=pytest.mark.long) for name in LONG)])
def test_each_model_opens_and_its_layers_show_their_numbers(name: str, viewed: Callable[..., Viewed]) -> None:
    """The first, the last and some between, by the address of the layer."""
    trace, _ = subject(name)
    page = viewed(trace)
    chosen = np.unique(np.linspace(0, len(trace) - 1, 5).astype(int)).tolist()
    for place in chosen:
        entry = trace.layers[place]
        page.page.evaluate("(name) => { location.hash = encodeURIComponent(name) }", entry.name)
        page.page.wait_for_function(
            "(place) => document.querySelector('.panel .op')?.innerText.includes(`layer ${place} of`)", arg=place + 1
        )
        if entry.statistics and entry.statistics[0] is not None and entry.statistics[0].mean is not None:
            assert close(page.facts()["mean"], entry.statistics[0].mean)


def network() -> lm.Model:
    image = lm.Input((1, 12, 12), name="image")
    h = lm.ReLU(name="relu")(lm.Conv(4, 3, name="conv")(image))
    return lm.Model(image, lm.Linear(5, name="scores")(lm.Flatten(name="flat")(h)), seed=0, name="small")


def image(seed: int = 0) -> Any:
    return np.random.default_rng(seed).random((1, 1, 12, 12), np.float32)


def close(text: str, value: float) -> bool:
    return abs(float(text.replace("−", "-")) - value) <= 1e-5 * max(abs(value), 1e-4)


def test_a_layer_shows_its_true_numbers(viewed: Callable[..., Viewed]) -> None:
    trace = network().run(image())
    page = viewed(trace)
    for entry in trace.layers:
        page.select(entry.name)
        facts, values = page.facts(), entry.output.double()
        assert close(facts["mean"], float(values.mean()))
        assert close(facts["std"], float(values.std(correction=0)))
        assert close(facts["min"], float(values.min()))
        assert close(facts["max"], float(values.max()))


def test_values_are_walked_along_their_axes(viewed: Callable[..., Viewed]) -> None:
    trace = network().run(image())
    page = viewed(trace)
    page.select("relu")
    page.page.get_by_label("Axis 1 is shown as").select_option("at")
    slider = page.page.get_by_label("Place along axis 1")
    slider.focus()
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("ArrowRight")
    page.page.wait_for_selector(".axis output:text-is('2 of 4')")
    picture = page.page.locator(".value canvas")
    page.page.wait_for_timeout(300)
    box = picture.bounding_box()
    assert box is not None
    page.page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.05)
    said = page.page.locator(".value figcaption").inner_text()
    place, number = said.split("] ")
    index = tuple(int(part) for part in place.strip("[").split(", "))
    assert index[:2] == (0, 2)
    assert close(number.strip(), float(trace["relu"][index]))


def test_a_stroke_on_the_input_runs_what_depends_on_it(viewed: Callable[..., Viewed]) -> None:
    model = network()
    page = viewed(model.run(image()))
    page.page.wait_for_selector(".pad canvas")
    first = page.outputs()
    box = page.page.locator(".pad canvas").bounding_box()
    assert box is not None
    page.page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + 180, box["y"] + 150, steps=5)
    page.page.mouse.up()
    page.page.wait_for_timeout(500)
    number = page.wait_for_run(0)
    given = page.page.evaluate(
        "(run) => fetch(`/api/runs/${run}/value?layer=0&output=0`).then((a) => a.arrayBuffer()).then((b) => [...new Float32Array(b)])",
        number,
    )
    drawn = np.array(given, np.float32).reshape(1, 1, 12, 12)
    assert np.abs(drawn - image()).max() > 0.2
    scores = model(drawn)[0].tolist()
    now = page.outputs()
    assert now != first
    assert {place: pytest.approx(scores[place], rel=1e-3) for place in now} == now
    assert next(iter(now)) == int(np.argmax(scores))
    page.page.get_by_text("undo").click()
    page.page.wait_for_function("() => document.querySelector('.run').innerText === ''")
    assert page.outputs() == first


def test_a_patch_of_some_channels_is_the_resumed_run_also_as_python(
    viewed: Callable[..., Viewed], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = network().run(image())
    page = viewed(trace)
    page.select("relu")
    page.page.get_by_label("Where").select_option("1")
    page.page.get_by_label("Which places").fill("0, 2")
    page.page.locator(".patch button").click()
    page.wait_for_run(0)
    patched = trace.resume(lm.patch.zero("relu", axis=1, index=[0, 2]))
    assert close(page.facts()["mean"], float(patched["relu"].double().mean()))
    change = float((patched["relu"] - trace["relu"]).norm() / trace["relu"].norm())
    assert f"is {change:.3g} of" in page.page.locator("p.changed").inner_text()
    page.whole()
    assert page.outputs() == {place: pytest.approx(float(patched.output[0, place]), rel=1e-3) for place in page.outputs()}
    page.page.get_by_text("As Python").click()
    text = page.page.locator(".python pre").inner_text()
    assert "lm.patch.zero('relu', axis=1, index=" in text
    page.page.get_by_label("Take back").click()
    page.page.wait_for_function("() => document.querySelector('.run').innerText.includes('0 changed')")


def test_numbers_of_an_input_are_edited(viewed: Callable[..., Viewed]) -> None:
    model = lm.Model.chain(lm.Input(3, name="x"), lm.Linear(2, name="y"), seed=0)
    page = viewed(model.run([[1.0, 2.0, 3.0]]))
    page.page.get_by_label("x at 0, 1").fill("-7.5")
    page.wait_for_run(0)
    page.page.wait_for_timeout(300)
    wanted = model([[1.0, -7.5, 3.0]])[0].tolist()
    assert page.outputs() == {place: pytest.approx(wanted[place], rel=1e-3) for place in page.outputs()}


def test_text_becomes_ids_and_tokens_are_shown(viewed: Callable[..., Viewed]) -> None:
    class Letters:
        def encode(self, text: str) -> list[int]:
            return [ord(letter) - 96 for letter in text]

        def decode(self, ids: list[int]) -> str:
            return chr(ids[0] + 96)

    ids = lm.Input(4, dtype="int64", name="ids")
    model = lm.Model(ids, lm.Embedding(30, 3, name="table")(ids), seed=0)
    page = viewed(model.run(np.array([[3, 1, 20, 19]])), tokenizer=Letters())
    page.page.wait_for_selector(".tokens")
    assert page.page.locator(".tokens span").all_inner_texts() == ["c", "a", "t", "s"]
    page.page.get_by_label("Text for ids").fill("dogs")
    page.page.get_by_role("button", name="Run").first.click()
    page.wait_for_run(0)
    page.page.wait_for_function("() => document.querySelector('.tokens span').innerText === 'd'")
    page.select("table")
    assert close(page.facts()["mean"], float(model(np.array([[4, 15, 7, 19]])).double().mean()))


def test_another_model_stands_beside(viewed: Callable[..., Viewed]) -> None:
    model, other = network(), network()
    other["conv"].parameters["conv.weight"].tensor()[0] += 1
    trace = model.run(image())
    page = viewed(trace, beside=other)
    page.select("conv")
    page.page.wait_for_selector("h3.beside")
    means = page.page.locator("table.facts tr:has(th:text-is('mean')) td").all_inner_texts()
    assert close(means[0], float(trace["conv"].double().mean()))
    assert close(means[1], float(other.run(image())["conv"].double().mean()))


def test_a_lost_server_is_said_and_what_is_shown_stays(viewed: Callable[..., Viewed]) -> None:
    page = viewed(network().run(image()))
    page.select("conv")
    page.viewer.close()
    page.page.wait_for_selector("p.alarm", timeout=15_000)
    assert "does not answer" in page.page.locator("p.alarm").inner_text()
    assert page.page.locator(".panel h2").inner_text() == "conv"
    page.complaints.clear()  # of the browser, that nobody answers
