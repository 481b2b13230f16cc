"""Where it happened: the places of the texts on a map, and the same places as a list."""

from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from flask import request

from kg import disagree
from kg.errors import UnknownName, did_you_mean
from kg.words import say
from server import documents, layout, placing
from server.placing import PERSPECTIVES, Row
from server.state import Served


@dataclass(frozen=True, slots=True)
class Choice:
    """Another map that can be asked for.

    Attributes:
        label: in words.
        path: of it.
        chosen: whether it is this one.
    """

    label: str
    path: str
    chosen: bool


def page(here: Served, language: str) -> str:
    """Return the page with the map and the list of the places that are asked for.

    `?text=` chooses texts, `?perspective=` what they say (`text`), what reference works say
    (`reference`) or both, and `?focus=` one place.

    Raises: UnknownName and BadQuery, if there is no such text, perspective or place.
    """
    graph = here.graph
    keys = placing.asked(graph)
    rows = placing.rows(graph, keys, language)
    focus = request.args.get("focus", "").removeprefix("id:")
    names = [row.name for row in rows]
    if focus and focus not in names:
        hint = did_you_mean(focus, names) or "/map lists the places"
        raise UnknownName(f"there is no place {focus!r} on this map", hint=hint)
    return layout.framed(
        "map.html",
        "map",
        language,
        map=placing.sheet(rows, language, focus=focus),
        groups=[(kind, list(found)) for kind, found in groupby(rows, key=lambda row: row.kind)],
        told=placing.told,
        focus=focus,
        speakers={key: disagree.perspective_in_words(key, graph.store, language) for key in keys},
        choices=_choices(language),
        drawn=sum(row.geometry is not None for row in rows),
        listed=len(rows),
        signs=_signs(rows),
    )


def _choices(language: str) -> list[Choice]:
    """Return the perspectives to choose from, with the texts as they are asked for."""
    chosen = request.args.get("perspective", PERSPECTIVES[0])
    texts = [("text", name) for name in request.args.getlist("text")]
    found = []
    for each in PERSPECTIVES:
        asked = urlencode([*texts, *([("perspective", each)] if each != PERSPECTIVES[0] else [])])
        path = documents.address("map", language=language)
        label = say(language, f"page/map-perspective-{each}")
        found.append(Choice(label, f"{path}?{asked}" if asked else path, each == chosen))
    return found


def _signs(rows: tuple[Row, ...]) -> list[str]:
    """Return the signs that the map has, for its legend."""
    shown = [row for row in rows if row.geometry]
    found = {row.kind for row in shown if not (row.reference and row.kind == "point")}
    found |= {"disputed" for row in shown if row.disputes}
    found |= {"hollow" for row in shown if row.placed == "within"}
    found |= {"reference" for row in shown if row.reference}
    return [each for each in (*placing.KINDS, "disputed", "hollow", "reference") if each in found]
