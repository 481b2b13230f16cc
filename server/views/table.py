"""An answer as a table: names in words, and beside each row what it rests on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyoxigraph as ox
from flask import render_template, request
from markupsafe import Markup

from kg import Graph
from kg.patterns import parts
from kg.positions import tokens
from kg.proof.record import fact_of
from kg.proof.tree import recorded
from kg.store import Term, kept
from kg.terms import CAS, QUERY_PREFIXES, RDF, expand
from kg.words import say
from server import cards, documents
from server.cards import Cell
from server.state import Served
from server.views import Answer

PLACE = 1
_WHY = expand("g:why")
_SHORT = 300  # rows; of more it would take seconds to find what each rests on in the end
_MOST_LINKS = 4  # beside a row: more tell nothing that the pages that they lead to do not


@dataclass(frozen=True, slots=True)
class Row:
    """A row for a reader.

    Attributes:
        cells: one a column.
        grounds: the claims that state it, and the pages that tell why it follows.
        claims: the names of those that it rests on in the end.
    """

    cells: tuple[Cell, ...]
    grounds: tuple[Cell, ...]
    claims: tuple[str, ...]


def find(here: Served, answer: Answer, language: str) -> Answer:  # noqa: ARG001 each is given it
    """Return the answer: all can be told in a table, or in a word."""
    return answer


def suits(answer: Answer) -> bool:  # noqa: ARG001 each is given it
    """Return that a table is what remains where nothing else suits."""
    return False


def drawn(here: Served, answer: Answer, language: str) -> Markup:
    """Return the table, or a yes or no."""
    rows = _rows(here, answer, language)
    headings = _headings(answer, language)
    has_grounds = any(row.grounds for row in rows)
    names = [*headings, say(language, "page/evidence")] if has_grounds else headings
    about = {
        "verdict": say(language, "page/yes" if answer.verdict else "page/no"),
        "columns": headings,
        "has_grounds": has_grounds,
        "rows": Markup("\n").join(_written(rows, names)),
    }
    page = render_template("view-table.html", answer=answer, language=language, **about)
    return Markup(page)  # noqa: S704 a template has escaped it


def _written(rows: Iterable[Row], names: Sequence[str]) -> Iterator[Markup]:
    """Yield the rows as HTML, here because a template takes ten times as long for a thousand."""
    root = request.script_root
    opened = [Markup('<td data-name="{}">').format(name) for name in names]
    known: dict[Cell, Markup] = {}
    for row in rows:
        for cell in row.cells:
            if cell not in known:
                known[cell] = _term(cell, root)
        claims = Markup(' data-c="{}"').format(" ".join(row.claims)) if row.claims else ""
        cells = [known[cell] for cell in row.cells]
        if len(names) > len(cells):
            cells.append(Markup(" · ").join(_link(cell, root) for cell in row.grounds))
        written = "</td>".join(f"{begin}{cell}" for begin, cell in zip(opened, cells, strict=True))
        yield Markup(f"<tr{claims}>{written}</td></tr>")  # noqa: S704 all of it is escaped


def _term(cell: Cell, root: str) -> Markup:
    """Return a term: its name and compact name as a link, or the words of a literal."""
    if cell.path:
        href = cell.path if "://" in cell.path else root + cell.path
        short = Markup(" <code>{}</code>").format(cell.short) if cell.short != cell.label else ""
        return Markup('<a class="term" href="{}">{}{}</a>').format(href, cell.label, short)
    if cell.language:
        words = Markup('<span lang="{0}">{1}</span> <small class="soft">{0}</small>')
        return words.format(cell.language, cell.label)
    return Markup("{}").format(cell.label)


def _link(cell: Cell, root: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(root + cell.path, cell.label)


def _headings(answer: Answer, language: str) -> list[str]:
    if answer.kind == "triples":
        return [say(language, f"page/{column}") for column in answer.columns]
    return [*answer.headings] or [cards.heading(column) for column in answer.columns]


def _rows(here: Served, answer: Answer, language: str) -> list[Row]:
    graph, evidence = here.graph, _Evidence(answer)
    is_short = len(answer.rows) <= _SHORT
    found = []
    for row in answer.rows:
        stated: dict[Cell, None] = {}
        follows: dict[Cell, None] = {}
        rests: dict[str, None] = {}
        for fact, predicate in evidence.facts(row):
            claims = _claims(graph, fact)
            stated |= dict.fromkeys(cards.cell(graph, claim, language) for claim in claims)
            if not claims and _is_recorded(graph, fact):
                name = cards.cell(graph, predicate, language).label
                words = say(language, "page/why-this", property=name)
                follows[Cell(words, "", "", documents.page_of(fact.value, language))] = None
                rests |= dict.fromkeys(_leaves(graph, fact) if is_short else ())
        cells = tuple(cards.cell(graph, term, language) for term in row)
        told = [cell.short.partition("/claim/")[2] for cell in (*cells, *stated)]
        names = dict.fromkeys([*filter(None, told), *rests])
        found.append(Row(cells, (*stated, *follows)[:_MOST_LINKS], tuple(names)))
    return found


def _claims(graph: Graph, fact: ox.NamedNode) -> list[ox.NamedNode]:
    """Return the claims that state a fact, sorted."""
    quads = graph.store.quads_for_pattern(fact, CAS.statedBy, None, _WHY)
    claims = (quad.object for quad in quads)
    return sorted((each for each in claims if isinstance(each, ox.NamedNode)), key=str)


def _is_recorded(graph: Graph, fact: ox.NamedNode) -> bool:
    return any(True for _ in graph.store.quads_for_pattern(fact, RDF.type, None, _WHY))


@kept(10_000)
def _leaves(graph: Graph, fact: ox.NamedNode) -> tuple[str, ...]:
    """Return the names of the claims that the best proof of a fact rests on."""
    return tuple(claim.value.rpartition("/")[2] for claim in recorded(graph).best(fact).leaves)


class _Evidence:
    """What the rows of an answer say: the triples that they make of the query's pattern."""

    def __init__(self, answer: Answer) -> None:
        self._keys = answer.keys
        self._columns = {column: at for at, column in enumerate(answer.columns)}
        if answer.kind == "triples":
            self._patterns: list[Sequence[int | Term]] = [(0, 1, 2)]
            return
        declared = _declared(answer.query)
        read = (
            [self._read(term, declared) for term in part.terms] for part in parts(answer.query)
        )
        known: list[Sequence[int | Term]] = [
            [term for term in terms if term is not None]
            for terms in read
            if terms and None not in terms
        ]
        # Of what kind a thing is goes without saying where more is said of it.
        self._patterns = [terms for terms in known if terms[1] != RDF.type] or known

    def facts(self, row: Sequence[Term | None]) -> Iterator[tuple[ox.NamedNode, ox.NamedNode]]:
        """Yield the facts that a row may tell, as proofs name them, and their predicates."""
        for pattern in self._patterns:
            s, p, o = (row[term] if isinstance(term, int) else term for term in pattern)
            if isinstance(s, ox.NamedNode) and isinstance(p, ox.NamedNode) and o is not None:
                for key in self._keys:
                    yield fact_of(key, ox.Triple(s, p, o)), p

    def _read(self, term: str, declared: dict[str, str]) -> int | Term | None:
        """Return where the value of a variable stands, or the term that is written."""
        if term[0] in "?$":
            return self._columns.get(term[1:])
        if term == "a":
            return RDF.type
        if term[0] == "<":
            return ox.NamedNode(term[1:-1]) if ":" in term else None
        prefix, colon, local = term.partition(":")
        return ox.NamedNode(declared[prefix] + local) if colon and prefix in declared else None


def _declared(query: str) -> dict[str, str]:
    """Return the prefixes of a query and what they stand for."""
    found = dict(QUERY_PREFIXES)
    previous = ""
    for token in tokens(query):
        if token.kind == "iri" and previous.endswith(":"):
            found[previous[:-1]] = token.text[1:-1]
        previous = token.text if token.kind == "name" else ""
    return found
