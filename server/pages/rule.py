"""A rule: what it says, its query, and how often proofs go by it."""

import pyoxigraph as ox

from kg.resources import SH, Resource
from kg.terms import CAS, DCT, RDFS, expand
from server import layout
from server.state import Served


def page(here: Served, resource: Resource, language: str) -> str:
    """Return the page of a rule."""
    labels, query, source = {}, "", ""
    for triple in resource.triples:
        value = triple.object
        if triple.predicate == RDFS.label and isinstance(value, ox.Literal):
            labels[value.language or "en"] = value.value
        elif triple.predicate.value == f"{SH}construct" and isinstance(value, ox.Literal):
            query = value.value
        elif triple.predicate == DCT.source and isinstance(value, ox.NamedNode):
            source = value.value
    why = expand("g:why")
    used = sum(1 for _ in here.graph.store.quads_for_pattern(None, CAS.byRule, resource.iri, why))
    return layout.drawn(
        "rule.html",
        here.graph,
        resource,
        language,
        name=resource.path.partition("/")[2],
        title=labels.get(language) or labels["en"],
        query=query,
        source=source,
        used=f"{used:,}",
    )
