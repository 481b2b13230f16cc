"""Answers on a terminal: a table with names, or one of the standard forms."""

import unicodedata
from collections.abc import Iterable, Sequence

import pyoxigraph as ox

from kg import formats, perspectives
from kg.errors import BadQuery, count
from kg.questions import Question
from kg.store import Answer, Graph, Term, kept
from kg.terms import PREFIXES, shorten

TABLE = "table"
CHOICES = (
    TABLE,
    *(f.name for f in formats.RESULT_FORMATS),
    *(s.name for s in formats.GRAPH_SYNTAXES),
)


def written(graph: Graph, answer: Answer, form: str, language: str = "en") -> str:
    """Return an answer as the form wants it.

    Raises: UnknownName, if the answer has no such form: a graph is no table, a table no graph;
            BadQuery, if the query cannot be evaluated: the engine goes on while it is read.
    """
    try:
        return _written(graph, answer, form, language)
    except (OSError, RuntimeError) as error:
        raise BadQuery(f"the query cannot be evaluated: {error}") from error


def _written(graph: Graph, answer: Answer, form: str, language: str) -> str:
    if isinstance(answer, ox.QueryTriples):
        syntax = formats.named("turtle" if form == TABLE else form, formats.GRAPH_SYNTAXES)
        return formats.write(answer, syntax, PREFIXES).decode()
    if form != TABLE:
        chosen = formats.named(form, formats.RESULT_FORMATS)
        serialized = answer.serialize(format=chosen.engine)
        assert serialized is not None, "without an output, serialize returns bytes"
        return serialized.decode()
    if isinstance(answer, ox.QueryBoolean):
        return f"{'yes' if answer else 'no'}\n"
    columns = [variable.value for variable in answer.variables]
    rows = [[_cell(graph, term, language) for term in row] for row in answer]
    return _table(columns, rows)


def short_rows(answer: ox.QuerySolutions) -> list[list[str]]:
    """Return the rows with every term in short form, as answers of questions are stored."""
    return [["" if term is None else shorten(term) for term in row] for row in answer]


def changed(graph: Graph, asked: Iterable[Question], key: str) -> list[Question]:
    """Return the questions that a perspective answers otherwise than the default graph."""
    return [q for q in asked if _rows(graph, q.query, key) != _rows(graph, q.query, "")]


@kept(1_000)
def _rows(graph: Graph, query: str, key: str) -> list[list[str]]:
    answer = graph.query(query, *_dataset(graph, key))
    assert isinstance(answer, ox.QuerySolutions), "each question is a SELECT"
    return short_rows(answer)


@kept(100)
def _dataset(graph: Graph, key: str) -> tuple[list[str], list[str]] | tuple[()]:
    return perspectives.dataset(graph.store, key) if key else ()


def _cell(graph: Graph, term: Term | None, language: str) -> str:
    if term is None:
        return ""
    short, name = shorten(term), graph.label(term, language)
    return " ".join((short if name == short else f"{name} ({short})").split())  # in one line


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(_width, column)) for column in zip(columns, *rows, strict=True)]
    lines = [_line(columns, widths), _line(["─" * w for w in widths], widths)]
    lines += [_line(row, widths) for row in rows]
    return "\n".join([*lines, count(len(rows), "row")]) + "\n"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (c + " " * (width - _width(c)) for c, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def _width(cell: str) -> int:
    """Return the columns that a terminal takes for a cell."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in cell)
    return len(cell) + wide - sum(unicodedata.combining(c) > 0 for c in cell)
