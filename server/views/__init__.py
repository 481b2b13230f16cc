"""The ways to look at an answer: the folder is the list, and a file's name is that of the view.

Each module has `PLACE`, where it stands among the others; `find(here, answer, language)`, which
returns what of the answer it would draw, or raises `CannotDraw`; `suits(answer)`, whether it is
what such an answer is best looked at as; and `drawn(here, answer, language)`, which draws it.
Where no view suits, it is the first that can be drawn.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import islice
from pkgutil import iter_modules
from typing import Any

import pyoxigraph as ox
from markupsafe import Markup

from kg.errors import BadQuery, did_you_mean
from kg.positions import tokens
from kg.store import Term
from server.service import Page
from server.state import Served

# `# view: timeline`, ours, and `#defaultView:Map`, as the query service of Wikidata has it.
_FIRST = re.compile(r"#\s*(?:view:|defaultView:)\s*(\w+)", re.IGNORECASE)
_SIDES = ("subject", "property", "object")  # the columns of triples
_ALSO = {"graph": "network", "json": "raw"}  # other names that they go by


class CannotDraw(Exception):
    """An answer has nothing of the kind that a view draws; why, in the language of the page."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, as much of it as a page shows.

    Attributes:
        query: as asked.
        kind: "solutions", "boolean" or "triples".
        columns: the variables; of triples their three sides.
        rows: of terms, None where a variable has no value.
        verdict: of a question for yes or no.
        whole: whether that is all.
        keys: of the perspectives that were asked, see `kg.perspectives`.
        headings: what the columns are called in words, if that is told.
    """

    query: str
    kind: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Term | None, ...], ...]
    verdict: bool
    whole: bool
    keys: tuple[str, ...]
    headings: tuple[str, ...] = ()

    @property
    def things(self) -> list[ox.NamedNode]:
        """Return the names in the rows, each once, in their order."""
        found = (term for row in self.rows for term in row if isinstance(term, ox.NamedNode))
        return list(dict.fromkeys(found))

    def has_column_of(self, datatype: ox.NamedNode) -> bool:
        """Return whether a column has literals of a datatype, and nothing else."""
        columns = (
            [term for term in column if term is not None]
            for column in zip(*self.rows, strict=True)
        )
        return any(
            column
            and all(isinstance(term, ox.Literal) and term.datatype == datatype for term in column)
            for column in columns
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as it is looked at.

    Attributes:
        view: the name of the view that is drawn.
        drawn: by it.
        wanted: the name of the view that was asked for.
        why_not: of each view, in order, why it cannot be drawn; empty of those that can.
    """

    view: str
    drawn: Markup
    wanted: str
    why_not: Mapping[str, str]


@cache
def names() -> tuple[str, ...]:
    """Return the names of the views, in order."""
    found = [module.name for module in iter_modules(__path__)]
    return tuple(sorted(found, key=lambda name: (_module(name).PLACE, name)))


def of_page(query: str, page: Page, most: int, keys: tuple[str, ...]) -> Answer:
    """Return an answer that came from the service, up to a number of rows."""
    if page.kind == "boolean":
        verdict = page.lines == b"true"
        return Answer(query, page.kind, (), (), verdict, whole=True, keys=keys)
    if page.kind == "triples":
        quads = ox.parse(page.lines, format=ox.RdfFormat.N_TRIPLES)
        triples = (tuple(quad.triple) for quad in quads)
        return _of_rows(query, page.kind, _SIDES, triples, most, keys)
    solutions = ox.parse_query_results(page.lines, format=ox.QueryResultsFormat.TSV)
    assert isinstance(solutions, ox.QuerySolutions), "of a SELECT"
    return of_solutions(query, solutions, most, keys)


def of_solutions(
    query: str, solutions: ox.QuerySolutions, most: int, keys: tuple[str, ...]
) -> Answer:
    """Return an answer of the engine, up to a number of rows."""
    columns = tuple(variable.value for variable in solutions.variables)
    return _of_rows(query, "solutions", columns, (tuple(row) for row in solutions), most, keys)


def _of_rows(
    query: str,
    kind: str,
    columns: tuple[str, ...],
    rows: Iterator[tuple[Term | None, ...]],
    most: int,
    keys: tuple[str, ...],
) -> Answer:
    found = tuple(islice(rows, most + 1))
    whole = len(found) <= most
    return Answer(query, kind, columns, found[:most], verdict=False, whole=whole, keys=keys)


def of_query(query: str) -> str:
    r"""Return the view that a query asks for in a comment; an empty string if none that there is.

    >>> of_query("#defaultView:Map\nSELECT * { ?s ?p ?o }"), of_query("ASK { } # view: barchart")
    ('map', '')
    """
    for token in tokens(query):
        if token.kind == "comment" and (found := _FIRST.fullmatch(token.text.strip())):
            name = found[1].lower()
            name = _ALSO.get(name, name)
            return name if name in names() else ""
    return ""


def check(name: str) -> None:
    """Make sure that there is a view of that name, or that no name is given.

    Raises: BadQuery, with the nearest.
    """
    if name and name not in names():
        hint = did_you_mean(name, names()) or f"choose one of {', '.join(names())}"
        raise BadQuery(f"there is no view {name!r}", hint=hint)


def shown(here: Served, answer: Answer, wanted: str, language: str) -> Shown:
    """Return an answer looked at as is wanted, or else as suits it.

    Where what is wanted cannot be drawn, `why_not` tells why, and what suits is drawn.
    """
    why_not = {name: _why_not(name, here, answer, language) for name in names()}
    can = [name for name in names() if not why_not[name]]
    suiting = [name for name in can if _module(name).suits(answer)]
    view = wanted if wanted in can else [*suiting, *can][0]
    return Shown(view, drawn(here, answer, view, language), wanted, why_not)


def drawn(here: Served, answer: Answer, name: str, language: str) -> Markup:
    """Return an answer as a view draws it.

    Raises: CannotDraw, if it cannot be.
    """
    found = _module(name).drawn(here, answer, language)
    assert isinstance(found, Markup), "a view draws"
    return found


def _why_not(name: str, here: Served, answer: Answer, language: str) -> str:
    try:
        _module(name).find(here, answer, language)
    except CannotDraw as error:
        return str(error)
    return ""


def _module(name: str) -> Any:
    return import_module(f"server.views.{name}")
