"""Accept → one row of kg.formats. Pure."""

from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from kg import formats
from kg.errors import BadQuery, UnknownName
from kg.formats import EngineFormat, Form
from server.problems import Problem

HTML = "text/html"


def choose(accept: str, forms: Sequence[Form[EngineFormat]]) -> Form[EngineFormat] | None:
    """Return the form that an Accept header wants most; the first one of equals, None if none.

    Source: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1

    >>> from kg.formats import RESULT_FORMATS
    >>> choose("text/csv;q=0.9, application/sparql-results+xml", RESULT_FORMATS).name
    'xml'
    >>> choose("application/sparql-results+json;q=0, */*", RESULT_FORMATS).name
    'xml'
    >>> choose("image/png", RESULT_FORMATS) is None
    True
    """
    if not _parsed(accept):
        return forms[0]
    best = max(forms, key=lambda form: _quality(accept, form.media_types))
    return best if _quality(accept, best.media_types) > 0 else None


def wanted(name: str, accept: str, forms: Sequence[Form[EngineFormat]]) -> Form[EngineFormat]:
    """Return the form of that name, or without a name the one that an Accept header wants most.

    Raises: BadQuery, if there is no such form; Problem, if none of the forms is acceptable.
    """
    try:
        found = formats.named(name, forms) if name else choose(accept, forms)
    except UnknownName as error:
        raise BadQuery(error.message, hint=error.hint) from error
    if found is None:
        offered = ", ".join(form.media_type for form in forms)
        detail = f"this answer can be had as {offered}"
        headers = {"Vary": "Accept"}
        raise Problem(HTTPStatus.NOT_ACCEPTABLE, "not-acceptable", detail, headers=headers)
    return found


class Wishes(NamedTuple):
    """In which form an answer is wanted, whichever of its kinds it is.

    Attributes:
        rows: the name of a form for rows, or yes and no; empty if none is acceptable.
        graph: of a form for triples, likewise.
        page: whether a browser asks, see `wants_page`.
    """

    rows: str
    graph: str
    page: bool


@lru_cache(maxsize=256)
def wishes(name: str, accept: str) -> Wishes:
    """Return what a client wants, by the name of a form or without one by an Accept header.

    >>> wishes("", "text/csv, text/turtle")
    Wishes(rows='csv', graph='turtle', page=False)
    >>> wishes("nquads", "text/csv")
    Wishes(rows='', graph='nquads', page=False)
    """
    if name:
        rows, graph = (
            name if any(form.name == name for form in forms) else ""
            for forms in (formats.RESULT_FORMATS, formats.RDF_SYNTAXES)
        )
        return Wishes(rows, graph, page=False)
    of_rows, of_graph = (
        choose(accept, formats.RESULT_FORMATS),
        choose(accept, formats.RDF_SYNTAXES),
    )
    page = wants_page(accept, (*formats.RESULT_FORMATS, *formats.RDF_SYNTAXES))
    return Wishes(of_rows.name if of_rows else "", of_graph.name if of_graph else "", page)


def wants_page(accept: str, forms: Sequence[Form[Any]]) -> bool:
    """Return whether a browser asks: HTML is named, and no form is wanted as much.

    >>> from kg.formats import RESULT_FORMATS
    >>> wants_page("text/html,application/xml;q=0.9,*/*;q=0.8", RESULT_FORMATS)
    True
    >>> wants_page("*/*", RESULT_FORMATS)
    False
    """
    wanted = _parsed(accept)
    if not any(media_type == HTML for media_type, _ in wanted):
        return False
    best = max((_quality(accept, form.media_types) for form in forms), default=0)
    return wanted.quality(HTML) > best


# Clients send the same header with each request; the exchange bounds its length.
@lru_cache(maxsize=256)
def _parsed(accept: str) -> MIMEAccept:
    """Return what is wanted; a parameter of a type (`charset=utf-8`) asks nothing of us."""
    wanted = parse_accept_header(accept, MIMEAccept)
    return MIMEAccept([(media_type.partition(";")[0], quality) for media_type, quality in wanted])


@lru_cache(maxsize=2048)  # a dozen forms for each of those headers
def _quality(accept: str, media_types: tuple[str, ...]) -> float:
    """Return how much a form is wanted: by its registered type, or by another that is named.

    A range such as `*/*` speaks of the registered type alone, which is the one that is sent.
    """
    wanted = _parsed(accept)
    registered, *named = media_types
    others = [quality for media_type, quality in wanted if media_type in named]
    return max(wanted.quality(registered), *others, 0)
