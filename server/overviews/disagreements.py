"""What texts and reference works disagree on: what both sides say, their words, their sources."""

from server import disputing, layout
from server.state import Served


def page(here: Served, language: str) -> str:
    """Return the page with every disagreement."""
    found = disputing.every(here.graph, language)
    return layout.framed("disagreements.html", "disagreements", language, cards=found)
