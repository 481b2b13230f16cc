"""The answer to a query on its way to a client: at once if it is small, else as it comes."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from kg import formats
from kg.formats import Form
from server import pool
from server.exchange import Exchange, encoded
from server.kept import Answer
from server.pool import Job
from server.problems import Problem
from server.service import Service

# Held back, so that most failures still get their status.
_HELD = 1 << 16
Headers = Sequence[tuple[str, str]]


async def send(
    exchange: Exchange,
    service: Service,
    job: Job,
    form: Form[Any],
    headers: Headers = (),
    key: bytes | None = None,
) -> None:
    """Evaluate a query and send its answer; with a key it is kept, unless it is large.

    Raises: Problem and BadQuery; what is raised after the answer began leaves it without its end,
            so that no client takes it for whole.
    """
    with exchange.watching(service.loop):
        async with service.evaluating(service.client(exchange), job) as found:
            held, size = [], 0
            async for block in found:
                held.append(block)
                size += len(block)
                if size > _HELD:
                    break
            if not found.ended:
                await _streamed(exchange, service.config.answer, form, held, headers, found)
                return
    # The worker is free by now: a client that reads slowly holds none.
    await _whole(exchange, service, form, b"".join(held), headers, key, found.rows)


async def holds(exchange: Exchange, service: Service, query: str) -> bool:
    """Return whether an ASK query is answered with yes.

    Raises: Problem and BadQuery.
    """
    form = formats.named("csv", formats.RESULT_FORMATS)
    job = service.job(service.scan(query), await service.dataset.current(), form)
    async with service.evaluating(service.client(exchange), job) as found:
        return b"".join([block async for block in found]) == b"true"


async def _streamed(
    exchange: Exchange,
    most: int,
    form: Form[Any],
    held: Sequence[bytes],
    headers: Headers,
    found: pool.Answer,
) -> None:
    size = sum(map(len, held))
    if size > most:
        raise _too_long(most)
    await exchange.begin(HTTPStatus.OK, form.content_type, headers)
    if exchange.method == "HEAD":
        await exchange.end()
        return
    for block in held:
        await exchange.write(block)
    async for block in found:
        size += len(block)
        if size > most:
            raise _too_long(most)
        await exchange.write(block)
    exchange.about["rows"] = found.rows
    await exchange.end()


async def _whole(
    exchange: Exchange,
    service: Service,
    form: Form[Any],
    body: bytes,
    headers: Headers,
    key: bytes | None,
    rows: int,
) -> None:
    exchange.about["rows"] = rows
    packed, more = exchange.packed(body)
    length = ("content-length", str(len(packed)))
    ready = encoded([*headers, *more, ("content-type", form.content_type), length])
    if key:
        service.kept.keep(key, Answer(ready, packed, rows))
    await exchange.send(HTTPStatus.OK, ready, packed)


def _too_long(most: int) -> Problem:
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "answer-size",
        "the answer is longer than this server sends; add a LIMIT, or ask for it in parts",
        {"limit": f"{most} bytes"},
    )
