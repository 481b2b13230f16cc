"""What can be asked in plain words, and the mistakes that the graph is guarded against."""

from kg import paths, questions
from server import layout
from server.state import Served


def page(here: Served, language: str) -> str:  # noqa: ARG001 each page is given it
    """Return the page with the questions of ontology/questions."""
    found = questions.read_questions(paths.ONTOLOGY / "questions")
    return layout.framed("questions.html", "questions", language, questions=found)
