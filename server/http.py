"""The HTTP protocol of uvicorn with the limits that it lacks: the size of a head, and its time.

uvicorn with httptools reads headers of any length for any time; its other parser, h11, is bounded
but takes three times as long.
"""

import asyncio
from functools import partial
from http import HTTPStatus
from math import inf
from typing import Any
from weakref import proxy

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from server.exchange import AT_ONCE, Headers, encoded
from server.problems import JSON, Problem

LONGEST_TARGET = 16_384  # bytes of a URL
LONGEST_HEAD = 65_536  # bytes of a request before its body
_SLOWEST_HEAD = 10.0  # seconds
# What a head consists of. To drop it all takes a quarter of the time of a search for all else.
_OF_A_HEAD = bytes({*b"\t\r\n", *range(0x20, 0x7F), *range(0x80, 0x100)})
_MOST_GATHERED = 1 << 16  # bytes; with more, flow control could not hold a worker back


class _Gathering:
    """A transport that sends what is written in one turn of the loop at once.

    uvicorn writes the head and the body of an answer apart, and on small answers a system call is
    most of the work.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._written: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        if len(data) > _MOST_GATHERED:  # it would only be copied once more
            self.write_at_once(data)
            return
        if not self._written:
            self._loop.call_soon(self._send)
        self._written.append(data)
        self._size += len(data)
        if self._size > _MOST_GATHERED:
            self._send()

    def write_at_once(self, data: bytes) -> None:
        self._send()
        self._transport.write(data)

    def close(self) -> None:
        self._send()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def _send(self) -> None:
        if self._written:
            self._transport.write(b"".join(self._written))
            self._written.clear()
            self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Protocol(HttpToolsProtocol):
    """A connection: requests whose head is too long or too slow are refused."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._size = 0
        self._is_in_head = True
        self._due = inf  # when the client must have sent what is waited for
        self._looks_at = inf
        self._timer: asyncio.TimerHandle | None = None
        self._refusal: Problem | None = None
        self._gathering: _Gathering

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, see asyncio."""
        self._gathering = _Gathering(transport, self.loop)
        super().connection_made(self._gathering)  # type: ignore[arg-type]
        self._wait(_SLOWEST_HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        """End, see asyncio."""
        if self._timer:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came, see asyncio."""
        was_in_head = self._is_in_head
        super().data_received(data)
        if was_in_head and self._is_in_head and not self.transport.is_closing():
            self._size += len(data)
            if self._size > LONGEST_HEAD:
                self._refuse(_long_head())

    def on_message_begin(self) -> None:
        """Begin a request, see httptools."""
        super().on_message_begin()
        self._size = 0
        self._is_in_head = True
        self._wait(_SLOWEST_HEAD)

    def on_headers_complete(self) -> None:
        """Begin to answer, see httptools."""
        self._is_in_head = False
        self._due = inf
        if len(self.url) > LONGEST_TARGET:
            self._refusal = _long_target()
        elif sum(len(name) + len(value) for name, value in self.headers) > LONGEST_HEAD:
            self._refusal = _long_head()
        if self._refusal:  # httptools stops at an exception, and send_400_response is called
            raise ValueError(self._refusal.detail)
        super().on_headers_complete()
        # A proxy: a request that holds itself is there until the collector of cycles comes.
        answer = partial(self._answer_at_once, proxy(self.cycle))
        self.scope["extensions"] = {AT_ONCE: answer}  # type: ignore[dict-item]

    def on_response_complete(self) -> None:
        """Begin to answer what was asked meanwhile, or wait for what is asked next, see uvicorn.

        uvicorn sets a timer for each answer and cancels it: a fiftieth of the time of small ones.
        """
        if self.pipeline:
            super().on_response_complete()
        elif not self.transport.is_closing():
            self.flow.resume_reading()
            if not self._is_in_head:
                self._wait(self.timeout_keep_alive)

    def _answer_at_once(
        self, cycle: RequestResponseCycle, status: int, headers: Headers, body: bytes
    ) -> bool:
        """Send a whole answer, as the cycle does it in two steps that take thrice the time.

        Returns whether it could be: not where the client has still to read what was sent before.
        """
        if cycle.disconnected or cycle.flow.write_paused:
            return False
        lines = [*self.server_state.default_headers, *headers]
        if (b"connection", b"close") in headers:
            cycle.keep_alive = False
        elif not cycle.keep_alive:
            lines.append((b"connection", b"close"))
        head = b"\r\n".join([*map(b": ".join, lines), b""])
        ends = head.count(b"\r"), head.count(b"\n")
        if head.translate(None, _OF_A_HEAD) or ends != (len(lines), len(lines)):
            raise RuntimeError("a header has a character that none may have")
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        self._gathering.write_at_once(b"%s%s\r\n%s" % (STATUS_LINE[status], head, body))
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()
        return True

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, see uvicorn."""
        self._refuse(self._refusal or Problem(HTTPStatus.BAD_REQUEST, "http", msg.lower()))

    def _refuse(self, problem: Problem) -> None:
        status = problem.status
        body = problem.document
        headers = encoded(
            [
                ("content-type", JSON),
                ("content-length", str(len(body))),
                ("connection", "close"),
            ]
        )
        head = b"".join(b"%s: %s\r\n" % header for header in headers)
        line = f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode()
        self.transport.write(line + head + b"\r\n" + body)
        self.transport.close()

    def _wait(self, seconds: float) -> None:
        """Wait so long for the client, from now on."""
        self._due = self.loop.time() + seconds
        if self._due < self._looks_at:
            self._look_at(self._due)

    def _look_at(self, time: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self.loop.call_at(time, self._look)
        self._looks_at = time

    def _look(self) -> None:
        self._timer, self._looks_at = None, inf
        if self.transport.is_closing() or self._due == inf:
            return
        if self.loop.time() < self._due:
            self._look_at(self._due)
        elif self._is_in_head:
            detail = f"no whole request arrived within {_SLOWEST_HEAD:g} s"
            self._refuse(Problem(HTTPStatus.REQUEST_TIMEOUT, "slow-request", detail))
        else:
            self.transport.close()


def _long_target() -> Problem:
    limit = f"{LONGEST_TARGET} bytes"
    detail = f"the address is longer than {LONGEST_TARGET:,} bytes; send a long query by POST"
    return Problem(HTTPStatus.REQUEST_URI_TOO_LONG, "address-size", detail, {"limit": limit})


def _long_head() -> Problem:
    limit = f"{LONGEST_HEAD} bytes"
    detail = f"the headers are longer than {LONGEST_HEAD:,} bytes"
    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    return Problem(status, "header-size", detail, {"limit": limit})
