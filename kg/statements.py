"""What a perspective says, as statements of Wikidata: each with its proofs, qualifiers and words.

The properties are those of ontology/wikibase/properties.tsv. Said is only what has a Wikidata
property, of things that can be items: no tenures, no plans. Dates are those that are written,
never bounds that order or cause made tighter.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property

import pyoxigraph as ox

from kg import dates, disagree, formats, paths, snaks
from kg.errors import BadDate
from kg.proof.tree import Node, Proofs, walk
from kg.snaks import ITEM_ID, Item, Point, Special, Time, Vague, Value
from kg.store import Graph
from kg.terms import CAS, DCT, PREFIXES, RDF, RDFS, SKOS, expand
from kg.wikibase.model import DAY, WIKIDATA

_TABLE = paths.ONTOLOGY / "wikibase"
HUMAN = "Q5"
# Rows of the table that more than one triple makes; the others are one triple a statement.
_PATTERNS = frozenset(
    {"rdf:type", "cas:within", "cas:heldTenure", "cas:hasInterval", "cas:earliestStart",
     "cas:latestEnd", "cas:Death", "cas:Execution", "cas:Detention", "cas:directlySucceedsTenure",
     "^cas:directlySucceedsTenure", "cas:quote", "cas:Claim", "cas:Text"}
)  # fmt: skip
# What is not said of a thing if it is said of a part of it, or of what lies in it.
_LARGER = {
    "cas:tookPlaceAt": CAS.within,
    "cas:within": CAS.within,
    "cas:subEventOf": CAS.subEventOf,
    "cas:hasSubEvent": CAS.hasSubEvent,
}
_NO_ITEMS = (CAS.Tenure, CAS.Prospect, CAS.NonEvent, CAS.Condition, CAS.TimeInterval)
_ADMINISTRATIVE = (CAS.City, CAS.Region, CAS.Country)
_POINT = re.compile(r"POINT *\( *(\S+) +(\S+) *\)", re.IGNORECASE)
_RENAMINGS = frozenset(
    f"owl-rl/{rule}" for rule in ("prp-spo1", "prp-inv1", "prp-inv2", "cax-sco")
)
_BOUNDS = frozenset({CAS.earliestStart, CAS.latestStart, CAS.earliestEnd, CAS.latestEnd})


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table of properties.

    Attributes:
        term: ours, with `^` before it where subject and value change places.
        pid: of Wikidata.
        kind: of the value: item, time, coordinate, text, string, url.
        note: which of several it is, in words; begins with where it stands, if not by itself.
    """

    term: str
    pid: str
    kind: str
    note: str

    @property
    def is_main(self) -> bool:
        """Return whether it is a property of statements, not only of parts of them."""
        return not self.note.startswith(("qualifier", "reference"))


@dataclass(frozen=True, slots=True)
class Part:
    """A value with what it rests on: a qualifier, or what a statement says itself.

    Attributes:
        pid: of its property, `P580`.
        value: of it; an item of ours that has none on Wikidata is an `Item` with its IRI.
        proofs: of the triples that say it.
        inferred: whether it follows, and no claim states it.
        disputed: whether a disagreement touches it.
    """

    pid: str
    value: Value
    proofs: tuple[Node, ...]
    inferred: bool
    disputed: bool

    @property
    def claims(self) -> tuple[ox.NamedNode, ...]:
        """Return the claims that it rests on, sorted."""
        return tuple(sorted({leaf for node in self.proofs for leaf in node.leaves}, key=str))


@dataclass(frozen=True, slots=True)
class Statement:
    """What a perspective says of a thing, as Wikidata would.

    Attributes:
        subject: ours.
        qid: its item; empty where it has none.
        main: what is said.
        qualifiers: by property and value.
        source: the address where an editor found it; empty of what a perspective says itself.
    """

    subject: ox.NamedNode
    qid: str
    main: Part
    qualifiers: tuple[Part, ...] = ()
    source: str = ""

    @property
    def pid(self) -> str:
        """Return the property that it is a statement of."""
        return self.main.pid

    @property
    def value(self) -> Value:
        """Return what is said."""
        return self.main.value


