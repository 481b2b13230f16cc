"""A named graph: what it holds, and how to have it."""

import pyoxigraph as ox

from kg.resources import VOID, Resource
from kg.terms import RDFS, shorten
from kg.words import number
from server import layout
from server.state import Served


def page(here: Served, resource: Resource, language: str) -> str:
    """Return the page of a named graph."""
    values = {
        (t.predicate, getattr(t.object, "language", None)): t.object
        for t in resource.triples
        if isinstance(t.object, ox.Literal)
    }
    count = int(values[ox.NamedNode(f"{VOID}triples"), None].value)
    return layout.drawn(
        "graph.html",
        here.graph,
        resource,
        language,
        short=shorten(resource.iri),
        holds=values[RDFS.comment, language].value,
        count=number(language, count),
        query=f"SELECT * {{ GRAPH {resource.iri} {{ ?s ?p ?o }} }} LIMIT 100",
    )
