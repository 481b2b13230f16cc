"""What a perspective says, as statements of Wikibase: the rule files of ontology/wikibase run.

A rule is one CONSTRUCT over the view of a perspective, the names of things, the ontology and the
alignments; `GRAPH ?derived` is what follows alone. It writes `?subject p:P1 ?statement` and
`?statement ps:P1 ?value ; pq:P2 ?value`, each value with the triples that it comes from,
`{| prov:wasDerivedFrom <<( … )>> |}`, or with its source, `{| dct:source … |}`. A date is written
as EDTF. A statement that is a blank node is told apart by its subject, property and value, one
that has a name by that too. Nothing follows from what they conclude.
"""

import re
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby

import pyoxigraph as ox

from kg import disagree, formats, perspectives
from kg.perspectives import REFERENCE
from kg.proof.tree import Proofs
from kg.terms import BASE, CAS, DCT, PREFIXES, QUERY_PREFIXES, RDF, RDFS, SKOS, expand, shorten
from kg.wikibase import dates, tables
from kg.wikibase.model import (
    DEPRECATED,
    NORMAL,
    WIKIDATA,
    Entity,
    Item,
    Point,
    Snak,
    Statement,
    String,
    Text,
    Time,
    Value,
)
from kg.wikibase.rdf import OURS, simple
from kg.wikibase.tables import Property, property_of

QUOTE, ADDRESS, SOURCE = "P1683", "P854", "P248"
_NAMED_AS = "P1932"
_P, _PS, _PQ = (QUERY_PREFIXES[name] for name in ("p", "ps", "pq"))
_FROM = ox.NamedNode(QUERY_PREFIXES["prov"] + "wasDerivedFrom")
_REIFIES = ox.NamedNode(PREFIXES["rdf"] + "reifies")
_DERIVED = ox.NamedNode(PREFIXES["g"] + "derived")
_POINT = re.compile(r"POINT\s*\(\s*(-?[0-9.]+)\s+(-?[0-9.]+)\s*\)", re.IGNORECASE)
_DATES = frozenset({dates.POINT, dates.START, dates.END, "P570"})
_ORDER = (dates.START, dates.END, "P1365", "P1366", dates.EARLIEST, dates.LATEST, _NAMED_AS)
_DAYS = frozenset({CAS.earliestStart, CAS.latestStart, CAS.earliestEnd, CAS.latestEnd})
# What a view says of the days of each two of its occurrences is most of it, and no rule asks it.
_OF_DAYS = re.compile(re.escape(PREFIXES["cas"]) + "(certainly|possibly)[A-Z]")

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Way = tuple[frozenset[ox.Triple], frozenset[ox.NamedNode]]


@dataclass(slots=True)
class _Draft:
    """A statement as rules write it.

    Attributes:
        subject: of it.
        pid: its property.
        value: of it.
        name: that a rule gives it; empty if none.
        ways: to come to the value: each the triples it comes from, and its sources.
        qualifiers: by property and value, each with its ways.
    """

    subject: ox.NamedNode
    pid: str
    value: Term
    name: str
    ways: set[Way] = field(default_factory=set)
    qualifiers: dict[tuple[str, Term], set[Way]] = field(default_factory=lambda: defaultdict(set))


