"""One request and its answer over ASGI: read within limits, written as it comes.

Source: https://asgi.readthedocs.io/en/latest/specs/www.html, https://www.rfc-editor.org/rfc/rfc9110
"""

import asyncio
import re
import zlib
from binascii import a2b_qp
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from werkzeug.datastructures import MultiDict

from kg.errors import BadQuery
from server.problems import Problem

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

FORM = "application/x-www-form-urlencoded"
# An extension of ASGI: what sends a whole answer, called with its status, headers and body; it
# returns whether it could.
AT_ONCE = "server.at_once"
_MOST_FIELDS = 200
_MOST_OF_A_HEADER = 4096  # of what negotiates: a list of all types that exist is no wish
_WORTH_PACKING = 1000  # bytes; below, gzip's own 20 and the work are not worth it
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
COMMON: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, Link, Location, Retry-After"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]


class Exchange:
    """One request and its answer.

    Attributes:
        scope: see ASGI.
        method: GET, POST …
        path: within this application.
        status: of the answer; 0 as long as there is none.
        sent: bytes of the answer.
        query: the SPARQL that it asks, for the access log.
        about: what the access log tells of it besides.
    """

    def __init__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        self.status = 0
        self.sent = 0
        self.query = ""
        self.about: dict[str, Any] = {}
        self._receive = receive
        self._send = send
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self._packer: Any = None
        self._client_gone = False

    @property
    def query_string(self) -> bytes:
        """Return what stands after the question mark, as sent."""
        found: bytes = self.scope["query_string"]
        return found

    def raw(self, name: bytes) -> bytes:
        """Return a header of the request as it was sent, or nothing."""
        return self._headers.get(name, b"")

    def header(self, name: bytes) -> str:
        """Return a header of the request, or an empty string."""
        return self._headers.get(name, b"").decode("latin-1")

    def negotiating(self, name: bytes) -> str:
        """Return a header that negotiates, cut where no one reads on."""
        found = self.header(name)
        return found if len(found) <= _MOST_OF_A_HEADER else found[:_MOST_OF_A_HEADER]

    @property
    def mimetype(self) -> str:
        """Return the media type of the body, without parameters."""
        return self.header(b"content-type").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """Return the charset that the body claims, utf-8 if none."""
        for parameter in self.header(b"content-type").split(";")[1:]:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "charset":
                return value.strip().strip('"').lower()
        return "utf-8"

    @property
    def packs(self) -> bool:
        """Return whether the client takes gzip."""
        accepted = self.header(b"accept-encoding")
        return "gzip" in accepted and "gzip;q=0" not in accepted.replace(" ", "")

    def arguments(self) -> MultiDict[str, str]:
        """Return the parameters of the URL.

        Raises: Problem, if they are not UTF-8 or too many.
        """
        return parameters(self.query_string)

    async def body(self, most: int, seconds: float) -> bytes:
        """Return the body of the request.

        Raises: Problem, if it is too long, comes too slowly, in pieces of unknown length, or
                compressed.
        """
        if self.header(b"content-encoding") not in {"", "identity"}:
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "encoding", "send the body unpacked")
        if self.header(b"transfer-encoding"):
            detail = "send the length of the body in Content-Length"
            raise Problem(HTTPStatus.LENGTH_REQUIRED, "length", detail)
        length = self.header(b"content-length")
        if not length.isdecimal():  # without one, HTTP/1.1 has no body
            return b""
        if int(length) > most:
            raise too_long(most)
        try:
            async with asyncio.timeout(seconds):
                return await self._all_of_it()
        except TimeoutError as error:
            detail = f"the request did not arrive within {seconds:g} s"
            raise Problem(HTTPStatus.REQUEST_TIMEOUT, "slow-request", detail) from error

    def packed(self, body: bytes) -> tuple[bytes, list[tuple[str, str]]]:
        """Return a body as it is sent, and what headers tell of it: packed if that is worth it."""
        if len(body) < _WORTH_PACKING or not self.packs:
            return body, []
        return zlib.compress(body, level=4, wbits=31), [("content-encoding", "gzip")]

    async def answer(
        self, status: int, content_type: str, body: bytes, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Send a whole answer, packed where the client takes that and it is worth it."""
        body, packing = self.packed(body)
        more = [*headers, *packing]
        if content_type:
            more.append(("content-type", content_type))
        if status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
            more.append(("content-length", str(len(body))))
        await self.send(status, encoded(more), body)

    async def send(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a whole answer that is ready."""
        self.status = status
        if self.method == "HEAD":
            body = b""
        self.sent += len(body)
        at_once = self.scope.get("extensions", {}).get(AT_ONCE)
        if at_once and at_once(status, headers, body):
            return
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    async def begin(
        self, status: int, content_type: str, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Begin an answer of unknown length; `write` and `end` follow."""
        self.status = status
        more = [*headers, ("content-type", content_type)]
        if self.packs:
            self._packer = zlib.compressobj(level=4, wbits=31)
            more.append(("content-encoding", "gzip"))
        await self._send(
            {"type": "http.response.start", "status": status, "headers": encoded(more)}
        )

    async def write(self, block: bytes) -> None:
        """Send a part of an answer; wait while the client does not read."""
        if self._packer:
            block = self._packer.compress(block)
        if block:
            self.sent += len(block)
            await self._send({"type": "http.response.body", "body": block, "more_body": True})

    async def end(self) -> None:
        """End an answer that was begun. One that is not ended looks broken off to the client."""
        rest = self._packer.flush() if self._packer else b""
        self.sent += len(rest)
        await self._send({"type": "http.response.body", "body": rest})

    @property
    def client_gone(self) -> bool:
        """Return whether the client hung up while it was watched."""
        return self._client_gone

    async def gone(self) -> None:
        """Wait until the client has hung up."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._client_gone = True

    async def _all_of_it(self) -> bytes:
        parts = []
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Problem(HTTPStatus.BAD_REQUEST, "cut-off", "the request was cut off")
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                return b"".join(parts)


def encoded(headers: Iterable[tuple[str, str]]) -> Headers:
    """Return headers as ASGI wants them, with those that every answer has."""
    return [
        *COMMON,
        *((name.lower().encode(), value.encode("latin-1")) for name, value in headers),
    ]


def too_long(most: int) -> Problem:
    """Return the refusal of a request that is longer than is read."""
    detail = f"the request is longer than this server reads ({most:,} bytes)"
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "query-size",
        detail,
        {"limit": f"{most} bytes"},
        {"Connection": "close"},
    )


def parameters(encoded_form: bytes) -> MultiDict[str, str]:
    """Return the fields of a form, or the parameters of a URL.

    Raises: Problem, if they are not UTF-8 or too many.
    """
    fields = encoded_form.replace(b"+", b" ").split(b"&")
    if len(fields) > _MOST_FIELDS:
        detail = f"there are more than {_MOST_FIELDS} parameters"
        raise Problem(HTTPStatus.BAD_REQUEST, "parameters", detail)
    found: MultiDict[str, str] = MultiDict()
    try:
        for field in filter(None, fields):
            name, _, value = field.partition(b"=")
            found.add(_unescaped(name).decode(), _unescaped(value).decode())
    except UnicodeDecodeError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "encoding", "parameters are UTF-8") from error
    return found


