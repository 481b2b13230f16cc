"""A text as an edition: its words with claims and names marked, and what disputes each claim.

Offsets count code points; the words are cut here, so that no reader has to count.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from weakref import proxy

import pyoxigraph as ox

from kg import Graph, disagree, evidence, mentions, perspectives
from kg.catalogue import Passage
from kg.disagree import Disagreement
from kg.errors import UnknownName, did_you_mean
from kg.evidence import Evidence
from kg.load import BOUNDS
from kg.proof.tree import recorded
from kg.quotes import Span
from kg.store import kept
from kg.terms import BASE, CAS, PREFIXES, RDF, SKOS, expand
from kg.words import say
from server import cards, disputing, proving, spans
from server.cards import Cell, ClaimCard, Ground
from server.proving import Falling, Link

_CLAIMS, _ENTITIES, _WHY = expand("g:claims"), expand("g:entities"), expand("g:why")
_KINDS = (
    ("person", CAS.Person),
    ("group", CAS.Group),
    ("place", CAS.Place),
    ("event", CAS.Occurrence),
)
_LARGEST = {name: number for number, (name, _) in enumerate(_KINDS)}
_FOLLOWING = 5  # conclusions that a card tells; the claim's own page tells all
_DATING = frozenset({CAS.hasInterval, CAS.verbatim, CAS.edtf})


@dataclass(frozen=True, slots=True)
class Marker:
    """A claim where its words end.

    Attributes:
        name: `s03-2`.
        number: `3.2`.
        path: of its page.
        label: what it is called in full, and that it is disputed.
        disputed: whether some source disagrees.
        first: whether it is the claim's first marker in the text.
    """

    name: str
    number: str
    path: str
    label: str
    disputed: bool
    first: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a text under the same claims, in the same name.

    Attributes:
        words: as in the text.
        claims: names of those that it lies under, the one with the fewest words first.
        kind: of what it names: `person`, `group`, `place`, `event`; empty if it names nothing.
        disputed: whether a claim is that it lies under.
        ending: the claims whose words end with it.
    """

    words: str
    claims: tuple[str, ...]
    kind: str
    disputed: bool
    ending: tuple[Marker, ...]


@dataclass(frozen=True, slots=True)
class Rival:
    """Another reading of some words, beside the preferred one.

    Attributes:
        marker: the other reading.
        preferred: the claim in whose place it would stand.
        words: that are read.
        lines: what it says.
        preferred_lines: what the preferred one says.
        comment: how it is argued.
        chosen: whether the text is shown under it.
    """

    marker: Marker
    preferred: Marker
    words: tuple[str, ...]
    lines: tuple[tuple[Cell, Cell, Cell], ...]
    preferred_lines: tuple[tuple[Cell, Cell, Cell], ...]
    comment: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Edition:
    """A text with its marks.

    Attributes:
        name: of its folder.
        title: in the language of the text.
        language: of the text.
        paragraphs: in order.
        claims: markers of the asserted ones, in the order of the text.
        others: the number of other readings.
        disputed: the number of disputed claims.
    """

    name: str
    title: str
    language: str
    paragraphs: tuple[tuple[Segment, ...], ...]
    claims: tuple[Marker, ...]
    others: int
    disputed: int


