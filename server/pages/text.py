"""A text with its claims and names marked, the evidence card of one claim, and its places.

`reading` in the address is the name of another reading, in which the text is then shown.
"""

from flask import request

from kg import paths, questions
from kg.resources import Resource
from server import cards, edition, layout, placing
from server.state import Served


def page(here: Served, resource: Resource, language: str) -> str:
    """Return the page of a text."""
    graph, name = here.graph, resource.path.partition("/")[2]
    instead = request.args.get("reading", "")
    text = edition.edition(graph, name, language, instead)
    asked = questions.read_questions(paths.ONTOLOGY / "questions")
    return layout.drawn(
        "text.html",
        graph,
        resource,
        language,
        text=text,
        first=edition.card(graph, name, _first(text, instead), language) if text.claims else None,
        rivals=edition.rivals(graph, name, language, instead),
        instead=instead,
        figures=next(each for each in graph.report["texts"] if each["name"] == name),
        map=placing.drawn(here, name, language),
        texts=cards.texts(graph),
        questions=[q for q in asked if not q.guards],
    )


def _first(text: edition.Edition, instead: str) -> str:
    """Return the claim whose card is shown on arrival: the reading, or the first disputed one."""
    disputed = (marker.name for marker in text.claims if marker.disputed)
    return instead or next(disputed, text.claims[0].name)
