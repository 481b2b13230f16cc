"""The questions of ontology/questions, as a page.

`/questions`: what can be asked in plain words.
Example: GET /questions
"""

from flask import Blueprint, render_template

from kg import paths, questions

bp = Blueprint("questions", __name__)
_FOLDER = paths.ONTOLOGY / "questions"


@bp.get("/questions")
def index() -> str:
    """List the questions, and the mistakes that the graph is guarded against."""
    return render_template("questions.html", questions=questions.read_questions(_FOLDER))
