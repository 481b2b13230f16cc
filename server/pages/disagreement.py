"""A disagreement: what both sides say, why each holds, and in which words."""

from kg.resources import Resource
from server import disputing, layout
from server.state import Served


def page(here: Served, resource: Resource, language: str) -> str:
    """Return the page of a disagreement."""
    name = resource.path.partition("/")[2]
    card = next(each for each in disputing.every(here.graph, language) if each.name == name)
    return layout.drawn("disagreement.html", here.graph, resource, language, card=card)
