"""What a page says about a text, a claim or an answer, as plain data. Draws nothing."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TypeGuard

import pyoxigraph as ox

from kg import Graph
from kg.errors import UnknownName, did_you_mean
from kg.evidence import Evidence, of_claim
from kg.store import Term, kept
from kg.terms import CAS, DCT, PREFIXES, RDF, expand, shorten
from kg.words import say
from server import documents

_TEXTS = """SELECT ?text ?title ?words ?language ?digest {
  ?text a cas:Text ; dct:title ?title ; rdf:value ?words ; dct:language ?language ;
    cas:sha256 ?digest
  FILTER(LANG(?title) = ?language) } ORDER BY ?text"""
_SPANS = """SELECT $text ?claim ?asserted ?start ?end {
  ?claim cas:statedIn $text ; cas:asserted ?asserted ; cas:evidence/oa:hasSelector ?position .
  ?position oa:start ?start ; oa:end ?end } ORDER BY ?start ?end ?claim"""
_CLAIM = """SELECT $claim ?text ?sentence ?reading ?comment ?preferred ?asserted ?from ?to {
  $claim cas:statedIn ?text ; cas:reading ?reading ; cas:asserted ?asserted .
  $claim cas:inSentence ?sentence . ?sentence cas:start ?from ; cas:end ?to .
  OPTIONAL { $claim rdfs:comment ?comment } OPTIONAL { $claim cas:alternativeTo ?preferred } }"""
_RIVALS = """SELECT $claim ?other {
  { ?other cas:alternativeTo $claim } UNION
  { $claim cas:alternativeTo ?same . ?other cas:alternativeTo ?same FILTER(?other != $claim) }
} ORDER BY ?other"""

# The same names stand on many pages, and a label takes five look-ups. Some 300 bytes each.
_KEPT = 20_000
_SENTENCE_NAME = re.compile(re.escape(PREFIXES["text"]) + r"[\w-]+/sentence/s\d+")
_CLAIM_NAME = re.compile(re.escape(PREFIXES["text"]) + r"[\w-]+/claim/[\w-]+")


@dataclass(frozen=True, slots=True)
class ClaimLink:
    """A claim as it is referred to.

    Attributes:
        name: `s03-2`.
        number: `3.2`: the number is the name, so it never shifts.
        path: of its page.
    """

    name: str
    number: str
    path: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A term for a reader.

    Attributes:
        label: its name, or the words of a literal.
        short: its compact name; empty for a literal.
        language: of the words, or empty.
        path: of its page, ours from the root of the server; empty for a literal.
    """

    label: str
    short: str
    language: str
    path: str


@dataclass(frozen=True, slots=True)
class Ground:
    """A claim on which something rests.

    Attributes:
        claim: its number and page.
        language: of the words.
        told: the words, or the source of a reference work.
    """

    claim: Cell
    language: str
    told: Evidence


