"""The answer to a query on its way to a client: at once if it is small, else as it comes."""

from functools import lru_cache
from http import HTTPStatus

from kg import formats
from server import pool
from server.exchange import Exchange, encoded
from server.exchange import Headers as Encoded
from server.kept import Answer
from server.problems import Problem
from server.service import Service
from server.worker import Job

# Held back, so that most failures still get their status.
_HELD = 1 << 16
_CONTENT_TYPES = {form.name: form.content_type for form in formats.RESULT_FORMATS} | {
    form.name: form.content_type for form in formats.RDF_SYNTAXES
}
Headers = tuple[tuple[str, str], ...]


async def send(
    exchange: Exchange,
    service: Service,
    job: Job,
    headers: Headers = (),
    key: bytes | None = None,
) -> None:
    """Evaluate a query and send its answer.

    With a key, and unless it may be another the next time, it is told apart by it, and is kept if
    it is not large.

    Raises: Problem, BadQuery and NoForm; what is raised after the answer began leaves it without
            its end, so that no client takes it for whole.
    """
    with service.watch.waiting(exchange):
        async with service.evaluating(service.client(exchange), job) as found:
            held, size = [], 0
            async for block in found:
                held.append(block)
                size += len(block)
                if size > _HELD:
                    break
            if found.is_volatile:
                key = None
            if not found.ended:
                tag = (("etag", etag(key)),) if key else ()
                await _streamed(exchange, service.config.answer, held, (*headers, *tag), found)
                return
    # The worker is free by now: a client that reads slowly holds none.
    await _whole(exchange, service, b"".join(held), headers, key, found)


async def holds(exchange: Exchange, service: Service, query: str) -> bool:
    """Return whether an ASK query is answered with yes.

    Raises: Problem and BadQuery.
    """
    job = service.job(query, await service.dataset.current(), rows="csv")
    async with service.evaluating(service.client(exchange), job) as found:
        return b"".join([block async for block in found]) == b"true"


async def _streamed(
    exchange: Exchange,
    most: int,
    held: list[bytes],
    headers: Headers,
    found: pool.Answer,
) -> None:
    size = sum(map(len, held))
    if size > most:
        raise _too_long(most)
    await exchange.begin(HTTPStatus.OK, _CONTENT_TYPES[found.form], headers)
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
    body: bytes,
    headers: Headers,
    key: bytes | None,
    found: pool.Answer,
) -> None:
    exchange.about["rows"] = found.rows
    packed, more = exchange.packed(body)
    ready = [*_encoded((*headers, *more), found.form), (b"content-length", b"%d" % len(packed))]
    if key:
        ready.append((b"etag", etag(key).encode()))
        service.kept.keep(key, Answer(ready, packed, found.rows))
    await exchange.send(HTTPStatus.OK, ready, packed)


def etag(key: bytes) -> str:
    """Return the name of what is kept under a key."""
    return f'W/"{key.hex()[:24]}"'


@lru_cache(maxsize=64)
def _encoded(headers: Headers, form: str) -> Encoded:
    return encoded([*headers, ("content-type", _CONTENT_TYPES[form])])


def _too_long(most: int) -> Problem:
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "answer-size",
        "the answer is longer than this server sends; add a LIMIT, or ask for it in parts",
        {"limit": f"{most} bytes"},
    )
