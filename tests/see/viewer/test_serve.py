"""The server's life: its port, its end, and what it says without its packages."""

import contextlib
import http.client
import socket
import subprocess
import sys
import threading
import time

import pytest

import laminae.see.viewer.serve as serve
from laminae.base.errors import MissingPackageError, UsageError
from laminae.see.viewer.serve import Viewer, bound
from tests.see.viewer.serving import Client, served, session


def test_a_port_in_use_is_said_with_the_way_out():
    with Viewer(session()) as viewer, pytest.raises(UsageError) as error:
        Viewer(session(), viewer.port)
    assert error.value.message == f"port {viewer.port} of this machine cannot be had"
    assert "--port" in error.value.details["the way out"]


@pytest.mark.parametrize("port", [-1, 65536, "80", 1.0, True, None])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(UsageError, match="is none"):
        bound(port)


def test_a_port_is_free_again_at_once():
    with Viewer(session()) as viewer:
        Client(viewer).enter()
    with Viewer(session(), viewer.port) as again:
        assert again.port == viewer.port
        Client(again).enter()


def test_two_views_at_once_work():
    with served() as one, served() as other:
        assert one.viewer.port != other.viewer.port
        assert one.get("/api/state").status == other.get("/api/state").status == 200


def test_closing_cuts_what_is_open_at_once():
    with served() as client:
        plain = client.socket()
        start = time.monotonic()
        assert client.viewer.close()
        assert time.monotonic() - start < 2
        assert plain.recv(1) == b""
        with pytest.raises(ConnectionError):
            socket.create_connection(("127.0.0.1", client.viewer.port), timeout=1)
        assert client.viewer.closed
        assert client.viewer.close(), "closing twice is no harm"


def test_closing_does_not_wait_for_a_run_and_says_that_one_goes_on(monkeypatch):
    monkeypatch.setattr(serve, "PATIENCE", 0.3)
    go, started = threading.Event(), threading.Event()

    def run(words):
        started.set()
        go.wait(20)
        return {}

    with served(run=run) as client:
        asking = threading.Thread(target=cut_off, args=(client,), daemon=True)
        asking.start()
        started.wait(5)
        start = time.monotonic()
        assert not client.viewer.close()
        assert time.monotonic() - start < 3
        go.set()
        asking.join(5)


def cut_off(client):
    with contextlib.suppress(ConnectionError, http.client.HTTPException):
        client.post({})


def test_waiting_ends_with_the_viewer():
    with Viewer(session()) as viewer:
        assert not viewer.wait(0.05)
        threading.Timer(0.2, viewer.close).start()
        assert viewer.wait()


def test_a_notebook_shows_a_link_and_a_closed_one_says_so():
    with Viewer(session()) as viewer:
        shown = viewer._repr_html_()
        assert f'href="{viewer.url}"' in shown
        assert viewer.url in repr(viewer)
    assert "closed" in viewer._repr_html_()
    assert "token" not in repr(viewer)


def test_without_the_packages_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setattr(serve, "find_spec", lambda name: None if name == "uvicorn" else object())
    with pytest.raises(MissingPackageError) as error:
        Viewer(session())
    assert "uvicorn" in error.value.message
    assert error.value.details["install"] == "pip install 'laminae[serve]'"


def test_a_browser_is_started_with_a_token_of_its_own(monkeypatch):
    opened = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    with Viewer(session()) as viewer:
        assert viewer.open_browser()
        assert opened[0] != viewer.url
        client = Client(viewer)
        assert [client.get(opened[0].partition(client.host)[2]).status for _ in range(2)] == [303, 401]


def test_where_there_is_no_screen_no_browser_is_started(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with Viewer(session()) as viewer:
        assert not viewer.open_browser()


def test_a_process_that_ends_with_an_open_viewer_ends_cleanly():
    code = "from tests.see.viewer.serving import *; v = Viewer(session()); Client(v).enter(); print('here')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "here\n", "")


def test_importing_the_command_line_loads_neither_server_nor_torch():
    code = "import sys, laminae.cli.app; print([x for x in ('starlette', 'uvicorn', 'torch') if x in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n"
