"""The page of a report beside Netron and Model Explorer, in one Chromium: until the graph is seen, and how smoothly it moves.

The peers are looked for in the environment that LAMINAE_PEERS names (a folder made by `python -m venv`, with `netron`,
`ai-edge-model-explorer` and `model-explorer-onnx`): without it they are left out. Pages reach nothing but this machine.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlparse

TITLE = "A graph in the browser: ms until it is seen, frames a second while it moves (no GPU: Chromium draws in software)"
SIZES = (1_000, 5_000)
WHO = ("laminae", "netron", "model-explorer")
CONTESTANTS = (*(f"{who}/chain of {size:,}" for size in SIZES for who in WHO), "laminae/digits")
ROWS = ("report written", "seen", "pan", "zoom", "pan, from afar")
SEEN_WITHIN, SMOOTH = 1_000.0, 30.0
"""Milliseconds until 5,000 layers are seen; frames a second while they move."""

PATIENCE = 30.0
"""Seconds that a page is waited for."""

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]

WATCH = """(() => {
    let frames = 0, told = 0, found = false;
    const seen = () => { try { return %s } catch { return false } };
    const next = () => {
        const now = performance.now();
        if (found === true) console.debug("seen", (found = now));
        found ||= !!seen();
        frames++;
        if (now - told > 100) console.debug("frames", frames, (told = now));
        requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
})()"""
"""Says when the first frame after the graph is in the page begins, and how many frames there were; said aloud, for Netron lets
nobody ask it anything."""

SEEN = {
    "laminae": "document.querySelector('#app[data-ready]')",
    "netron": "document.querySelector('#canvas .node') && !document.body.classList.contains('spinner')",
    "model-explorer": "document.querySelector('webgl-renderer canvas') && !/Processing|Loading/.test(document.body.innerText)",
}


def chromium() -> str | None:
    return next((place for place in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if place), None)


def main(contestant: str) -> None:
    who, what = contestant.split("/", 1)
    with tempfile.TemporaryDirectory() as folder:
        found = dict.fromkeys(ROWS, math.nan)
        subject = Path(folder) / "model.onnx"
        if what != "digits":
            import onnx

            from tests.see.browser.subjects import chain_file

            onnx.save(chain_file(int(what.split()[-1].replace(",", ""))), subject)
        with _served(who, subject, what, found) as address:
            found |= _measured(who, address)
        print(json.dumps(found))


@contextmanager
def _served(who: str, subject: Path, what: str, found: dict[str, float]) -> Iterator[str]:
    """Where the page is; for ours a file, and how long it took to write."""
    if who == "laminae":
        from tests.see.browser.subjects import digits

        trace, more = digits() if what == "digits" else (_trace(subject), {})
        start = time.perf_counter()
        trace.report(subject.with_suffix(".html"), **more)
        found["report written"] = (time.perf_counter() - start) * 1e3
        yield subject.with_suffix(".html").as_uri()
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    python = Path(os.environ["LAMINAE_PEERS"]) / "bin"
    ask = quote(json.dumps({"models": [{"url": str(subject)}]}))
    commands = {
        "netron": ([python / "netron", str(subject), "--port", str(port), "--host", "127.0.0.1"], ""),
        "model-explorer": (
            [
                *(python / "model-explorer", subject, "--no_open_in_browser", "--extensions=model_explorer_onnx"),
                *(f"--port={port}", "--host=127.0.0.1", "--skip_health_check"),
            ],
            f"?data={ask}",
        ),
    }
    command, query = commands[who]
    server = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "BROWSER": "true"}
    )
    try:
        _answers(port)
        yield f"http://127.0.0.1:{port}/{query}"
    finally:
        server.terminate()
        server.wait()


def _trace(subject: Path) -> Any:
    import numpy as np

    import laminae as lm

    return lm.open(subject).run(np.linspace(-1, 1, 8, dtype=np.float32).reshape(1, 8))


def _answers(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("its server does not answer")


def _measured(who: str, address: str) -> dict[str, float]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium(), args=FLAGS)
        context = browser.new_context(viewport={"width": 1400, "height": 900}, bypass_csp=True)
        context.route(lambda url: urlparse(url).hostname not in ("127.0.0.1", "", None), lambda route: route.abort())
        if who == "netron":  # its notice on what it reports counts as read; none of that gets out
            context.add_cookies([{"name": "consent", "value": "0", "url": address}])
        page = context.new_page()
        said: list[list[str]] = []
        page.on("console", lambda message: said.append(message.text.split()))
        page.add_init_script(WATCH % SEEN[who])
        page.goto(address)
        seen = _seen(page, said)
        if seen is None:
            print(f"  {who} showed no graph within {PATIENCE:.0f} s", file=sys.stderr)
            return {}
        found = {"seen": seen}
        page.wait_for_timeout(1_000)
        found["pan"] = _frames(page, said, lambda turn: _drag(page, turn))
        found["zoom"] = _frames(page, said, lambda turn: _zoom(page, -60 if turn % 40 < 20 else 60))
        for _ in range(60):
            _zoom(page, 60)
        page.wait_for_timeout(500)
        found["pan, from afar"] = _frames(page, said, lambda turn: _drag(page, turn))
        browser.close()
        return found


def _seen(page: Any, said: list[list[str]]) -> float | None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        page.wait_for_timeout(50)
        for words in said:
            if words[:1] == ["seen"]:
                return float(words[1])
    return None


def _frames(page: Any, said: list[list[str]], act: Callable[[int], None], seconds: float = 3.0) -> float:
    """Frames a second while that is done again and again; not a number where nothing moves."""
    page.mouse.move(500, 450)
    page.wait_for_timeout(300)
    before = page.screenshot()
    said.clear()
    end, turn = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        act(turn)
        turn += 1
    act(6)  # not where it began, wherever the last turn ended
    page.wait_for_timeout(100)
    counts = [(int(words[1]), float(words[2])) for words in said if words[:1] == ["frames"]]
    moved = page.screenshot() != before
    page.mouse.up()
    if not moved or len(counts) < 2:
        return math.nan
    (first, begin), (last, close) = counts[0], counts[-1]
    return (last - first) / (close - begin) * 1e3


def _drag(page: Any, turn: int) -> None:
    if turn == 0:
        page.mouse.down()
    page.mouse.move(500 + 120 * math.sin(turn / 10), 450 - 200 * math.sin(turn / 13 + 0.3))


def _zoom(page: Any, by: float) -> None:
    page.keyboard.down("Control")
    page.mouse.wheel(0, by)
    page.keyboard.up("Control")


if __name__ == "__main__":
    main(sys.argv[1])
