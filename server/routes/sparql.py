"""The SPARQL endpoint.

Source: https://www.w3.org/TR/sparql11-protocol/#query-operation

`/sparql`: answers a query in SPARQL 1.1, by GET and by both kinds of POST.
Example: GET /sparql?query=ASK%20%7Bid:badoglio%20cas:succeeded%20id:mussolini%7D
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import pyoxigraph as ox
from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import UnsupportedMediaType

from kg import formats
from kg.errors import BadQuery, UnknownName
from kg.formats import EngineFormat, Form
from kg.store import Answer
from kg.terms import PREFIXES
from server import negotiate, problems
from server.state import served

bp = Blueprint("sparql", __name__)
_EVERY_FORM: tuple[Form[Any], ...] = (*formats.RESULT_FORMATS, *formats.RDF_SYNTAXES)
_READ_ONLY = "this endpoint answers queries and takes no updates"


class _Request(NamedTuple):
    query: str
    default_graphs: list[str]
    named_graphs: list[str]
    form: str


@bp.route("/sparql", methods=["GET", "POST"], provide_automatic_options=False)
def sparql() -> ResponseReturnValue:
    """Answer a query; a browser that asks for a page is led to the query page."""
    if request.mimetype == "application/sparql-update" or "update" in request.values:
        return problems.problem(HTTPStatus.FORBIDDEN, "read-only", _READ_ONLY)
    asked = _read_request()
    accept = request.headers.get("Accept", "")
    if request.method != "POST" and not asked.form and negotiate.wants_page(accept, _EVERY_FORM):
        page = url_for("query.page", q=asked.query or None)
        return redirect(page, HTTPStatus.SEE_OTHER), {"Vary": "Accept"}
    if not asked.query.strip():
        raise BadQuery("there is no query", hint="give it as the parameter query, once")
    chosen = bool(asked.default_graphs or asked.named_graphs)
    try:
        found = served().graph.query(
            asked.query,
            asked.default_graphs if chosen else None,
            asked.named_graphs if chosen else None,
        )
        return _written(found, asked.form, accept)
    except UnknownName as error:  # of a graph or a form: the request is wrong, no page is missing
        raise BadQuery(error.message, hint=error.hint) from error


@bp.route("/sparql", methods=["OPTIONS"])
def preflight() -> Response:
    """Answer a browser that asks whether another site's page may ask."""
    allowed = {
        "Allow": "GET, HEAD, POST, OPTIONS",
        "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
        "Access-Control-Allow-Headers": "content-type, accept, authorization",
        "Access-Control-Max-Age": "86400",
    }
    return Response(status=HTTPStatus.NO_CONTENT, headers=allowed)


def _read_request() -> _Request:
    """Return what is asked, wherever it stands: in the URL, in a form, or as the body.

    Raises: BadQuery, if there are several queries or the body is not UTF-8;
            UnsupportedMediaType, if a body is no form and no query.
    """
    values: MultiDict[str, str] = request.args
    query = ""
    if request.method == "POST" and request.mimetype == "application/sparql-query":
        query = _decoded(request.get_data())
    elif request.method == "POST" and request.mimetype == "application/x-www-form-urlencoded":
        values = request.values
    elif request.method == "POST" and request.content_length:
        raise UnsupportedMediaType(
            "send the query in a form (application/x-www-form-urlencoded), or the query itself as "
            "application/sparql-query"
        )
    queries = [*values.getlist("query"), *([query] if query else [])]
    if len(queries) > 1:
        raise BadQuery("there are several queries", hint="send one at a time")
    return _Request(
        queries[0] if queries else "",
        values.getlist("default-graph-uri"),
        values.getlist("named-graph-uri"),
        values.get("format", ""),
    )


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadQuery(
            f"byte {error.start} of the query is not UTF-8", hint="send the query as UTF-8"
        ) from error


def _written(answer: Answer, form: str, accept: str) -> Response:
    if isinstance(answer, ox.QueryTriples):
        syntax = _chosen(form, accept, formats.RDF_SYNTAXES)
        if syntax is None:
            return _not_acceptable(formats.RDF_SYNTAXES)
        return _response(formats.write(answer, syntax, PREFIXES), syntax)
    chosen = _chosen(form, accept, formats.RESULT_FORMATS)
    if chosen is None:
        return _not_acceptable(formats.RESULT_FORMATS)
    try:
        body = answer.serialize(format=chosen.engine)
    except RuntimeError as error:  # evaluation goes on while the answer is written
        raise BadQuery(f"the query cannot be evaluated: {error}") from error
    assert body is not None, "without an output, serialize returns bytes"
    return _response(body, chosen)


def _chosen(
    form: str, accept: str, forms: Sequence[Form[EngineFormat]]
) -> Form[EngineFormat] | None:
    return formats.named(form, forms) if form else negotiate.choose(accept, forms)


def _response(body: bytes, form: Form[EngineFormat]) -> Response:
    headers = {"Content-Type": form.content_type, "Vary": "Accept"}
    return Response(body, headers=headers)


def _not_acceptable(forms: Sequence[Form[EngineFormat]]) -> Response:
    offered = ", ".join(form.media_type for form in forms)
    return problems.problem(
        HTTPStatus.NOT_ACCEPTABLE, "not-acceptable", f"this answer can be had as {offered}"
    )
