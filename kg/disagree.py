"""What two perspectives cannot both be right about, or one cannot with itself.

The rules of ontology/rules/disagreement tell what clashes. Here they are asked of the views, so
that inferred values count, and what they find is gathered: one node for each kind and subject. A
text is compared with each other text and with the reference works; each perspective is searched
for what contradicts itself. Nothing is ever concluded from two perspectives at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import NamedTuple

import pyoxigraph as ox

from kg import chronology, perspectives, words
from kg.bounds import Conflict, Fact
from kg.proof.record import READINGS, fact_of
from kg.proof.tree import Node, Proofs
from kg.rules import Comparison
from kg.store import Graph, GraphName, Term
from kg.terms import BASE, CAS, DCT, PREFIXES, RDF, RDFS, XSD, expand

KINDS = (
    CAS.DateConflict,
    CAS.PlaceConflict,
    CAS.ValueConflict,
    CAS.OrderConflict,
    CAS.KindConflict,
    CAS.Contradiction,
)
GRAPH = expand("g:disagreements")
_TEXT = "text/"  # before the name of a text in its key
_VIEW = f"{PREFIXES['g']}view/"
_DIGITS = 20  # of SHA-256, as many as of a fact
_Subject = ox.NamedNode | ox.BlankNode | ox.Triple
_DAYS = {  # of which of its two days a bound is, and on which side
    CAS.earliestStart: ("first-day", 0),
    CAS.latestStart: ("first-day", 1),
    CAS.earliestEnd: ("last-day", 0),
    CAS.latestEnd: ("last-day", 1),
}


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A clash of two perspectives, or of one with itself.

    Attributes:
        name: made of what it is about: the same clash has the same name in every build.
        kind: one of `KINDS`.
        subject: the thing in dispute.
        properties: on whose values, sorted.
        here: key of the perspective from which it is seen, which is that of a text.
        there: key of the other; the same in a contradiction.
        here_triples: what clashes here, what is said of the thing itself first.
        there_triples: what clashes there.
        certainty: cas:Certain, or cas:Possible where both may be right.
        under: the reading of the text under which alone it is so; None for the preferred one.
        claims: that it rests on, where no proofs are recorded that tell them.
    """

    name: ox.NamedNode
    kind: ox.NamedNode
    subject: ox.NamedNode
    properties: tuple[ox.NamedNode, ...]
    here: str
    there: str
    here_triples: tuple[ox.Triple, ...]
    there_triples: tuple[ox.Triple, ...]
    certainty: ox.NamedNode = CAS.Certain
    under: ox.NamedNode | None = None
    claims: tuple[ox.NamedNode, ...] = ()

    @property
    def here_facts(self) -> tuple[ox.NamedNode, ...]:
        """Return the names under which the proofs of what clashes here are recorded."""
        return tuple(fact_of(self.here, triple) for triple in self.here_triples)

    @property
    def there_facts(self) -> tuple[ox.NamedNode, ...]:
        """Return the names under which the proofs of what clashes there are recorded."""
        return tuple(fact_of(self.there, triple) for triple in self.there_triples)


@dataclass(frozen=True, slots=True)
class Side:
    """What one side of a disagreement rests on.

    Attributes:
        key: of its perspective.
        triples: that clash with those of the other side.
        proofs: the best one of each.
        claims: that these rest on, sorted.
        reading: the weakest reading among the proofs; None where none is recorded.
    """

    key: str
    triples: tuple[ox.Triple, ...]
    proofs: tuple[Node, ...]
    claims: tuple[ox.NamedNode, ...]
    reading: ox.NamedNode | None


class _Clash(NamedTuple):
    """One answer of a rule."""

    kind: ox.NamedNode
    subject: ox.NamedNode
    properties: frozenset[ox.NamedNode]
    here: frozenset[ox.Triple]
    there: frozenset[ox.Triple]
    certainty: ox.NamedNode


