"""The pages over the whole graph: the folder is the list, and a file's name is its address.

Each module has `page(here, language)`, which returns what Flask takes for an answer, and reads
what it is asked for from `request.args`: the address is all the state that a page has.
"""

from importlib import import_module
from pkgutil import iter_modules

from flask import Response, current_app, request
from flask.typing import ResponseReturnValue

from server import documents, representation
from server.state import Served

NAMES = tuple(sorted(module.name for module in iter_modules(__path__)))


def page(name: str, here: Served, language: str) -> ResponseReturnValue:
    """Return the page of that name in a language."""
    drawn: ResponseReturnValue = import_module(f"server.overviews.{name}").page(here, language)
    return drawn


def shown(name: str, here: Served, language: str) -> Response:
    """Answer with a page; one that is asked for nothing in particular is kept with the build."""

    def make() -> ResponseReturnValue:
        return page(name, here, language)

    if request.args:
        answer = current_app.make_response(make())
    else:
        key = here.build, request.script_root
        drawn = representation.kept(f"{name}.{language}", key, make)
        assert isinstance(drawn, str), "nothing was asked that could be wrong"
        answer = representation.of(drawn.encode(), documents.HTML.content_type)
    answer.headers["Content-Language"] = language
    return answer
