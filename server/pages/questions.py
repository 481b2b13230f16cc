"""A question with its answer and its query."""

import pyoxigraph as ox

from kg import paths, questions
from kg.resources import Resource
from server import cards, layout
from server.state import Served


def page(here: Served, resource: Resource, language: str) -> str:
    """Return the page of a question."""
    found = questions.find(resource.path.partition("/")[2], paths.ONTOLOGY / "questions")
    answer = here.graph.query(found.query)
    assert isinstance(answer, ox.QuerySolutions), "each question is a SELECT"
    return layout.drawn(
        "question.html",
        here.graph,
        resource,
        language,
        question=found,
        columns=[cards.heading(variable.value) for variable in answer.variables],
        rows=[[cards.cell(here.graph, term, language) for term in row] for row in answer],
    )
