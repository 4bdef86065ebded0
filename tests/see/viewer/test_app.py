"""The routes: what each answers, that nothing leads out of their folder, and that names and numbers do no harm."""

import gzip
import json
import threading
import time

import numpy as np
import pytest

from laminae.see.viewer.app import RUNS_WAITING
from laminae.see.viewer.session import FAILED, OPENING, State
from laminae.see.viewer.slices import LARGEST
from tests.see.viewer.serving import EVIL, VALUE, served


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("web")
    secret = folder.parent / "secret.txt"
    secret.write_text("secret")
    assets = folder / "assets"
    assets.mkdir()
    (assets / "page.js").write_text("export {}")
    (assets / "page.css").write_text("body {}")
    (assets / "other.js").write_text("other")
    (assets / "link").symlink_to(secret)
    (folder / "beside.js").write_text("beside")
    with served(assets) as one:
        yield one


def test_the_page_is_a_shell_with_nothing_inline_and_the_title_escaped(client):
    answer = client.get("/")
    text = answer.body.decode()
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert '<html lang="en" data-live>' in text
    assert '<div id="app"></div>' in text
    assert '<script type="module" src="/assets/page.js"></script>' in text
    assert EVIL not in text
    assert "&lt;/title&gt;&lt;script&gt;" in text
    assert text.count("<script") == 1
    assert "style=" not in text


def test_its_two_files_are_served(client):
    script, style = client.get("/assets/page.js"), client.get("/assets/page.css")
    assert (script.body, script.headers["content-type"]) == (b"export {}", "text/javascript; charset=utf-8")
    assert (style.body, style.headers["content-type"]) == (b"body {}", "text/css; charset=utf-8")


@pytest.mark.parametrize(
    "path",
    ["/assets/other.js", "/assets/link", "/assets/", "/assets", "/assets/../beside.js", "/assets/%2e%2e/beside.js",
     "/assets/..%2fbeside.js", "/assets/%2e%2e%2fbeside.js", "/assets/%252e%252e/beside.js", "/assets/..\\beside.js",
     "/assets/..%5cbeside.js", "/assets/%5c..%5cbeside.js", "/assets/page.js%00", "/assets/%00page.js", "/assets/page.js%00.css",
     "/assets/page.js/", "/assets/./page.js", "//assets/page.js", "/assets//page.js", "/assets/PAGE.JS", "/assets/page.js;x",
     "/assets/%2fetc%2fpasswd", "/assets/C:%5cWindows", "/assets/page.js::$DATA", "/assets/%c0%ae%c0%ae/beside.js", "/assets/‥"],
)  # fmt: skip
def test_no_path_leads_to_another_file(client, path):
    request = f"GET {path} HTTP/1.1\r\nHost: {client.host}\r\nCookie: {client.cookie}\r\nConnection: close\r\n\r\n"
    answer = client.raw(request.encode())
    assert answer[:12] in (b"HTTP/1.1 404", b"HTTP/1.1 400")
    assert b"secret" not in answer
    assert b"beside\n" not in answer


def test_where_the_page_was_not_built_that_is_said(tmp_path):
    with served(tmp_path / "nothing") as client:
        answer = client.get("/assets/page.js")
        assert answer.status == 404
        assert "without its page" in answer.json["facts"]["because"]


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/x", "/api/state/", "/api/runs", "/api/runs/0/x", "/favicon.ico", "/docs", "/openapi.json"]
)
def test_everything_else_is_404(client, path):
    answer = client.get(path)
    assert answer.status == 404
    assert answer.json["error"] == "not found"


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/state"), ("PUT", "/"), ("DELETE", "/api/runs/0"), ("GET", "/api/run")]
)
def test_other_methods_are_405(client, method, path):
    assert client.ask(method, path, origin=f"http://{client.host}").status == 405


def test_the_document_is_json_also_where_numbers_are_none_and_names_are_odd(client):
    plain = client.get("/api/document")
    assert plain.json["odd"] == ["NaN", "Infinity", "-Infinity", "\ud800"]
    assert plain.json["title"] == EVIL
    assert plain.headers["content-type"] == "application/json"
    small = client.get("/api/document", accept_encoding="gzip, br")
    assert small.headers["content-encoding"] == "gzip"
    assert gzip.decompress(small.body) == plain.body


def test_a_value_comes_as_bytes_with_its_shape(client):
    answer = client.get("/api/runs/0/value?layer=1&output=0&at=1,:,2,1:4")
    found = np.frombuffer(answer.body, "<f4").reshape([int(n) for n in answer.headers["laminae-shape"].split(",")])
    np.testing.assert_array_equal(found, VALUE[1, :, 2, 1:4])
    assert answer.headers["laminae-dtype"] == "float32"
    assert answer.headers["laminae-steps"] == "1,1"


