"""The query endpoint.

Source: https://www.w3.org/TR/sparql11-protocol/#query-operation,
        https://www.w3.org/TR/sparql11-service-description/

`/sparql`: answers a query in SPARQL 1.1, by GET and by both kinds of POST; without a query, the
description of the service.
Example: GET /sparql?query=ASK%20%7Bid:badoglio%20cas:succeeded%20id:mussolini%7D
"""

from server import asking, description
from server.exchange import Exchange
from server.service import Service

PATHS = ("/sparql",)
_ENDPOINT = asking.Endpoint(
    state=lambda service: service.dataset.current(),
    rewritten=str,
    hosts=lambda service: service.config.hosts,
    without_query=description.answer,
    page=True,
)


async def answer(exchange: Exchange, service: Service) -> None:
    """Answer a query; a browser that asks for a page is led to the query page.

    Raises: Problem and KgError, as long as no answer has begun.
    """
    await asking.answer(exchange, service, _ENDPOINT)
