"""The routes of the viewer: each asks the session one thing."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from laminae.base.errors import UnknownNameError, UsageError
from laminae.see.viewer.answers import WORDS, answered, failed, packed, refused
from laminae.see.viewer.session import FAILED, READY, Session, State
from laminae.see.viewer.shell import ASSETS, KINDS, shell
from laminae.see.viewer.slices import LARGEST, cut
from laminae.see.viewer.worker import Busy, Worker

PREVIEWS = 256
"""Of layers that are asked for at once."""

WAITING, RUNS_WAITING = 256, 8
"""Requests that may wait for those before them: to look, and to run."""

DRAWINGS = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}

Endpoint = Callable[[Request], Awaitable[Response]]


class Viewing:
    """Answers from a session. Looking and running each have a thread: who looks does not wait for a run."""

    def __init__(self, session: Session, assets: Path = ASSETS) -> None:
        self._session, self._assets = session, assets
        self._looking, self._running = Worker("laminae-looking", WAITING), Worker("laminae-running", RUNS_WAITING)
        self._document: dict[bool, bytes] = {}

    def app(self) -> Starlette:
        """The ASGI application; it is to stand behind the guard."""
        run = "/api/runs/{run}"
        routes = [
            Route("/", _safe(self.page)),
            Route("/assets/{name}", _safe(self.asset)),
            Route("/api/state", _safe(self.state)),
            Route("/api/document", self._ready(self.document)),
            Route("/api/run", self._ready(self.run), methods=["POST"]),
            Route(run, self._ready(self.told)),
            Route(f"{run}/layers/{{layer}}", self._ready(self.layer)),
            Route(f"{run}/previews", self._ready(self.previews)),
            Route(f"{run}/value", self._ready(self.value)),
            Route(f"{run}/python", self._ready(self.python)),
            Route("/api/parameter", self._ready(self.parameter)),
            Route("/api/drawing", self._ready(self.drawing)),
        ]
        made = Starlette(routes=routes, exception_handlers={HTTPException: _odd})
        made.router.redirect_slashes = False
        return made

    def close(self, patience: float) -> bool:
        """Whether nothing is being done any more."""
        return all([self._looking.close(patience), self._running.close(patience)])

    # -- the page --------------------------------------------------------------------------------------------------------

    async def page(self, request: Request) -> Response:
        return HTMLResponse(shell(self._session.title()))

    async def asset(self, request: Request) -> Response:
        """One of the two files that there are: no path of a request reaches the disk."""
        name = request.path_params["name"]
        if name not in KINDS:
            raise HTTPException(404)
        try:
            data = (self._assets / name).read_bytes()
        except OSError:
            return refused(404, f"{name} is not there", {"because": "this Laminae was installed without its page"})
        return Response(data, media_type=KINDS[name])

    async def state(self, request: Request) -> Response:
        return answered(vars(self._session.state()))

    # -- looking ---------------------------------------------------------------------------------------------------------

    async def document(self, request: Request) -> Response:
        small = "gzip" in request.headers.get("accept-encoding", "")
        data = await self._looking.do(lambda: self._packed_document(small))
        headers = {"vary": "accept-encoding"} | ({"content-encoding": "gzip"} if small else {})
        return Response(data, media_type="application/json", headers=headers)

    def _packed_document(self, small: bool) -> bytes:
        """It is made once."""
        if False not in self._document:
            self._document[False] = packed(self._session.document())
        if small not in self._document:
            self._document[small] = gzip.compress(self._document[False], 1)
        return self._document[small]

    async def told(self, request: Request) -> Response:
        run = _run(request)
        return answered(await self._looking.do(lambda: self._session.told(run)))

    async def layer(self, request: Request) -> Response:
        run, layer = _run(request), _number(request.path_params["layer"], "layer")
        return answered(await self._looking.do(lambda: self._session.layer(run, layer)))

    async def previews(self, request: Request) -> Response:
        run, asked = _run(request), request.query_params.get("layers", "")
        layers = [_number(text, "layer") for text in asked.split(",", PREVIEWS) if text]
        if len(layers) > PREVIEWS:
            raise UsageError("too many layers are asked for at once", {"at most": PREVIEWS})
        return answered(await self._looking.do(lambda: self._session.previews(run, layers)))

    async def value(self, request: Request) -> Response:
        run = _run(request)
        layer, output = (_number(request.query_params.get(word, "0"), word) for word in ("layer", "output"))
        return await self._cut(request, lambda: self._session.value(run, layer, output))

    async def parameter(self, request: Request) -> Response:
        name = request.query_params.get("name", "")
        return await self._cut(request, lambda: self._session.parameter(name))

    async def _cut(self, request: Request, array: Callable[[], Any]) -> Response:
        at, part = request.query_params.get("at"), request.query_params.get("part")
        most = _number(request.query_params.get("most", str(LARGEST)), "most")
        place = None if part is None else _number(part, "part")
        found = await self._looking.do(lambda: cut(_part(array(), place), at, most))
        headers = {"laminae-shape": _joined(found.shape), "laminae-dtype": found.dtype, "laminae-steps": _joined(found.steps)}
        kind = "application/json" if found.dtype == "string" else "application/octet-stream"
        return Response(found.data, media_type=kind, headers=headers)

    async def python(self, request: Request) -> Response:
        run = _run(request)
        return Response(await self._looking.do(lambda: self._session.python(run)), media_type="text/plain; charset=utf-8")

    async def drawing(self, request: Request) -> Response:
        form = request.query_params.get("format", "svg")
        if form not in DRAWINGS:
            raise UsageError(f"there is no drawing as {form[:40]!r}", {"there are": ", ".join(DRAWINGS)})
        run = _number(request.query_params.get("run", "0"), "run")
        data = await self._looking.do(lambda: self._session.drawing(run, form))
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", self._session.title()).strip("._")[:60] or "model"
        headers = {"content-disposition": f'attachment; filename="{name}.{form}"'}
        return Response(data, media_type=DRAWINGS[form], headers=headers)

    # -- running ---------------------------------------------------------------------------------------------------------

    async def run(self, request: Request) -> Response:
        try:
            asked = json.loads(await request.body(), parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise UsageError("the request is no JSON", {"because": str(error)[:200]}) from None
        if not isinstance(asked, Mapping):
            raise UsageError("the request is no JSON object", {"expected": '{"base": 0, "inputs": {}, "patches": []}'})
        return answered(await self._running.do(lambda: self._session.run(asked)))

    # -- when ------------------------------------------------------------------------------------------------------------

    def _ready(self, endpoint: Endpoint) -> Endpoint:
        """409 until the model is there."""

        async def when_ready(request: Request) -> Response:
            state = self._session.state()
            return await endpoint(request) if state.state == READY else _not_ready(state)

        return _safe(when_ready)


def _safe(endpoint: Endpoint) -> Endpoint:
    """Whatever goes wrong is an answer."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except HTTPException:
            raise
        except Busy:
            return refused(503, "too much is being asked at once", {"the way out": "ask again"})
        except Exception as error:
            return failed(error)

    return answer


async def _odd(request: Request, error: Exception) -> Response:
    """What the router refuses: another path, another method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    return refused(status, WORDS.get(status, str(getattr(error, "detail", ""))), {"path": request.url.path[:200]})


def _not_ready(state: State) -> Response:
    if state.state == FAILED:
        return refused(409, "the model could not be opened", {"because": state.error or ""})
    return refused(409, "the model is not there yet", {"now": state.said})


def _run(request: Request) -> int:
    return _number(request.path_params["run"], "run")


def _number(text: str, what: str) -> int:
    """Raises UnknownNameError for what is no number: nothing has such a place."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise UnknownNameError(f"there is no {what} {text[:40]!r}", {"expected": "a number"})
    return int(text)


def _part(value: Any, place: int | None) -> Any:
    """Of a sequence one array. Raises UnknownNameError where there is none in that place."""
    if place is None or not isinstance(value, list | tuple):
        return value
    if place >= len(value):
        raise UnknownNameError(f"the sequence has no part {place}", {"it has": len(value)})
    return value[place]


def _joined(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")
