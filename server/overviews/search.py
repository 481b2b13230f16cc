"""What is called so, and where the texts say it: `q` is a name, or words of a text.

Typing errors, diacritics and capitals are forgiven, and names are known in every language.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import pyoxigraph as ox
from flask import request
from rapidfuzz.distance import OSA

from kg import Graph
from kg.reconcile import Entity, Query, Reconciler, fold
from kg.reconcile.names import LONGEST, Names
from kg.store import kept
from kg.terms import CAS, DCT, PREFIXES, RDF, RDFS, expand
from server import cards, layout, reconciling
from server.cards import Cell, Ground
from server.state import Served

_MOST = 20  # things, and sentences of a text
_FEW = 8  # things that an empty page proposes, and terms
_LIKE = 65.0  # how like a name is that is shown, of 100
_TERM_LIKE = 80.0  # of a term of the vocabulary, which few look for
_TYPED = 0.8  # how like a word of a text is that was mistyped, of 1
_LONG = 5  # letters of a word in which a typing error is forgiven
_BEGUN = 3  # letters that are enough to begin a word by
_WORD = re.compile(r"[^\W_]+")
_CLAIMS = expand("g:claims")
_ENDS = (CAS.start, CAS.end)


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing that was found.

    Attributes:
        cell: its name and page.
        about: what it is, and what tells it from others of its name.
        called: another name by which it was found; empty if by its usual one.
    """

    cell: Cell
    about: str
    called: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence in which words were found.

    Attributes:
        sentence: its number and page.
        parts: its words, cut where words were found: (words, found).
        language: of the text.
        grounds: the claims whose quotes hold the words that were found.
    """

    sentence: Cell
    parts: tuple[tuple[str, bool], ...]
    language: str
    grounds: tuple[Ground, ...]


@dataclass(frozen=True, slots=True)
class _Sentence:
    iri: ox.NamedNode
    words: tuple[tuple[str, int, int], ...]  # folded, with where each stands
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Text:
    name: str
    title: str
    language: str
    words: str
    sentences: tuple[_Sentence, ...]
    quotes: tuple[tuple[int, int, ox.NamedNode], ...]


def page(here: Served, language: str) -> str:
    """Return a form, and what was found of what is asked."""
    if not here.has_texts:
        return layout.framed("no-text.html", "search", language)
    asked = " ".join(request.args.get("q", "").split())[:LONGEST]
    graph = here.graph
    found = reconciling.speaker().reconciler
    if not asked:
        proposed = _proposed(graph, found, language)
        return layout.framed("search.html", "search", language, asked="", proposed=proposed)
    return layout.framed(
        "search.html",
        "search",
        language,
        asked=asked,
        things=_things(graph, found, asked, language),
        terms=_terms(graph, asked, language),
        texts=[
            (text, passages)
            for text in (_text(graph, name) for name in cards.texts(graph))
            if (passages := _passages(graph, text, asked, language))
        ],
    )


def _things(graph: Graph, known: Reconciler, asked: str, language: str) -> list[Thing]:
    """Return the things that are called so, the most like first, then those that begin so."""
    matched = [each for each in known.match(Query(asked, most=_MOST)) if each.score >= _LIKE]
    spelt = {each.entity.id: each.spelling.words for each in matched if each.spelling}
    entities = chain((each.entity for each in matched), known.begin(asked))
    once = {each.id: each for each in islice(entities, 2 * _MOST)}
    return [
        _thing(graph, known, each, spelt.get(each.id, ""), language)
        for each in islice(once.values(), _MOST)
    ]


def _thing(graph: Graph, known: Reconciler, entity: Entity, spelt: str, language: str) -> Thing:
    cell = cards.cell(graph, ox.NamedNode(PREFIXES["id"] + entity.id), language)
    called = "" if fold(spelt) == fold(cell.label) else spelt
    return Thing(cell, known.entities.description(entity, language), called)


def _proposed(graph: Graph, known: Reconciler, language: str) -> list[Thing]:
    """Return the things of which the texts say most."""
    entities = sorted(known.entities.by_id.values(), key=lambda e: (-len(e.claims), e.id))
    return [_thing(graph, known, each, "", language) for each in entities[:_FEW]]


def _terms(graph: Graph, asked: str, language: str) -> list[Cell]:
    """Return the terms of the vocabulary that are called so in any language."""
    terms, names = _vocabulary(graph)
    hits = (terms[hit.name] for hit in names.find(asked) if hit.likeness >= _TERM_LIKE)
    return [cards.cell(graph, term, language) for term in islice(dict.fromkeys(hits), _FEW)]


@kept(1)
def _vocabulary(graph: Graph) -> tuple[list[ox.NamedNode], Names]:
    labels = sorted(
        (quad.object.value, quad.subject.value)
        for quad in graph.store.quads_for_pattern(None, RDFS.label, None, expand("g:ontology"))
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal)
    )
    return [ox.NamedNode(iri) for _, iri in labels], Names(tuple(label for label, _ in labels))


# The words of the texts


@kept(20)
def _text(graph: Graph, name: str) -> _Text:
    iri = expand(f"text:{name}")
    words = _value(graph, iri, RDF.value)
    sentences = [
        _sentence(words, quad.subject, *(int(_value(graph, quad.subject, p)) for p in _ENDS))
        for quad in graph.store.quads_for_pattern(None, DCT.isPartOf, iri, _CLAIMS)
        if isinstance(quad.subject, ox.NamedNode)
    ]
    language = _value(graph, iri, DCT.language)
    titles = {
        quad.object.language: quad.object.value
        for quad in graph.store.quads_for_pattern(iri, DCT.title, None, _CLAIMS)
        if isinstance(quad.object, ox.Literal)
    }
    claims = graph.store.quads_for_pattern(None, CAS.statedIn, iri, _CLAIMS)
    quotes = [
        (quote.span.start, quote.span.end, quad.subject)
        for quad in claims
        if isinstance(quad.subject, ox.NamedNode)
        and _value(graph, quad.subject, CAS.asserted) == "true"
        for quote in cards.ground(graph, quad.subject).told.quotes
    ]
    return _Text(
        name,
        titles.get(language, name),
        language,
        words,
        tuple(sorted(sentences, key=lambda each: each.start)),
        tuple(sorted(quotes, key=lambda each: (each[0], each[1], str(each[2])))),
    )


def _sentence(words: str, iri: ox.NamedNode, start: int, end: int) -> _Sentence:
    found = _WORD.finditer(words, start, end)
    folded = tuple((fold(each[0]), each.start(), each.end()) for each in found)
    return _Sentence(iri, folded, start, end)


def _value(graph: Graph, subject: ox.NamedNode, predicate: ox.NamedNode) -> str:
    quads = graph.store.quads_for_pattern(subject, predicate, None, _CLAIMS)
    return next(q.object.value for q in quads if isinstance(q.object, ox.Literal))


def _passages(graph: Graph, text: _Text, asked: str, language: str) -> list[Passage]:
    """Return the sentences that have all words that are asked for; else those that have most."""
    wanted = tuple(dict.fromkeys(fold(asked).split()))
    hits = [(each, *_found(each, wanted)) for each in text.sentences]
    most = max((count for _, count, _ in hits), default=0)
    # One word of several tells little, unless it is all that there is of each sentence.
    if most == 0 or most < (len(wanted) + 1) // 2:
        return []
    return [
        Passage(
            cards.cell(graph, sentence.iri, language),
            tuple(_cut(text.words, sentence, spans)),
            text.language,
            tuple(
                cards.ground(graph, claim, language)
                for claim in dict.fromkeys(
                    claim
                    for start, end, claim in text.quotes
                    if any(start <= a and b <= end for a, b in spans)
                )
            ),
        )
        for sentence, count, spans in islice((hit for hit in hits if hit[1] == most), _MOST)
    ]


def _found(sentence: _Sentence, wanted: Sequence[str]) -> tuple[int, list[tuple[int, int]]]:
    """Return how many words are in a sentence, and where."""
    spans = {
        word: [(a, b) for said, a, b in sentence.words if _is_like(word, said)] for word in wanted
    }
    places = {place for each in spans.values() for place in each}
    return sum(bool(each) for each in spans.values()), sorted(places)


def _is_like(word: str, said: str) -> bool:
    """Return whether a word of a text is the one that is asked for, begins so, or is like it."""
    if said == word or (len(word) >= _BEGUN and said.startswith(word)):
        return True
    return len(word) >= _LONG and OSA.normalized_similarity(word, said) >= _TYPED


def _cut(
    words: str, sentence: _Sentence, spans: Sequence[tuple[int, int]]
) -> Iterator[tuple[str, bool]]:
    """Yield a sentence as (words, found)."""
    done = sentence.start
    for start, end in spans:
        if done < start:
            yield words[done:start], False
        yield words[start:end], True
        done = end
    if done < sentence.end:
        yield words[done : sentence.end], False
