"""The questions of ontology/questions, as pages.

`/questions`: what can be asked in plain words.
Example: GET /questions

`/questions/<question>`: a question with its answer and its query.
Example: GET /questions/who-succeeded-mussolini
"""

import pyoxigraph as ox
from flask import Blueprint, render_template

from kg import paths, questions
from server import cards
from server.state import served

bp = Blueprint("questions", __name__)
_FOLDER = paths.ONTOLOGY / "questions"


@bp.get("/questions")
def index() -> str:
    """List the questions, and the mistakes that the graph is guarded against."""
    return render_template("questions.html", questions=questions.read_questions(_FOLDER))


@bp.get("/questions/<name>")
def question(name: str) -> str:
    """Show a question with its answer and its query."""
    found = questions.find(name, _FOLDER)
    graph = served().graph
    answer = graph.query(found.query)
    assert isinstance(answer, ox.QuerySolutions), "each question is a SELECT"
    return render_template(
        "question.html",
        question=found,
        columns=[cards.heading(variable.value) for variable in answer.variables],
        rows=[[cards.cell(graph, term) for term in row] for row in answer],
    )
