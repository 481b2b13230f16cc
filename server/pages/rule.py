"""A rule: what it says, its query, and what was concluded by it."""

import pyoxigraph as ox

from kg.resources import SH, Resource
from kg.terms import DCT
from kg.words import number
from server import layout, proving
from server.state import Served


def page(here: Served, resource: Resource, language: str) -> str:
    """Return the page of a rule."""
    query, source = "", ""
    for triple in resource.triples:
        value = triple.object
        if triple.predicate.value == f"{SH}construct" and isinstance(value, ox.Literal):
            query = value.value
        elif triple.predicate == DCT.source and isinstance(value, ox.NamedNode):
            source = value.value
    name = resource.path.partition("/")[2]
    return layout.drawn(
        "rule.html",
        here.graph,
        resource,
        language,
        name=name,
        title=proving.rule_title(here.graph, name, language),
        query=query,
        source=source,
        used=number(language, proving.uses(here.graph)[name]),
        examples=proving.examples(here.graph, name, language),
    )
