"""Many connections, and slow ones: whoever opens them, the page is answered."""

import contextlib
import time

import pytest

from laminae.see.viewer.connections import Connection
from tests.see.viewer.serving import heard, served


@pytest.fixture(autouse=True, scope="module")
def many_files():
    """The clients are of this process too."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2048:
        resource.setrlimit(resource.RLIMIT_NOFILE, (2048 if hard == resource.RLIM_INFINITY else min(2048, hard), hard))


def test_a_thousand_open_connections_do_not_keep_the_page_out():
    with served() as client:
        held = [client.socket() for _ in range(1000)]
        try:
            start = time.monotonic()
            assert all(client.get("/api/state").status == 200 for _ in range(5))
            assert time.monotonic() - start < 5
            assert len(client.viewer._server.server_state.connections) <= Connection.most + 1
            open_ones = [one for one in held[-Connection.most // 2 :] if not heard_of_its_end(one)]
            assert open_ones, "the newest are kept"
        finally:
            for one in held:
                one.close()


def heard_of_its_end(plain):
    plain.setblocking(False)
    try:
        return plain.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_a_thousand_half_requests_do_not_keep_the_page_out():
    with served() as client:
        held = []
        try:
            for _ in range(1000):
                held.append(client.socket())
                held[-1].sendall(b"GET / HTTP/1.1\r\nHost: 127")
            assert client.get("/api/state").status == 200
        finally:
            for one in held:
                one.close()


@pytest.mark.parametrize("first", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "])
def test_a_request_whose_head_does_not_come_is_cut(monkeypatch, first):
    monkeypatch.setattr(Connection, "head", 0.5)
    with served() as client, client.socket() as plain:
        plain.sendall(first)
        start = time.monotonic()
        assert heard(plain, 5) == b""
        assert time.monotonic() - start < 3


def test_a_head_that_drips_after_a_first_request_is_cut_too(monkeypatch):
    monkeypatch.setattr(Connection, "head", 0.5)
    with served() as client, client.socket() as plain:
        plain.sendall(f"GET /api/state HTTP/1.1\r\nHost: {client.host}\r\nCookie: {client.cookie}\r\n\r\n".encode())
        assert b"200 OK" in plain.recv(65536)
        start = time.monotonic()
        with pytest.raises(ConnectionError):
            dripping(plain)
        assert time.monotonic() - start < 3


def dripping(plain):
    for _ in range(60):
        plain.sendall(b"G")
        time.sleep(0.05)


def test_a_head_that_is_too_long_is_refused():
    with served() as client:
        lines = "".join(f"X-{i}: {'a' * 1000}\r\n" for i in range(10_000))
        with client.socket() as plain:
            with contextlib.suppress(ConnectionError):
                plain.sendall(f"GET / HTTP/1.1\r\nHost: {client.host}\r\n{lines}".encode())
            answer = heard(plain)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400")
        assert client.get("/api/state").status == 200


def test_who_does_not_take_the_answer_is_cut(monkeypatch):
    monkeypatch.setattr(Connection, "stalled", 0.5)
    import numpy as np

    with served(value=lambda *place: np.zeros(4_000_000)) as client:
        with client.socket() as plain:
            plain.sendall(f"GET /api/runs/0/value HTTP/1.1\r\nHost: {client.host}\r\nCookie: {client.cookie}\r\n\r\n".encode())
            time.sleep(2.5)
            assert len(heard(plain)) < 32_000_000
        assert client.get("/api/state").status == 200


def test_an_answer_that_is_taken_slowly_is_not_cut(monkeypatch):
    monkeypatch.setattr(Connection, "stalled", 0.5)
    import numpy as np

    with served(value=lambda *place: np.zeros(4_000_000)) as client, client.socket() as plain:
        plain.sendall(f"GET /api/runs/0/value HTTP/1.1\r\nHost: {client.host}\r\nCookie: {client.cookie}\r\n\r\n".encode())
        taken = 0
        while taken < 32_000_000:
            part = plain.recv(1 << 20)
            assert part, taken
            taken += len(part)
            time.sleep(0.02)


@pytest.mark.parametrize(
    "rubbish", [b"\x16\x03\x01\x02\x00\x01\x00", b"\r\n" * 5000, b"GET\r\n\r\n", b"\x00" * 100, b"PRI * HTTP/2.0\r\n\r\n"]
)
def test_what_is_no_request_does_no_harm(rubbish, capfd):
    with served() as client:
        client.raw(rubbish)
        assert client.get("/api/state").status == 200
    assert capfd.readouterr() == ("", "")


def test_websockets_are_not_spoken():
    with served() as client:
        lines = f"Host: {client.host}\r\nCookie: {client.cookie}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        answer = client.raw(
            f"GET /api/state HTTP/1.1\r\n{lines}Sec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        assert answer.startswith(b"HTTP/1.1 200")