def rows() -> list[Row]:
    """Return the table of properties."""
    written = formats.read_text(_TABLE / "properties.tsv")
    found = csv.DictReader(written.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return [Row(row["term"], row["pid"], row["value-kind"], row["note"]) for row in found]


def direct() -> list[Row]:
    """Return the rows of which one triple of ours is one statement."""
    return [row for row in rows() if row.kind == "item" and row.term not in _PATTERNS]


@cache
def labels() -> dict[str, str]:
    """Return the English names of properties and classes whose ids are known to be right.

    A property or item that is not there is not wrong: it was not looked up.
    """
    found = {}
    for name, column in (("pids.tsv", "pid"), ("qids.tsv", "qid")):
        written = formats.read_text(_TABLE / name)
        for row in csv.DictReader(written.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
            found[row[column]] = row["label"]
    return found


def statements(graph: Graph, key: str) -> list[Statement]:
    """Return what a perspective says as statements, sorted by item or name, property and value."""
    return sorted(Reader(graph, key).read(), key=_order)


def _order(statement: Statement) -> tuple[object, ...]:
    number = int(statement.qid[1:]) if statement.qid else 10**12
    pid = int(statement.pid[1:])
    return number, statement.subject.value, pid, str(statement.value), len(statement.qualifiers)


def is_inferred(node: Node) -> bool:
    """Return whether a fact follows by more than another name for what a claim states.

    The table leads to a property of Wikidata from the more general property and from either end,
    so that to state “carried out by” is to state a participant.
    """
    if node.step is None:
        return False
    return node.step.rule not in _RENAMINGS or any(map(is_inferred, node.premises))


class Links:
    """Which items of Wikidata our things are, and which things its items are."""

    def __init__(self, store: ox.Store) -> None:
        self._items: dict[ox.NamedNode, str] = {}
        quads = store.quads_for_pattern(None, SKOS.exactMatch, None, expand("g:entities"))
        for subject, value in sorted(((q.subject, q.object) for q in quads), key=str):
            if isinstance(subject, ox.NamedNode) and isinstance(value, ox.NamedNode):
                qid = value.value.removeprefix(WIKIDATA)
                if ITEM_ID.fullmatch(qid):
                    self._items.setdefault(subject, qid)
        self._things = {qid: thing for thing, qid in self._items.items()}

    def item(self, thing: ox.NamedNode) -> str:
        """Return the item that a thing is; empty where none is known."""
        return self._items.get(thing, "")

    def thing(self, qid: str) -> ox.NamedNode | None:
        """Return the thing that an item is; None where none is known."""
        return self._things.get(qid)

    def items(self) -> list[str]:
        """Return all items, by their numbers."""
        return sorted(self._things, key=lambda qid: int(qid[1:]))


class Reader:
    """A perspective of a built graph, read as statements."""

    def __init__(self, graph: Graph, key: str) -> None:
        self.links = Links(graph.store)
        self._store = graph.store
        self._key = key
        self._view = expand(f"g:view/{key}")
        self._proofs = Proofs(graph.store)
        self._kinds: dict[ox.NamedNode, frozenset[ox.NamedNode]] = {}

    def read(self) -> Iterator[Statement]:
        """Yield what is said, in no order."""
        yield from self._direct()
        yield from self._classes()
        yield from self._within()
        yield from self._tenures()
        yield from self._dates()
        yield from self._fates()
        yield from self._points()

    def kinds(self, thing: ox.NamedNode) -> frozenset[ox.NamedNode]:
        """Return the classes of a thing in this perspective."""
        if thing not in self._kinds:
            self._kinds[thing] = frozenset(self._objects(thing, RDF.type))
        return self._kinds[thing]

    def is_part(self, small: ox.NamedNode, large: ox.NamedNode) -> bool:
        """Return whether a thing lies in another or is a part of it."""
        return any(
            self._holds(small, relation, large)
            for relation in (CAS.within, CAS.subEventOf, CAS.subGroupOf)
        )

    def _direct(self) -> Iterator[Statement]:
        told: dict[str, set[tuple[ox.NamedNode, ox.NamedNode]]] = {}
        found = []
        for row in direct():
            term = expand(row.term.removeprefix("^"))
            for triple in self._triples(term):
                s, o = triple.subject, triple.object
                if not isinstance(s, ox.NamedNode) or not isinstance(o, ox.NamedNode):
                    continue
                subject, value = (o, s) if row.term.startswith("^") else (s, o)
                if self._is_named(subject) and self._is_item(value):
                    told.setdefault(row.term, set()).add((subject, value))
                    found.append((row, triple, subject, value))
        exact = told.get("cas:signedBy", set()) | told.get("cas:orderedBy", set())
        for row, triple, subject, value in found:
            # That he took part says less than that he signed.
            if row.term == "cas:hadParticipant" and (subject, value) in exact:
                continue
            if row.term == "cas:participatedIn" and (value, subject) in exact:
                continue
            if not self._is_implied(row.term, subject, value):
                yield self._statement(subject, self._part(row.pid, self._item(value), [triple]))

    def _is_implied(self, term: str, subject: ox.NamedNode, value: ox.NamedNode) -> bool:
        """Return whether the same is said of something smaller: in Rome, so in Italy."""
        larger = _LARGER.get(term)
        return larger is not None and any(
            other not in {value, subject} and self._holds(other, larger, value)
            for other in self._objects(subject, expand(term))
        )

    def _classes(self) -> Iterator[Statement]:
        alignments, ontology = expand("g:alignments"), expand("g:ontology")
        linked: dict[ox.NamedNode, str] = {}
        for quad in self._store.quads_for_pattern(None, SKOS.exactMatch, None, alignments):
            qid = getattr(quad.object, "value", "").removeprefix(WIKIDATA)
            if isinstance(quad.subject, ox.NamedNode) and ITEM_ID.fullmatch(qid):
                linked[quad.subject] = qid
        above: dict[ox.NamedNode, set[ox.NamedNode]] = {}
        for each in linked:
            pending, seen = [each], set[ox.NamedNode]()
            while pending:
                quads = self._store.quads_for_pattern(
                    pending.pop(), RDFS.subClassOf, None, ontology
                )
                fresh = {q.object for q in quads if isinstance(q.object, ox.NamedNode)} - seen
                seen |= fresh
                pending += fresh
            above[each] = seen
        for kind, qid in linked.items():
            for triple in self._triples(RDF.type, kind):
                thing = triple.subject
                if not isinstance(thing, ox.NamedNode) or not self._is_named(thing):
                    continue
                if any(kind in above[o] for o in self.kinds(thing) & linked.keys() if o != kind):
                    continue
                yield self._statement(thing, self._part("P31", Item(qid), [triple]))

    def _within(self) -> Iterator[Statement]:
        for triple in self._triples(CAS.within):
            small, large = triple.subject, triple.object
            assert isinstance(small, ox.NamedNode), "a place has a name"
            assert isinstance(large, ox.NamedNode), "a place has a name"
            if not self._is_implied("cas:within", small, large):
                is_administrative = self.kinds(large) & set(_ADMINISTRATIVE)
                pid = "P131" if is_administrative else "P706"
                yield self._statement(small, self._part(pid, self._item(large), [triple]))

    def _tenures(self) -> Iterator[Statement]:
        for triple in self._triples(CAS.office):
            tenure, office = triple.subject, triple.object
            assert isinstance(tenure, ox.NamedNode), "a tenure has a name"
            assert isinstance(office, ox.NamedNode), "an office has a name"
            for holder in self._objects(tenure, CAS.holder):
                if self._is_item(holder):
                    says = [ox.Triple(tenure, CAS.holder, holder), triple]
                    main = self._part("P39", self._item(office), says)
                    yield self._statement(holder, main, self._of_tenure(tenure))

    def _of_tenure(self, tenure: ox.NamedNode) -> Iterator[Part]:
        own = [part for part in self._days(tenure) if part.pid != "P585"]
        yield from own
        for pid, relation in (("P580", CAS.startedBy), ("P582", CAS.endedBy)):
            if any(part.pid == pid for part in own):
                continue
            for event in self._objects(tenure, relation):
                for part in self._days(event):
                    if part.pid == "P585" and isinstance(part.value, Time | Vague):
                        says = [ox.Triple(tenure, relation, event)]
                        link = self._part(pid, part.value, says)
                        yield Part(
                            pid,
                            part.value,
                            (*link.proofs, *part.proofs),
                            inferred=True,
                            disputed=link.disputed or part.disputed,
                        )
        for pid, backwards in (("P1365", False), ("P1366", True)):
            for triple in self._triples(
                CAS.directlySucceedsTenure, *((tenure, None) if backwards else (None, tenure))
            ):
                other = triple.subject if backwards else triple.object
                if not isinstance(other, ox.NamedNode):
                    continue
                for holder in self._objects(other, CAS.holder):
                    says = [triple, ox.Triple(other, CAS.holder, holder)]
                    yield self._part(pid, self._item(holder), says)

    def _dates(self) -> Iterator[Statement]:
        for event in self._dated:
            if self._is_item(event):
                for part in self._days(event):
                    yield self._statement(event, part)

    def _fates(self) -> Iterator[Statement]:
        """Yield how, where and when persons died, and where they were held."""
        for triple in self._triples(CAS.affected):
            event, person = triple.subject, triple.object
            if not isinstance(event, ox.NamedNode) or not isinstance(person, ox.NamedNode):
                continue
            kinds = self.kinds(event)
            if CAS.Death in kinds:
                for part in self._days(event, beside=True):
                    if part.pid == "P585":
                        yield self._statement(person, self._with("P570", part, [triple]))
                yield from self._of_fate("P20", CAS.tookPlaceAt, triple)
            if CAS.Execution in kinds:
                yield from self._of_fate("P157", CAS.carriedOutBy, triple)
            if CAS.Detention in kinds:
                times = [p for p in self._days(event) if p.pid != "P585"]
                yield from self._of_fate("P2632", CAS.tookPlaceAt, triple, times)

    def _of_fate(
        self,
        pid: str,
        relation: ox.NamedNode,
        affected: ox.Triple,
        qualifiers: Iterable[Part] = (),
    ) -> Iterator[Statement]:
        event, person = affected.subject, affected.object
        assert isinstance(event, ox.NamedNode), "an event has a name"
        assert isinstance(person, ox.NamedNode), "a person has a name"
        term = "cas:tookPlaceAt" if relation == CAS.tookPlaceAt else ""
        for value in self._objects(event, relation):
            if not self._is_implied(term, event, value):
                says = [affected, ox.Triple(event, relation, value)]
                yield self._statement(person, self._part(pid, self._item(value), says), qualifiers)

    def _points(self) -> Iterator[Statement]:
        """Yield where places lie. It is the editor who says so, and names the source."""
        entities = expand("g:entities")
        quads = self._store.quads_for_pattern(None, expand("geo:hasGeometry"), None, entities)
        for quad in sorted(quads, key=str):
            place, geometry = quad.subject, quad.object
            if not isinstance(place, ox.NamedNode) or not self.kinds(place):
                continue
            said = {
                each.predicate: getattr(each.object, "value", "")
                for each in self._store.quads_for_pattern(geometry, None, None, entities)  # type: ignore[arg-type]
            }
            point = _POINT.search(said.get(expand("geo:asWKT"), ""))
            if point:
                digits = max(len(each.partition(".")[2]) for each in point.groups())
                value = Point(float(point[2]), float(point[1]), 10.0**-digits)
                part = Part("P625", value, (), inferred=False, disputed=False)
                yield self._statement(place, part, source=said.get(DCT.source, ""))

    def _days(self, occurrence: ox.NamedNode, *, beside: bool = False) -> list[Part]:
        """Return when something was, as P585, or P580 and P582.

        With `beside` the day of what was on the same day counts, where none is written of itself.
        """
        found = [part for dated in self._dated.get(occurrence, ()) for part in self._spans(*dated)]
        if found or not beside:
            return found
        for relation, other in self._same_day(occurrence):
            for part in self._days(other):
                # To be on the same day as something tells the day only of what has one.
                is_day = isinstance(part.value, Time) and part.value.precision == DAY
                if part.pid == "P585" and is_day:
                    found.append(self._with("P585", part, [relation], inferred=True))
        return found[:1]

    def _same_day(self, occurrence: ox.NamedNode) -> Iterator[tuple[ox.Triple, ox.NamedNode]]:
        for triple in self._triples(CAS.sameDayAs, subject=occurrence):
            if isinstance(triple.object, ox.NamedNode) and triple.object != occurrence:
                yield triple, triple.object

    def _spans(self, says: list[ox.Triple], edtf: str) -> Iterator[Part]:
        left, slash, right = edtf.partition("/")
        if not slash:
            yield self._part("P585", _date(edtf), says)
            return
        for pid, side in (("P580", left), ("P582", right)):
            if side not in {"", ".."}:
                yield self._part(pid, _date(side), says)

    @cached_property
    def _dated(self) -> dict[ox.NamedNode, list[tuple[list[ox.Triple], str]]]:
        """Return the dates that are written of each occurrence, with the triples that say them."""
        found: dict[ox.NamedNode, list[tuple[list[ox.Triple], str]]] = {}
        for triple in self._triples(CAS.hasInterval):
            interval = triple.object
            for date in self._triples(CAS.edtf, subject=interval):  # type: ignore[arg-type]
                if isinstance(triple.subject, ox.NamedNode) and isinstance(
                    date.object, ox.Literal
                ):
                    found.setdefault(triple.subject, []).append(
                        ([triple, date], date.object.value)
                    )
        return found

    def _with(
        self, pid: str, part: Part, says: Iterable[ox.Triple], *, inferred: bool = False
    ) -> Part:
        """Return a part under another property, resting on some more triples."""
        more = self._part(pid, part.value, says)
        return Part(
            pid,
            part.value,
            (*more.proofs, *part.proofs),
            inferred=inferred or part.inferred or more.inferred,
            disputed=part.disputed or more.disputed,
        )

    def _statement(
        self, subject: ox.NamedNode, main: Part, qualifiers: Iterable[Part] = (), source: str = ""
    ) -> Statement:
        once = {(part.pid, str(part.value)): part for part in qualifiers}
        ordered = sorted(once.values(), key=lambda p: (int(p.pid[1:]), str(p.value)))
        return Statement(subject, self.links.item(subject), main, tuple(ordered), source)

    def _part(self, pid: str, value: Value, says: Iterable[ox.Triple]) -> Part:
        facts = (self._proofs.find(self._key, triple) for triple in says)
        nodes = tuple(self._proofs.best(fact) for fact in facts if fact)
        return Part(
            pid,
            value,
            nodes,
            inferred=any(map(is_inferred, nodes)),
            disputed=any(self._is_disputed(each.triple) for node in nodes for each in walk(node)),
        )

    def _is_disputed(self, triple: ox.Triple) -> bool:
        if triple in self._disputes:
            return True
        interval = triple.predicate == CAS.hasInterval
        return interval and any(
            disputed.subject == triple.subject and disputed.predicate in _BOUNDS
            for disputed in self._disputes
        )

    @cached_property
    def _disputes(self) -> frozenset[ox.Triple]:
        """Return what a disagreement is about, of this perspective; other readings aside."""
        found: set[ox.Triple] = set()
        for each in disagree.read(self._store):
            if each.under is None:
                found.update(each.here_triples if each.here == self._key else ())
                found.update(each.there_triples if each.there == self._key else ())
        return frozenset(found)

    def _item(self, thing: ox.NamedNode) -> Value:
        if CAS.UnnamedPerson in self.kinds(thing):
            return Special.SOME
        return Item(self.links.item(thing) or thing.value)

    def _is_item(self, thing: ox.NamedNode) -> bool:
        """Return whether a thing is of those that can be an item or are someone."""
        return thing.value.startswith(PREFIXES["id"]) and not self.kinds(thing) & set(_NO_ITEMS)

    def _is_named(self, thing: ox.NamedNode) -> bool:
        return self._is_item(thing) and CAS.UnnamedPerson not in self.kinds(thing)

    def _holds(self, s: ox.NamedNode, p: ox.NamedNode, o: ox.NamedNode) -> bool:
        return ox.Quad(s, p, o, self._view) in self._store

    def _objects(self, subject: ox.NamedNode, predicate: ox.NamedNode) -> list[ox.NamedNode]:
        found = (triple.object for triple in self._triples(predicate, subject=subject))
        return [each for each in found if isinstance(each, ox.NamedNode)]

    def _triples(
        self,
        predicate: ox.NamedNode,
        value: ox.NamedNode | None = None,
        subject: ox.NamedNode | None = None,
    ) -> list[ox.Triple]:
        quads = self._store.quads_for_pattern(subject, predicate, value, self._view)
        return sorted((quad.triple for quad in quads), key=str)


def _date(edtf: str) -> Value:
    plain = snaks.time_of(edtf)
    if plain:
        return plain
    try:
        bounds = dates.bounds_of(edtf)
    except BadDate:  # a side of an interval that is no date by itself
        return Vague(None, None, edtf)
    return Vague(bounds.earliest_start, bounds.latest_end, edtf)