def compare(
    graphs: Mapping[GraphName, Mapping[str, ox.Triple]],
    keys: Sequence[str],
    rules: Sequence[Comparison],
    inside: Iterable[Disagreement] = (),
) -> Iterator[ox.Triple]:
    """Yield the graph g:disagreements of a graph that is being built, from its other graphs.

    Disagreements that are known already, inside a text or one of its readings, are added. What is
    merely possible is left out: it clashes with nothing.
    """
    wanted = {*map(_view, keys), *map(expand, ("g:ontology", "g:entities", "g:claims"))}
    store = ox.Store()
    for graph in wanted:
        store.extend(
            ox.Quad(t.subject, t.predicate, t.object, graph)
            for t in graphs.get(graph, {}).values()
            if t.predicate not in chronology.POSSIBLE
        )
    for found in (*disagreements(store, keys, rules), *inside):
        yield from describe(found, store)


def disagreements(
    store: ox.Store, keys: Iterable[str], rules: Sequence[Comparison]
) -> list[Disagreement]:
    """Return what the perspectives with these keys disagree on, and what contradicts itself.

    Reads:  the graphs g:view/<key>, in which the bounds of occurrences are xsd:date, and
            g:ontology
    Writes: one for each kind and subject, a contradiction for each property too; sorted by
            perspectives, kind and subject. A certain clash outweighs a possible one.
    """
    found: dict[tuple[str, ...], list[_Clash]] = defaultdict(list)
    for here, there in _pairs(keys):
        for rule in rules:
            if rule.of_two == (here != there):
                for clash in _clashes(store, rule, here, there):
                    rank = str(KINDS.index(clash.kind))
                    apart = _joined(clash.properties) if here == there else ""
                    found[here, there, rank, clash.subject.value, apart].append(clash)
    return [_gathered(key[0], key[1], found[key]) for key in sorted(found)]


def crossing(key: str, conflict: Conflict, under: ox.NamedNode | None = None) -> Disagreement:
    """Return days of one perspective that cross as what contradicts itself."""
    claims = [ox.NamedNode(claim) for claim in conflict.claims]
    ends = [proof[-1].fact for proof in (conflict.earliest, conflict.latest) if proof]
    if ends:
        return contradiction(key, [_bound(fact) for fact in ends], claims, under)
    subject = ox.NamedNode(conflict.runaway[0].occurrence)
    return Disagreement(
        _named(CAS.Contradiction, subject, key, key, under=under),
        CAS.Contradiction,
        subject,
        properties=(),
        here=key,
        there=key,
        here_triples=(),
        there_triples=(),
        under=under,
        claims=_all(claims),
    )


def contradiction(
    key: str,
    triples: Sequence[ox.Triple],
    claims: Iterable[ox.NamedNode] = (),
    under: ox.NamedNode | None = None,
) -> Disagreement:
    """Return what cannot all hold in one perspective; the first triple is of the thing in dispute.

    For what no rule of the family finds: days that cross, and what is false by OWL 2 RL.
    """
    first, *others = triples
    assert isinstance(first.subject, ox.NamedNode), "what is in dispute has a name"
    properties = frozenset(triple.predicate for triple in triples)
    apart = "\n".join(map(str, triples))
    return Disagreement(
        _named(CAS.Contradiction, first.subject, key, key, apart, under),
        CAS.Contradiction,
        first.subject,
        tuple(sorted(properties, key=str)),
        key,
        key,
        (first,),
        tuple(others),
        under=under,
        claims=_all(claims),
    )


def describe(found: Disagreement, store: ox.Store) -> Iterator[ox.Triple]:
    """Yield a disagreement as RDF; the store is asked for names and days.

    Writes: its kind, cas:disputes, cas:onProperty, cas:here and cas:there (views), cas:hereFact
            and cas:thereFact (names of facts in g:why), cas:certainty, cas:underReading, and
            rdfs:label, the clash in words of each language. Where no proofs are recorded,
            dct:source, the claims that it rests on, takes the place of the facts.
    """
    name = found.name
    yield ox.Triple(name, RDF.type, CAS.Disagreement)
    yield ox.Triple(name, RDF.type, found.kind)
    yield ox.Triple(name, CAS.disputes, found.subject)
    for each in found.properties:
        yield ox.Triple(name, CAS.onProperty, each)
    yield ox.Triple(name, CAS.here, _view(found.here))
    yield ox.Triple(name, CAS.there, _view(found.there))
    yield ox.Triple(name, CAS.certainty, found.certainty)
    for claim in found.claims:
        yield ox.Triple(name, DCT.source, claim)
    if not found.claims:
        for fact in found.here_facts:
            yield ox.Triple(name, CAS.hereFact, fact)
        for fact in found.there_facts:
            yield ox.Triple(name, CAS.thereFact, fact)
    if found.under:
        yield ox.Triple(name, CAS.underReading, found.under)
    for language in words.languages():
        said = ox.Literal(in_words(found, store, language), language=language)
        yield ox.Triple(name, RDFS.label, said)


