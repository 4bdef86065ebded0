"""`laminae view`: as a process of its own, asked by a client, ended by Ctrl-C."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import laminae as lm
from tests.cli.running import Desk, X

ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)(/\?token=\S+)")


@dataclass
class Page:
    """A browser's side of a viewer that runs in a process."""

    process: subprocess.Popen[str]
    port: int
    cookie: str

    def ask(self, path: str, words: Any = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Cookie": self.cookie, "Origin": f"http://127.0.0.1:{self.port}"}
        body = None if words is None else json.dumps(words)
        connection.request("GET" if body is None else "POST", path, body, headers)
        answer = connection.getresponse()
        return json.loads(answer.read()) if answer.getheader("content-type") == "application/json" else answer.read().decode()

    def state(self, wanted: str) -> dict[str, Any]:
        """Waits until it is that."""
        for _ in range(600):
            found: dict[str, Any] = self.ask("/api/state")
            if found["state"] == wanted:
                return found
            time.sleep(0.1)
        raise AssertionError(found)

    def interrupt(self) -> tuple[int, str, str, float]:
        start = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err, time.monotonic() - start


@contextmanager
def viewed(desk: Desk, *arguments: str) -> Iterator[Page]:
    command = [sys.executable, "-m", "laminae", "view", *arguments, "--no-browser"]
    # Ctrl-C is ignored by what a shell has put in the background, and so by its children
    process = subprocess.Popen(
        command,
        cwd=desk.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, COLUMNS="200"),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        assert process.stdout is not None
        found = ADDRESS.search(process.stdout.readline())
        assert found is not None, process.communicate(timeout=10)
        connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=30)
        connection.request("GET", found[2])
        answer = connection.getresponse()
        yield Page(process, int(found[1]), answer.getheader("set-cookie", "").partition(";")[0])
    finally:
        process.kill()
        process.communicate()


def test_a_model_is_opened_run_and_changed_and_ctrl_c_ends_it_at_once_without_a_traceback(desk):
    with viewed(desk, "patients.onnx", "-i", "x.npy") as page:
        page.state("ready")
        told = page.ask("/api/run", {"patches": [{"kind": "add", "layer": "L2", "value": 1.0}]})
        expected = lm.open("patients.onnx").run(X, patch=lm.patch.add("L2", 1.0)).output
        np.testing.assert_array_equal(np.float32(told["outputs"]["L3"]["values"]), expected.numpy().ravel())
        held: dict[str, Any] = {}
        exec(page.ask(f"/api/runs/{told['run']}/python"), held)
        np.testing.assert_array_equal(held["trace"].output, expected)
        code, out, err, seconds = page.interrupt()
    assert (code, out, err) == (130, "", "interrupted\n")
    assert seconds < 5


def test_another_input_and_another_model_are_held_beside_it(desk):
    desk.save("y.npy", X * 2)
    with viewed(desk, "patients.onnx", "-i", "x.npy", "--beside-input", "y.npy") as page:
        assert page.state("ready")["beside"] == 1
        assert page.ask("/api/runs/1")["layers_changed"]["0"]["change"] == pytest.approx(1.0)
    with viewed(desk, "patients.onnx", "-i", "x.npy", "--beside", "patients.onnx") as page:
        assert page.state("ready")["beside"] == 1
        assert page.ask("/api/runs/1")["layers_changed"] == {}


def test_a_model_that_cannot_be_opened_is_told_to_the_page_that_waits_and_to_the_terminal(desk):
    desk.write("odd.onnx", b"rubbish")
    with viewed(desk, "odd.onnx", "--random") as page:
        for _ in range(100):
            try:
                state = page.ask("/api/state")
            except OSError:
                break
            if state["state"] == "failed":
                assert "odd.onnx" in state["error"]
                break
        out, err = page.process.communicate(timeout=30)
    assert page.process.returncode == 2
    assert err.startswith("FileError")
    assert "Traceback" not in out + err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["patients.onnx"], "view needs an input"),
        (["patients.onnx", "-i", "x.npy", "--random"], "view takes one input"),
        (["patients.onnx", "--random", "--beside", "x", "--beside-input", "y"], "one thing is held beside"),
        (["missing.onnx", "--random"], "missing.onnx"),
        (["patients.onnx", "-i", "nothing.npy"], "nothing.npy"),
        (["patients.onnx", "-i", "x.npy", "--tokenizer", "nothing.json"], "nothing.json"),
        (["patients.onnx", "-i", "x.npy", "--port", "70000"], "port"),
        (["patients.onnx", "-i", "x.npy", "--size", "x"], "--size"),
    ],
)
def test_bad_use_is_2_at_once(desk, arguments, says):
    start = time.monotonic()
    answer = desk.run("view", *arguments, "--no-browser")
    assert answer.code == 2
    assert says in answer.err
    assert time.monotonic() - start < 3


def test_without_the_extra_it_is_said_what_to_install(desk, monkeypatch):
    monkeypatch.setattr("laminae.see.viewer.serve.find_spec", lambda name: None)
    answer = desk.run("view", "patients.onnx", "-i", "x.npy")
    assert answer.code == 2
    assert answer.err.startswith("MissingPackageError")
    assert "pip install 'laminae[serve]'" in answer.err


def test_a_port_in_use_is_said(desk):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = desk.run("view", "patients.onnx", "-i", "x.npy", "--port", str(port))
    assert answer.code == 2
    assert f"port {port} of this machine cannot be had" in answer.err
    assert "--port" in answer.err