@dataclass(frozen=True, slots=True)
class Dispute:
    """What another source says against a claim, or the same one elsewhere.

    Attributes:
        words: both sides in one clause.
        path: of the place where both sides are shown.
        certain: whether only one side can be right.
        sources: the claims of the other side.
    """

    words: str
    path: str
    certain: bool
    sources: tuple[Ground, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """The evidence card of a claim.

    Attributes:
        claim: with its words and triples.
        marker: the same as it stands in the text.
        place: which of how many claims it is, from 1; 0 of another reading.
        lines: what it says; kinds and dates are told apart.
        kinds: what each thing is said to be.
        when: what happened with its days, in words.
        where: the places of what happened.
        disputes: by what it is disputed.
        follows: conclusions that have it, or what it says, as a premise.
        more: how many there are beside these.
    """

    claim: ClaimCard
    marker: Marker
    place: int
    lines: tuple[tuple[Cell, Cell, Cell], ...]
    kinds: tuple[tuple[Cell, Cell], ...]
    when: tuple[tuple[Cell, str], ...]
    where: tuple[Cell, ...]
    disputes: tuple[Dispute, ...]
    follows: tuple[Link, ...]
    more: int


@kept(20)
def edition(graph: Graph, name: str, language: str, instead: str = "") -> Edition:
    """Return a text with its marks; with one other reading in place of the preferred one.

    Raises: UnknownName, with the nearest text, or the nearest other reading.
    """
    about = cards.text(graph, name)
    told = _claims(graph, about.iri)
    taken = _taken(graph, about.iri, instead)
    shown = [claim for claim, asserted in told if asserted != (claim.claim in taken)]
    markers = {claim.name: _marker(graph, claim.claim, language) for claim in shown}
    named = {}
    for span, things in _named(graph, about.iri).items():
        if kinds := [kind for thing in things if (kind := _kind(graph, thing))]:
            named[span] = min(kinds, key=_LARGEST.__getitem__)
    paragraphs = tuple(_paragraphs(about.words, shown, markers, named))
    return Edition(
        name,
        about.title,
        about.language,
        paragraphs,
        tuple(markers.values()),
        sum(not asserted for _, asserted in told),
        sum(marker.disputed for marker in markers.values()),
    )


def rivals(graph: Graph, name: str, language: str, instead: str = "") -> tuple[Rival, ...]:
    """Return the other readings of a text, each beside the preferred one."""
    found = []
    for claim, asserted in _claims(graph, cards.text(graph, name).iri):
        if not asserted:
            preferred = _preferred(graph, claim.claim)
            found.append(
                Rival(
                    _marker(graph, claim.claim, language),
                    _marker(graph, preferred, language),
                    tuple(quote.exact for quote in claim.quotes),
                    tuple(_lines(graph, claim.claim, language)),
                    tuple(_lines(graph, preferred, language)),
                    claim.comment,
                    claim.name == instead,
                )
            )
    return tuple(found)


@kept(300)  # of some 10 kB each: on a page of its own, beside its text, and in the one file
def card(graph: Graph, text: str, name: str, language: str) -> Card:
    """Return the evidence card of a claim.

    Raises: UnknownName, with the nearest text or claim.
    """
    claim = cards.claim_card(graph, text, name, language)
    iri = ox.NamedNode(claim.iri)
    order = [each.claim for each, asserted in _claims(graph, iri_of(text)) if asserted]
    follows = _follows(graph, iri, language) if claim.asserted else []
    return Card(
        claim,
        _marker(graph, iri, language),
        order.index(iri) + 1 if iri in order else 0,
        tuple(_lines(graph, iri, language)),
        tuple(_kinds(graph, iri, language)),
        tuple(_when(graph, iri, language)),
        tuple(_where(graph, iri, language)),
        tuple(_dispute(graph, iri, each, language) for each in disputes(graph).get(iri, ())),
        tuple(follows[:_FOLLOWING]),
        max(0, len(follows) - _FOLLOWING),
    )


def falling(graph: Graph, iri: str, language: str) -> Falling:
    """Return what would fall without a claim."""
    return proving.falling(graph, ox.NamedNode(iri), language)


def iri_of(text: str) -> ox.NamedNode:
    """Return the name of a text in the graph."""
    return ox.NamedNode(PREFIXES["text"] + text)


@kept(1)
def disputes(graph: Graph) -> dict[ox.NamedNode, tuple[Disagreement, ...]]:
    """Return the disagreements that each claim is a side of, under the preferred readings."""
    known = recorded(graph)
    found: dict[ox.NamedNode, list[Disagreement]] = defaultdict(list)
    for each in disagree.read(graph.store):
        if each.under is None:
            for claim in dict.fromkeys(c for s in disagree.sides(each, known) for c in s.claims):
                found[claim].append(each)
    return {claim: tuple(each) for claim, each in found.items()}


@kept(1)
def disputed_by_itself(graph: Graph) -> frozenset[ox.NamedNode]:
    """Return the claims that say what is disputed, or are all that one side rests on.

    Where a side rests on several claims, each may well be right: only together they are disputed.
    """
    known = recorded(graph)
    found: set[ox.NamedNode] = set()
    for each in disagree.read(graph.store):
        for side in disagree.sides(each, known) if each.under is None else ():
            stating = {claim for node in side.proofs for claim in node.claims}
            found |= stating or (set(side.claims) if len(side.claims) == 1 else set())
    return frozenset(found)


@kept(20)
def _claims(graph: Graph, text: ox.NamedNode) -> list[tuple[Evidence, bool]]:
    """Return the claims of a text in the order of their names, and whether each is asserted."""
    quads = graph.store.quads_for_pattern(None, CAS.statedIn, text, _CLAIMS)
    named = sorted({q.subject for q in quads if isinstance(q.subject, ox.NamedNode)}, key=_order)
    asserted = ox.Literal("true", datatype=ox.NamedNode(f"{PREFIXES['xsd']}boolean"))
    return [
        (
            evidence.of_claim(graph.store, claim),
            ox.Quad(claim, CAS.asserted, asserted, _CLAIMS) in graph.store,
        )
        for claim in named
    ]


def _order(claim: ox.NamedNode) -> tuple[list[int], str]:
    return cards.order(claim.value)


@kept(20)
def _named(graph: Graph, text: ox.NamedNode) -> dict[Span, frozenset[ox.NamedNode]]:
    """Return what the words of a text name."""
    about = cards.text(graph, text.value.removeprefix(PREFIXES["text"]))
    return mentions.find(
        about.words,
        [claim for claim, _ in _claims(graph, text)],
        partial(_spoken_of, proxy(graph)),
        partial(_names, proxy(graph), about.language),
    )


def _spoken_of(graph: Graph, claim: ox.NamedNode) -> list[ox.NamedNode]:
    quads = [*graph.store.quads_for_pattern(None, None, None, claim)]
    terms = {term for quad in quads for term in (quad.subject, quad.object)}
    things = (t for t in terms if isinstance(t, ox.NamedNode) and t.value.startswith(BASE + "id/"))
    return sorted(things, key=str)


def _names(graph: Graph, language: str, thing: ox.NamedNode) -> Iterator[str]:
    for predicate in (SKOS.prefLabel, SKOS.altLabel):
        for quad in graph.store.quads_for_pattern(thing, predicate, None, _ENTITIES):
            if isinstance(quad.object, ox.Literal) and quad.object.language == language:
                yield quad.object.value


@kept(20_000)
def _kind(graph: Graph, thing: ox.NamedNode) -> str:
    """Return what a name is marked as; empty if not at all."""
    quads = graph.store.quads_for_pattern(thing, RDF.type, None, ox.DefaultGraph())
    types = {quad.object for quad in quads}
    return next((name for name, each in _KINDS if each in types), "")


def _taken(graph: Graph, text: ox.NamedNode, instead: str) -> frozenset[ox.NamedNode]:
    """Return the claims that change their places: another reading, and the preferred one."""
    if not instead:
        return frozenset()
    others = {claim.name: claim.claim for claim, asserted in _claims(graph, text) if not asserted}
    if instead not in others:
        hint = did_you_mean(instead, others) or "the page of the text lists them"
        raise UnknownName(f"{instead!r} is not another reading of this text", hint=hint)
    return frozenset({others[instead], _preferred(graph, others[instead])})


def _preferred(graph: Graph, claim: ox.NamedNode) -> ox.NamedNode:
    quads = graph.store.quads_for_pattern(claim, CAS.alternativeTo, None, _CLAIMS)
    return next(quad.object for quad in quads if isinstance(quad.object, ox.NamedNode))


def _marker(graph: Graph, claim: ox.NamedNode, language: str) -> Marker:
    link = cards.link(claim.value, language)
    label = say(language, "page/claim", number=link.number)
    disputed = claim in disputed_by_itself(graph)
    if disputed:
        label = f"{label}, {say(language, 'page/disputed')}"
    return Marker(link.name, link.number, link.path, label, disputed, first=True)


def _paragraphs(
    words: str,
    claims: Sequence[Evidence],
    markers: dict[str, Marker],
    named: dict[Span, str],
) -> Iterator[tuple[Segment, ...]]:
    """Yield the paragraphs, cut at every boundary of a claim or a name."""
    quotes = [(quote.span, claim.name) for claim in claims for quote in claim.quotes]
    size = {claim.name: sum(len(quote.exact) for quote in claim.quotes) for claim in claims}
    marked: set[str] = set()
    start = 0
    for line in words.split("\n"):
        end = start + len(line)
        inside = [(span, claim) for span, claim in quotes if span.start < end and start < span.end]
        names = [(span, kind) for span, kind in named.items() if start <= span.start < end]
        edges = {start, end}
        for span, _ in (*inside, *names):
            edges |= {edge for edge in (span.start, span.end) if start < edge < end}
        if line:
            yield tuple(
                _segment(words, a, b, inside, names, size, markers, marked)
                for a, b in pairwise(sorted(edges))
            )
        start = end + 1


def _segment(
    words: str,
    start: int,
    end: int,
    quotes: Sequence[tuple[Span, str]],
    names: Sequence[tuple[Span, str]],
    size: dict[str, int],
    markers: dict[str, Marker],
    marked: set[str],
) -> Segment:
    over = {claim for span, claim in quotes if span.start <= start and end <= span.end}
    kinds = [(s.end - s.start, kind) for s, kind in names if s.start <= start and end <= s.end]
    ending = []
    for claim in sorted({c for span, c in quotes if span.end == end}, key=list(markers).index):
        ending.append(replace(markers[claim], first=claim not in marked))
        marked.add(claim)
    return Segment(
        words[start:end],
        tuple(sorted(over, key=lambda claim: (size[claim], claim))),
        max(kinds)[1] if kinds else "",
        any(markers[claim].disputed for claim in over),
        tuple(ending),
    )


def _lines(graph: Graph, claim: ox.NamedNode, language: str) -> Iterator[tuple[Cell, Cell, Cell]]:
    """Yield what a claim says but for kinds and dates; if it says nothing else, these."""
    triples = sorted(
        (quad.triple for quad in graph.store.quads_for_pattern(None, None, None, claim)), key=str
    )
    intervals = {t.object for t in triples if t.predicate == CAS.hasInterval}
    told = [t for t in triples if t.predicate not in _DATING and t.subject not in intervals]
    dated = [t for t in triples if t.predicate == CAS.hasInterval]
    for triple in [t for t in told if t.predicate != RDF.type] or told or dated:
        yield (
            cards.cell(graph, triple.subject, language),
            cards.cell(graph, triple.predicate, language),
            cards.cell(graph, triple.object, language),
        )


def _kinds(graph: Graph, claim: ox.NamedNode, language: str) -> Iterator[tuple[Cell, Cell]]:
    """Yield what a claim says that each thing is; of intervals it goes without saying."""
    quads = graph.store.quads_for_pattern(None, RDF.type, None, claim)
    for triple in sorted((quad.triple for quad in quads), key=str):
        if triple.object != CAS.TimeInterval:
            yield (
                cards.cell(graph, triple.subject, language),
                cards.cell(graph, triple.object, language),
            )


def _happened(graph: Graph, claim: ox.NamedNode) -> list[ox.NamedNode]:
    """Return the subjects of a claim, in the order of their names."""
    quads = graph.store.quads_for_pattern(None, None, None, claim)
    return sorted({q.subject for q in quads if isinstance(q.subject, ox.NamedNode)}, key=str)


def _when(graph: Graph, claim: ox.NamedNode, language: str) -> Iterator[tuple[Cell, str]]:
    """Yield what happened according to a claim, with all that is known of its days."""
    for span in spans.rows_for(graph, _happened(graph, claim), language):
        if _kind(graph, span.iri) == "event":
            yield span.cell, span.words


def _where(graph: Graph, claim: ox.NamedNode, language: str) -> Iterator[Cell]:
    """Yield the places of what happened according to a claim, as the texts have them."""
    found = {
        quad.object: None
        for subject in _happened(graph, claim)
        for quad in graph.store.quads_for_pattern(
            subject, CAS.tookPlaceAt, None, ox.DefaultGraph()
        )
    }
    for place in sorted(found, key=str):
        yield cards.cell(graph, place, language)


def _dispute(graph: Graph, claim: ox.NamedNode, found: Disagreement, language: str) -> Dispute:
    """Return a disagreement as the claim sees it."""
    others = [
        other
        for side in disagree.sides(found, recorded(graph))
        if claim not in side.claims
        for other in side.claims
    ]
    return Dispute(
        disagree.in_words(found, graph.store, language),
        disputing.place(found, language),
        found.certainty == CAS.Certain,
        tuple(cards.ground(graph, other, language) for other in others),
    )


def _follows(graph: Graph, claim: ox.NamedNode, language: str) -> list[Link]:
    """Return what is concluded from what a claim says, in one step."""
    key = _key(graph, claim)
    return [proving.link(graph, key, triple, language) for triple in _concluded(graph, claim)]


@kept(5_000)  # it is the same in every language
def _concluded(graph: Graph, claim: ox.NamedNode) -> list[ox.Triple]:
    key = _key(graph, claim)
    known = recorded(graph)
    found: set[ox.Triple] = set()
    for said in graph.store.quads_for_pattern(None, None, None, claim):
        fact = known.find(key, said.triple)
        for quad in graph.store.quads_for_pattern(None, CAS.premise, fact, _WHY) if fact else ():
            for step in graph.store.quads_for_pattern(quad.subject, CAS.concludes, None, _WHY):
                if isinstance(step.object, ox.NamedNode):
                    found.add(known.triple(step.object))
    return sorted(found, key=lambda triple: (_rank(triple), str(triple)))


def _rank(triple: ox.Triple) -> int:
    """Return how late a conclusion is told: what is possible after what is, days, then kinds."""
    name = triple.predicate.value.removeprefix(PREFIXES["cas"])
    late = (name in BOUNDS, name.startswith("possibl"), triple.predicate == RDF.type)
    return max((number for number, is_so in enumerate(late, 1) if is_so), default=0)


def _key(graph: Graph, claim: ox.NamedNode) -> str:
    """Return the key of the perspective of a claim."""
    quads = graph.store.quads_for_pattern(claim, CAS.perspective, None, _CLAIMS)
    return next(perspectives.key_of(q.object) for q in quads if isinstance(q.object, ox.NamedNode))


def passage(graph: Graph, claim: ClaimCard) -> Passage:
    """Return a claim as it is cited."""
    about = cards.text(graph, claim.text)
    return Passage(
        claim.iri,
        about.title,
        tuple(words for words, _, _ in claim.quotes),
        tuple((start, end) for _, start, end in claim.quotes),
        about.digest,
    )
