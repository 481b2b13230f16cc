"""What is counted of this copy, for Prometheus.

`/metrics`: counters and gauges as text.
Example: GET /metrics
"""

from http import HTTPStatus

from server import metrics
from server.exchange import READING, Exchange
from server.service import Service

PATHS = ("/metrics",)


async def answer(exchange: Exchange, service: Service) -> None:
    """Tell all figures."""
    await READING.answered(exchange)
    written = service.metrics.written()
    headers = [("cache-control", "no-store")]
    await exchange.answer(HTTPStatus.OK, metrics.CONTENT_TYPE, written, headers)