def read(store: ox.Store) -> list[Disagreement]:
    """Return the disagreements of a built store, in the order in which they are found.

    Of one that rests on claims alone the triples are not kept; its label tells them.
    """
    names = {quad.subject for quad in store.quads_for_pattern(None, CAS.disputes, None, GRAPH)}
    found = [_read(store, name) for name in names if isinstance(name, ox.NamedNode)]
    return sorted(found, key=_order)


def sides(found: Disagreement, proofs: Proofs) -> list[Side]:
    """Return what both sides rest on; one side where only claims are known."""
    if found.claims:
        return [Side(found.here, (), (), found.claims, None)]
    return [
        _side(found.here, found.here_triples, proofs),
        _side(found.there, found.there_triples, proofs),
    ]


def in_words(found: Disagreement, store: ox.Store, language: str) -> str:
    """Return a disagreement as a clause with the values of both sides."""
    speaker = _Speaker(store, language)
    key = "contradiction" if found.here == found.there else "clash"
    if found.certainty == CAS.Possible:
        key = "clash-possible"
    if not found.here_triples:
        key = "runaway"
    sentence = words.say(
        language,
        key,
        subject=speaker.label(found.subject),
        here=perspective_in_words(found.here, store, language),
        there=perspective_in_words(found.there, store, language),
        said=speaker.said(found, found.here, found.here_triples),
        otherwise=speaker.said(found, found.there, found.there_triples),
    )
    if found.under is None:
        return sentence
    reading = found.under.value.rpartition("/")[2]
    return words.say(language, "under-reading", reading=reading, sentence=sentence)


def side_in_words(found: Disagreement, side: Side, store: ox.Store, language: str) -> str:
    """Return what one side says of the thing in dispute, without its name."""
    return _Speaker(store, language).said(found, side.key, side.triples)


def perspective_in_words(key: str, store: ox.Store, language: str) -> str:
    """Return how a perspective is spoken of: by the title of the text."""
    if key == perspectives.REFERENCE:
        return words.say(language, "reference-works")
    if key == perspectives.WIKIDATA:
        return "Wikidata"
    name = key.removeprefix(_TEXT).partition("/")[0]
    titles = store.quads_for_pattern(expand(f"text:{name}"), DCT.title, None, expand("g:claims"))
    known = {q.object.language: q.object.value for q in titles if isinstance(q.object, ox.Literal)}
    title = known.get(language) or min(known.values(), default=name)
    return words.say(language, "the-text", title=title)


