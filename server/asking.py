"""A query as it arrives over HTTP: read wherever it stands, answered by what an endpoint asks of.

Source: https://www.w3.org/TR/sparql11-protocol/#query-operation
"""

from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from hashlib import sha256
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from kg.errors import BadQuery
from server import answering, negotiate
from server.dataset import State
from server.exchange import FORM, Exchange, Methods, decoded, parameters
from server.problems import Problem
from server.service import NoForm, Service

_VARY = ("vary", "Accept, Accept-Encoding")
_METHODS = Methods(
    "GET, HEAD, POST, OPTIONS",
    "a query is asked by GET or POST",
    "content-type, accept, authorization, if-none-match",
)


class Endpoint(NamedTuple):
    """What is particular to an endpoint.

    Attributes:
        state: what it asks, as it is now.
        rewritten: returns a query in standard SPARQL.
        hosts: those that its SERVICE may ask.
        without_query: answers a request that has no query.
        page: whether people are led to the query page.
    """

    state: Callable[[Service], Awaitable[State]]
    rewritten: Callable[[str], str]
    hosts: Callable[[Service], AbstractSet[str]]
    without_query: Callable[[Exchange, Service], Awaitable[None]]
    page: bool


class _Asked(NamedTuple):
    """What a request asks for."""

    parameters: MultiDict[str, str]
    query: str
    form: str
    accept: str


async def answer(exchange: Exchange, service: Service, endpoint: Endpoint) -> None:
    """Answer a query; a browser that asks for a page may be led to the query page.

    Raises: Problem and KgError, as long as no answer has begun.
    """
    if await _METHODS.answered(exchange):
        return
    limit = service.config.longest_body
    body = b""
    if exchange.method == "POST":
        body = await exchange.body(limit, service.config.slowest_body)
    state = await endpoint.state(service)
    # Whoever asks in the same words is told the same, as long as the data are the same.
    key = sha256(
        b"\0".join(
            (
                state.version.encode(),
                b"POST" if exchange.method == "POST" else b"GET",
                exchange.query_string,
                exchange.raw(b"content-type"),
                body,
                exchange.raw(b"accept"),
                b"gzip" if exchange.packs else b"",
            )
        )
    ).digest()
    seen = exchange.header(b"if-none-match")
    if seen and answering.etag(key) in seen:
        headers = [("etag", answering.etag(key)), _VARY]
        await exchange.answer(HTTPStatus.NOT_MODIFIED, "", b"", headers)
        return
    kept = service.kept.get(key)
    if kept:
        exchange.about["rows"] = kept.rows
        await exchange.send(HTTPStatus.OK, kept.headers, kept.body)
        return
    asked = _read(exchange, body)
    wishes = negotiate.wishes(asked.form, asked.accept)
    if wishes.page and endpoint.page and exchange.method != "POST":
        page = service.path("/query") + (
            f"?{urlencode({'q': asked.query})}" if asked.query else ""
        )
        await exchange.answer(HTTPStatus.SEE_OTHER, "", b"", [("location", page), _VARY])
        return
    if not asked.query.strip():
        if "query" in asked.parameters or exchange.method == "POST":
            raise BadQuery("there is no query", hint="give it as the parameter query, once")
        await endpoint.without_query(exchange, service)
        return
    exchange.query = asked.query
    job = service.job(
        endpoint.rewritten(asked.query),
        state,
        rows=wishes.rows,
        graph=wishes.graph,
        default_graphs=_all_of(asked.parameters, "default-graph-uri"),
        named_graphs=_all_of(asked.parameters, "named-graph-uri"),
        hosts=endpoint.hosts(service),
    )
    try:
        await answering.send(exchange, service, job, (_VARY,), key)
    except NoForm as error:  # by now it is known which forms there are
        negotiate.wanted(asked.form, asked.accept, error.forms)
        raise


def _all_of(arguments: MultiDict[str, str], name: str) -> Sequence[str]:
    """Return all values of a parameter."""
    # `getlist` would make an exception where there is none, and throw it away.
    return arguments.getlist(name) if name in arguments else ()


def _read(exchange: Exchange, body: bytes) -> _Asked:
    """Return what is asked, wherever it stands: in the URL, in a form, or as the body.

    Raises: BadQuery, if there are several queries or the body is not UTF-8; Problem, if a body is
            no form and no query, or the request is an update.
    """
    arguments = exchange.arguments()
    queries = _all_of(arguments, "query")
    if exchange.method == "POST" and exchange.mimetype == "application/sparql-query":
        queries = [*queries, *([decoded(exchange, body)] if body.strip() else [])]
    elif exchange.method == "POST" and exchange.mimetype == FORM:
        fields = parameters(body)
        arguments.update(fields)
        queries = [*queries, *_all_of(fields, "query")]
    elif exchange.mimetype == "application/sparql-update":
        raise _no_update()
    elif exchange.method == "POST" and body:
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            f"send the query in a form ({FORM}), or the query itself as application/sparql-query",
        )
    if "update" in arguments:
        raise _no_update()
    if len(queries) > 1:
        raise BadQuery("there are several queries", hint="send one at a time")
    query = queries[0] if queries else ""
    form = next(iter(_all_of(arguments, "format")), "")
    return _Asked(arguments, query, form, exchange.negotiating(b"accept"))


def _no_update() -> Problem:
    detail = "this endpoint answers queries and takes no updates; /update takes them"
    return Problem(HTTPStatus.FORBIDDEN, "read-only", detail)
