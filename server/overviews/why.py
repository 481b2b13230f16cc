"""Why something is so, or is not: `s`, `p` and `o` are the three parts of a statement.

Each is a name of the graph, short or whole, a literal as SPARQL writes it, or what a reader calls
it. What is recorded leads to its proof.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from http import HTTPStatus
from itertools import islice

import pyoxigraph as ox
from flask import Response, request
from flask.typing import ResponseReturnValue

from kg import Graph, paths, perspectives, resources, words
from kg.errors import UnknownName
from kg.proof.record import ONTOLOGY
from kg.proof.render import clause_of, pattern_in_words
from kg.proof.tree import recorded
from kg.proof.whynot import NearMiss, clashes, why_not
from kg.reconcile import fold
from kg.rules import Rule, read_rules
from kg.store import Term, kept
from kg.terms import PREFIXES, RDF, RDFS, SKOS, XSD, expand, read_triple, shorten
from server import cards, documents, layout, proving, trees
from server.cards import Cell
from server.proving import Link
from server.state import Served

_MOST = 3  # rules that could conclude it, the nearest first
_SUGGESTED = 1_000  # names that a field offers
_PARTS = ("s", "p", "o")
_CALLED = (RDFS.label, SKOS.prefLabel, SKOS.altLabel)
_TYPED = re.compile(r"[\"'<]|[+-]?\d+(\.\d+)?$|(true|false)$")
_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_PROPERTIES = frozenset(
    ox.NamedNode(PREFIXES["owl"] + kind) for kind in ("ObjectProperty", "DatatypeProperty")
)


@dataclass(frozen=True, slots=True)
class Lack:
    """A premise that does not hold.

    Attributes:
        words: the premise, “something” for what it leaves open.
        readings: claims of other readings that would state it.
        others: the sources that hold it.
        nearest: what lacks for it to follow; None where no rule concludes it.
    """

    words: str
    readings: tuple[Cell, ...]
    others: tuple[str, ...]
    nearest: "Near | None"


@dataclass(frozen=True, slots=True)
class Near:
    """A rule that could conclude something, and what it lacks.

    Attributes:
        because: the rule in words.
        rule: name of the rule.
        rule_path: of the page of the rule; empty where it has none.
        held: premises that hold.
        missing: those that do not.
        unmet: conditions that say no, as written.
    """

    because: str
    rule: str
    rule_path: str
    held: tuple[Link, ...]
    missing: tuple[Lack, ...]
    unmet: tuple[str, ...]


class _Unclear(Exception):
    """A part that cannot be read.

    Attributes:
        part: `s`, `p` or `o`.
        nearest: what may have been meant, or empty.
    """

    def __init__(self, part: str, nearest: str = "") -> None:
        super().__init__(part)
        self.part = part
        self.nearest = nearest


def page(here: Served, language: str) -> ResponseReturnValue:
    """Return a form, and with all three parts the proof, or why there is none."""
    if not here.has_texts:
        return layout.framed("no-text.html", "why", language)
    graph = here.graph
    asked = {part: request.args.get(part, "").strip() for part in _PARTS}
    about = {
        "asked": asked,
        "things": _suggestions(graph, language, things=True),
        "properties": _suggestions(graph, language, things=False),
    }
    if not all(asked.values()):
        return layout.framed("why.html", "why", language, verdict="", **about)
    try:
        triple = _triple(graph, asked, language)
    except _Unclear as unclear:
        drawn = layout.framed("why.html", "why", language, verdict="", unclear=unclear, **about)
        return drawn, HTTPStatus.NOT_FOUND
    return _recorded(graph, triple, language) or layout.framed(
        "why.html",
        "why",
        language,
        words=proving.in_words(graph, triple, language),
        terms=[cards.cell(graph, term, language) for term in triple],
        **_explained(graph, triple, language),
        **about,
    )


def _recorded(graph: Graph, triple: ox.Triple, language: str) -> Response | None:
    """Return the way to the page of a fact, or of an axiom; None if no proof is recorded."""
    for key in (*perspectives.keys_of(graph), ONTOLOGY):
        fact = recorded(graph).find(key, triple)
        if fact:
            answer = Response(status=HTTPStatus.SEE_OTHER)
            answer.autocorrect_location_header = False
            answer.headers["Location"] = request.script_root + documents.page_of(
                fact.value, language
            )
            return answer
    return None


def _explained(graph: Graph, triple: ox.Triple, language: str) -> dict[str, object]:
    """Return what the template tells of what has no recorded proof."""
    for key in perspectives.keys_of(graph):
        node = recorded(graph).relation(key, triple)
        if node:
            proof = proving.tree(graph, node, language)
            told = proof.told
            path = told.rule_path if resources.is_known(graph, f"rule/{told.rule}") else ""
            proof = replace(proof, told=replace(told, path="", rule_path=path))
            return {
                "verdict": "derived",
                "holder": proving.holder(graph, key, language),
                "claims": len(node.leaves),
                "proof": trees.drawn(proof, language),
            }
    key = perspectives.choose(graph.store, None)
    facts = perspectives.Held(graph.store, key)
    if triple in facts:
        return {"verdict": "unrecorded"}
    rules = _rules(graph)
    against = [
        (
            clause_of(
                each.contradiction.rule,
                [p for p in each.contradiction.premises if _is_axiom(graph, p)],
                proving.names(graph, language),
            ),
            [
                proving.link(graph, key, premise, language)
                for premise in each.contradiction.premises
                if not _is_axiom(graph, premise)
            ],
        )
        for each in clashes(triple, facts, rules)
    ]
    readings, others = perspectives.elsewhere(graph.store, key, tuple(triple))
    return {
        "verdict": "not",
        "against": against,
        "readings": [cards.cell(graph, claim, language) for claim in readings],
        "others": [proving.holder(graph, other, language) for other in others],
        "near": [
            _near(graph, key, miss, language) for miss in why_not(triple, facts, rules, _MOST)
        ],
    }


@kept(1)
def _rules(_: Graph) -> list[Rule]:
    return read_rules(paths.ONTOLOGY / "rules")


def _is_axiom(graph: Graph, triple: ox.Triple) -> bool:
    s, p, o = triple
    return ox.Quad(s, p, o, expand("g:ontology")) in graph.store


def _near(graph: Graph, key: str, miss: NearMiss, language: str) -> Near:
    names = proving.names(graph, language)
    known = resources.is_known(graph, f"rule/{miss.rule}")
    lacks = []
    for missing in miss.missing:
        claims, others = perspectives.elsewhere(graph.store, key, missing.shape)
        lacks.append(
            Lack(
                pattern_in_words(missing.pattern, names),
                tuple(cards.cell(graph, claim, language) for claim in claims),
                tuple(proving.holder(graph, other, language) for other in others),
                next((_near(graph, key, each, language) for each in missing.nearest[:1]), None),
            )
        )
    return Near(
        clause_of(miss.rule, miss.axioms, names),
        miss.rule,
        documents.page_of(PREFIXES["rule"] + miss.rule, language) if known else "",
        tuple(proving.link(graph, key, premise, language) for premise in miss.premises),
        tuple(lacks),
        miss.unmet,
    )


# What a reader writes


def _triple(graph: Graph, asked: dict[str, str], language: str) -> ox.Triple:
    """Return the statement that is meant.

    Raises: _Unclear, for the first part that cannot be read, with what is nearest.
    """
    terms = [_term(graph, part, asked[part], language) for part in _PARTS]
    try:
        return ox.Triple(*terms)  # type: ignore[arg-type]
    except TypeError as error:
        part = "s" if isinstance(terms[0], ox.Literal) else "p"
        raise _Unclear(part) from error


def _term(graph: Graph, part: str, text: str, language: str) -> Term:
    if part == "p" and fold(text) in {"a", fold(words.say(language, "page/is-a"))}:
        return RDF.type
    prefix, colon, _ = text.partition(":")
    try:
        if text.startswith(("http://", "https://")) or (colon and prefix in PREFIXES):
            return _known(graph, part, expand(text))
        if part == "o" and _ISO.fullmatch(text):
            return ox.Literal(date.fromisoformat(text).isoformat(), datatype=XSD.date)
        if _TYPED.match(text):
            return _known(graph, part, read_triple(f"<urn:x> <urn:x> {text}").object)
    except (UnknownName, ValueError) as error:
        raise _Unclear(part) from error
    return _called(graph, part, text, language)


def _known(graph: Graph, part: str, term: Term) -> Term:
    """Return a term of ours, or any other.

    Raises: _Unclear, with the nearest, if it is a name of ours that is not there.
    """
    short = shorten(term) if isinstance(term, ox.NamedNode) else ""
    if short.startswith(("id:", "cas:")) and short not in graph.names:
        raise _Unclear(part, _nearest(short, graph.names))
    return term


def _called(graph: Graph, part: str, text: str, language: str) -> ox.NamedNode:
    """Return what is called so, by any of its names in any language."""
    named = _by_name(graph, part != "p")
    wanted = fold(text)
    found = named.get(wanted)
    if found:
        return next((term for code, term in found if code == language), found[0][1])
    nearest = _nearest(wanted, named)
    if not nearest:
        raise _Unclear(part)
    raise _Unclear(part, cards.cell(graph, named[nearest][0][1], language).label)


def _nearest(name: str, known: Iterable[str]) -> str:
    return next(iter(get_close_matches(name, sorted(known), n=1, cutoff=0.6)), "")


@kept(2)
def _by_name(graph: Graph, things: bool) -> dict[str, list[tuple[str, ox.NamedNode]]]:  # noqa: FBT001 a key
    """Return things and classes, or properties, by their folded names, each with its language."""
    found: dict[str, list[tuple[str, ox.NamedNode]]] = {}
    for term in _terms(graph, things):
        for predicate in _CALLED:
            for quad in graph.store.quads_for_pattern(term, predicate, None, ox.DefaultGraph()):
                if isinstance(quad.object, ox.Literal):
                    said = found.setdefault(fold(quad.object.value), [])
                    said.append((quad.object.language or "", term))
    return found


def _terms(graph: Graph, things: bool) -> Iterator[ox.NamedNode]:  # noqa: FBT001 as above
    """Yield the things and classes, or the properties, sorted."""
    for short in sorted(graph.names, reverse=True):
        term = expand(short)
        about = graph.store.quads_for_pattern(term, RDF.type, None, ox.DefaultGraph())
        if any(quad.object in _PROPERTIES for quad in about) != things:
            yield term


@kept(2 * len(documents.LANGUAGES))
def _suggestions(graph: Graph, language: str, *, things: bool) -> list[tuple[str, str]]:
    """Return what a field offers: what to write, and what it is; a shared name is no help."""
    found: dict[str, list[ox.NamedNode]] = {}
    for term in _terms(graph, things):
        found.setdefault(graph.label(term, language), []).append(term)
    offered = (
        (label, shorten(terms[0])) if len(terms) == 1 else (shorten(term), label)
        for label, terms in sorted(found.items())
        for term in terms
    )
    return list(islice(offered, _SUGGESTED))
