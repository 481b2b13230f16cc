"""When the occurrences and intervals of an answer were, as far as their days are known."""

from markupsafe import Markup

from kg.dates import Bounds
from kg.terms import XSD
from kg.words import say
from server import spans
from server.spans import Span
from server.state import Served
from server.views import Answer, CannotDraw

PLACE = 2


def find(here: Served, answer: Answer, language: str) -> list[Span]:
    """Return what has days, in the order of the rows.

    Raises: CannotDraw, if nothing has.
    """
    found = spans.rows_for(here.graph, answer.things, language)
    dated = [span for span in found if span.bounds != Bounds()]
    if not dated:
        raise CannotDraw(say(language, "page/no-days" if found else "page/no-occurrences"))
    return dated


def suits(answer: Answer) -> bool:
    """Return whether there is a column of days."""
    return answer.has_column_of(XSD.date)


def drawn(here: Served, answer: Answer, language: str) -> Markup:
    """Return the timeline; each row leads to the page of its occurrence."""
    return spans.drawn(find(here, answer, language), language, name="answer")
