"""The pages over the whole graph, each in every language.

`/questions`, `/timeline`, …: in the language that the request prefers.
Example: GET /questions

`/questions.html`, `/questions.pt.html`, …: in one language.
Example: GET /questions.pt.html
"""

from functools import partial

from flask import Blueprint, Response, request

from server import documents, layout, overviews
from server.state import served

bp = Blueprint("overviews", __name__)


def _show(name: str, language: str) -> Response:
    """Answer with a page in a language."""
    return overviews.shown(name, served(), language)


def _preferred(name: str) -> Response:
    """Answer in the language that the request prefers."""
    language = layout.preferred()
    answer = _show(name, language)
    where = request.script_root + documents.address(name, language=language)
    answer.headers["Content-Location"] = where
    answer.vary.add("Accept-Language")
    return answer


for _name in overviews.NAMES:
    bp.add_url_rule(f"/{_name}", _name, partial(_preferred, _name))
    for _language in documents.LANGUAGES:
        _address = documents.address(_name, language=_language)
        bp.add_url_rule(_address, f"{_name}-{_language}", partial(_show, _name, _language))