class _Speaker:
    """Terms and days of a store, in one language."""

    def __init__(self, store: ox.Store, language: str) -> None:
        self._store = store
        self._graph = Graph(store, {})
        self._language = language

    def label(self, term: Term) -> str:
        return self._graph.label(term, self._language)

    def said(self, found: Disagreement, key: str, triples: Iterable[ox.Triple]) -> str:
        """Return what one side says of the thing in dispute, without its name."""
        parts = []
        days: dict[_Subject, list[ox.Triple]] = {}
        for triple in triples:
            if triple.predicate in _DAYS:
                days.setdefault(triple.subject, []).append(triple)
            elif triple.subject == found.subject:
                parts.append(self._of_subject(triple))
            elif triple.predicate != CAS.separateFrom:  # why the places clash, and no value
                parts.append(f"{self.label(triple.subject)} {self._of_subject(triple)}")
        for occurrence in sorted(days, key=lambda each: (each != found.subject, str(each))):
            known = days[occurrence]
            if found.kind != CAS.Contradiction:  # there, days cross that no view shows
                known = [
                    quad.triple
                    for bound in _DAYS
                    for quad in self._store.quads_for_pattern(occurrence, bound, None, _view(key))
                ]
            told = {_DAYS[triple.predicate][0] for triple in days[occurrence]}
            if occurrence == found.subject:
                parts.append(self._days_of(known, told))
            else:
                other = self.label(occurrence)
                parts.append(
                    self._say("that-of", other=other, days=self._span(known, "first-day"))
                )
        return ", ".join(parts)

    def _of_subject(self, triple: ox.Triple) -> str:
        value = self.label(triple.object)
        return value if triple.predicate == RDF.type else f"{self.label(triple.predicate)} {value}"

    def _days_of(self, known: Sequence[ox.Triple], told: Iterable[str]) -> str:
        """Return the days of an occurrence; once, where first and last day lie in one span."""
        spans = {which: self._span(known, which) for which in sorted(told)}
        if len(spans) > 1 and len(set(spans.values())) == 1:
            return next(iter(spans.values()))
        return ", ".join(self._say(which, days=span) for which, span in spans.items())

    def _span(self, known: Iterable[ox.Triple], which: str) -> str:
        bounds: list[date | None] = [None, None]
        for triple in known:
            day, side = _DAYS[triple.predicate]
            if day == which and isinstance(triple.object, ox.Literal):
                bounds[side] = date.fromisoformat(triple.object.value)
        first, last = bounds
        if first and last:
            if first == last:
                return self._day(first)
            return self._say("between-days", first=self._day(first), last=self._day(last))
        if first:
            return self._say("from-day", day=self._day(first))
        return self._say("until-day", day=self._day(last)) if last else ""

    def _day(self, day: date) -> str:
        return words.day(self._language, day)

    def _say(self, key: str, **names: str) -> str:
        return words.say(self._language, key, **names)


