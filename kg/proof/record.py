"""Proofs as RDF, in `g:why`: what each fact rests on, for the store to join with the data.

A fact is `fact:<h>`, an rdf:Statement with its perspective and round. A stated fact has
`cas:statedBy` its claims; a derived one has one or more `cas:Inference`s, `fact:<h>#1` and on,
each with its rule, its premises (facts) and the axioms that it uses. Only firings whose premises
all came in lower rounds are recorded, at least one for each derived fact; so no proof is circular.

Source: the inference vocabulary is that of ontology/core.ttl.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import pyoxigraph as ox

from kg.proof.derivation import Derivation
from kg.terms import CAS, PREFIXES, RDF, XSD, expand

READINGS = (CAS.Literal, CAS.ContextResolved, CAS.Interpretive)  # from strong to weak
ONTOLOGY = "ontology"  # the key of the axioms, where a perspective has its own
_DIGITS = 20  # of SHA-256: 80 bits, so a clash among a billion facts has odds of one in a million


@dataclass(slots=True)
class Fact:
    """A triple that holds in a perspective, while its proofs are recorded.

    Attributes:
        triple: that holds.
        round: in which it came; 0 if stated.
        claims: that state it, sorted by name.
        steps: that conclude it, from premises of lower rounds.
        weakness: place in `READINGS` of the weakest leaf of its strongest proof.
    """

    triple: ox.Triple
    round: int
    claims: tuple[ox.NamedNode, ...] = ()
    steps: list[Derivation] = field(default_factory=list)
    weakness: int = 0


def fact_of(perspective: str, triple: ox.Triple) -> ox.NamedNode:
    """Return the name of a triple as a fact of a perspective, or of the ontology.

    >>> fact_of("text/a", ox.Triple(CAS.Event, RDF.type, CAS.Event)).value
    'https://w3id.org/cassibile/fact/b81847c0c9b3ba15a266'
    """
    digest = sha256(f"{perspective}\n{triple} .".encode()).hexdigest()
    return ox.NamedNode(PREFIXES["fact"] + digest[:_DIGITS])


def facts(
    wanted: Iterable[ox.Triple],
    steps: Iterable[Derivation],
    round_of: Callable[[ox.Triple], int | None],
    stated: Mapping[ox.Triple, Collection[ox.NamedNode]],
    axioms: Collection[ox.Triple],
    weakness_of: Mapping[ox.NamedNode, int],
) -> dict[ox.Triple, Fact]:
    """Return the wanted triples, and all that their proofs go through, as facts.

    Axioms are no facts of a perspective; what follows from axioms alone is.
    """
    by_conclusion: dict[ox.Triple, list[Derivation]] = {}
    for step in steps:
        by_conclusion.setdefault(step.conclusion, []).append(step)
    found: dict[ox.Triple, Fact] = {}
    pending = list(wanted)
    while pending:
        triple = pending.pop()
        if triple in found or triple in axioms:
            continue
        claims = tuple(sorted(stated.get(triple, ()), key=str))
        fact = Fact(triple, 0 if claims else round_of(triple) or 0, claims)
        found[triple] = fact
        if not claims:
            fact.steps = [*dict.fromkeys(by_conclusion.get(triple, ()))]
            if len(fact.steps) > 1:  # most have one, and its words need not be spelled
                fact.steps.sort(key=lambda d: (len(d.premises), d.rule, *map(str, d.premises)))
        pending += [premise for step in fact.steps for premise in step.premises]
    for fact in sorted(found.values(), key=lambda f: f.round):
        if fact.claims:
            fact.weakness = min(weakness_of[claim] for claim in fact.claims)
        elif fact.steps:
            fact.weakness = min(weakness(step, found) for step in fact.steps)
    return found


def weakness(step: Derivation, known: Mapping[ox.Triple, Fact]) -> int:
    """Return the weakness of a step: that of its weakest premise; axioms have none."""
    premises = map(known.get, step.premises)
    return max((fact.weakness for fact in premises if fact), default=0)


def leaves(triple: ox.Triple, known: Mapping[ox.Triple, Fact]) -> set[ox.NamedNode]:
    """Return the claims that one proof of a fact rests on."""
    found: set[ox.NamedNode] = set()
    seen = set()
    pending = [triple]
    while pending:
        each = pending.pop()
        fact = known.get(each)
        if fact is None or each in seen:
            continue
        seen.add(each)
        if fact.claims:
            found.add(fact.claims[0])
        elif fact.steps:
            pending += fact.steps[0].premises
    return found


def describe(perspective: str, known: Mapping[ox.Triple, Fact]) -> Iterator[ox.Triple]:
    """Yield the facts of a perspective and their inferences as RDF.

    Writes: as the module says; `cas:round` is an xsd:integer, `cas:weakestReading` a reading.
    """
    view = expand(f"g:view/{perspective}")
    axioms: set[ox.Triple] = set()
    for triple, fact in known.items():
        name = fact_of(perspective, triple)
        yield from _statement(name, triple, view)
        yield ox.Triple(name, CAS.round, ox.Literal(str(fact.round), datatype=XSD.integer))
        yield ox.Triple(name, CAS.weakestReading, READINGS[fact.weakness])
        for claim in fact.claims:
            yield ox.Triple(name, CAS.statedBy, claim)
        for number, step in enumerate(fact.steps, 1):
            inference = ox.NamedNode(f"{name.value}#{number}")
            yield ox.Triple(inference, RDF.type, CAS.Inference)
            yield ox.Triple(inference, CAS.concludes, name)
            yield ox.Triple(inference, CAS.byRule, ox.NamedNode(PREFIXES["rule"] + step.rule))
            yield ox.Triple(inference, CAS.weakestReading, READINGS[weakness(step, known)])
            for premise in step.premises:
                if premise in known:
                    yield ox.Triple(inference, CAS.premise, fact_of(perspective, premise))
                else:
                    axioms.add(premise)
                    yield ox.Triple(inference, CAS.usesAxiom, fact_of(ONTOLOGY, premise))
    for axiom in axioms:
        yield from _statement(fact_of(ONTOLOGY, axiom), axiom, expand("g:ontology"))


def _statement(
    name: ox.NamedNode, triple: ox.Triple, perspective: ox.NamedNode
) -> Iterator[ox.Triple]:
    yield ox.Triple(name, RDF.type, RDF.Statement)
    yield ox.Triple(name, RDF.subject, triple.subject)
    yield ox.Triple(name, RDF.predicate, triple.predicate)
    yield ox.Triple(name, RDF.object, triple.object)
    yield ox.Triple(name, CAS.perspective, perspective)
