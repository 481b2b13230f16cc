"""The texts and their claims, as pages.

`/`: the first text.
Example: GET /

`/text/<text>`: a text with its claims marked and numbered.
Example: GET /text/italy-1943

`/text/<text>/claim/<claim>`: a claim with its words and its triples.
Example: GET /text/italy-1943/claim/s01-4
"""

from http import HTTPStatus

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from kg import paths, questions
from server import cards
from server.state import served

bp = Blueprint("text", __name__)
EXAMPLE = """SELECT ?successor ?predecessor ?claim ?words {
  ?successor cas:succeeded ?predecessor ;
    cas:heldTenure ?tenure .
  GRAPH ?claim { ?tenure cas:since ?event }
  ?claim cas:quote ?words
}"""


@bp.get("/")
def front() -> ResponseReturnValue:
    """Show the first text, and the others by name; where there is none, the query page."""
    texts = cards.texts(served().graph)
    return _page(texts[0]) if texts else redirect(url_for("query.page"), HTTPStatus.SEE_OTHER)


@bp.get("/text/<name>")
def text(name: str) -> str:
    """Show a text with its claims marked and numbered."""
    return _page(name)


@bp.get("/text/<name>/claim/<claim>")
def claim(name: str, claim: str) -> str:
    """Show a claim with its words and its triples."""
    return render_template("claim.html", card=cards.claim_card(served().graph, name, claim))


def _page(name: str) -> str:
    graph = served().graph
    card = cards.text_card(graph, name)
    asked = questions.read_questions(paths.ONTOLOGY / "questions")
    return render_template(
        "text.html",
        card=card,
        figures=next(t for t in graph.report["texts"] if t["name"] == name),
        texts=cards.texts(graph),
        example=EXAMPLE,
        questions=[q for q in asked if not q.guards],
    )