def _pairs(keys: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each perspective with itself, and each text with all that come after it."""
    ordered = sorted(keys, key=lambda key: (not key.startswith(_TEXT), key))
    for index, here in enumerate(ordered):
        yield here, here
        if here.startswith(_TEXT):
            for there in ordered[index + 1 :]:
                yield here, there


def _clashes(store: ox.Store, rule: Comparison, here: str, there: str) -> Iterator[_Clash]:
    """Yield what a rule finds, seen from `here`; a rule of two is asked from both sides."""
    yield from _asked(store, rule, here, there)
    if rule.of_two:
        for clash in _asked(store, rule, there, here):
            yield clash._replace(here=clash.there, there=clash.here)


def _asked(store: ox.Store, rule: Comparison, here: str, there: str) -> Iterator[_Clash]:
    chosen: dict[ox.Variable, Term] = {ox.Variable("here"): _view(here)}
    if rule.of_two:
        chosen[ox.Variable("there")] = _view(there)
    answer = store.query(
        rule.construct,
        default_graph=[],
        named_graphs=[_view(here), _view(there), expand("g:ontology")],
        substitutions=chosen,
    )
    assert isinstance(answer, ox.QueryTriples), "each rule is a CONSTRUCT"
    nodes: dict[Term, dict[ox.NamedNode, set[Term]]] = defaultdict(lambda: defaultdict(set))
    for triple in answer:
        nodes[triple.subject][triple.predicate].add(triple.object)
    for node in nodes.values():
        yield _clash(node)


def _clash(node: Mapping[ox.NamedNode, set[Term]]) -> _Clash:
    def names(predicate: ox.NamedNode) -> frozenset[ox.NamedNode]:
        return frozenset(term for term in node[predicate] if isinstance(term, ox.NamedNode))

    def triples(predicate: ox.NamedNode) -> frozenset[ox.Triple]:
        return frozenset(term for term in node[predicate] if isinstance(term, ox.Triple))

    (kind,), (subject,) = names(RDF.type), names(CAS.disputes)
    (certainty,) = names(CAS.certainty)
    facts = triples(CAS.hereFact), triples(CAS.thereFact)
    return _Clash(kind, subject, names(CAS.onProperty), *facts, certainty)


def _gathered(here: str, there: str, clashes: Sequence[_Clash]) -> Disagreement:
    """Return the clashes about one subject as one disagreement."""
    certain = [clash for clash in clashes if clash.certainty == CAS.Certain] or clashes
    kind, subject, *_ = certain[0]
    properties = frozenset[ox.NamedNode]().union(*(clash.properties for clash in certain))
    apart = _joined(properties) if here == there else ""
    return Disagreement(
        _named(kind, subject, here, there, apart),
        kind,
        subject,
        tuple(sorted(properties, key=str)),
        here,
        there,
        _sorted({triple for clash in certain for triple in clash.here}, subject),
        _sorted({triple for clash in certain for triple in clash.there}, subject),
        certain[0].certainty,
    )


def _named(
    kind: ox.NamedNode,
    subject: ox.NamedNode,
    here: str,
    there: str,
    apart: str = "",
    under: ox.NamedNode | None = None,
) -> ox.NamedNode:
    parts = (kind.value, subject.value, here, there, apart, under.value if under else "")
    digest = sha256("\n".join(parts).encode()).hexdigest()
    return ox.NamedNode(f"{BASE}disagreement/{digest[:_DIGITS]}")


def _read(store: ox.Store, name: ox.NamedNode) -> Disagreement:
    quads = [*store.quads_for_pattern(name, None, None, GRAPH)]
    node: dict[ox.NamedNode, list[ox.NamedNode]] = defaultdict(list)
    for quad in sorted(quads, key=str):
        if isinstance(quad.object, ox.NamedNode):
            node[quad.predicate].append(quad.object)
    subject = node[CAS.disputes][0]
    return Disagreement(
        name,
        next(kind for kind in node[RDF.type] if kind != CAS.Disagreement),
        subject,
        tuple(node[CAS.onProperty]),
        node[CAS.here][0].value.removeprefix(_VIEW),
        node[CAS.there][0].value.removeprefix(_VIEW),
        _sorted((_triple(store, fact) for fact in node[CAS.hereFact]), subject),
        _sorted((_triple(store, fact) for fact in node[CAS.thereFact]), subject),
        node[CAS.certainty][0],
        next(iter(node[CAS.underReading]), None),
        tuple(node[DCT.source]),
    )


def _triple(store: ox.Store, fact: ox.NamedNode) -> ox.Triple:
    parts = [
        next(store.quads_for_pattern(fact, predicate, None, expand("g:why"))).object
        for predicate in (RDF.subject, RDF.predicate, RDF.object)
    ]
    return ox.Triple(*parts)  # type: ignore[arg-type]


def _side(key: str, triples: tuple[ox.Triple, ...], proofs: Proofs) -> Side:
    best = tuple(proofs.best(fact_of(key, triple)) for triple in triples)
    claims = {claim for proof in best for claim in proof.leaves}
    reading = max((proof.reading for proof in best), key=READINGS.index)
    return Side(key, triples, best, _all(claims), reading)


def _bound(fact: Fact) -> ox.Triple:
    day = ox.Literal(fact.day.isoformat(), datatype=XSD.date)
    return ox.Triple(ox.NamedNode(fact.occurrence), getattr(CAS, fact.bound), day)


def _all(claims: Iterable[ox.NamedNode]) -> tuple[ox.NamedNode, ...]:
    return tuple(sorted(claims, key=str))


def _sorted(triples: Iterable[ox.Triple], subject: ox.NamedNode) -> tuple[ox.Triple, ...]:
    return tuple(sorted(triples, key=lambda triple: (triple.subject != subject, str(triple))))


def _order(found: Disagreement) -> tuple[str, ...]:
    rank = str(KINDS.index(found.kind))
    under = found.under.value if found.under else ""
    return found.here, found.there, rank, found.subject.value, _joined(found.properties), under


def _joined(properties: Iterable[ox.NamedNode]) -> str:
    return " ".join(sorted(each.value for each in properties))


def _view(key: str) -> ox.NamedNode:
    return ox.NamedNode(_VIEW + key)