Statements = tuple[tuple[Cell, tuple[tuple[Cell, Cell], ...]], ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A text with its words.

    Attributes:
        iri: its name.
        title: in the language of the text.
        language: of the text.
        words: all of them.
        digest: SHA-256 of the words.
    """

    iri: ox.NamedNode
    title: str
    language: str
    words: str
    digest: str


@dataclass(frozen=True, slots=True)
class ClaimCard:
    """A claim with its words and its triples.

    Attributes:
        link: its number and path.
        iri: its name in the graph.
        text: name of its text.
        text_path: of its page.
        language: of the text.
        in_sentence: its sentence, by name.
        sentence: the words of its sentence, cut at the quotes: (words, quoted).
        quotes: (words, start, end), offsets in code points.
        statements: each subject with its (predicate, object).
        reading: how the words were read.
        comment: what was supplied, or which step was taken; may be empty.
        asserted: whether it stands in the preferred reading.
        rivals: other readings of the same words, the preferred one first.
        count: how many claims of the text are asserted.
        previous: the claim before, in the order of names.
        next: the claim after.
    """

    link: ClaimLink
    iri: str
    text: str
    text_path: str
    language: str
    in_sentence: Cell
    sentence: tuple[tuple[str, bool], ...]
    quotes: tuple[tuple[str, int, int], ...]
    statements: Statements
    reading: Cell
    comment: str
    asserted: bool
    rivals: tuple[ClaimLink, ...]
    count: int
    previous: ClaimLink | None
    next: ClaimLink | None


def texts(graph: Graph) -> list[str]:
    """Return the names of the texts, sorted."""
    return [_value(row["text"]).removeprefix(PREFIXES["text"]) for row in _rows(graph, _TEXTS)]


@kept(20)
def text(graph: Graph, name: str) -> Text:
    """Return a text.

    Raises: UnknownName, with the nearest text.
    """
    for row in _rows(graph, _TEXTS):
        if _value(row["text"]) == PREFIXES["text"] + name:
            iri = ox.NamedNode(_value(row["text"]))
            title, language = _value(row["title"]), _value(row["language"])
            return Text(iri, title, language, _value(row["words"]), _value(row["digest"]))
    raise UnknownName(f"there is no text {name!r}", hint=did_you_mean(name, texts(graph)))


def claim_card(graph: Graph, text_name: str, name: str, language: str = "en") -> ClaimCard:
    """Return a claim with its words, triples and rivals.

    Raises: UnknownName, with the nearest text, or the nearest claim of the text.
    """
    about = text(graph, text_name)
    iri = f"{about.iri.value}/claim/{name}"
    spans = _spans(graph, about.iri.value)
    links, count = _claims(graph, about.iri.value)
    if iri not in links:
        known = [link.rpartition("/")[2] for link in links]
        hint = did_you_mean(name, known) or f"/text/{text_name} shows the claims"
        raise UnknownName(f"{text_name} has no claim {name!r}", hint=hint)
    row, others = _told(graph, iri)
    own = [
        (int(_value(s["start"])), int(_value(s["end"])))
        for s in spans
        if _value(s["claim"]) == iri
    ]
    index = links.index(iri)
    preferred = [] if row["preferred"] is None else [_value(row["preferred"])]
    rivals = preferred + others
    return ClaimCard(
        link(iri, language),
        iri,
        text_name,
        documents.page_of(about.iri.value, language),
        about.language,
        cell(graph, row["sentence"], language),
        tuple(_cut(about.words, int(_value(row["from"])), int(_value(row["to"])), own)),
        tuple((about.words[start:end], start, end) for start, end in own),
        statements(graph, iri, language),
        cell(graph, row["reading"], language),
        "" if row["comment"] is None else _value(row["comment"]),
        _value(row["asserted"]) == "true",
        tuple(link(rival, language) for rival in rivals),
        count,
        link(links[index - 1], language) if index else None,
        link(links[index + 1], language) if index + 1 < len(links) else None,
    )


@kept(_KEPT)
def ground(graph: Graph, claim: ox.NamedNode, language: str = "en") -> Ground:
    """Return a claim with its words, or with the source of a reference work."""
    told = of_claim(graph.store, claim)
    text = expand(f"text:{told.text}")
    quads = graph.store.quads_for_pattern(text, DCT.language, None, expand("g:claims"))
    spoken = next((_value(quad.object) for quad in quads), "")
    return Ground(_named(graph, claim, language), spoken, told)


def cell(graph: Graph, term: Term | None, language: str = "en") -> Cell:
    """Return a term for a reader of a language; an unbound one is empty."""
    if term is None:
        return Cell("", "", "", "")
    if not isinstance(term, ox.NamedNode):
        spoken = term.language or "" if isinstance(term, ox.Literal) else ""
        return Cell(shorten(term), "", spoken, "")
    return _named(graph, term, language)


@kept(_KEPT)
def _named(graph: Graph, term: ox.NamedNode, language: str) -> Cell:
    path = documents.page_of(term.value, language)
    return Cell(_label(graph, term, language), shorten(term), "", path)


def statements(graph: Graph, claim: str, language: str) -> Statements:
    """Return what a claim states, subject by subject."""
    return grouped(graph, _stated(graph, claim), language)


@kept(50)  # it is the same in every language
def _stated(graph: Graph, claim: str) -> list[ox.Triple]:
    asked = "SELECT $claim ?s ?p ?o { GRAPH $claim { ?s ?p ?o } } ORDER BY ?s ?p ?o"
    return [ox.Triple(row["s"], row["p"], row["o"]) for row in _rows(graph, asked, claim=claim)]


def grouped(graph: Graph, triples: Iterable[ox.Triple], language: str) -> Statements:
    """Return triples for a reader, subject by subject, in their order."""
    return tuple(
        (
            cell(graph, subject, language),
            tuple(
                (cell(graph, t.predicate, language), cell(graph, t.object, language)) for t in said
            ),
        )
        for subject, said in groupby(triples, key=lambda triple: triple.subject)
    )


def heading(column: str) -> str:
    """Return the name of a variable in words.

    >>> heading("laterTenure"), heading("first_day")
    ('later tenure', 'first day')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).replace("_", " ").lower()


