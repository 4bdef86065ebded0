"""The viewer and the report in a browser: how long until there is a picture, and from a stroke to what came of it."""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

TITLE = "Looking, in a headless Chromium without a graphics card; ms"
LIMITS = {"digits: report": 500.0, "gpt2: viewer": 2000.0, "digits: a stroke": 100.0}
"""From the end of the run to the picture, from the call to the picture, from the pointer's move to the new maps on the screen."""

CONTESTANTS = tuple(LIMITS)

STROKE = """async (strokes) => {
  const pad = document.querySelector(".pad canvas"), box = pad.getBoundingClientRect(), run = document.querySelector(".run");
  const point = (type, i) => pad.dispatchEvent(new PointerEvent(type, { pointerId: 1, bubbles: true,
    clientX: box.left + 40 + (i * 37) % 150, clientY: box.top + 40 + (i * 61) % 150 }));
  pad.setPointerCapture = () => {};
  const frame = () => new Promise((done) => requestAnimationFrame(done)), times = [];
  const late = () => new Promise((_, fail) => setTimeout(() => fail(Error("no answer")), 5000));
  const tools = [...document.querySelectorAll(".pad button")];
  for (let i = 0; i < strokes; i++) {
    tools[i % 2].click();  // what was drawn is erased
    await frame();
    const begin = performance.now(), was = run.innerText;
    const answered = new Promise((done) => {
      const look = new MutationObserver(() => {
        if (/run \\d+/.test(run.innerText) && run.innerText !== was) { look.disconnect(); done(); }
      });
      look.observe(run, { childList: true, characterData: true, subtree: true });
    });
    point("pointerdown", i >> 1); point("pointerup", i >> 1);
    await Promise.race([answered, late()]);
    await frame(); await frame();
    times.push(performance.now() - begin);
    await new Promise((done) => setTimeout(done, 60));
  }
  return times;
}"""


@contextmanager
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    from tests.see.browser.conftest import FLAGS, PLACES

    with sync_playwright() as started:
        running = started.chromium.launch(executable_path=next(filter(None, map(shutil.which, PLACES))), args=FLAGS)
        yield running.new_page(viewport={"width": 1400, "height": 900})
        running.close()


def ready(page: Any, address: str) -> None:
    """The drawing is on the screen."""
    page.goto(address)
    page.wait_for_selector("#app[data-ready]")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def digits() -> Any:
    from laminae.cli.digits import model, read

    return model().run(read().held_x[:1])


def report() -> float:
    trace = digits()
    with browser() as page, tempfile.TemporaryDirectory() as folder:
        page.goto("about:blank")
        begin = perf_counter()
        trace.report(Path(folder) / "r.html")
        ready(page, (Path(folder) / "r.html").as_uri())
        return (perf_counter() - begin) * 1e3


def gpt2() -> float:
    import laminae as lm
    from benchmarks.modules import module

    made, inputs = module("gpt2")
    trace = lm.open(made, kwargs=inputs).run(**inputs)
    with browser() as page:
        page.goto("about:blank")
        begin = perf_counter()
        with trace.view() as viewer:
            ready(page, viewer.url)
            return (perf_counter() - begin) * 1e3


def stroke() -> float:
    with digits().view() as viewer, browser() as page:
        ready(page, viewer.url)
        page.wait_for_selector(".pad canvas")
        return statistics.median(page.evaluate(STROKE, 30)[5:])


def main(contestant: str) -> None:
    calls: dict[str, Callable[[], float]] = dict(zip(CONTESTANTS, (report, gpt2, stroke), strict=True))
    print(json.dumps(calls[contestant]()))


if __name__ == "__main__":
    main(sys.argv[1])
