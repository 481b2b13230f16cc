"""What is told of a name of any kind: a table, subject by subject."""

import pyoxigraph as ox

from kg.resources import Resource
from server import cards, layout
from server.state import Served


def page(here: Served, resource: Resource, language: str) -> str:
    """Return the page of a name, with all triples of its document but the names of others."""
    own = resource.iri.value
    told = [t for t in resource.triples if _is_own(t.subject, own) or t.object == resource.iri]
    return layout.drawn(
        "any.html",
        here.graph,
        resource,
        language,
        title=cards.cell(here.graph, resource.iri, language),
        statements=cards.grouped(here.graph, told, language),
    )


def _is_own(subject: object, iri: str) -> bool:
    """Return whether a subject is the name, inside its document, or a blank node of it."""
    return not isinstance(subject, ox.NamedNode) or subject.value.partition("#")[0] == iri
