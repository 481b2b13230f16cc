"""How the things of an answer are related: its triples, or each name of a row with the next."""

from collections.abc import Sequence

import pyoxigraph as ox
from markupsafe import Markup

from kg.terms import RDF
from kg.words import say
from server import networking
from server.networking import Relation
from server.state import Served
from server.views import Answer, CannotDraw

PLACE = 4


def find(here: Served, answer: Answer, language: str) -> Sequence[ox.Triple | Relation]:
    """Return the relations.

    Raises: CannotDraw, if there are none.
    """
    found: Sequence[ox.Triple | Relation]
    if answer.kind == "triples":
        found = [ox.Triple(*row) for row in answer.rows]  # type: ignore[arg-type]
    else:
        found = networking.related(answer.columns, answer.rows)
    if networking.rows_for(here.graph, found, language) is None:
        raise CannotDraw(say(language, "page/no-relations"))
    return found


def suits(answer: Answer) -> bool:
    """Return whether the answer is made of relations between things alone."""
    return answer.kind == "triples" and all(
        isinstance(value, ox.NamedNode) and predicate != RDF.type
        for _, predicate, value in answer.rows
    )


def drawn(here: Served, answer: Answer, language: str) -> Markup:
    """Return the network; each thing leads to what is around it, each relation to why it holds."""
    return networking.drawn_triples(here, find(here, answer, language), language)