class Perspective:
    """What one perspective of a built store says.

    Attributes:
        key: text/italy-1943.
    """

    def __init__(self, store: ox.Store, key: str) -> None:
        self.key = key
        self._store = store
        self._proofs = Proofs(store)
        self._asked = _loaded(store, key)

    @cached_property
    def entities(self) -> dict[str, Entity]:
        """Return the things that it speaks of, by id, each with what it says of them."""
        found: dict[str, list[Statement]] = defaultdict(list)
        for draft in self._drafts():
            subject = self._id(draft.subject)
            found[subject] += self._statements(draft)
        told = {name: _ordered(many) for name, many in found.items()}
        for statements in list(told.values()):
            for value in _things(statements):
                told.setdefault(value.id, ())
        return {name: self._entity(name, told[name]) for name in sorted(told, key=_number)}

    @cached_property
    def _ids(self) -> dict[str, str]:
        """Return the ids of things that have one at Wikidata, by their names here."""
        quads = self._asked.quads_for_pattern(None, SKOS.exactMatch, None, ox.DefaultGraph())
        links = sorted(
            (q.subject.value, q.object.value)
            for q in quads
            if isinstance(q.subject, ox.NamedNode)
            and isinstance(q.object, ox.NamedNode)
            and q.object.value.startswith(WIKIDATA)
            and q.subject.value.startswith(PREFIXES["id"])
        )
        return {thing: item.removeprefix(WIKIDATA) for thing, item in reversed(links)}

    @cached_property
    def _things(self) -> dict[str, str]:
        """Return our names of things by their ids."""
        return {item: thing for thing, item in sorted(self._ids.items(), reverse=True)}

    def _id(self, thing: ox.NamedNode) -> str:
        found = self._ids.get(thing.value) or thing.value.removeprefix(WIKIDATA)
        return found.removeprefix(PREFIXES["id"])

    def _drafts(self) -> list[_Draft]:
        """Return what the rules write, in the order of subjects, properties and values."""
        found: dict[tuple[str, str, str, str], _Draft] = {}
        for path in sorted(tables.FOLDER.glob("*.rq")):
            answer = self._asked.query(formats.read_text(path))
            assert isinstance(answer, ox.QueryTriples), "each rule is a CONSTRUCT"
            for draft in _read(answer):
                key = (draft.subject.value, draft.pid, str(draft.value), draft.name)
                known = found.setdefault(key, draft)
                if known is not draft:
                    known.ways |= draft.ways
                    for each, ways in draft.qualifiers.items():
                        known.qualifiers[each] |= ways
        return [found[key] for key in sorted(found)]

    def _statements(self, draft: _Draft) -> Iterator[Statement]:
        triples, sources = self._best(draft.ways)
        claims = self._claims(triples)
        qualifiers, inferred, more = self._qualifiers(draft)
        references = [self._reference(claim) for claim in sorted({*claims, *more}, key=str)]
        references += [
            (Snak(ADDRESS, String(each.value, "url")),) for each in sorted(sources, key=str)
        ]
        rank = DEPRECATED if self._is_contradicted(triples, claims, draft.pid) else NORMAL
        for main, bounds in self._mains(draft):
            yield Statement(
                self._name(draft, main),
                main,
                rank,
                _sorted([*qualifiers, *bounds]),
                tuple(dict.fromkeys(references)),
                self._inference(triples),
                tuple(sorted(inferred)),
            )

    def _mains(self, draft: _Draft) -> list[dates.Dated]:
        if isinstance(draft.value, ox.Literal) and draft.pid == dates.POINT:
            return dates.of_event(draft.value.value)
        if isinstance(draft.value, ox.Literal) and draft.pid in _DATES:
            return [dates.of_moment(draft.pid, draft.value.value)]
        return [(Snak(draft.pid, self._value(draft.value)), ())]

    def _value(self, value: Term) -> Value:
        if isinstance(value, ox.NamedNode):
            return Item(self._id(value))
        assert isinstance(value, ox.Literal), "a rule gives no other values"
        if found := _POINT.fullmatch(value.value):
            exact = max(len(number.partition(".")[2]) for number in found.groups())
            return Point(float(found[2]), float(found[1]), float(f"1e-{exact}"))
        return String(value.value)

    def _qualifiers(self, draft: _Draft) -> tuple[list[Snak], set[str], set[ox.NamedNode]]:
        """Return the qualifiers, the properties of those that were inferred, and their claims."""
        found: dict[Snak, tuple[bool, set[ox.NamedNode]]] = {}
        for (pid, value), ways in draft.qualifiers.items():
            triples, _ = self._best(ways)
            about = bool(self._inference(triples)), self._claims(triples)
            if not isinstance(value, ox.Literal) or pid == _NAMED_AS:
                found[Snak(pid, self._value(value))] = about
                continue
            told = (
                dates.of_event(value.value)
                if pid == dates.POINT
                else [dates.of_moment(pid, value.value)]
            )
            for main, bounds in told:
                if isinstance(main.value, Time):
                    found[main] = about
                elif pid == dates.POINT:  # no qualifier has qualifiers: the bounds stand alone
                    found.update(dict.fromkeys(bounds, about))
        kept = {snak: found[snak] for snak in found if not _is_vaguer(snak, found)}
        inferred = {snak.property for snak, (is_inferred, _) in kept.items() if is_inferred}
        return list(kept), inferred, {each for _, claims in kept.values() for each in claims}

    def _best(self, ways: Iterable[Way]) -> Way:
        """Return the way that rests on the fewest claims."""

        def cost(way: Way) -> tuple[bool, int, list[str]]:
            triples, _ = way
            is_inferred = bool(self._inference(triples))
            return is_inferred, len(self._claims(triples)), sorted(map(str, triples))

        return min(ways, key=cost)

    def _claims(self, triples: Iterable[ox.Triple]) -> set[ox.NamedNode]:
        facts = (self._proofs.find(self.key, triple) for triple in triples)
        return {claim for fact in facts if fact for claim in self._proofs.best(fact).leaves}

    def _inference(self, triples: Iterable[ox.Triple]) -> str:
        """Return the name of the first fact that no claim states, empty if all are stated."""
        for triple in sorted(triples, key=str):
            fact = self._proofs.find(self.key, triple)
            if fact and not self._proofs.best(fact).claims:
                return fact.value
        return ""

    def _name(self, draft: _Draft, main: Snak) -> str:
        subject = self._id(draft.subject)
        value = main.value
        if isinstance(value, str):
            told = value
        else:
            term = simple(value)
            told = term.value if isinstance(term, ox.NamedNode) else str(term)
        parts = [BASE + self.key, main.property, OURS.of(subject).value, told, draft.name]
        return f"{subject}${uuid.uuid5(uuid.NAMESPACE_URL, chr(10).join(parts))}"

    def _reference(self, claim: ox.NamedNode) -> tuple[Snak, ...]:
        """Return where a claim stands: its words and its page, or the work that says it."""
        said: dict[ox.NamedNode, list[Term]] = defaultdict(list)
        for quad in self._store.quads_for_pattern(claim, None, None, expand("g:claims")):
            said[quad.predicate].append(quad.object)
        works = sorted(o.value for o in said[DCT.source] if isinstance(o, ox.NamedNode))
        if works and CAS.statedIn not in said:
            return tuple(Snak(ADDRESS, String(work, "url")) for work in works)
        quotes = sorted(
            (o for o in said[CAS.quote] if isinstance(o, ox.Literal)), key=lambda o: o.value
        )
        items = (
            quad.object.value.removeprefix(WIKIDATA)
            for text in said[CAS.statedIn]
            if isinstance(text, ox.NamedNode)
            for quad in self._store.quads_for_pattern(text, SKOS.exactMatch, None, None)
            if isinstance(quad.object, ox.NamedNode) and quad.object.value.startswith(WIKIDATA)
        )
        return (
            *(Snak(SOURCE, Item(item)) for item in sorted(set(items))),
            Snak(ADDRESS, String(claim.value, "url")),
            *(Snak(QUOTE, Text(quote.value, quote.language or "und")) for quote in quotes),
        )

    @cached_property
    def _contradicted(self) -> list[tuple[disagree.Disagreement, frozenset[ox.NamedNode]]]:
        """Return where reference works contradict it, each with the claims that then fall."""
        return [
            (each, frozenset(self._claims(each.here_triples)))
            for each in disagree.read(self._store)
            if (each.here, each.there) == (self.key, REFERENCE) and each.certainty == CAS.Certain
        ]

    def _is_contradicted(
        self, triples: Iterable[ox.Triple], claims: set[ox.NamedNode], pid: str
    ) -> bool:
        """Return whether reference works say otherwise.

        What they say of days is compared by the days that follow. These are what the statement
        says if they rest on no other claims.
        """
        subjects = {triple.subject for triple in triples}
        for each, resting in self._contradicted:
            if pid in _DATES and _DAYS.issuperset(each.properties):
                if each.subject in subjects and resting <= claims:
                    return True
            elif not set(triples).isdisjoint(each.here_triples):
                return True
        return False

    def _entity(self, name: str, statements: tuple[Statement, ...]) -> Entity:
        ours = self._things.get(name) or (
            PREFIXES["id"] + name if name not in self._classes else ""
        )
        labels, aliases = self._names(ours) if ours else ({}, {})
        if name in self._classes:
            labels = self._class_labels([self._classes[name]])
        if name in tables.items():
            labels |= {"en": tables.items()[name]}
        return Entity(
            name,
            labels=dict(sorted(labels.items())),
            descriptions=dict(sorted(self._descriptions(ours).items())) if ours else {},
            aliases=dict(sorted(aliases.items())),
            statements=statements,
            exact=(ours,) if name in self._things else (),
        )

    @cached_property
    def _classes(self) -> dict[str, ox.NamedNode]:
        """Return the classes that have an item, by its id."""
        quads = self._asked.quads_for_pattern(None, SKOS.exactMatch, None, ox.DefaultGraph())
        return {
            quad.object.value.removeprefix(WIKIDATA): quad.subject
            for quad in sorted(quads, key=str)
            if isinstance(quad.subject, ox.NamedNode)
            and isinstance(quad.object, ox.NamedNode)
            and quad.object.value.startswith(WIKIDATA)
            and quad.subject.value.startswith(PREFIXES["cas"])
        }

    def _names(self, thing: str) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
        node = ox.NamedNode(thing)
        aliases: dict[str, list[str]] = defaultdict(list)
        for words in self._literals(node, SKOS.altLabel):
            aliases[words.language or "und"].append(words.value)
        labels = {w.language or "und": w.value for w in self._literals(node, SKOS.prefLabel)}
        return labels, {language: tuple(many) for language, many in aliases.items()}

    def _descriptions(self, thing: str) -> dict[str, str]:
        """Return what kind of thing it is, in words."""
        quads = self._asked.quads_for_pattern(
            ox.NamedNode(thing), RDF.type, None, ox.DefaultGraph()
        )
        kinds = {q.object for q in quads if shorten(q.object).startswith("cas:")}
        wider = {
            quad.object
            for kind in kinds
            if isinstance(kind, ox.NamedNode)
            for quad in self._asked.quads_for_pattern(
                kind, RDFS.subClassOf, None, ox.DefaultGraph()
            )
            if quad.object != kind
        }
        narrow = (kind for kind in kinds - wider if isinstance(kind, ox.NamedNode))
        return self._class_labels(sorted(narrow, key=lambda kind: kind.value))

    def _class_labels(self, classes: Iterable[ox.NamedNode]) -> dict[str, str]:
        found: dict[str, list[str]] = defaultdict(list)
        for kind in classes:
            for words in self._literals(kind, RDFS.label):
                found[words.language or "und"].append(words.value)
        return {language: ", ".join(words) for language, words in found.items()}

    def _literals(self, subject: ox.NamedNode, predicate: ox.NamedNode) -> list[ox.Literal]:
        quads = self._asked.quads_for_pattern(subject, predicate, None, ox.DefaultGraph())
        found = [quad.object for quad in quads if isinstance(quad.object, ox.Literal)]
        return sorted(found, key=lambda words: (words.language or "", words.value))


