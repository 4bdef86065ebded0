"""A viewer of values made by hand, and a client that says exactly what is told: real sockets, no test client."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from laminae.base.errors import ShapeError, UnknownNameError
from laminae.see.viewer.serve import Viewer
from laminae.see.viewer.session import READY, Session, State

EVIL = "</title><script>alert(1)</script>"
VALUE = np.arange(120, dtype=np.float32).reshape(2, 3, 4, 5)


def session(**other: Any) -> Session:
    """Everything it is asked, it knows by heart; other: what is answered otherwise."""

    def value(run: int, layer: int, output: int) -> Any:
        if (run, layer, output) != (0, 1, 0):
            raise UnknownNameError(f"there is no run {run}, layer {layer}, output {output}")
        return VALUE

    def run(words: Mapping[str, Any]) -> dict[str, Any]:
        if words.get("base") == 9:
            raise ShapeError("shapes do not fit", {"expected": "[1, 3]", "found": "[2]"})
        return {"run": 1, "words": dict(words)}

    made = Session(
        title=lambda: EVIL,
        state=lambda: State(READY),
        document=lambda: {"title": EVIL, "layers": [], "odd": [float("nan"), float("inf"), -float("inf"), "\ud800"]},
        told=lambda number: {"run": number},
        layer=lambda number, place: {"outputs": [{"statistics": {"mean": float("nan")}}], "of": [number, place]},
        previews=lambda number, places: {str(place): None for place in places},
        value=value,
        parameter=lambda name: {"w": VALUE[0]}.get(name),
        run=run,
        python=lambda number: "import laminae as lm\n",
        drawing=lambda number, form: b"<svg/>",
    )
    return replace(made, **other)


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """Speaks to a viewer; with its cookie, unless told otherwise."""

    viewer: Viewer
    cookie: str = ""
    sent: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.viewer.port}"

    def enter(self) -> Client:
        answer = self.ask("GET", self.viewer.url.partition(self.host)[2])
        assert answer.status == 303
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return self

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """headers: `origin="…"`; words are joined by `_`; an empty one is not sent."""
        given = {"Cookie": self.cookie} | ({"Origin": f"http://{self.host}"} if method == "POST" else {})
        given |= {name.replace("_", "-").title(): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.viewer.port, timeout=20)
        connection.putrequest(method, path, skip_host="Host" in given, skip_accept_encoding=True)
        for name, value in given.items():
            if value:
                connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        found = connection.getresponse()
        answer = Answer(found.status, {k.lower(): v for k, v in found.getheaders()}, found.read())
        connection.close()
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, words: Any, **headers: str) -> Answer:
        return self.ask("POST", "/api/run", json.dumps(words).encode(), **headers)

    def socket(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.viewer.port), timeout=20)

    def raw(self, request: bytes) -> bytes:
        """What comes back until the server closes, or is silent for a second."""
        with self.socket() as plain:
            plain.sendall(request)
            return heard(plain)


def heard(plain: socket.socket, silence: float = 1.0) -> bytes:
    """What comes until the other side closes, or is silent so long."""
    plain.settimeout(silence)
    parts = []
    try:
        while part := plain.recv(65536):
            parts.append(part)
    except (TimeoutError, ConnectionError):
        pass
    return b"".join(parts)


@contextmanager
def served(assets: Path | None = None, **other: Any) -> Iterator[Client]:
    with Viewer(session(**other), assets=assets) as viewer:
        yield Client(viewer).enter()
