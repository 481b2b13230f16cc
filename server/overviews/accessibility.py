"""For whom the pages are made usable, what was examined, and what was not tried."""

from server import layout
from server.state import Served


def page(here: Served, language: str) -> str:  # noqa: ARG001 each page is given it
    """Return the accessibility statement."""
    return layout.framed("accessibility.html", "accessibility", language)
