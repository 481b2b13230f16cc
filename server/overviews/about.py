"""How the graph is made, how to read it, and what it does not do."""

from server import layout
from server.state import Served


def page(here: Served, language: str) -> str:  # noqa: ARG001 each page is given it
    """Return the page on method and limits."""
    return layout.framed("about.html", "about", language)
