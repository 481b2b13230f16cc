"""A question with its answer, its query, and the other things that it can be asked of."""

from dataclasses import dataclass, replace

import pyoxigraph as ox
from flask import request

from kg import Graph, paths, questions
from kg.errors import UnknownName, did_you_mean
from kg.questions import Question
from kg.resources import Resource
from kg.store import kept
from kg.terms import PREFIXES, RDF, expand, shorten
from server import cards, layout, scopes, views
from server.cards import Cell
from server.state import Served
from server.views import Answer


@dataclass(frozen=True, slots=True)
class Choice:
    """What a question can be asked of.

    Attributes:
        own: what it asks of as it is written.
        chosen: what it is asked of here.
        others: all that it can be asked of, by name, the own one among them.
    """

    own: Cell
    chosen: Cell
    others: tuple[Cell, ...]


def page(here: Served, resource: Resource, language: str) -> str:
    """Return the page of a question; `?of=` is another thing to ask it of.

    Raises: UnknownName, if it cannot be asked of that.
    """
    found = questions.find(resource.path.partition("/")[2], paths.ONTOLOGY / "questions")
    choice = _choice(here.graph, found, language) if found.asks else None
    query, shown = found.query, found.shown(language)
    if choice and choice.chosen != choice.own:
        query, shown = found.of(query, choice.chosen.short), found.of(shown, choice.chosen.short)
    keys = scopes.find(here.graph, "", language).keys
    answer = _answer(here.graph, query, here.config.most_rows, keys)
    answer = replace(answer, headings=found.columns.get(language, ()))
    seen = views.shown(here, answer, found.view or "table", language) if answer.rows else None
    return layout.drawn(
        "question.html",
        here.graph,
        resource,
        language,
        question=found,
        shown=shown,
        choice=choice,
        seen=seen,
        table=views.drawn(here, answer, "table", language),
    )


@kept(100)  # it is the same in every language
def _answer(graph: Graph, query: str, most: int, keys: tuple[str, ...]) -> Answer:
    solutions = graph.query(query)
    assert isinstance(solutions, ox.QuerySolutions), "each question is a SELECT"
    return views.of_solutions(query, solutions, most, keys)


def _choice(graph: Graph, question: Question, language: str) -> Choice:
    own, kind = question.asks
    store = graph.store
    things = {
        quad.subject
        for quad in store.quads_for_pattern(None, RDF.type, expand(kind), ox.DefaultGraph())
        if isinstance(quad.subject, ox.NamedNode) and quad.subject.value.startswith(PREFIXES["id"])
    }
    known = {shorten(thing): cards.cell(graph, thing, language) for thing in things}
    known[own] = cards.cell(graph, expand(own), language)
    wanted = request.args.get("of", own)
    if wanted not in known:
        hint = did_you_mean(wanted, known) or "its page lists what it can be asked of"
        raise UnknownName(f"this is not asked of {wanted!r}", hint=hint)
    others = sorted(known.values(), key=lambda cell: (cell.label, cell.short))
    return Choice(known[own], known[wanted], tuple(others))
