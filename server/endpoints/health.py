"""Whether the web process lives; no worker is needed for the answer.

`/health`: says ok.
Example: GET /health
"""

from http import HTTPStatus

from server.exchange import READING, Exchange
from server.service import Service

PATHS = ("/health",)


async def answer(exchange: Exchange, service: Service) -> None:  # noqa: ARG001 as of all endpoints
    """Say that the process lives."""
    await READING.answered(exchange)
    headers = [("cache-control", "no-store")]
    await exchange.answer(HTTPStatus.OK, "text/plain; charset=utf-8", b"ok\n", headers)
