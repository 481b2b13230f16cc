"""The HTTP protocol of uvicorn with the limits that it lacks: the size of a head, and its time.

uvicorn with httptools reads headers of any length for any time; its other parser, h11, is bounded
but takes three times as long.
"""

import asyncio
import re
from functools import partial
from http import HTTPStatus
from typing import Any

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
_NO_VALUE = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
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
            self._send()
            self._transport.write(data)
            return
        if not self._written:
            self._loop.call_soon(self._send)
        self._written.append(data)
        self._size += len(data)
        if self._size > _MOST_GATHERED:
            self._send()

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
        self._timer: asyncio.TimerHandle | None = None
        self._refusal: Problem | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, see asyncio."""
        super().connection_made(_Gathering(transport, self.loop))  # type: ignore[arg-type]
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """End, see asyncio."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came, see asyncio."""
        was_in_head = self._is_in_head
        super().data_received(data)
        # Where a head has not come whole; or no request has begun, and uvicorn's own timer ended.
        if self._timer is None and (
            self._is_in_head or getattr(self.cycle, "response_complete", False)
        ):
            self._wait_for_head()
        if was_in_head and self._is_in_head and not self.transport.is_closing():
            self._size += len(data)
            if self._size > LONGEST_HEAD:
                self._refuse(_long_head())

    def on_message_begin(self) -> None:
        """Begin a request, see httptools."""
        super().on_message_begin()
        self._size = 0
        self._is_in_head = True

    def on_headers_complete(self) -> None:
        """Begin to answer, see httptools."""
        self._is_in_head = False
        self._stop_waiting()
        if len(self.url) > LONGEST_TARGET:
            self._refusal = _long_target()
        elif sum(len(name) + len(value) for name, value in self.headers) > LONGEST_HEAD:
            self._refusal = _long_head()
        if self._refusal:  # httptools stops at an exception, and send_400_response is called
            raise ValueError(self._refusal.detail)
        super().on_headers_complete()
        extensions: dict[str, Any] = {AT_ONCE: partial(self._answer_at_once, self.cycle)}
        self.scope["extensions"] = extensions

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
        head = b"".join([b"%s: %s\r\n" % line for line in lines])
        if _NO_VALUE.search(head) or not head.count(b"\r") == head.count(b"\n") == len(lines):
            raise RuntimeError("a header has a character that none may have")
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        self.transport.write(b"%s%s\r\n%s" % (STATUS_LINE[status], head, body))
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

    def _wait_for_head(self) -> None:
        self._timer = self.loop.call_later(_SLOWEST_HEAD, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            detail = f"no whole request arrived within {_SLOWEST_HEAD:g} s"
            self._refuse(Problem(HTTPStatus.REQUEST_TIMEOUT, "slow-request", detail))


def _long_target() -> Problem:
    limit = f"{LONGEST_TARGET} bytes"
    detail = f"the address is longer than {LONGEST_TARGET:,} bytes; send a long query by POST"
    return Problem(HTTPStatus.REQUEST_URI_TOO_LONG, "address-size", detail, {"limit": limit})


def _long_head() -> Problem:
    limit = f"{LONGEST_HEAD} bytes"
    detail = f"the headers are longer than {LONGEST_HEAD:,} bytes"
    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    return Problem(status, "header-size", detail, {"limit": limit})
