"""Who is let in: by host, token, cookie and origin, on a real socket. Most of what is sent here is what a hostile page could."""

import re

import pytest

from laminae.see.viewer.guard import HEADERS, POLICY, Guard
from laminae.see.viewer.serve import Viewer
from tests.see.viewer.serving import Client, served, session

PATHS = ["/", "/assets/page.js", "/api/state", "/api/document", "/api/runs/0/layers/0", "/api/runs/0/value?layer=1", "/nothing"]


@pytest.fixture(scope="module")
def client():
    with served() as one:
        yield one


@pytest.mark.parametrize("path", PATHS)
def test_without_a_cookie_every_path_is_401(client, path):
    assert client.get(path, cookie="").status == 401


@pytest.mark.parametrize(
    "cookie", ["{name}=", "{name}=x", "{name}={token}x", "{name} ={token}", "other={token}", "{token}", ";;=;"]
)
def test_a_wrong_cookie_is_401(client, cookie):
    name, _, token = client.cookie.partition("=")
    assert client.get("/api/state", cookie=cookie.format(name=name, token=token)).status == 401


def test_who_comes_without_the_token_is_told_in_a_sentence_what_to_do(client):
    answer = client.get("/", cookie="")
    assert b"whole address" in answer.body
    assert client.get("/api/state", cookie="").json["error"].startswith("This page is opened by the whole address")


def test_the_token_becomes_a_strict_cookie_that_scripts_cannot_read_and_leaves_the_address(client):
    answer = client.get(client.viewer.url.partition(client.host)[2], cookie="")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert re.search(r"; httponly; path=/; samesite=strict$", answer.headers["set-cookie"].lower())
    assert client.get("/").status == 200


@pytest.mark.parametrize(
    "query", ["token=", "token=x", "token=%00", "token=%ff%fe", "token=&token=x", "a=1&b=1&c=1&d=1&e=1&token=x"]
)
def test_a_wrong_token_is_401_even_with_the_cookie(client, query):
    assert client.get(f"/?{query}").status == 401


def test_a_link_from_another_site_is_led_on_by_a_page_for_strict_cookies_do_not_survive_a_redirect_from_there(client):
    address = client.viewer.url.partition(client.host)[2]
    answer = client.get(address, cookie="", sec_fetch_site="cross-site")
    assert answer.status == 200
    assert b'http-equiv="refresh" content="0;url=/"' in answer.body
    assert "samesite=strict" in answer.headers["set-cookie"].lower()
    assert client.viewer.url.partition("token=")[2].encode() not in answer.body


def test_the_token_of_a_browser_that_is_started_is_good_once():
    guard = Guard(None)
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": f"token={guard.once()}".encode()}
    scope["headers"] = [(b"host", b"127.0.0.1:1")]
    assert [guard._answer(scope).status_code for _ in range(2)] == [303, 401]


def test_two_views_of_one_browser_do_not_take_each_others_cookie():
    with served() as one, served() as other:
        both = f"{one.cookie}; {other.cookie}"
        assert one.get("/api/state", cookie=both).status == other.get("/api/state", cookie=both).status == 200
        assert one.get("/api/state", cookie=other.cookie).status == 401


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example", "127.0.0.1:{port}@evil.example",
     "127.0.0.2", "0.0.0.0:{port}", "[::1]:{port}", "localhost:", "127.0.0.1:999999", " ", "127.0.0.1 evil", "localhost,evil.example"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/api/state", "/"])
def test_another_host_is_403_whatever_is_known(client, host, path):
    assert client.get(path, host=host.format(port=client.viewer.port)).status in (403, 400)


@pytest.mark.parametrize("host", ["localhost:{port}", "LOCALHOST:{port}", "127.0.0.1", "127.0.0.1:9000"])
def test_this_machine_is_let_in_under_any_port_for_ports_are_forwarded(client, host):
    assert client.get("/api/state", host=host.format(port=client.viewer.port)).status == 200


def test_two_hosts_or_none_are_refused(client):
    cookie = f"Cookie: {client.cookie}\r\n\r\n".encode()
    for lines in (b"Host: 127.0.0.1\r\nHost: 127.0.0.1\r\n", b""):
        answer = client.raw(b"GET /api/state HTTP/1.1\r\n" + lines + cookie)
        assert answer.startswith(b"HTTP/1.1 400")
    assert client.raw(b"GET /api/state HTTP/1.0\r\n" + cookie).startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1", "https://127.0.0.1:{port}", "http://localhost:{port}", "http://127.0.0.1:1",
     "http://127.0.0.1:{port}/", "http://127.0.0.1:{port}.evil.example", "file://"],
)  # fmt: skip
def test_a_post_from_another_origin_is_403(client, origin):
    answer = client.post({}, origin=origin.format(port=client.viewer.port))
    assert answer.status == 403
    assert answer.json["error"] == "this comes from another page"


def test_a_post_that_does_not_say_where_it_comes_from_is_403(client):
    assert client.post({}, origin="").status == 403
    assert client.post({}).status == 200


def test_a_get_of_another_origin_is_403_too_and_nobody_is_told_that_it_may(client):
    assert client.get("/api/document", origin="http://evil.example").status == 403
    for answer in (client.get("/api/document"), client.ask("OPTIONS", "/api/run", origin="http://evil.example")):
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", [*PATHS, "/?token=x"])
@pytest.mark.parametrize("known", [True, False])
def test_every_answer_has_the_policy_and_what_else_browsers_are_told(client, path, known):
    answer = client.get(path) if known else client.get(path, cookie="", host="evil.example")
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert POLICY.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in POLICY


def test_the_token_is_long_and_another_each_time():
    tokens = {Guard(None).token for _ in range(100)}
    assert len(tokens) == 100
    assert min(map(len, tokens)) >= 43


def test_it_listens_on_this_machine_alone():
    with Viewer(session()) as viewer:
        assert viewer._socket.getsockname()[0] == "127.0.0.1"
        assert Client(viewer).get("/").status == 401