def merged(many: Iterable[Mapping[str, Entity]]) -> dict[str, Entity]:
    """Return the entities of several perspectives as one: what is said of each, together."""
    found: dict[str, Entity] = {}
    for entities in many:
        for name, entity in entities.items():
            known = found.get(name)
            statements = (*known.statements, *entity.statements) if known else entity.statements
            found[name] = replace(entity, statements=_ordered(statements))
    return {name: found[name] for name in sorted(found, key=_number)}


def properties_of(entities: Iterable[Entity]) -> list[Property]:
    """Return the properties that statements use, anywhere in them, by id."""
    found: dict[str, Property] = {}
    for entity in entities:
        for each in entity.statements:
            for snak in _snaks(each):
                if snak.property not in found or not isinstance(snak.value, str):
                    found[snak.property] = property_of(snak.property, _datatype(snak.value))
    return [found[pid] for pid in sorted(found, key=_number)]


def _loaded(store: ox.Store, key: str) -> ox.Store:
    """Return what the rules are asked of, in memory: ten times as fast as on disk."""
    asked = ox.Store()
    derived = [*_all(store, f"g:derived/{key}")]
    view = (*perspectives.read(store, key).stated, *derived, *_days(store, key))
    asked.extend(
        _in(triple, ox.DefaultGraph())
        for triple in view
        if triple.subject != triple.object and not _OF_DAYS.match(triple.predicate.value)
    )
    for name in ("g:entities", "g:alignments", "g:ontology"):
        asked.extend(_in(triple, ox.DefaultGraph()) for triple in _all(store, name))
    asked.extend(_in(triple, _DERIVED) for triple in derived)
    return asked


