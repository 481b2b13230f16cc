"""The things of the default graph, one after another: names, kinds, days and relations of each.

A thing is an entity, or what a rule gives a name of its own, such as a handover; claims, sentences
and intervals are what is recorded of the telling, and none.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pyoxigraph as ox

from kg import lines
from kg.terms import BASE, CAS, PREFIXES, RDF, SKOS, XSD

_THINGS = (PREFIXES["id"], BASE + "handover/")
_OURS = PREFIXES["cas"]
BOUNDS = ("earliestStart", "latestStart", "earliestEnd", "latestEnd")
_DEFAULT = ox.DefaultGraph()


@dataclass(frozen=True, slots=True)
class Name:
    """What a thing is called.

    Attributes:
        language: its tag.
        words: the name itself.
        preferred: whether it is the usual one, not another spelling.
    """

    language: str
    words: str
    preferred: bool


@dataclass(frozen=True, slots=True)
class Thing:
    """What the default graph tells of a thing; every name of a term is a whole IRI.

    Attributes:
        iri: its name.
        kinds: classes of our ontology, those that follow too.
        names: in the order of languages and words, the preferred ones first.
        exact: names of the same in other vocabularies.
        close: names of what is nearly the same.
        days: the bounds that are known, by the names of `BOUNDS`; several where texts differ.
        relations: properties of our ontology, each with a thing.
        geometries: names of what tells where it lies.
    """

    iri: str
    kinds: tuple[str, ...]
    names: tuple[Name, ...]
    exact: tuple[str, ...]
    close: tuple[str, ...]
    days: dict[str, tuple[str, ...]]
    relations: tuple[tuple[str, str], ...]
    geometries: tuple[str, ...]

    @property
    def label(self) -> str:
        """Return the English name, else any, else the last part of the IRI."""
        preferred = [name for name in self.names if name.preferred]
        english = [name.words for name in preferred if name.language == "en"]
        return next(
            (words for words in [*english, *(name.words for name in preferred)]),
            self.iri.removeprefix(BASE),
        )

    def related(self, predicate: ox.NamedNode) -> tuple[str, ...]:
        """Return the things that a property leads to."""
        return tuple(thing for iri, thing in self.relations if iri == predicate.value)


@contextmanager
def things(store: ox.Store, dump: Path | None = None) -> Iterator[Iterator[Thing]]:
    """Give the things of the default graph one by one, by the order of their names.

    From a dump of the store, see `kg.lines`, where there is one.
    """
    with lines.default_graph(store, dump) as quads:
        yield (
            _thing(subject.value, list(about))
            for subject, about in groupby(quads, key=lambda quad: quad.subject)
            if isinstance(subject, ox.NamedNode) and is_thing(subject.value)
        )


def is_thing(iri: str) -> bool:
    """Return whether an IRI is the name of a thing."""
    return iri.startswith(_THINGS) and "#" not in iri


def claims(store: ox.Store) -> list[ox.NamedNode]:
    """Return the names of the claims of the texts, asserted and not, sorted."""
    quads = store.quads_for_pattern(None, RDF.type, CAS.Claim, _DEFAULT)
    found = (quad.subject for quad in quads if isinstance(quad.subject, ox.NamedNode))
    return sorted(found, key=lambda claim: claim.value)


def stated(store: ox.Store) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """Return the triples of names that asserted claims of the texts state, with these claims.

    They are as many as were written by hand; all else follows from them.
    """
    found: dict[tuple[str, str, str], tuple[str, ...]] = {}
    yes = ox.Literal("true", datatype=XSD.boolean)
    for claim in claims(store):
        if any(True for _ in store.quads_for_pattern(claim, CAS.asserted, yes, _DEFAULT)):
            for quad in store.quads_for_pattern(None, None, None, claim):
                s, o = quad.subject, quad.object
                if isinstance(s, ox.NamedNode) and isinstance(o, ox.NamedNode):
                    key = (s.value, quad.predicate.value, o.value)
                    found[key] = (*found.get(key, ()), claim.value)
    return found


def _thing(iri: str, about: Iterable[ox.Quad]) -> Thing:
    said: dict[str, list[ox.NamedNode | ox.Literal]] = {}
    for quad in about:
        if isinstance(quad.object, ox.NamedNode | ox.Literal):
            said.setdefault(quad.predicate.value, []).append(quad.object)

    def iris(predicate: str) -> Iterator[str]:
        found = said.get(predicate, ())
        return (o.value for o in found if isinstance(o, ox.NamedNode))

    days = {bound: [day.value for day in said.get(_OURS + bound, ())] for bound in BOUNDS}
    return Thing(
        iri,
        tuple(kind for kind in iris(RDF.type.value) if kind.startswith(_OURS)),
        (
            *_names(said.get(SKOS.prefLabel.value, ()), preferred=True),
            *_names(said.get(SKOS.altLabel.value, ()), preferred=False),
        ),
        tuple(iris(SKOS.exactMatch.value)),
        tuple(iris(SKOS.closeMatch.value)),
        {bound: tuple(found) for bound, found in days.items() if found},
        tuple(
            (predicate, other)
            for predicate in said
            if predicate.startswith(_OURS)
            for other in iris(predicate)
            if is_thing(other)
        ),
        tuple(iris(PREFIXES["geo"] + "hasGeometry")),
    )


def _names(said: Iterable[ox.NamedNode | ox.Literal], *, preferred: bool) -> list[Name]:
    words = ((o.language or "", o.value) for o in said if isinstance(o, ox.Literal))
    return [Name(language, value, preferred) for language, value in sorted(words)]
