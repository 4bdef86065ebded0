"""How many connections there may be, and how long one may do nothing: uvicorn itself waits for a request for ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 64
"""Open connections; a browser makes six for a page, and a process may have no more than 256 files open."""

HEAD, STALLED = 10.0, 30.0
"""Seconds in which the head of a request must have come, and for which a browser may take nothing of an answer."""


class Connection(H11Protocol):
    """Of more than MOST the one that has waited longest for a request gives way: who opens many holds up nobody."""

    most, head, stalled = MOST, HEAD, STALLED

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.logger = logging.getLogger("laminae.viewer")
        self.logger.setLevel(logging.CRITICAL)  # what clients do wrong is answered, not logged
        self.access_log = False
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._since = self.loop.time()
        room = self._make_room()
        super().connection_made(transport)
        if room:
            self._expect(self.head)
        else:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.flow.write_paused:
            return
        if self._answering():
            self._expect(None)
        elif self._timer is None:
            self._expect(self.head)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._expect(None)
        super().resume_writing()

    def shutdown(self) -> None:
        """The server ends: nobody is waited for."""
        super().shutdown()
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect(None)
        super().connection_lost(exc)

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _busy(self) -> bool:
        return self._answering() or self.transport.get_write_buffer_size() > 0

    def _expect(self, seconds: float | None, otherwise: Callable[[], object] | None = None) -> None:
        """Something, within so many seconds, or the connection is cut; None: it has come."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, otherwise or self.transport.abort)

    def _watch(self, waiting: int) -> None:
        """Over a slow line an answer may take its time, as long as some of the bytes that wait are taken."""

        def look() -> None:
            left = self.transport.get_write_buffer_size()
            if left < waiting:
                self._watch(left)
            else:
                self.transport.abort()

        self._expect(self.stalled, look)

    def _make_room(self) -> bool:
        """Whether there is room for one more."""
        held = [one for one in self.connections if isinstance(one, Connection) and not one.transport.is_closing()]
        if len(held) < self.most:
            return True
        idle = min((one for one in held if not one._busy()), key=lambda one: one._since, default=None)
        if idle is not None:
            idle.transport.abort()
        return idle is not None