def _unescaped(text: bytes) -> bytes:
    """Return what is written with the escapes of a URL; a broken one stands for itself.

    With another mark they are those of quoted-printable, which the library reads in C: on small
    queries to read them as it reads a URL's is a tenth of the web process's time.
    """
    if b"%" not in text:
        return text
    if _BROKEN_ESCAPE.search(text):
        return unquote_to_bytes(text)
    return a2b_qp(text.replace(b"=", b"=3D").replace(b"%", b"="))


class Methods(NamedTuple):
    """What may be done at an address.

    Attributes:
        allowed: the methods, as the header Allow has them; with OPTIONS, they can be asked for.
        detail: what a client is told that wants something else.
        headers: of a request that the pages of others may send.
    """

    allowed: str
    detail: str
    headers: str = ""

    async def answered(self, exchange: Exchange) -> bool:
        """Return whether a request asked for the methods alone, and was answered.

        Raises: Problem, if its method is not allowed.
        """
        if exchange.method not in self.allowed.split(", "):
            allow = {"Allow": self.allowed}
            raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, "method", self.detail, headers=allow)
        if exchange.method != "OPTIONS":
            return False
        headers = [
            ("allow", self.allowed),
            ("access-control-allow-methods", self.allowed),
            ("access-control-allow-headers", self.headers),
            ("access-control-max-age", "86400"),
        ]
        await exchange.answer(HTTPStatus.NO_CONTENT, "", b"", headers)
        return True


READING = Methods("GET, HEAD", "this is only read")


def decoded(exchange: Exchange, body: bytes) -> str:
    """Return a body that is text.

    Raises: BadQuery, if it is not UTF-8.
    """
    try:
        if exchange.charset not in {"utf-8", "utf8", "us-ascii"}:
            raise BadQuery(
                f"the charset {exchange.charset[:40]} is not read", hint="send the query as UTF-8"
            )
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadQuery(
            f"byte {error.start} of the query is not UTF-8", hint="send the query as UTF-8"
        ) from error
