"""Where a reader begins: the first text; with several, what there is to read before it."""

from kg import resources
from server import cards, layout, pages
from server.state import Served


def page(here: Served, language: str) -> str:
    """Return the page of the first text, or one that says that there is none."""
    texts = cards.texts(here.graph)
    if not texts:
        return layout.framed("no-text.html", "read", language)
    return pages.page(here, resources.find(here.graph, f"text/{texts[0]}"), language)
