"""Proofs as they were recorded, read back from a store: the best one, and the others.

The best proof rests on the fewest claims, then takes the fewest steps; where two are as good, the
order of their names decides, so the same store gives the same proof.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import pyoxigraph as ox

from kg.proof.record import READINGS, fact_of
from kg.store import Graph, kept
from kg.terms import CAS, PREFIXES, RDF, expand

_WHY = expand("g:why")
_Named: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Triple
_Object: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


@dataclass(frozen=True, slots=True)
class Step:
    """One recorded inference.

    Attributes:
        name: of the inference.
        rule: `owl-rl/prp-spo1`, or the path of a rule file.
        premises: the facts that it starts from, sorted.
        axioms: of the ontology that it uses, sorted.
    """

    name: ox.NamedNode
    rule: str
    premises: tuple[ox.NamedNode, ...]
    axioms: tuple[ox.Triple, ...]


@dataclass(frozen=True, slots=True, eq=False)  # a proof is known by itself, not compared through
class Node:
    """A fact in a proof.

    Attributes:
        fact: its name.
        triple: what it says.
        reading: the weakest reading of its strongest proof.
        claims: that state it; then it needs no step.
        step: by which it follows; None where it is stated.
        premises: the proofs of the step's premises.
        ways: the number of recorded inferences.
        leaves: the claims that this proof rests on, sorted.
    """

    fact: ox.NamedNode
    triple: ox.Triple
    reading: ox.NamedNode
    claims: tuple[ox.NamedNode, ...]
    step: Step | None
    premises: tuple["Node", ...]
    ways: int
    leaves: tuple[ox.NamedNode, ...]


class Proofs:
    """The proofs in a store; each fact and inference is read once."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self._steps: dict[ox.NamedNode, list[Step]] = {}
        self._best: dict[ox.NamedNode, Node] = {}
        self._told: dict[_Named, dict[ox.NamedNode, list[_Object]]] = {}

    def find(self, perspective: str, triple: ox.Triple) -> ox.NamedNode | None:
        """Return the name of a triple as a fact of a perspective, None if it is no fact there."""
        name = fact_of(perspective, triple)
        return name if self._has(name) else None

    def triple(self, fact: ox.NamedNode) -> ox.Triple:
        """Return what a recorded fact, or an axiom, says."""
        told = self.about(fact)
        sides = (told[side][0] for side in (RDF.subject, RDF.predicate, RDF.object))
        return ox.Triple(*sides)  # type: ignore[arg-type]

    def about(self, name: _Named) -> Mapping[ox.NamedNode, Sequence[_Object]]:
        """Return what is recorded of a fact or an inference, by property; nothing of others."""
        found = self._told.get(name)
        if found is None:
            found = {}
            for quad in self._store.quads_for_pattern(name, None, None, _WHY):
                found.setdefault(quad.predicate, []).append(quad.object)
            if found:  # there is no end of other names
                self._told[name] = found  # when it is whole: other threads read it at once
        return found

    def best(self, fact: ox.NamedNode) -> Node:
        """Return the best proof of a recorded fact."""
        for each in () if fact in self._best else self._ancestry(fact):
            if each not in self._best:
                self._best[each] = self._node(each, self._cheapest(each))
        return self._best[fact]

    def relation(self, perspective: str, triple: ox.Triple) -> Node | None:
        """Return the proof of an Allen relation, made from the days of its two sides.

        There are too many relations to record a proof of each; None if it does not hold.
        """
        s, p, o = triple
        if ox.Quad(s, p, o, expand(f"g:view/{perspective}")) not in self._store:
            return None
        days = expand(f"g:bounds/{perspective}")
        premises = {
            fact_of(perspective, quad.triple)
            for side in (triple.subject, triple.object)
            for bound in (CAS.earliestStart, CAS.latestStart, CAS.earliestEnd, CAS.latestEnd)
            for quad in self._store.quads_for_pattern(side, bound, None, days)  # type: ignore[arg-type]
        }
        if not all(map(self._has, premises)) or not premises:
            return None
        nodes = tuple(self.best(premise) for premise in sorted(premises, key=str))
        name = re.sub(r".*#(certainly|possibly)", "", triple.predicate.value)
        fact = fact_of(perspective, triple)
        step = Step(
            ox.NamedNode(f"{fact.value}#1"), f"allen/{name}", tuple(n.fact for n in nodes), ()
        )
        leaves = {claim for node in nodes for claim in node.leaves}
        weakest = max((node.reading for node in nodes), key=READINGS.index)
        return Node(fact, triple, weakest, (), step, nodes, 1, tuple(sorted(leaves, key=str)))

    def others(self, fact: ox.NamedNode) -> list[Node]:
        """Return the other ways to a fact, each with the best proofs of its premises."""
        best = self.best(fact)
        return [self._node(fact, step) for step in self.steps(fact) if step != best.step]

    def steps(self, fact: ox.NamedNode) -> list[Step]:
        """Return the inferences that conclude a fact, sorted by name."""
        if fact not in self._steps:
            names = (q.subject for q in self._quads(None, CAS.concludes, fact))
            steps = [self._step(name) for name in names if isinstance(name, ox.NamedNode)]
            self._steps[fact] = sorted(steps, key=lambda step: _number(step.name))
        return self._steps[fact]

    def resting_on(self, claim: ox.NamedNode) -> set[ox.Triple]:
        """Return the triples that some recorded proof concludes with the help of a claim."""
        facts = [q.subject for q in self._quads(None, CAS.statedBy, claim)]
        stated, found = set(facts), set()
        while facts:
            fact = facts.pop()
            for quad in self._quads(None, CAS.premise, fact):
                for concluded in self._values(quad.subject, CAS.concludes):
                    if concluded not in found and concluded not in stated:
                        found.add(concluded)
                        facts.append(concluded)
        return {self.triple(fact) for fact in found}

    def _ancestry(self, fact: ox.NamedNode) -> list[ox.NamedNode]:
        """Return all facts that proofs of a fact go through and itself, low rounds first."""
        found: dict[ox.NamedNode, int] = {}
        pending = [fact]
        while pending:
            each = pending.pop()
            if each not in found:
                found[each] = self._round(each)
                pending += [p for step in self.steps(each) for p in step.premises]
        return sorted(found, key=lambda f: (found[f], f.value))

    def _cheapest(self, fact: ox.NamedNode) -> Step | None:
        """Return the step of the best proof, the proofs of all premises being known."""

        def cost(step: Step) -> tuple[int, int, int]:
            premises = [self._best[p] for p in step.premises]
            leaves = {claim for p in premises for claim in p.leaves}
            return len(leaves), sum(map(_size, premises)), _number(step.name)

        return min(self.steps(fact), key=cost, default=None)

    def _node(self, fact: ox.NamedNode, step: Step | None) -> Node:
        premises = tuple(self._best[p] for p in step.premises) if step else ()
        claims = tuple(sorted(self._values(fact, CAS.statedBy), key=str))
        leaves = set(claims[:1]).union(*(p.leaves for p in premises))
        return Node(
            fact,
            self.triple(fact),
            self._values(fact, CAS.weakestReading)[0],
            claims,
            step,
            premises,
            len(self.steps(fact)),
            tuple(sorted(leaves, key=str)),
        )

    def _step(self, name: ox.NamedNode) -> Step:
        rule = self._values(name, CAS.byRule)[0].value.removeprefix(PREFIXES["rule"])
        premises = sorted(self._values(name, CAS.premise), key=str)
        axioms = sorted((self.triple(a) for a in self._values(name, CAS.usesAxiom)), key=str)
        return Step(name, rule, tuple(premises), tuple(axioms))

    def _has(self, fact: ox.NamedNode) -> bool:
        return fact in self._best or any(True for _ in self._quads(fact, RDF.type, None))

    def _round(self, fact: ox.NamedNode) -> int:
        (told,) = self.about(fact)[CAS.round]
        assert isinstance(told, ox.Literal), "a round is a number"
        return int(told.value)

    def _values(self, subject: _Named, predicate: ox.NamedNode) -> list[ox.NamedNode]:
        found = []
        for value in self.about(subject).get(predicate, ()):
            assert isinstance(value, ox.NamedNode), "what a proof names has a name"
            found.append(value)
        return found

    def _quads(
        self, subject: _Named | None, predicate: ox.NamedNode, value: _Object | None
    ) -> Iterator[ox.Quad]:
        return self._store.quads_for_pattern(subject, predicate, value, _WHY)


@kept(1)  # what is read once is read for all facts that rest on it
def recorded(graph: Graph) -> Proofs:
    """Return the recorded proofs of a graph."""
    return Proofs(graph.store)


def walk(node: Node) -> Iterator[Node]:
    """Yield the facts of a proof, each once, conclusions before premises."""
    seen = set()
    pending = [node]
    while pending:
        each = pending.pop()
        if each.fact not in seen:
            seen.add(each.fact)
            yield each
            pending += reversed(each.premises)


def _size(node: Node) -> int:
    return sum(1 for _ in walk(node))


def _number(inference: ox.NamedNode) -> int:
    return int(inference.value.rpartition("#")[2])
