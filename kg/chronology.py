"""When: the days that follow for each occurrence of a closure, and how occurrences lie in time.

A closure says what came before what; kg.bounds makes days of that, kg.allen relations of the days.
Here triples become constraints, and what follows becomes triples again, each bound with the steps
that made it. Nothing concluded here is a premise of an order: a closure is read, never added to.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pyoxigraph as ox

from kg import allen
from kg.bounds import (
    Bound,
    Conflict,
    Constraint,
    Duration,
    Kind,
    Network,
    Step,
    duration_of,
    smallest_conflict,
    tighten,
)
from kg.dates import Bounds
from kg.errors import KgError
from kg.proof.derivation import Derivation
from kg.terms import BASE, CAS, PREFIXES, RDF, TIME, XSD, shorten

# All pairs of so many occurrences: 200 * 199 * 32 relations, of which a tenth hold in vague texts,
# are 130,000 triples, half a second and 50 MB of a build. Beyond, kg.allen is asked by function.
MOST_RELATED = 200

_ORDER = {
    CAS.before: Kind.BEFORE,
    CAS.beganBefore: Kind.BEGAN_BEFORE,
    CAS.endedBefore: Kind.ENDED_BEFORE,
    CAS.beganBeforeEndOf: Kind.BEGAN_BEFORE_END_OF,
}
_DURATIONS = {
    CAS.shortestDuration: Kind.SHORTEST_DURATION,
    CAS.longestDuration: Kind.LONGEST_DURATION,
}
_BOUNDS: dict[Bound, ox.NamedNode] = {
    "earliestStart": CAS.earliestStart,
    "latestStart": CAS.latestStart,
    "earliestEnd": CAS.earliestEnd,
    "latestEnd": CAS.latestEnd,
}
DAYS = frozenset(_BOUNDS.values())
CERTAIN = frozenset(getattr(CAS, f"certainly{name}") for name in allen.NAMES)
POSSIBLE = frozenset(getattr(CAS, f"possibly{name}") for name in allen.NAMES)
_SUCCESSION = (CAS.directlySucceedsTenure, CAS.succeedsTenure, CAS.possiblySucceedsTenure)
_OPEN = Bounds()


@dataclass(frozen=True)
class Chronology:
    """What follows of days in one perspective.

    Attributes:
        known: the tightest bounds of each occurrence that has one, by its name, sorted.
        tenures: which of the occurrences are tenures.
        conflict: why the constraints cannot all hold; then only what intervals state is known.
    """

    known: Mapping[ox.NamedNode, Bounds]
    tenures: frozenset[ox.NamedNode]
    conflict: Conflict | None
    _network: Network
    _sources: Mapping[Constraint, Sequence[ox.Triple]]

    @cached_property
    def _in_rounds(self) -> list[tuple[Derivation, int]]:
        return [*_steps(self._network, self._sources)]

    @cached_property
    def steps(self) -> tuple[Derivation, ...]:
        """Return the tightenings that lead there, lower rounds first, then other ways there."""
        return tuple(step for step, _ in self._in_rounds)

    @cached_property
    def rounds(self) -> Mapping[ox.Triple, int]:
        """Return the round of each value of a bound that a step concludes."""
        return {step.conclusion: of_round for step, of_round in reversed(self._in_rounds)}

    def _of_tenures(self) -> dict[ox.NamedNode, Bounds]:
        return {name: found for name, found in self.known.items() if name in self.tenures}

    @cached_property
    def bounds(self) -> list[ox.Triple]:
        """Return the tightest bounds as triples."""
        return [triple for name in self.known for triple in self.bounds_of(name)]

    def bounds_of(self, occurrence: ox.NamedNode) -> list[ox.Triple]:
        """Return the bounds of one occurrence as triples; none that is open."""
        days = _days(self.known.get(occurrence, _OPEN))
        return [_bound(occurrence, which, day) for which, day in days if day]

    @cached_property
    def relations(self) -> list[ox.Triple]:
        """Return the Allen relations of all pairs, or of tenures alone if there are too many."""
        everything = len(self.known) <= MOST_RELATED
        return [*_relations(self.known if everything else self._of_tenures())]

    @cached_property
    def certain(self) -> list[ox.Triple]:
        """Return those of the relations that are certain."""
        everything = len(self.known) <= MOST_RELATED
        return [*_relations(self.known if everything else self._of_tenures(), possible=False)]

    @cached_property
    def between_tenures(self) -> list[ox.Triple]:
        """Return the Allen relations between tenures: what rules about offices ask for."""
        return [*_relations(self._of_tenures())]

    def relating(self, relation: ox.Triple) -> Derivation:
        """Return the step that concludes an Allen relation from the bounds of its two sides."""
        name = relation.predicate.value.removeprefix(PREFIXES["cas"])
        kind = name.removeprefix("certainly").removeprefix("possibly")
        assert isinstance(relation.subject, ox.NamedNode), "an occurrence has a name"
        assert isinstance(relation.object, ox.NamedNode), "as above"
        premises = (*self.bounds_of(relation.subject), *self.bounds_of(relation.object))
        return Derivation(relation, f"allen/{kind}", tuple(dict.fromkeys(premises)))

    def in_owl_time(self, key: str) -> Iterator[ox.Triple]:
        """Yield the certain relations in OWL-Time, between one interval for each occurrence.

        Source: https://www.w3.org/TR/owl-time/#topology
        """
        names = {f"certainly{ours}": theirs for ours, theirs in allen.OWL_TIME.items()}
        used = set()
        for relation in self.relations:
            theirs = names.get(relation.predicate.value.removeprefix(PREFIXES["cas"]))
            if theirs:
                x, y = relation.subject, relation.object
                used |= {x, y}
                yield ox.Triple(_interval(key, x), getattr(TIME, theirs), _interval(key, y))
        for occurrence in used:
            interval = _interval(key, occurrence)
            yield ox.Triple(occurrence, TIME.hasTime, interval)  # type: ignore[arg-type]
            yield ox.Triple(interval, RDF.type, TIME.ProperInterval)

    def handovers(self, key: str, facts: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
        """Yield a node for each pair of tenures that follow one another, with the days between.

        Reads:  `?later cas:succeedsTenure ?earlier`, directly or possibly, among the facts
        Writes: cas:Handover with cas:from, cas:to and, as far as bounds are known,
                cas:fewestDays and cas:mostDays (xsd:integer): the first day of the later less the
                last of the earlier, so 0 on one day, more for a gap, less for an overlap
        """
        pairs = {(t.object, t.subject) for t in facts if t.predicate in _SUCCESSION}
        for earlier, later in sorted(pairs, key=str):
            assert isinstance(earlier, ox.NamedNode), "a tenure has a name"
            assert isinstance(later, ox.NamedNode), "as above"
            node = ox.NamedNode(f"{BASE}handover/{key}/{_slug(earlier)}/{_slug(later)}")
            yield ox.Triple(node, RDF.type, CAS.Handover)
            yield ox.Triple(node, CAS.from_, earlier)
            yield ox.Triple(node, CAS.to, later)
            end, start = self.known.get(earlier, _OPEN), self.known.get(later, _OPEN)
            for name, first, last in (
                (CAS.fewestDays, start.earliest_start, end.latest_end),
                (CAS.mostDays, start.latest_start, end.earliest_end),
            ):
                if first and last:
                    days = ox.Literal(str((first - last).days), datatype=XSD.integer)
                    yield ox.Triple(node, name, days)


def of_facts(
    facts: Collection[ox.Triple], rests_on: Callable[[ox.Triple], Iterable[ox.NamedNode]]
) -> Chronology:
    """Return what follows of days from the triples of a closed perspective.

    Reads:  the four order relations, cas:hasInterval with the bounds of the interval (xsd:date,
            inclusive days), cas:Momentary, cas:shortestDuration and cas:longestDuration
            (xsd:yearMonthDuration or days), of occurrences; `rests_on` tells the claims of one
    Raises: nothing; what cannot all hold is `Chronology.conflict`, of the fewest claims
    """
    sources = dict(_constraints(facts, lambda _: ()))
    network = tighten((), sources)
    occurrences = {t.subject for t in facts if t.predicate == RDF.type and t.object == CAS.Tenure}
    names = (ox.NamedNode(name) for name in network.occurrences)
    known = {name: network.bounds(name.value) for name in names}
    return Chronology(
        {name: found for name, found in known.items() if found != _OPEN},
        frozenset(o for o in occurrences if isinstance(o, ox.NamedNode)),
        smallest_conflict(dict(_constraints(facts, rests_on))) if network.conflict else None,
        network,
        sources,
    )


def reads(triple: ox.Triple) -> bool:
    """Return whether `of_facts` makes anything of a triple."""
    if triple.predicate == RDF.type and triple.object == CAS.Tenure:
        return True
    return triple.predicate in DAYS or _constrains(triple)


def _constraints(
    facts: Collection[ox.Triple], rests_on: Callable[[ox.Triple], Iterable[ox.NamedNode]]
) -> Iterator[tuple[Constraint, tuple[ox.Triple, ...]]]:
    """Yield the constraints that triples state, each with these triples; the order is fixed."""
    intervals: dict[object, list[ox.Triple]] = {}
    for triple in facts:
        if triple.predicate in DAYS:
            intervals.setdefault(triple.subject, []).append(triple)

    def made(
        kind: Kind, value: Bounds | str | Duration | None, *because: ox.Triple
    ) -> tuple[Constraint, tuple[ox.Triple, ...]]:
        claims = sorted({claim.value for triple in because[:1] for claim in rests_on(triple)})
        return Constraint(because[0].subject.value, kind, value, tuple(claims)), because  # type: ignore[union-attr]

    for triple in sorted(filter(_constrains, facts), key=str):
        s, p, o = triple
        if not isinstance(s, ox.NamedNode) or s == o:
            continue
        if p in _ORDER and isinstance(o, ox.NamedNode):
            yield made(_ORDER[p], o.value, triple)
        elif p in _DURATIONS and isinstance(o, ox.Literal):
            try:
                yield made(_DURATIONS[p], duration_of(o.value), triple)
            except KgError:
                continue  # the shapes have reported it
        elif p == CAS.hasInterval and o in intervals:
            yield made(Kind.HAS_INTERVAL, _read(intervals[o]), triple, *intervals[o])
        elif p == RDF.type:
            yield made(Kind.MOMENTARY, None, triple)


def _constrains(triple: ox.Triple) -> bool:
    p = triple.predicate
    if p == RDF.type:
        return triple.object == CAS.Momentary
    return p in _ORDER or p in _DURATIONS or p == CAS.hasInterval


def _steps(
    network: Network, sources: Mapping[Constraint, Sequence[ox.Triple]]
) -> Iterator[tuple[Derivation, int]]:
    """Yield each tightening as a derivation with its round, and each other way to a last bound."""
    others = (
        way
        for name in network.occurrences
        for bound in _BOUNDS
        for way in network.ways(name, bound)
    )
    for step in dict.fromkeys((*network.steps(), *others)):
        conclusion = _fact(step)
        premises = []
        if step.constraint is not None:
            because = sources[step.constraint]
            premises.append(because[0])
            if step.premise is None:  # of the interval's bounds the one that is taken over
                premises += [t for t in because[1:] if t.predicate == _BOUNDS[step.fact.bound]]
        if step.premise is not None:
            premise = step.premise
            subject = ox.NamedNode(premise.occurrence)
            premises.append(_bound(subject, premise.bound, premise.day))
        yield Derivation(conclusion, step.rule, tuple(premises)), step.round


def _fact(step: Step) -> ox.Triple:
    return _bound(ox.NamedNode(step.fact.occurrence), step.fact.bound, step.fact.day)


def _bound(occurrence: ox.NamedNode, which: Bound, day: date) -> ox.Triple:
    literal = ox.Literal(day.isoformat(), datatype=XSD.date)
    return ox.Triple(occurrence, _BOUNDS[which], literal)


def _read(triples: Iterable[ox.Triple]) -> Bounds:
    """Return the bounds that triples about one interval state."""
    days = {t.predicate: date.fromisoformat(t.object.value) for t in triples}  # type: ignore[union-attr]
    return Bounds(*(days.get(predicate) for predicate in _BOUNDS.values()))


def _days(bounds: Bounds) -> list[tuple[Bound, date | None]]:
    return [
        ("earliestStart", bounds.earliest_start),
        ("latestStart", bounds.latest_start),
        ("earliestEnd", bounds.earliest_end),
        ("latestEnd", bounds.latest_end),
    ]


def _relations(
    known: Mapping[ox.NamedNode, Bounds], *, possible: bool = True
) -> Iterator[ox.Triple]:
    """Yield the relations of all pairs, what is certain as possible too, in a fixed order."""
    if not known:
        return
    names = list(known)
    rows = allen.rows(known.values())
    for relation, found in allen.table(rows[:, None], rows[None]).items():
        for strength, holds in zip(("certainly", "possibly")[: 1 + possible], found, strict=False):
            predicate = getattr(CAS, strength + relation)
            for x, y in np.argwhere(holds).tolist():
                if x != y:
                    yield ox.Triple(names[x], predicate, names[y])


def _interval(key: str, occurrence: object) -> ox.NamedNode:
    assert isinstance(occurrence, ox.NamedNode), "an occurrence has a name"
    return ox.NamedNode(f"{BASE}interval/{key}/{_slug(occurrence)}")


def _slug(thing: ox.NamedNode) -> str:
    return shorten(thing).partition(":")[2]
