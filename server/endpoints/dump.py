"""The whole graph as files, in every form of `kg export`: the same bytes.

Source: https://www.rfc-editor.org/rfc/rfc9110#name-range-requests, https://www.rfc-editor.org/rfc/rfc9530

`/dump`: lists the files that there are.
Example: GET /dump

`/dump/<file>`: a file, whole or in part (`Range`), with its digest; it is made when it is
first asked for.
Example: GET /dump/cassibile.nq.gz
"""

import asyncio
import json
from base64 import b64encode
from email.utils import formatdate
from http import HTTPStatus
from typing import IO
from weakref import WeakKeyDictionary

from werkzeug.datastructures import ETags
from werkzeug.http import parse_date, parse_etags, parse_if_range_header, parse_range_header

from kg.catalogue import File
from kg.errors import did_you_mean
from server.dataset import Build
from server.dumps import Dump, Dumps, NotMade, table
from server.exchange import Exchange, Methods
from server.problems import Problem
from server.service import Service

PATHS = ("/dump", "/dump/")
_METHODS = Methods(
    "GET, HEAD, OPTIONS", "a file is only read", "accept, if-none-match, if-range, range"
)
_BLOCK = 1 << 18
_FRESH = ("cache-control", "public, max-age=0, must-revalidate")
_dumps: WeakKeyDictionary[Service, Dumps] = WeakKeyDictionary()


class _AsItLies(Exchange):
    """An exchange whose answer is not packed on its way: its length and digest are told."""

    packs = False

    def __init__(self, exchange: Exchange) -> None:
        self.__dict__ = exchange.__dict__


async def answer(exchange: Exchange, service: Service) -> None:
    """List the files, or send one.

    Raises: Problem; NoGraph, if nothing is built.
    """
    if await _METHODS.answered(exchange):
        return
    if service.config.data or service.config.store:
        detail = "there are no files here: only a build of texts is exported; ask /sparql instead"
        raise Problem(HTTPStatus.NOT_FOUND, "no-dump", detail)
    files = await asyncio.to_thread(table)
    if exchange.path in PATHS:
        listed = (
            json.dumps(_listed(service, files), ensure_ascii=False, indent=2) + "\n"
        ).encode()
        await exchange.answer(HTTPStatus.OK, "application/json", listed, [_FRESH])
        return
    name = exchange.path.removeprefix(PATHS[1])
    if name not in files:
        raise _unknown(name, files)
    await _send(exchange, files[name], await _made(exchange, service, files[name]))


def _listed(service: Service, files: dict[str, File]) -> list[dict[str, str]]:
    return [
        {
            "file": service.path(f"{PATHS[1]}{name}"),
            "form": file.export.name,
            "title": file.export.title,
            "mediaType": _media_type(file),
        }
        for name, file in files.items()
    ]


def _unknown(name: str, files: dict[str, File]) -> Problem:
    hint = did_you_mean(name, files) or f"{PATHS[0]} lists them"
    return Problem(HTTPStatus.NOT_FOUND, "no-dump", f"there is no such file; {hint}")


async def _made(exchange: Exchange, service: Service, file: File) -> Dump:
    build = Build(service.config.build)
    folder = service.config.build / await asyncio.to_thread(build.name)
    dumps = _dumps.setdefault(service, Dumps())
    try:
        with service.watch.waiting(exchange):
            return await dumps.made(folder, file)
    except (NotMade, OSError) as error:
        detail = "the file cannot be made; the log of the server tells why"
        raise Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "dump", detail) from error


async def _send(exchange: Exchange, file: File, dump: Dump) -> None:
    etag = dump.digest.hex()
    digest = b64encode(dump.digest).decode()
    headers = [
        ("etag", f'"{etag}"'),
        ("last-modified", formatdate(dump.made, usegmt=True)),
        ("accept-ranges", "bytes"),
        ("repr-digest", f"sha-256=:{digest}:"),
        ("digest", f"sha-256={digest}"),
        ("access-control-expose-headers", "Accept-Ranges, Content-Range, Repr-Digest"),
        _FRESH,
    ]
    if _is_known(exchange, dump):
        await exchange.answer(HTTPStatus.NOT_MODIFIED, "", b"", headers)
        return
    start, stop = _wanted(exchange, dump, etag)
    status = HTTPStatus.OK
    if stop - start != dump.size:
        status = HTTPStatus.PARTIAL_CONTENT
        headers.append(("content-range", f"bytes {start}-{stop - 1}/{dump.size}"))
    headers.append(("content-length", str(stop - start)))
    plain = _AsItLies(exchange)
    await plain.begin(status, _media_type(file), headers)
    if exchange.method == "GET":
        with await asyncio.to_thread(dump.path.open, "rb") as opened:
            await _copy(plain, opened, start, stop)
    await plain.end()


async def _copy(exchange: Exchange, opened: IO[bytes], start: int, stop: int) -> None:
    opened.seek(start)
    while start < stop:
        block = await asyncio.to_thread(opened.read, min(_BLOCK, stop - start))
        if not block:
            raise EOFError("a file that is served became shorter")
        start += len(block)
        await exchange.write(block)


def _is_known(exchange: Exchange, dump: Dump) -> bool:
    """Return whether the client has the file already; its ETags count before its date."""
    if named := exchange.negotiating(b"if-none-match"):
        known: ETags = parse_etags(named)
        return known.star_tag or known.contains_weak(dump.digest.hex())
    since = parse_date(exchange.header(b"if-modified-since"))
    return since is not None and int(dump.made) <= since.timestamp()


def _wanted(exchange: Exchange, dump: Dump, etag: str) -> tuple[int, int]:
    """Return the part that is asked for; several parts, or another file, are answered with all.

    Raises: Problem, if there is no such part.
    """
    whole = (0, dump.size)
    ranges = parse_range_header(exchange.header(b"range"))
    if ranges is None or ranges.units != "bytes" or len(ranges.ranges) != 1:
        return whole
    wanted = exchange.header(b"if-range")
    condition = parse_if_range_header(wanted)
    if condition.etag is not None and (condition.etag != etag or wanted.startswith("W/")):
        return whole  # a weak ETag promises no bytes
    if condition.date is not None and condition.date.timestamp() != int(dump.made):
        return whole
    found = ranges.range_for_length(dump.size)
    if found is None:
        detail = f"the file has {dump.size:,} bytes"
        headers = {"Content-Range": f"bytes */{dump.size}"}
        raise Problem(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "range", detail, headers=headers)
    start, stop = found
    return start, min(stop, dump.size)


def _media_type(file: File) -> str:
    if file.packed:
        return "application/gzip"
    media_type = file.export.media_type
    return media_type + ("; charset=utf-8" if media_type.startswith("text/") else "")
