"""The words of the graph: what queries are written with, for fields that complete them.

`/terms.json`: each term of the vocabulary and each thing with its names and definitions in all
languages, and the prefixes that a query need not declare.
Example: GET /terms.json
"""

import json
from collections import defaultdict
from typing import Any

import pyoxigraph as ox
from flask import Blueprint, Response

from kg import Graph
from kg.terms import PREFIXES, QUERY_PREFIXES, RDF, RDFS, SKOS, expand, shorten
from server import representation
from server.state import served

bp = Blueprint("terms", __name__)

_CLASS = ox.NamedNode(PREFIXES["owl"] + "Class")
_DEFINITION = ox.NamedNode(PREFIXES["skos"] + "definition")
_TOLD = {RDFS.label: "labels", SKOS.prefLabel: "labels", _DEFINITION: "about"}
_VOCABULARY, _ENTITIES = expand("g:ontology"), expand("g:entities")


@bp.get("/terms.json")
def terms() -> Response:
    """Answer with the words of the graph."""
    here = served()
    body = representation.kept("terms", here.build, lambda: _written(here.graph))
    return representation.of(body, "application/json")


def _written(graph: Graph) -> bytes:
    document = {"prefixes": QUERY_PREFIXES, "terms": _terms(graph)}
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return f"{text}\n".encode()


def _terms(graph: Graph) -> list[dict[str, Any]]:
    """Return what is told of each term: its short name, kind, labels, other names, definitions."""
    about: dict[str, dict[str, Any]] = defaultdict(
        lambda: {"labels": {}, "also": [], "about": {}, "kind": "value"}
    )
    for place in (_VOCABULARY, _ENTITIES):
        for quad in graph.store.quads_for_pattern(None, None, None, place):
            if isinstance(quad.subject, ox.NamedNode):
                _add(about[shorten(quad.subject)], quad.predicate, quad.object, place)
    found = ({"name": name, **about[name]} for name in sorted(about))
    return [each for each in found if each["labels"]]


def _add(told: dict[str, Any], predicate: ox.NamedNode, value: Any, place: ox.NamedNode) -> None:
    if place == _ENTITIES:
        told["kind"] = "thing"
    if predicate in _TOLD and isinstance(value, ox.Literal):
        told[_TOLD[predicate]][value.language or ""] = value.value
    elif predicate == SKOS.altLabel and isinstance(value, ox.Literal):
        told["also"] = sorted({*told["also"], value.value})
    elif predicate == RDF.type and isinstance(value, ox.NamedNode):
        if value == _CLASS:
            told["kind"] = "class"
        elif value.value.startswith(PREFIXES["owl"]) and value.value.endswith("Property"):
            told["kind"] = "property"
