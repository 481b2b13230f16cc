"""The interface over HTTP, described for programs from what the endpoints and pages say they do.

Source: https://spec.openapis.org/oas/v3.1.1.html, https://www.rfc-editor.org/rfc/rfc9727

`/openapi.json`: all addresses with their methods, parameters and forms, in OpenAPI 3.1.
Example: GET /openapi.json

`/.well-known/api-catalog`: the interfaces that are here, each with what describes it.
Example: GET /.well-known/api-catalog
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module, metadata
from pkgutil import iter_modules
from typing import Any, NamedTuple

from flask import Blueprint, Response

from kg import formats
from kg.formats import Form
from server import documents, endpoints, overviews, problems, representation, routes
from server.exchange import FORM
from server.state import served

bp = Blueprint("interface", __name__)

_LINKSET = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'
_QUERY, _UPDATE = "application/sparql-query", "application/sparql-update"
# An address in a docstring, what is there, and an example; the README lists the same.
_TOLD = re.compile(r"^`(/[^`]*)`: ((?:.+\n)*?.*)\.\n(?:Example: GET (.*))?$", re.MULTILINE)


class Address(NamedTuple):
    """An address as its module tells of it.

    Attributes:
        path: with `{name}` for what varies.
        does: what is there, in words.
        example: one that can be had by GET; may be empty.
    """

    path: str
    does: str
    example: str


def addresses() -> Iterator[Address]:
    """Yield all addresses of the endpoints and pages."""
    for package in (endpoints, routes):
        for module in iter_modules(package.__path__):
            told = import_module(f"{package.__name__}.{module.name}").__doc__ or ""
            for path, does, example in _TOLD.findall(told):
                named = re.sub("<([^>]*)>", r"{\1}", path)
                yield Address(named, does.replace("\n", " "), example)
    for name in overviews.NAMES:
        told = import_module(f"{overviews.__name__}.{name}").__doc__ or ""
        does = told.partition("\n")[0].removesuffix(".")
        pages = (documents.address(name, language=each) for each in documents.LANGUAGES)
        for path in (f"/{name}", *pages):
            yield Address(path, does, path)


@bp.get("/openapi.json")
def openapi() -> Response:
    """Describe all addresses in OpenAPI."""
    here = served().config.here.rstrip("/")
    about = metadata.metadata("cassibile")
    document = {
        "openapi": "3.1.1",
        "info": {
            "title": "Cassibile",
            "summary": about["Summary"],
            "version": about["Version"],
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": here}],
        "externalDocs": {"url": f"{here}/data"},
        "paths": {each.path: _item(each) for each in addresses()},
        "components": _COMPONENTS,
    }
    return representation.of(_as_json(document), "application/json")


@bp.get("/.well-known/api-catalog")
def catalogue() -> Response:
    """List the interfaces that are here."""
    here = served().config.here.rstrip("/")
    own = f"{here}/.well-known/api-catalog"
    entrances = [f"{here}{path}" for path in _PROTOCOLS if "{" not in path]
    described = {
        "service-desc": [{"href": f"{here}/openapi.json", "type": "application/json"}],
        "service-doc": [{"href": f"{here}/data", "type": "text/html"}],
        "service-meta": [{"href": f"{here}/.well-known/void", "type": "text/turtle"}],
        "status": [{"href": f"{here}/ready", "type": "text/plain"}],
    }
    linkset = [
        {"anchor": own, "item": [{"href": entrance} for entrance in entrances]},
        *({"anchor": entrance, **described} for entrance in entrances),
    ]
    answer = representation.of(_as_json({"linkset": linkset}), _LINKSET)
    items = [f'<{entrance}>; rel="item"' for entrance in entrances]
    answer.headers["Link"] = ", ".join([f'<{own}>; rel="api-catalog"', *items])
    return answer


def _as_json(document: object) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def _item(address: Address) -> dict[str, Any]:
    """Return what is told of one address: that of a standard protocol, or a page that is read."""
    methods = _PROTOCOLS.get(address.path, {"get": {"responses": {"200": _told("the answer")}}})
    names = re.findall(r"{([^}]*)}", address.path)
    item: dict[str, Any] = {
        method: {
            "summary": address.does,
            "operationId": "-".join([method, *re.findall(r"[\w.]+", address.path)]),
            **operation,
            "responses": {**operation["responses"], "default": _PROBLEM},
        }
        for method, operation in methods.items()
    }
    if names:
        item["parameters"] = [
            {**_parameter(name, value), "in": "path", "required": True}
            for name, value in zip(names, _values(address, len(names)), strict=True)
        ]
    return item


def _values(address: Address, count: int) -> Sequence[str]:
    """Return what the example of an address has in the place of each name."""
    parts = re.split(r"{[^}]*}", address.path)
    pattern = "(.+?)".join(map(re.escape, parts))
    found = re.fullmatch(pattern, address.example.partition("?")[0])
    return found.groups() if found else [""] * count


def _parameter(name: str, example: str = "", **schema: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "in": "query", "schema": {"type": "string", **schema}}
    return {**found, "example": example} if example else found


def _told(words: str, media_types: Iterable[str] = ()) -> dict[str, Any]:
    content: dict[str, Any] = {media_type: {} for media_type in media_types}
    return {"description": words, **({"content": content} if content else {})}


def _body(*media_types: str) -> dict[str, Any]:
    strings: dict[str, Any] = {"schema": {"type": "string"}}
    return {"required": True, "content": dict.fromkeys(media_types, strings)}


def _form(field: str, *lists: str) -> dict[str, Any]:
    """Return a form with one field that it must have, and others that may stand several times."""
    several = {"type": "array", "items": {"type": "string", "format": "uri"}}
    fields = {field: {"type": "string"}, **dict.fromkeys(lists, several)}
    return {"schema": {"type": "object", "required": [field], "properties": fields}}


def _either(*fields: str) -> dict[str, Any]:
    """Return a form that has one of some fields."""
    strings: dict[str, Any] = {"type": "string"}
    return {"schema": {"type": "object", "properties": dict.fromkeys(fields, strings)}}


def _graphs(*names: str) -> list[dict[str, Any]]:
    return [_parameter(name, type="array", items={"type": "string"}) for name in names]


# What the standards say of the addresses at which they are spoken; all others are only read.
_EVERY_FORM: tuple[Form[Any], ...] = (*formats.RESULT_FORMATS, *formats.RDF_SYNTAXES)
_ANSWERS = [form.media_type for form in _EVERY_FORM]
_SYNTAXES = [form.media_type for form in formats.RDF_SYNTAXES]
_DATASET = ("default-graph-uri", "named-graph-uri")
_CHOICE = _parameter("format", enum=[form.name for form in _EVERY_FORM])
_WITH_TOKEN: dict[str, Any] = {"security": [{"token": []}]}
_ANSWERED = {"responses": {"200": _told("the answer, in the form that is asked for", _ANSWERS)}}
_IN_JSON = {"responses": {"200": _told("the answer", ["application/json"])}}
_PROBLEM = {"$ref": "#/components/responses/problem"}
_STORE = [
    _parameter("graph", "g:claims"),
    {**_parameter("default"), "allowEmptyValue": True},
]
_OF_A_GRAPH: dict[str, dict[str, Any]] = {
    "get": {"responses": {"200": _told("the graph", _SYNTAXES)}},
    **{
        method: {
            "requestBody": _body(*_SYNTAXES),
            "responses": {"201": _told("the graph is new"), "204": _told("done")},
            **_WITH_TOKEN,
        }
        for method in ("put", "post")
    },
    "delete": {"responses": {"204": _told("done")}, **_WITH_TOKEN},
}


def _of_queries(example: str) -> dict[str, dict[str, Any]]:
    return {
        "get": {
            "parameters": [_parameter("query", example), *_graphs(*_DATASET), _CHOICE],
            **_ANSWERED,
        },
        "post": {
            "parameters": [*_graphs(*_DATASET), _CHOICE],
            "requestBody": {
                "required": True,
                "content": {FORM: _form("query", *_DATASET), **_body(_QUERY)["content"]},
            },
            **_ANSWERED,
        },
    }


_PROTOCOLS: dict[str, dict[str, dict[str, Any]]] = {
    "/sparql": _of_queries("ASK { id:badoglio cas:succeeded id:mussolini }"),
    "/wikidata/sparql": _of_queries("SELECT ?office { wd:Q200085 wdt:P39 ?office }"),
    "/reconcile": {
        "get": {
            "parameters": [
                _parameter("queries", '{"q0": {"query": "Gen. Badoglio"}}'),
                _parameter("extend"),
                _parameter("callback"),
            ],
            **_IN_JSON,
        },
        "post": {
            "requestBody": {"required": True, "content": {FORM: _either("queries", "extend")}},
            **_IN_JSON,
        },
    },
    "/reconcile/{version}/{action}": {
        "get": {
            "parameters": [_parameter("id", "badoglio")],
            "responses": {"200": _told("the preview", ["text/html"])},
        },
        "post": {"requestBody": _body("application/json"), **_IN_JSON},
    },
    "/update": {
        "post": {
            "requestBody": {
                "required": True,
                "content": {
                    FORM: _form("update", "using-graph-uri", "using-named-graph-uri"),
                    **_body(_UPDATE)["content"],
                },
            },
            "responses": {"204": _told("done")},
            **_WITH_TOKEN,
        }
    },
    "/rdf-graph-store": {
        method: {"parameters": _STORE, **operation} for method, operation in _OF_A_GRAPH.items()
    },
    "/rdf-graph-store/{path}": _OF_A_GRAPH,
}
_COMPONENTS = {
    "responses": {
        "problem": {
            "description": "what is wrong and what to do (RFC 9457)",
            "content": {problems.JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    },
    "schemas": {
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string", "format": "uri"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "line": {"type": "integer"},
                "column": {"type": "integer"},
                "limit": {"type": "string"},
            },
        }
    },
    "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
}
