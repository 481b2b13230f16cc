"""The places of an answer on a map: names of places, and geometries in WKT."""

from dataclasses import replace

import pyoxigraph as ox
from markupsafe import Markup

from kg.terms import PREFIXES
from kg.words import say
from server import cards, placing
from server.placing import Row
from server.state import Served
from server.views import Answer, CannotDraw

PLACE = 3
_WKT = ox.NamedNode(PREFIXES["geo"] + "wktLiteral")


def find(here: Served, answer: Answer, language: str) -> list[Row]:
    """Return the places that can be drawn.

    Raises: CannotDraw, if there are none.
    """
    known = {row.cell.short: row for row in placing.rows(here.graph, answer.keys, language)}
    things = (cards.cell(here.graph, thing, language).short for thing in answer.things)
    found = [known[short] for short in things if short in known]
    shown = {row.cell.short for row in found if row.geometry}
    found += [row for row in _drawn_anew(here, answer, language) if row.cell.short not in shown]
    if not any(row.geometry for row in found):
        raise CannotDraw(say(language, "page/no-places-placed" if found else "page/no-places"))
    return [row for row in found if row.geometry]


def suits(answer: Answer) -> bool:
    """Return whether there is a column of geometries."""
    return answer.has_column_of(_WKT)


def drawn(here: Served, answer: Answer, language: str) -> Markup:
    """Return the map; each mark leads to the page of its place."""
    return placing.sheet(find(here, answer, language), language, small=True)


def _drawn_anew(here: Served, answer: Answer, language: str) -> list[Row]:
    """Return the geometries of the rows, each called by the first name beside it."""
    found = []
    for row in answer.rows:
        name = next((term for term in row if isinstance(term, ox.NamedNode)), None)
        for term in row:
            if isinstance(term, ox.Literal) and term.datatype == _WKT:
                cell = cards.cell(here.graph, name or term, language)
                short = cell.short or term.value
                geometry = placing.read_wkt(term.value)
                found.append(
                    Row(
                        name=short,
                        cell=replace(cell, short=short),
                        kind="point",
                        reference=False,
                        geometry=geometry,
                        placed="own",
                        other=None,
                        why="",
                        odd="",
                        source="",
                        comment="",
                        disputes=(),
                        lines=(),
                    )
                )
    return found
