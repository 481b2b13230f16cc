"""The copy in one file, where the engine that answers in the browser was installed.

`/offline.html`: texts, claims, questions and the whole graph in one file, which answers SPARQL.
Example: GET /offline.html
"""

from flask import Blueprint, Response

from server import documents, representation, single
from server.state import served

bp = Blueprint("offline", __name__)


def offline() -> Response:
    """Answer with the file."""
    here = served()
    body = representation.kept("offline", here.build, lambda: single.written(here))
    answer = representation.of(body, documents.HTML.content_type)
    answer.headers["Content-Security-Policy"] = single.policy()
    return answer


if single.is_possible():
    bp.get("/offline.html")(offline)
