"""A query as it arrives over HTTP: read wherever it stands, answered by what an endpoint asks of.

Source: https://www.w3.org/TR/sparql11-protocol/#query-operation
"""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from kg import formats
from kg.errors import BadQuery
from kg.formats import Form
from kg.sparql import Scanned
from server import answering, negotiate
from server.dataset import State
from server.exchange import FORM, Exchange, Methods, decoded, parameters
from server.problems import Problem
from server.service import Service, forms_of

_EVERY_FORM: tuple[Form[Any], ...] = (*formats.RESULT_FORMATS, *formats.RDF_SYNTAXES)
_VARY = "Accept, Accept-Encoding"
_METHODS = Methods(
    "GET, HEAD, POST, OPTIONS",
    "a query is asked by GET or POST",
    "content-type, accept, authorization, if-none-match",
)


class Endpoint(NamedTuple):
    """What is particular to an endpoint.

    Attributes:
        state: what it asks, as it is now.
        scan: returns a query as it is evaluated.
        without_query: answers a request that has no query.
        page: whether people are led to the query page.
    """

    state: Callable[[Service], Awaitable[State]]
    scan: Callable[[Service, str], Scanned]
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
                exchange.method.replace("HEAD", "GET").encode(),
                exchange.query_string,
                exchange.header(b"content-type").encode(),
                body,
                exchange.header(b"accept").encode(),
                b"gzip" if exchange.packs else b"",
            )
        )
    ).digest()
    etag = _etag(key)
    if etag in exchange.header(b"if-none-match"):
        headers = [("etag", etag), ("vary", _VARY)]
        await exchange.answer(HTTPStatus.NOT_MODIFIED, "", b"", headers)
        return
    kept = service.kept.get(key)
    if kept:
        exchange.about["rows"] = kept.rows
        await exchange.send(HTTPStatus.OK, kept.headers, kept.body)
        return
    asked = _read(exchange, body)
    if endpoint.page and exchange.method != "POST" and _is_for_people(asked):
        page = service.path("/query") + (
            f"?{urlencode({'q': asked.query})}" if asked.query else ""
        )
        await exchange.answer(HTTPStatus.SEE_OTHER, "", b"", [("location", page), ("vary", _VARY)])
        return
    if not asked.query.strip():
        if "query" in asked.parameters or exchange.method == "POST":
            raise BadQuery("there is no query", hint="give it as the parameter query, once")
        await endpoint.without_query(exchange, service)
        return
    scanned = endpoint.scan(service, asked.query)
    await _evaluated(exchange, service, asked, scanned, state, key)


async def _evaluated(
    exchange: Exchange,
    service: Service,
    asked: _Asked,
    scanned: Scanned,
    state: State,
    key: bytes,
) -> None:
    exchange.about["query"] = sha256(asked.query.encode()).hexdigest()[:12]
    form = negotiate.wanted(asked.form, asked.accept, forms_of(scanned))
    default_graphs = asked.parameters.getlist("default-graph-uri")
    named_graphs = asked.parameters.getlist("named-graph-uri")
    job = service.job(scanned, state, form, default_graphs, named_graphs)
    if scanned.volatile:
        await answering.send(exchange, service, job, form, [("vary", _VARY)])
    else:
        headers = [("etag", _etag(key)), ("vary", _VARY)]
        await answering.send(exchange, service, job, form, headers, key)


def _etag(key: bytes) -> str:
    return f'W/"{key.hex()[:24]}"'


def _is_for_people(asked: _Asked) -> bool:
    return not asked.form and negotiate.wants_page(asked.accept, _EVERY_FORM)


def _read(exchange: Exchange, body: bytes) -> _Asked:
    """Return what is asked, wherever it stands: in the URL, in a form, or as the body.

    Raises: BadQuery, if there are several queries or the body is not UTF-8; Problem, if a body is
            no form and no query, or the request is an update.
    """
    arguments = exchange.arguments()
    queries = arguments.getlist("query")
    if exchange.method == "POST" and exchange.mimetype == "application/sparql-query":
        queries = [*queries, *([decoded(exchange, body)] if body.strip() else [])]
    elif exchange.method == "POST" and exchange.mimetype == FORM:
        fields = parameters(body)
        arguments.update(fields)
        queries += fields.getlist("query")
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
    # `get` would make an exception of HTTP where there is none, and throw it away.
    form = next(iter(arguments.getlist("format")), "")
    return _Asked(arguments, query, form, exchange.negotiating(b"accept"))


def _no_update() -> Problem:
    detail = "this endpoint answers queries and takes no updates; /update takes them"
    return Problem(HTTPStatus.FORBIDDEN, "read-only", detail)
