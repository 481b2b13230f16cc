"""Where a reader begins.

`/`: the texts, in the language that the request prefers; where there are none, the query page.
Example: GET /
"""

from http import HTTPStatus

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from server import layout, overviews
from server.state import served

bp = Blueprint("front", __name__)


@bp.get("/")
def front() -> ResponseReturnValue:
    """Show the first page that is read."""
    here = served()
    if not here.has_texts:
        return redirect(f"{request.script_root}/query", HTTPStatus.SEE_OTHER)
    answer = overviews.shown("read", here, layout.preferred())
    answer.vary.add("Accept-Language")
    return answer
