"""The pages over the whole graph: the folder is the list, and a file's name is its address.

Each module has `page(here, language)`, which returns what Flask takes for an answer, and reads
what it is asked for from `request.args`: the address is all the state that a page has.
"""

from importlib import import_module
from pkgutil import iter_modules

from flask.typing import ResponseReturnValue

from server.state import Served

NAMES = tuple(sorted(module.name for module in iter_modules(__path__)))


def page(name: str, here: Served, language: str) -> ResponseReturnValue:
    """Return the page of that name in a language."""
    drawn: ResponseReturnValue = import_module(f"server.overviews.{name}").page(here, language)
    return drawn
