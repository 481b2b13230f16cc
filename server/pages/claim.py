"""A claim with its words and its triples."""

from kg.resources import Resource
from server import cards, layout
from server.state import Served


def page(here: Served, resource: Resource, language: str) -> str:
    """Return the page of a claim; of a reference work's, what it says and where."""
    _, text, _, name = resource.path.split("/")
    ground = cards.ground(here.graph, resource.iri, language)
    if ground.told.source:
        statements = cards.statements(here.graph, resource.iri.value, language)
        return layout.drawn(
            "reference.html", here.graph, resource, language, ground=ground, statements=statements
        )
    card = cards.claim_card(here.graph, text, name, language)
    return layout.drawn("claim.html", here.graph, resource, language, card=card)
