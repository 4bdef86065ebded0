"""Bodies: how large, and how slow they may be; on a real socket."""

import json
import socket
import threading
import time

import pytest

from laminae.base.errors import ShapeError
from laminae.see.viewer.guard import LARGEST, Guard
from tests.see.viewer.serving import heard, served

GIGABYTE = 1 << 30


@pytest.fixture(scope="module")
def client():
    with served() as one:
        yield one


def head(client, *lines):
    whole = [
        "POST /api/run HTTP/1.1",
        f"Host: {client.host}",
        f"Origin: http://{client.host}",
        f"Cookie: {client.cookie}",
        *lines,
    ]
    return "\r\n".join([*whole, "", ""]).encode()


def test_a_body_that_says_it_is_a_gigabyte_is_413_before_any_of_it_is_sent(client):
    start = time.monotonic()
    answer = client.raw(head(client, f"Content-Length: {GIGABYTE}", "Expect: 100-continue"))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer.lower()
    assert b"100 continue" not in answer.lower()
    assert time.monotonic() - start < 5


def test_a_gigabyte_in_pieces_is_413_when_it_grows_too_large_and_the_rest_is_not_read(client):
    piece = b"40000\r\n" + b"x" * 0x40000 + b"\r\n"
    sent = 0
    with client.socket() as plain:
        plain.sendall(head(client, "Transfer-Encoding: chunked"))
        try:
            while sent < GIGABYTE:
                plain.sendall(piece)
                sent += 0x40000
        except (ConnectionError, TimeoutError):
            pass
    assert LARGEST < sent < 3 * LARGEST
    assert client.get("/api/state").status == 200


@pytest.mark.parametrize("length", ["99999999999999999999", "-1", "1e9", "12, 13", "٣"])
def test_odd_lengths_are_refused(client, length):
    answer = client.raw(head(client, f"Content-Length: {length}"))
    assert answer[:12] in (b"HTTP/1.1 413", b"HTTP/1.1 400")


def test_a_body_where_none_belongs_is_refused(client):
    assert client.ask("GET", "/api/state", b"x" * 1000).status == 413
    assert client.ask("DELETE", "/api/state", b"x", origin=f"http://{client.host}").status == 413


def test_the_largest_body_is_taken(client):
    words = {"inputs": {"x": {"base64": "A" * (LARGEST - 200)}}}
    assert client.post(words).status == 200


def test_a_slow_body_is_408(monkeypatch):
    monkeypatch.setattr(Guard.__init__, "__kwdefaults__", {"largest": LARGEST, "patience": 0.6})
    with served() as client, client.socket() as plain:
        plain.sendall(head(client, "Content-Length: 100"))
        start = time.monotonic()
        drip = threading.Thread(target=dripping, args=(plain,), daemon=True)
        drip.start()
        answer = heard(plain, 5)
        assert answer.startswith(b"HTTP/1.1 408")
        assert time.monotonic() - start < 3
        assert client.get("/api/state").status == 200
        drip.join()


def dripping(plain: socket.socket):
    try:
        for _ in range(50):
            plain.sendall(b" ")
            time.sleep(0.1)
    except OSError:
        pass


def test_who_goes_away_in_the_middle_of_a_body_does_no_harm(client):
    for _ in range(20):
        with client.socket() as plain:
            plain.sendall(head(client, "Content-Length: 1000") + b"{")
    assert client.get("/api/state").status == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b'{"a": NaN}', b"\xff\xfe", b"[" * 100_000, b'{"a": 1e999}'])
def test_what_is_no_json_object_is_400(client, body):
    answer = client.ask("POST", "/api/run", body)
    if body == b'{"a": 1e999}':  # JSON has no such number, Python reads infinity: the session looks at what it is given
        assert answer.status == 200
    else:
        assert answer.status == 400
        assert "JSON" in answer.json["error"]


def test_what_the_session_refuses_is_400_with_its_own_words(client):
    answer = client.post({"base": 9})
    assert answer.status == 400
    assert answer.json == {"error": "shapes do not fit", "facts": {"expected": "[1, 3]", "found": "[2]"}}


def test_a_refusal_is_no_longer_than_it_must_be():
    def run(words):
        raise ShapeError("x" * 100_000, {"found": "y" * 100_000})

    with served(run=run) as client:
        assert len(client.post({}).body) < 5_000


def test_a_request_comes_to_the_session_as_it_was_sent(client):
    words = {"base": 0, "patches": [{"kind": "zero", "layer": "é"}]}
    assert client.post(words).json == {"run": 1, "words": words}
    assert json.loads(client.ask("POST", "/api/run", json.dumps(words).encode()).body)["words"] == words