def test_a_value_is_thinned_when_less_is_asked_for(client):
    answer = client.get("/api/runs/0/value?layer=1&at=0,0,:,:&most=6")
    steps = [int(n) for n in answer.headers["laminae-steps"].split(",")]
    np.testing.assert_array_equal(np.frombuffer(answer.body, "<f4"), VALUE[0, 0, :: steps[0], :: steps[1]].ravel())
    assert len(answer.body) <= 6 * 4


def test_a_parameter_comes_likewise(client):
    answer = client.get("/api/parameter?name=w&at=0,:,:")
    np.testing.assert_array_equal(np.frombuffer(answer.body, "<f4"), VALUE[0, 0].ravel())


def test_a_huge_value_is_bounded():
    big = np.broadcast_to(np.float64(1.5), (1 << 20, 1 << 20))
    with served(value=lambda *place: big) as client:
        answer = client.get(f"/api/runs/0/value?most={10**9 - 1}")
        assert answer.status == 200
        assert len(answer.body) <= LARGEST * 8
        assert np.prod([int(n) for n in answer.headers["laminae-shape"].split(",")]) * 8 == len(answer.body)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/runs/0/value?layer=7", 404),
        ("/api/runs/3/value?layer=1", 404),
        ("/api/runs/x/value?layer=1", 404),
        ("/api/runs/-1/value?layer=1", 404),
        ("/api/runs/" + "9" * 5000 + "/value", 404),
        ("/api/runs/%D9%A3/layers/0", 404),
        ("/api/runs/0/layers/1e3", 404),
        ("/api/runs/0/value?layer=1&at=", 400),
        ("/api/runs/0/value?layer=1&at=0", 400),
        ("/api/runs/0/value?layer=1&at=0,0,0,5", 400),
        ("/api/runs/0/value?layer=1&at=0,0,0,x", 400),
        ("/api/runs/0/value?layer=1&at=0,0,0,::2", 400),
        ("/api/runs/0/value?layer=1&at=" + ",".join("0" * 1000), 400),
        ("/api/runs/0/previews?layers=" + ",".join(["1"] * 257), 400),
        ("/api/runs/0/previews?layers=1,x", 404),
        ("/api/parameter?name=nothing", 400),
        ("/api/drawing?format=exe", 400),
    ],
)
def test_what_cannot_be_is_said(client, path, status):
    answer = client.get(path)
    assert answer.status == status
    assert set(answer.json) == {"error", "facts"}
    assert len(answer.body) < 1000


def test_numbers_that_json_lacks_are_words(client):
    assert client.get("/api/runs/2/layers/5").json == {"outputs": [{"statistics": {"mean": "NaN"}}], "of": [2, 5]}
    assert client.get("/api/runs/2").json == {"run": 2}
    assert client.get("/api/runs/0/previews?layers=1,2,3").json == {"1": None, "2": None, "3": None}


def test_python_and_drawings_are_handed_out(client):
    assert client.get("/api/runs/0/python").headers["content-type"] == "text/plain; charset=utf-8"
    answer = client.get("/api/drawing?format=svg")
    assert answer.headers["content-disposition"] == 'attachment; filename="title_script_alert_1_script.svg"'


def test_until_the_model_is_there_nothing_else_is_answered():
    state = [State(OPENING, "reading")]
    with served(state=lambda: state[0]) as client:
        assert client.get("/api/state").json["said"] == "reading"
        assert client.get("/").status == 200
        answer = client.get("/api/document")
        assert (answer.status, answer.json["facts"]) == (409, {"now": "reading"})
        assert client.post({}).status == 409
        state[0] = State(FAILED, error="no such file")
        assert client.get("/api/document").json["facts"] == {"because": "no such file"}


def test_a_fault_of_ours_is_500_and_says_so():
    def broken(*anything):
        raise RuntimeError("<b>odd</b>")

    with served(layer=broken) as client:
        answer = client.get("/api/runs/0/layers/0")
        assert answer.status == 500
        assert answer.json["facts"]["found"] == "RuntimeError: <b>odd</b>"
        assert answer.headers["content-type"] == "application/json"


def test_who_looks_does_not_wait_for_a_run_and_runs_come_one_after_another():
    going, go, most = [0], threading.Event(), [0]

    def run(words):
        going[0] += 1
        most[0] = max(most)
        assert going[0] == 1
        go.wait(10)
        going[0] -= 1
        return {"run": 1}

    with served(run=run) as client:
        runs = [threading.Thread(target=lambda: answers.append(client.post({}).status)) for _ in range(RUNS_WAITING + 3)]
        answers: list[int] = []
        for one in runs:
            one.start()
        time.sleep(0.5)
        start = time.monotonic()
        assert client.get("/api/runs/0/layers/0").status == 200
        assert time.monotonic() - start < 1
        go.set()
        for one in runs:
            one.join(10)
        assert sorted(answers) == [200] * RUNS_WAITING + [503] * 3


def test_json_is_what_a_browser_reads(client):
    assert json.loads(client.get("/api/state").body)["state"] == "ready"
