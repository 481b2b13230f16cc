"""A text with its claims marked and numbered."""

from kg import paths, questions
from kg.resources import Resource
from server import cards, layout
from server.state import Served

EXAMPLE = """SELECT ?successor ?predecessor ?claim ?words {
  ?successor cas:succeeded ?predecessor ;
    cas:heldTenure ?tenure .
  GRAPH ?claim { ?tenure cas:since ?event }
  ?claim cas:quote ?words
}"""


def page(here: Served, resource: Resource, language: str) -> str:
    """Return the page of a text."""
    name = resource.path.partition("/")[2]
    asked = questions.read_questions(paths.ONTOLOGY / "questions")
    return layout.drawn(
        "text.html",
        here.graph,
        resource,
        language,
        card=cards.text_card(here.graph, name),
        figures=next(t for t in here.graph.report["texts"] if t["name"] == name),
        texts=cards.texts(here.graph),
        example=EXAMPLE,
        questions=[q for q in asked if not q.guards],
    )
