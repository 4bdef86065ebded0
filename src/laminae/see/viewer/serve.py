"""The server: on this machine alone, in a thread of its own, until it is closed."""

from __future__ import annotations

import atexit
import html
import os
import socket
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from laminae.base.errors import MissingPackageError, UsageError
from laminae.see.viewer.session import Session

HOST = "127.0.0.1"

IDLE = 60
"""Seconds after which a connection that nothing is asked on is closed."""

LONGEST = 1 << 14
"""Bytes of the head of a request."""

PATIENCE = 2.0
"""Seconds that closing waits for what is being done."""


class Viewer:
    """A page that is served: `viewer.url` opens it, `viewer.close()` ends it, as does the end of a `with`, or of the process.

    In a notebook it shows itself as a link. port: 0 takes any that is free. Raises MissingPackageError without the extra
    `serve`, and UsageError where the port cannot be had.
    """

    def __init__(self, session: Session, port: int = 0, *, assets: Path | None = None) -> None:
        require_serve()
        self._socket = bound(port)
        self.port: int = self._socket.getsockname()[1]
        self._server, self._guard, self._viewing = _server(session, assets)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="laminae-viewer", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    @property
    def url(self) -> str:
        """The whole address, with the token that lets one in."""
        return f"http://{HOST}:{self.port}/?token={self._guard.token}"

    @property
    def closed(self) -> bool:
        return self._ended.is_set()

    def open_browser(self) -> bool:
        """Show the page in this machine's browser, with a token that is good once: arguments of a process are no secret.

        False where there is no screen, or no browser.
        """
        if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            return False
        import webbrowser

        return webbrowser.open(f"http://{HOST}:{self.port}/?token={self._guard.once()}")

    def wait(self, seconds: float | None = None) -> bool:
        """Until it is closed, or for so many seconds; whether it is. Ctrl-C breaks it off."""
        while seconds is None:
            if self._ended.wait(3600.0):
                return True
        return self._ended.wait(seconds)

    def close(self) -> bool:
        """End it at once; open connections are cut. False where a run is still going on: nothing can break it off."""
        atexit.unregister(self.close)
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(PATIENCE)
        self._socket.close()
        return self._viewing.close(PATIENCE)  # type: ignore[no-any-return]

    def _serve(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._ended.set()

    def __enter__(self) -> Viewer:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Viewer({'closed' if self.closed else self.url})"

    def _repr_html_(self) -> str:
        if self.closed:
            return "<p>this viewer is closed</p>"
        link = f'<a href="{html.escape(self.url)}" target="_blank" rel="noopener noreferrer">Open the viewer</a>'
        return f"<p>{link} on port {self.port} of the machine that runs this notebook.</p>"


def require_serve() -> None:
    """Raises MissingPackageError where the server's packages are not installed."""
    missing = next((name for name in ("starlette", "uvicorn") if find_spec(name) is None), None)
    if missing is not None:
        rows = {"install": "pip install 'laminae[serve]'", "or write": "a page to a file: laminae run … --report page.html"}
        raise MissingPackageError(f"the viewer is served by the package {missing}", rows)


def bound(port: int) -> socket.socket:
    """A socket of this machine alone. Raises UsageError for a port that is taken, or is none."""
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
        raise UsageError(f"port {port!r} is none", {"expected": "1 to 65535, or 0 for any that is free"})
    # said to be TCP, else asyncio lets small answers wait for more to send with them, 40 ms each
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # a port may be had again as soon as its server has ended; elsewhere this would share it
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((HOST, port))
        made.listen(128)  # two servers may both bind, where the one does not listen yet
    except OSError as error:
        made.close()
        rows = {"because": error.strerror or str(error), "the way out": "another --port, or 0 for any that is free"}
        raise UsageError(f"port {port} of this machine cannot be had", rows) from None
    return made


def _server(session: Session, assets: Path | None) -> tuple[Any, Any, Any]:
    import uvicorn

    from laminae.see.viewer.app import Viewing
    from laminae.see.viewer.connections import Connection
    from laminae.see.viewer.guard import Guard

    viewing = Viewing(session) if assets is None else Viewing(session, assets)
    guard = Guard(viewing.app())
    config = uvicorn.Config(
        guard,
        http=Connection,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=IDLE,
        h11_max_incomplete_event_size=LONGEST,
        backlog=128,
    )
    return uvicorn.Server(config), guard, viewing