def _label(graph: Graph, term: ox.NamedNode, language: str) -> str:
    """Return the name of a term; a claim is called by its number, an interval by its words."""
    if term == RDF.type:
        return say(language, "page/is-a")
    if _CLAIM_NAME.fullmatch(term.value):
        return say(language, "page/claim", number=link(term.value).number)
    if _SENTENCE_NAME.fullmatch(term.value):
        return say(language, "sentence", number=str(int(term.value.rpartition("/s")[2])))
    for quad in graph.store.quads_for_pattern(term, CAS.verbatim, None, None):
        return f"“{_value(quad.object)}”"
    return graph.label(term, language)


def _cut(
    words: str, start: int, end: int, quoted: Sequence[tuple[int, int]]
) -> Iterator[tuple[str, bool]]:
    """Yield a sentence, and what of the quotes lies outside it, as (words, quoted)."""
    first = min([start, *(a for a, _ in quoted)])
    last = max([end, *(b for _, b in quoted)])
    edges = {first, last, *(edge for span in quoted for edge in span)}
    for a, b in pairwise(sorted(edges)):
        yield words[a:b], any(x <= a and b <= y for x, y in quoted)


@kept(20)  # each claim of a text is told with those before and after it
def _spans(graph: Graph, text: str) -> list[ox.QuerySolution]:
    return list(_rows(graph, _SPANS, text=text))


@kept(50)  # it is the same in every language
def _told(graph: Graph, claim: str) -> tuple[ox.QuerySolution, list[str]]:
    """Return what is told of a claim, and the other readings of the same words."""
    others = [_value(row["other"]) for row in _rows(graph, _RIVALS, claim=claim)]
    return next(_rows(graph, _CLAIM, claim=claim)), others


@kept(20)
def _claims(graph: Graph, text: str) -> tuple[list[str], int]:
    """Return the claims of a text in their order, and how many are asserted."""
    spans = _spans(graph, text)
    asserted = {_value(s["claim"]) for s in spans if _value(s["asserted"]) == "true"}
    return sorted({_value(s["claim"]) for s in spans}, key=order), len(asserted)


def order(claim: str) -> tuple[list[int], str]:
    """Return where a claim stands among the others: s03-2 before s03-10."""
    return [int(number) for number in re.findall(r"\d+", claim.rpartition("/")[2])], claim


def link(iri: str, language: str = "en") -> ClaimLink:
    """Return number and path of a claim: `3.2` for s03-2, `5.2b` for s05-2b."""
    name = iri.rpartition("/")[2]
    sentence, _, rest = name.removeprefix("s").partition("-")
    number = f"{int(sentence)}.{rest}" if sentence.isdigit() else name
    return ClaimLink(name, number, documents.page_of(iri, language))


def _rows(graph: Graph, query: str, **iris: str) -> Iterator[ox.QuerySolution]:
    """Yield the rows of a query of ours; `$name` stands for an IRI, which is never pasted in."""
    # The engine's own substitution: https://docs.rs/pyoxigraph, Store.query(substitutions=…).
    answer = graph.store.query(
        query,
        prefixes=PREFIXES,
        substitutions={ox.Variable(name): ox.NamedNode(iri) for name, iri in iris.items()},
    )
    assert isinstance(answer, ox.QuerySolutions), "each is a SELECT"
    yield from answer


def _value(term: Term | None) -> str:
    assert _has_value(term), "the queries above bind it"
    return term.value


def _has_value(term: Term | None) -> TypeGuard[ox.NamedNode | ox.Literal]:
    return isinstance(term, ox.NamedNode | ox.Literal)
