"""Where a reader begins.

`/`: the texts, in the language that the request prefers; where there are none, the query page.
Example: GET /
"""

from http import HTTPStatus

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from server import documents, layout, overviews, representation
from server.state import served

bp = Blueprint("front", __name__)


@bp.get("/")
def front() -> ResponseReturnValue:
    """Show the first page that is read."""
    here = served()
    if not here.has_texts:
        return redirect(f"{request.script_root}/query", HTTPStatus.SEE_OTHER)
    language = layout.preferred()
    key = here.build, request.script_root
    drawn = representation.kept(
        f"read.{language}", key, lambda: overviews.page("read", here, language)
    )
    assert isinstance(drawn, str), "nothing was asked that could be wrong"
    answer = representation.of(drawn.encode(), documents.HTML.content_type)
    answer.headers["Content-Language"] = language
    answer.vary.add("Accept-Language")
    return answer