def _days(store: ox.Store, key: str) -> Iterator[ox.Triple]:
    """Yield the days and handovers of a view.

    Its relations are not even passed over, which would take longest of all.
    """
    bounds = expand(f"g:bounds/{key}")
    for predicate in sorted(_DAYS, key=str):
        yield from (q.triple for q in store.quads_for_pattern(None, predicate, None, bounds))
    for quad in store.quads_for_pattern(None, RDF.type, CAS.Handover, bounds):
        yield from (q.triple for q in store.quads_for_pattern(quad.subject, None, None, bounds))


def _all(store: ox.Store, graph: str) -> Iterator[ox.Triple]:
    return (quad.triple for quad in store.quads_for_pattern(None, None, None, expand(graph)))


def _in(triple: ox.Triple, graph: ox.NamedNode | ox.DefaultGraph) -> ox.Quad:
    return ox.Quad(triple.subject, triple.predicate, triple.object, graph)


def _read(answer: Iterable[ox.Triple]) -> Iterator[_Draft]:
    """Yield the statements that a rule wrote."""
    subjects: dict[Term, set[ox.NamedNode]] = defaultdict(set)
    values: dict[Term, set[tuple[str, Term]]] = defaultdict(set)
    reified: dict[Term, ox.Triple] = {}
    whence: dict[Term, set[Term]] = defaultdict(set)
    for triple in answer:
        predicate, value = triple.predicate, triple.object
        if predicate == _REIFIES:
            assert isinstance(value, ox.Triple), "what is reified is a triple"
            reified[triple.subject] = value
        elif predicate in {_FROM, DCT.source}:
            whence[triple.subject].add(value)
        elif predicate.value.startswith((_PS, _PQ)):
            values[triple.subject].add((predicate.value, value))
        else:
            assert isinstance(triple.subject, ox.NamedNode), "things have names"
            subjects[value].add(triple.subject)
    ways: dict[tuple[Term, str, Term], set[Way]] = defaultdict(set)
    for reifier, triple in reified.items():
        known = whence[reifier]
        way = (
            frozenset(each for each in known if isinstance(each, ox.Triple)),
            frozenset(each for each in known if isinstance(each, ox.NamedNode)),
        )
        ways[triple.subject, triple.predicate.value, triple.object].add(way)
    for node, told in values.items():
        mains = [(p.removeprefix(_PS), v) for p, v in told if p.startswith(_PS)]
        name = node.value if isinstance(node, ox.NamedNode) else ""
        for subject in subjects[node]:
            for pid, value in mains:
                draft = _Draft(subject, pid, value, name, ways[node, _PS + pid, value])
                for p, v in told:
                    if p.startswith(_PQ):
                        draft.qualifiers[p.removeprefix(_PQ), v] |= ways[node, p, v]
                yield draft


