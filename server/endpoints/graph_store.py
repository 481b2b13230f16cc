"""The graphs, one by one.

Source: https://www.w3.org/TR/sparql11-http-rdf-update/

`/rdf-graph-store`: a graph by name (`?graph=`) or the default graph (`?default`): had by GET; put,
added to and removed by those who have the token.
Example: GET /rdf-graph-store?graph=g:claims

`/rdf-graph-store/<path>`: the graph whose name is this address.
"""

from http import HTTPStatus
from io import BytesIO
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from kg import formats
from kg.errors import BadQuery
from kg.formats import Form
from server import answering, negotiate, writing
from server.dataset import Part
from server.exchange import Exchange, Methods
from server.problems import Problem
from server.service import Service, graph_name

PATHS = ("/rdf-graph-store", "/rdf-graph-store/")
_METHODS = Methods(
    "GET, HEAD, PUT, POST, DELETE, OPTIONS",
    "a graph is had by GET and written by PUT, POST and DELETE",
    "content-type, accept, authorization",
)


async def answer(exchange: Exchange, service: Service) -> None:
    """Give, put, extend or remove a graph.

    Raises: Problem and BadQuery.
    """
    if await _METHODS.answered(exchange):
        return
    if exchange.method in {"GET", "HEAD"}:
        await _give(exchange, service, _graph(exchange, service))
        return
    writing.authorise(exchange, service)
    with writing.refusals_told():
        await _write(exchange, service)


def _graph(exchange: Exchange, service: Service) -> str | None:
    """Return the graph that is meant; None for the default graph.

    Raises: BadQuery, if none is, or several are.
    """
    if exchange.path not in PATHS:
        return graph_name(service.address(quote(exchange.path)))
    arguments = exchange.arguments()
    graphs = arguments.getlist("graph")
    if len(graphs) + ("default" in arguments) != 1:
        hint = "give the name of one, ?graph=…, or ?default"
        raise BadQuery("it is not told which graph is meant", hint=hint)
    return graph_name(graphs[0]) if graphs else None


async def _give(exchange: Exchange, service: Service, graph: str | None) -> None:
    accept = exchange.negotiating(b"accept")
    name = exchange.arguments().get("format", "")
    syntax = negotiate.wanted(name, accept, formats.RDF_SYNTAXES)
    pattern = f"GRAPH <{graph}> {{ ?s ?p ?o }}" if graph else "?s ?p ?o"
    if graph and not await answering.holds(exchange, service, f"ASK {{ GRAPH <{graph}> {{}} }}"):
        raise _no_graph(graph)
    query = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {pattern} }}"
    job = service.job(query, await service.dataset.current(), graph=syntax.name)
    await answering.send(exchange, service, job, (("vary", "Accept, Accept-Encoding"),))


async def _write(exchange: Exchange, service: Service) -> None:
    arguments = exchange.arguments()
    named = exchange.path not in PATHS or {"graph", "default"} & set(arguments)
    is_new = exchange.method == "POST" and not named
    graph = service.address(f"/rdf-graph-store/{uuid4()}") if is_new else _graph(exchange, service)
    if exchange.method == "DELETE":
        if not await service.dataset.delete(graph):
            raise _no_graph(graph or "")
        await exchange.answer(HTTPStatus.NO_CONTENT, "", b"")
        return
    content = await exchange.body(service.config.longest_upload, service.config.slowest_body)
    base = graph or service.address("/rdf-graph-store")
    write = service.dataset.put if exchange.method == "PUT" else service.dataset.post
    created = await write(graph, _parts(exchange, content), base)
    headers = [("location", graph)] if is_new and graph else []
    status = HTTPStatus.CREATED if created else HTTPStatus.NO_CONTENT
    await exchange.answer(status, "", b"", headers)


def _parts(exchange: Exchange, content: bytes) -> list[Part]:
    """Return the documents of a body: one, or those of a form with files.

    Raises: Problem, if one has no syntax that is read.
    """
    if exchange.mimetype != "multipart/form-data":
        return [Part(_syntax(exchange.mimetype).name, content)]
    try:
        _, fields, files = FormDataParser().parse(
            BytesIO(content),
            exchange.mimetype,
            len(content),
            parse_options_header(exchange.header(b"content-type"))[1],
        )
    except ValueError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "content", f"this is no form: {error}") from error
    if fields:
        detail = "a field of the form has no file name, and so no media type"
        raise Problem(HTTPStatus.BAD_REQUEST, "content", detail)
    return [
        Part(_syntax(file.mimetype).name, file.stream.read())
        for name in files
        for file in files.getlist(name)
    ]


def _syntax(mimetype: str) -> Form[Any]:
    """Return the syntax of a media type; Turtle if there is none.

    Raises: Problem, if it is none that is read.
    """
    if not mimetype:
        return formats.named("turtle", formats.RDF_SYNTAXES)
    for syntax in formats.RDF_SYNTAXES:
        if mimetype in syntax.media_types:
            return syntax
    known = ", ".join(syntax.media_type for syntax in formats.RDF_SYNTAXES)
    detail = f"a graph is sent as one of {known}, or as multipart/form-data with files of these"
    raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type", detail)


def _no_graph(graph: str) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "no-graph", f"there is no graph <{graph}> here")
