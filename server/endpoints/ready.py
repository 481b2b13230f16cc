"""Whether queries are answered: there are data, and a worker that takes them.

`/ready`: says ready, or 503.
Example: GET /ready
"""

from http import HTTPStatus

from server.exchange import READING, Exchange
from server.problems import Problem
from server.service import Service

PATHS = ("/ready",)


async def answer(exchange: Exchange, service: Service) -> None:
    """Say that a query would be answered.

    Raises: Problem, if not.
    """
    await READING.answered(exchange)
    if not service.pool.ready:
        detail = "no worker is ready to evaluate queries"
        headers = {"Retry-After": "1", "Cache-Control": "no-store"}
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "not-ready", detail, headers=headers)
    await service.dataset.current()
    caching = [("cache-control", "no-store")]
    await exchange.answer(HTTPStatus.OK, "text/plain; charset=utf-8", b"ready\n", caching)