def _is_vaguer(snak: Snak, others: Iterable[Snak]) -> bool:
    """Return whether another date of the same property is more exact."""
    if not isinstance(snak.value, Time):
        return False
    mine = dates.span(snak.value)
    for other in others:
        if other.property == snak.property and other != snak and isinstance(other.value, Time):
            theirs = dates.span(other.value)
            if mine and theirs and mine[0] <= theirs[0] and theirs[1] <= mine[1]:
                return True
    return False


def _sorted(snaks: Iterable[Snak]) -> tuple[Snak, ...]:
    def place(snak: Snak) -> tuple[int, tuple[int, str], str]:
        index = _ORDER.index(snak.property) if snak.property in _ORDER else len(_ORDER)
        return index, _number(snak.property), repr(snak.value)

    return tuple(sorted(set(snaks), key=place))


def _ordered(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Return statements by property and value, those that are the same once."""
    by_id = {each.id: each for each in statements}
    found = sorted(by_id.values(), key=lambda s: (_number(s.main.property), repr(s.main), s.id))
    return tuple(each for _, many in groupby(found, lambda s: s.main.property) for each in many)


def _snaks(statement: Statement) -> Iterator[Snak]:
    yield statement.main
    yield from statement.qualifiers
    for snaks in statement.references:
        yield from snaks


def _datatype(value: Value | str) -> str:
    match value:
        case Item():
            return "WikibaseItem"
        case Time():
            return "Time"
        case Point():
            return "GlobeCoordinate"
        case Text():
            return "Monolingualtext"
        case String(_, "url"):
            return "Url"
    return "String"


def _things(statements: Iterable[Statement]) -> Iterator[Item]:
    for statement in statements:
        for snak in _snaks(statement):
            if isinstance(snak.value, Item):
                yield snak.value


def _number(name: str) -> tuple[int, str]:
    """Return what ids are sorted by, Q9 before Q10, those without a number last."""
    digits = name[1:]
    return (int(digits) if digits.isdigit() else 1 << 62), name
