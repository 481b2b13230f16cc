"""Where a reader begins.

`/`: the first text.
Example: GET /
"""

from http import HTTPStatus

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from kg import resources
from server import cards, pages
from server.state import served

bp = Blueprint("front", __name__)


@bp.get("/")
def front() -> ResponseReturnValue:
    """Show the first text, and the others by name; where there is none, the query page."""
    here = served()
    texts = cards.texts(here.graph)
    if not texts:
        return redirect(url_for("query.page"), HTTPStatus.SEE_OTHER)
    return pages.page(here, resources.find(here.graph, f"text/{texts[0]}"), "en")
