"""All that follows in a perspective, stratum by stratum, and why.

1. The OWL 2 RL closure with the rule files. 2. Days, from the order that it holds. 3. Allen
relations, from the days. 4. The rules that read days and relations, and RL again over what they
conclude. Nothing of 2 to 4 is a premise of 1: what the text orders is told apart from what its
dates order.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property

import pyoxigraph as ox

from kg import chronology, reason
from kg.perspectives import Perspective
from kg.proof import record
from kg.proof.derivation import Contradiction, Derivation
from kg.rules import Rule


class Conclusions:
    """A perspective with all that follows in it.

    Attributes:
        perspective: that was closed.
        closure: strata 1 and 4.
        chronology: strata 2 and 3.
    """

    def __init__(
        self, perspective: Perspective, axioms: Sequence[ox.Triple], rules: Sequence[Rule]
    ) -> None:
        self._axioms = frozenset(axioms)
        self._terms = {axiom.subject for axiom in axioms}
        closure = reason.close([*perspective.stated, *axioms], rules)
        self._first = perspective.stated.keys(), closure.copy()  # before stratum 4 adds to it
        self._go_on(perspective, closure)

    def under(self, perspective: Perspective) -> "Conclusions":
        """Return what follows from the same axioms in a perspective that differs in a few claims.

        Stratum 1 is changed, which is about twice as fast as closing it anew.
        """
        found = copy(self)
        for name, member in vars(Conclusions).items():
            if isinstance(member, cached_property):
                vars(found).pop(name, None)
        stated = perspective.stated.keys()
        before, first = self._first
        closure = first.copy()
        closure.change(added=sorted(stated - before, key=str), removed=before - stated)
        found._go_on(perspective, closure)
        return found

    def stated_by(self, claims: Collection[ox.NamedNode]) -> frozenset[ox.Triple]:
        """Return what some claims state, and no others."""
        return frozenset(
            triple
            for claim in claims
            for triple in self.perspective.claims.get(claim, ())
            if all(each in claims for each in self._stated[triple])
        )

    def falling(self, claims: Collection[ox.NamedNode]) -> frozenset[ox.Triple]:
        """Return what holds no longer without some claims, days included.

        `under` tells the same, and takes many times as long. Nothing is closed again here: the
        days are made anew of what is left of stratum 1, then it is asked what falls where the
        claims and the days that are no more are taken away.
        """
        lost = self.stated_by(claims)
        days = self._dated.difference(self._stated)
        undated = self.closure.falling(lost | days)  # what stays is left of stratum 1
        found = self.chronology
        if not undated.isdisjoint(self._datable):
            datable = [triple for triple in self._datable if triple not in undated]
            found = chronology.of_facts(datable, lambda _: ())  # no one asks who is in conflict
        dated = frozenset((*found.bounds, *found.between_tenures))
        gone = self.closure.falling((lost | days) - dated, dated - self._dated)

        def is_told(triple: ox.Triple) -> bool:
            return triple not in dated and reason.says_something(triple, self._terms)

        left = (lost | self._dated | dated) - gone - (self._stated.keys() - lost)
        untold = {triple for triple in left.difference(found.bounds) if not is_told(triple)}
        return self._told & (gone | untold)

    @cached_property
    def _datable(self) -> list[ox.Triple]:
        """Return what days are made of."""
        return [triple for triple in (*self._stated, *self._ordered) if chronology.reads(triple)]

    @cached_property
    def _told(self) -> frozenset[ox.Triple]:
        """Return what is stated, what follows and the days, without relations."""
        return frozenset((*self._stated, *self.derived, *self.chronology.bounds))

    def _go_on(self, perspective: Perspective, closure: reason.Closure) -> None:
        """Take the strata from 2 on."""
        self.perspective = perspective
        self._stated = perspective.stated
        self.closure = closure
        self._first_rounds = closure.rounds
        self._ordered = [*self.closure.derived()]
        self.chronology = chronology.of_facts([*self._stated, *self._ordered], self._leaves)
        self._dated = frozenset((*self.chronology.bounds, *self.chronology.between_tenures))
        self.closure.change(added=self.chronology.bounds + self.chronology.between_tenures)

    @cached_property
    def derived(self) -> frozenset[ox.Triple]:
        """Return what the closure adds that says something, days and relations left out."""
        later = self.closure.derived(since=self._first_rounds)
        given = self._stated.keys() | self._dated
        return frozenset(
            triple
            for triple in (*self._ordered, *later)
            if triple not in given and reason.says_something(triple, self._terms)
        )

    @cached_property
    def dated(self) -> list[ox.Triple]:
        """Return the bounds, the handovers, and the Allen relations that are certain."""
        found = self.chronology
        handovers = found.handovers(self.perspective.key, self.derived)
        return [*found.bounds, *found.certain, *handovers]

    def view(self) -> Iterator[ox.Triple]:
        """Yield all that holds; what relates a thing to itself is left out."""
        possible = self.chronology.relations
        return _proper((*self._stated, *self.derived, *self.dated, *possible))

    def told(self) -> Iterator[ox.Triple]:
        """Yield the view without what is merely possible between others than tenures."""
        possible = self.chronology.between_tenures
        return _proper((*self._stated, *self.derived, *self.dated, *possible))

    @cached_property
    def _last_day(self) -> int:
        """Return the last round in which a day was concluded."""
        return self._first_rounds + max(self.chronology.rounds.values(), default=0)

    def round_of(self, triple: ox.Triple) -> int:
        """Return the round in which a triple was first concluded, over all strata; 0 if stated."""
        if triple in self._stated:
            return 0
        if triple in self.chronology.rounds:
            return self._first_rounds + self.chronology.rounds[triple]
        if _is_relation(triple):
            return self._last_day + 1
        found = self.closure.round_of(triple) or 0
        # The closure counts on from stratum 1; days and relations came in between.
        return found if found <= self._first_rounds else found + self._last_day + 1

    def steps(self) -> Iterator[Derivation]:
        """Yield the steps whose premises came in lower rounds, of all strata.

        Of the Allen relations only those between tenures; `Chronology.relating` gives the others.
        """
        yield from self.chronology.steps
        yield from map(self.chronology.relating, self.chronology.between_tenures)
        for step in self.closure.steps():
            # To the closure a day is a premise of round 0, and may conclude what it began with.
            dated = any(premise in self._dated for premise in step.premises)
            if not dated or self.round_of(step.conclusion) > self._last_day:
                yield step

    def firings(self, triple: ox.Triple) -> Iterator[Derivation]:
        """Yield every way in which a triple is concluded, higher rounds included."""
        if _is_relation(triple):
            yield self.chronology.relating(triple)
        elif triple in self.chronology.rounds:
            yield from (step for step in self.chronology.steps if step.conclusion == triple)
        else:
            yield from self.closure.firings(triple)

    def contradictions(self) -> Iterator[Contradiction]:
        """Yield what cannot all hold by the rules that conclude false."""
        return self.closure.contradictions()

    def facts(
        self, weakness_of: Mapping[ox.NamedNode, int], also: Iterable[ox.Triple] = ()
    ) -> dict[ox.Triple, record.Fact]:
        """Return what holds as facts with their proofs, but for Allen relations."""
        told = (*self._stated, *self.derived, *self.chronology.bounds, *also)
        return record.facts(
            told, self.steps(), self.round_of, self._stated, self._axioms, weakness_of
        )

    @cached_property
    def _first_steps(self) -> dict[ox.Triple, Derivation]:
        """Return one step to each triple of the closure."""
        return {step.conclusion: step for step in self.closure.steps()}

    def _leaves(self, triple: ox.Triple) -> set[ox.NamedNode]:
        """Return the claims that one proof of a triple in the closure rests on."""
        found: set[ox.NamedNode] = set()
        seen = set()
        pending = [triple]
        while pending:
            each = pending.pop()
            if each in self._stated:
                found.add(self._stated[each][0])
            elif each not in seen and each in self._first_steps:
                pending += self._first_steps[each].premises
            seen.add(each)
        return found


def _proper(triples: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
    return (t for t in dict.fromkeys(triples) if t.subject != t.object)


def _is_relation(triple: ox.Triple) -> bool:
    return triple.predicate in chronology.POSSIBLE or triple.predicate in chronology.CERTAIN
