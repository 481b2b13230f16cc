"""The pages of names, by kind: what has no page of its own is a table.

Each module has `page(here, resource, language)` and is named for a kind of `kg.resources`.
"""

import json
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from flask import request

from kg import Graph, formats, resources
from kg.formats import Form
from kg.resources import Resource
from kg.store import kept
from server.documents import HTML
from server.state import Served, served

_KEPT = 200  # pages: of 10 kB each, the longest text's some 500
_KINDS = frozenset(module.name for module in iter_modules(__path__))


def written(here: Served, resource: Resource, form: Form[Any], language: str) -> bytes:
    """Return what is told of a name in a form; a page is in the language."""
    if form is HTML:
        return page(here, resource, language).encode()
    if form.name == "jsonld":
        return _as_jsonld(here.graph, resource.path)
    return formats.serialize(resource.triples, form, resource.prefixes)


@kept(1)  # it goes by two suffixes
def _as_jsonld(graph: Graph, name: str) -> bytes:
    from kg.exports import jsonld  # noqa: PLC0415 it reads the ontology, which takes a while

    document = jsonld.document(resources.find(graph, name).triples)
    return (json.dumps(document, ensure_ascii=False) + "\n").encode()


def page(here: Served, resource: Resource, language: str) -> str:
    """Return the page of a name in a language, kept if it is the same for all who ask for it."""
    if request.args:
        return _drawn(here, resource, language)
    return _alike(here.graph, resource.path, language, request.script_root)


@kept(_KEPT)
def _alike(graph: Graph, name: str, language: str, _root: str) -> str:
    return _drawn(served(), resources.find(graph, name), language)


def _drawn(here: Served, resource: Resource, language: str) -> str:
    kind = resource.kind if resource.kind in _KINDS else "any"
    drawn = import_module(f"server.pages.{kind}").page(here, resource, language)
    assert isinstance(drawn, str), "a page is HTML"
    return drawn
