"""Queries as for Wikidata, of what the texts say in Wikidata's shape.

Source: https://www.mediawiki.org/wiki/Wikidata_Query_Service/User_Manual

`/wikidata/sparql`: answers a query that was written for the query service of Wikidata: its
prefixes, its label service and its comments for display are known.
Example: GET /wikidata/sparql?query=SELECT%20%3Fp%20%7Bwd:Q200085%20wdt:P39%20%3Fp%7D
"""

from http import HTTPStatus

from kg.errors import BadQuery
from kg.wikibase import query
from server import asking, wikidata
from server.dataset import State
from server.exchange import Exchange
from server.problems import Problem
from server.service import Service

PATHS = ("/wikidata/sparql",)
# Wikidata's own query page looks for these words.
_MALFORMED = "MalformedQueryException: "
_EXPIRED = "QueryTimeoutException: Query deadline is expired; "


async def answer(exchange: Exchange, service: Service) -> None:
    """Answer a query.

    Raises: Problem and KgError, as long as no answer has begun.
    """
    try:
        await asking.answer(exchange, service, _ENDPOINT)
    except BadQuery as error:
        error.message = _MALFORMED + error.message
        raise
    except Problem as problem:
        if problem.status == HTTPStatus.GATEWAY_TIMEOUT:
            problem.detail = _EXPIRED + problem.detail
        raise


async def _state(service: Service) -> State:
    return (await wikidata.current(service)).state


async def _without_query(exchange: Exchange, service: Service) -> None:
    """Lead to what describes the endpoints."""
    location = ("location", service.path("/sparql"))
    await exchange.answer(HTTPStatus.SEE_OTHER, "", b"", [location])


_ENDPOINT = asking.Endpoint(
    state=_state,
    rewritten=query.rewritten,
    hosts=lambda _: frozenset(),  # no service is asked, whatever the operator allows
    without_query=_without_query,
    page=False,
)
