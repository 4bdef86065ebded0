"""Who may ask, and how much: everything is refused here that does not come from the page itself.

The server is for one person on one machine. Any site that this person visits can make the browser send requests to localhost,
and any user of the machine can connect: so the host must be this machine (DNS rebinding), the token must be known, which only
the printed address has, and what comes from another origin is refused.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from laminae.see.viewer.answers import refused
from laminae.see.viewer.shell import onward

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LARGEST = 1 << 26
"""Bytes of a body."""

PATIENCE = 30.0
"""Seconds that a body may take."""

HOST = re.compile(r"(127\.0\.0\.1|localhost)(:\d{1,5})?", re.ASCII | re.IGNORECASE)
"""Any port: it may be forwarded from another machine's."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


class Guard:
    """In front of an application. token: what the address has; cookie: the name under which a browser keeps it.

    Cookies are of a host, whatever the port: each server's has a name of its own, so that two views stay open side by side.
    """

    def __init__(self, app: App, *, largest: int = LARGEST, patience: float = PATIENCE) -> None:
        self._app = app
        self._largest, self._patience = largest, patience
        self.token = secrets.token_urlsafe(32)
        self.cookie = f"laminae_{sha256(self.token.encode()).hexdigest()[:12]}"
        self._once: set[str] = set()

    def once(self) -> str:
        """A token that is good for one time: for an address that others may see, as among the arguments of a process."""
        token = secrets.token_urlsafe(32)
        self._once.add(token)
        return token

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        answer = self._answer(scope)
        body = b""
        if answer is None:
            taken = await self._body(scope, receive)
            if taken is None:  # who asked has gone
                return
            answer, body = (taken, b"") if isinstance(taken, Response) else (None, taken)
        if answer is None:
            await self._app(scope, _having(body, receive), _safe(send))
            return
        if scope["method"] not in ("GET", "HEAD"):  # what is left of the body is not waited for
            answer.headers["connection"] = "close"
        await answer(scope, receive, _safe(send))

    def _answer(self, scope: Message) -> Response | None:
        """None where the application is to answer."""
        headers = _Headers(scope)
        hosts, origins = headers["host"], headers["origin"]
        if len(hosts) != 1 or not HOST.fullmatch(hosts[0]):
            return refused(403, "this server answers to 127.0.0.1 and localhost alone", {"found": ", ".join(hosts)[:200]})
        if origins and origins != [f"http://{hosts[0]}"]:
            return refused(403, "this comes from another page", {"origin": ", ".join(origins)[:200]})
        if scope["path"] == "/" and scope["method"] in ("GET", "HEAD") and b"token=" in scope["query_string"]:
            return self._entered(scope["query_string"], headers["sec-fetch-site"])
        if not self._known(headers["cookie"]):
            return _not_known(scope["path"])
        if scope["method"] not in ("GET", "HEAD") and not origins:
            return refused(403, "a request that changes something says from which page it comes", {"expected": "Origin"})
        return None

    def _entered(self, query: bytes, site: list[str]) -> Response:
        """With the token in the address: the cookie, and on to the page without it."""
        try:
            given = parse_qs(query.decode("ascii"), max_num_fields=4).get("token", [""])[0]
        except (UnicodeDecodeError, ValueError):
            given = ""
        if given in self._once:
            self._once.discard(given)
        elif not hmac.compare_digest(given.encode(), self.token.encode()):
            return _not_known("/")
        led_here = site == ["cross-site"]
        answer: Response = HTMLResponse(onward()) if led_here else RedirectResponse("/", 303)
        answer.set_cookie(self.cookie, self.token, httponly=True, samesite="strict", path="/")
        return answer

    def _known(self, cookies: list[str]) -> bool:
        held = (part.strip().partition("=") for text in cookies for part in text.split(";"))
        return any(
            name == self.cookie and hmac.compare_digest(value.encode("latin-1", "replace"), self.token.encode())
            for name, _, value in held
        )

    async def _body(self, scope: Message, receive: Receive) -> bytes | Response | None:
        """All of it, before anything is done; None where who sends it has gone."""
        headers = _Headers(scope)
        said = headers["content-length"]
        if not said and not headers["transfer-encoding"]:
            return b""
        largest = self._largest if scope["method"] == "POST" else 0
        if said and said[0].isdecimal() and int(said[0][:19]) > largest:
            return _too_large(largest)
        parts, size = [], 0
        try:
            async with asyncio.timeout(self._patience):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":
                        return None
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > largest:
                        return _too_large(largest)
                    if not message.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError:
            answer = refused(408, "the request takes too long to come", {"allowed": f"{self._patience:g} s"})
            answer.headers["connection"] = "close"
            return answer


class _Headers:
    def __init__(self, scope: Message) -> None:
        self._held = scope["headers"]

    def __getitem__(self, name: str) -> list[str]:
        """Every one of that name, as they came."""
        wanted = name.encode()
        return [value.decode("latin-1") for key, value in self._held if key.lower() == wanted]


def _not_known(path: str) -> Response:
    sentence = "This page is opened by the whole address that Laminae has printed, with its token."
    return refused(401, sentence) if path.startswith("/api/") else PlainTextResponse(sentence + "\n", 401)


def _too_large(largest: int) -> Response:
    answer = refused(413, "the request is too large", {"allowed": f"{largest:,} bytes"})
    answer.headers["connection"] = "close"
    return answer


def _having(body: bytes, receive: Receive) -> Receive:
    """The body that has been read, then whatever comes."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _safe(send: Send) -> Send:
    """The same with what every answer says to a browser."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {key.lower() for key, _ in message["headers"]}
            more = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in own]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return sent
