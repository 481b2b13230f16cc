"""The entities of a graph as a reconciliation service needs them: names, kinds and values."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

import pyoxigraph as ox

from kg import things, words
from kg.reconcile.names import fold
from kg.reconcile.values import Value
from kg.store import Graph
from kg.terms import CAS, PREFIXES, RDFS, expand
from kg.things import Name, Thing

_ID, _CAS, _WD = PREFIXES["id"], PREFIXES["cas"], PREFIXES["wd"]
# What a client puts into an address: a slash or a percent sign in it would lead elsewhere.
_SAFE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DEFAULT = ox.DefaultGraph()
# The kinds that a reader looks for first. Of a column of cities and islands they are what all
# have in common.
GENERAL = tuple(
    each.value.removeprefix(_CAS)
    for each in (CAS.Person, CAS.Group, CAS.Place, CAS.Event, CAS.Office, CAS.Tenure)
)
NAME, OTHER_NAME, ITEM, POINT = "skos:prefLabel", "skos:altLabel", "skos:exactMatch", "geo:asWKT"
_MORE = {  # properties that are not of our ontology: the messages that name them
    NAME: "reconcile/name",
    OTHER_NAME: "reconcile/other-name",
    ITEM: "reconcile/item",
    POINT: "reconcile/point",
}
# What tells namesakes apart, in the order in which it is said.
_TELLING = ("rank", "heldOffice", "office", "holder", "tookPlaceAt", "within")
_TIMES = re.compile("(?:certainly|possibly)[A-Z]")  # relations that only tell how days lie


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity.

    Attributes:
        id: the last part of its IRI.
        names: the preferred ones first.
        kinds: all that it is, by local names.
        direct: those of them that no other one implies.
        items: its items at Wikidata, exact and near.
        exact: how many of the items, from the first, are the same.
        claims: that speak of it, by their IRIs, sorted.
        values: of its properties.
    """

    id: str
    names: tuple[Name, ...]
    kinds: tuple[str, ...]
    direct: tuple[str, ...]
    items: tuple[str, ...]
    exact: int
    claims: tuple[str, ...]
    values: dict[str, tuple[Value, ...]]

    def name(self, language: str) -> str:
        """Return its usual name in a language, else in English, else in any, else its id."""
        usual = {name.language: name.words for name in self.names if name.preferred}
        return usual.get(language) or usual.get("en") or min(usual.values(), default=self.id)


@dataclass(frozen=True)
class Entities:
    """All entities of a graph.

    Attributes:
        graph: that they are of.
    """

    graph: Graph

    @cached_property
    def by_id(self) -> dict[str, Entity]:
        """Return the entities that can be named in an address, by their ids, sorted."""
        store = self.graph.store
        claims: dict[str, set[str]] = {}
        for (s, _, o), said_by in things.stated(store).items():
            for each in (s, o):
                claims.setdefault(each, set()).update(said_by)
        more = _more(store)
        with things.things(store) as found:
            return {
                slug: self._entity(slug, thing, claims.get(thing.iri, ()), more.get(thing.iri, {}))
                for thing in found
                if thing.iri.startswith(_ID) and _SAFE.fullmatch(slug := thing.iri[len(_ID) :])
            }

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds that some entity is of, the general ones first."""
        used = {kind for entity in self.by_id.values() for kind in entity.kinds}
        return (*(kind for kind in GENERAL if kind in used), *sorted(used - set(GENERAL)))

    @cached_property
    def properties(self) -> tuple[str, ...]:
        """Return the properties that some entity has, those that most have first."""
        return tuple(self._ranked(self.by_id.values()))

    def proposed(self, kind: str) -> list[str]:
        """Return the properties that the entities of a kind have; of any, if there is no such."""
        of_kind = [each for each in self.by_id.values() if kind in each.kinds]
        found = self._ranked(of_kind or self.by_id.values())
        return [each for each in found if not _TIMES.match(each)]

    def label(self, name: str, language: str) -> str:
        """Return what a kind or a property is called, by its local name."""
        if name in _MORE:
            return words.say(language, _MORE[name])
        return self._labels.get((name, language), name)

    def definition(self, name: str, language: str) -> str:
        """Return what a kind or a property means; empty where nothing says it."""
        return self._definitions.get((name, language), "")

    def kind_of_values(self, name: str) -> str:
        """Return the general kind that all things are of to which a property leads; or empty."""
        values = (each for one in self.by_id.values() for each in one.values.get(name, ()))
        kinds = [
            {*self.by_id[each.text].kinds}
            for each in values
            if each.kind == "thing" and each.text in self.by_id
        ]
        return next((kind for kind in GENERAL if kinds and all(kind in k for k in kinds)), "")

    def description(self, entity: Entity, language: str) -> str:
        """Return what tells an entity from others of its name: kind, office, place and days."""
        parts = [self.label(kind, language) for kind in entity.direct]
        for name in _TELLING:
            for value in entity.values.get(name, ())[:3]:
                other = self.by_id.get(value.text)
                if other:
                    parts.append(other.name(language))
        first, last = (
            next((value.text for value in entity.values.get(bound, ())), "")
            for bound in ("earliestStart", "latestEnd")
        )
        if first or last:
            parts.append(first if first == last else f"{first}\N{EN DASH}{last}")
        return ", ".join(dict.fromkeys(parts))

    @cached_property
    def titles(self) -> frozenset[str]:
        """Return the folded words of ranks and offices: in a name they are a title."""
        found: set[str] = set()
        for entity in self.by_id.values():
            if {"Rank", "Office"} & {*entity.kinds}:
                for name in entity.names:
                    # Of “king of Italy” what is before the word that joins it to a country.
                    before = takewhile(
                        lambda word: word not in self.joints, fold(name.words).split()
                    )
                    found.update(before)
        return frozenset(found)

    @cached_property
    def joints(self) -> frozenset[str]:
        """Return the folded words that join others in the languages of the interface."""
        told = (words.say(language, "reconcile/joints") for language in words.languages())
        return frozenset(word for each in told for word in fold(each).split())

    @cached_property
    def _labels(self) -> dict[tuple[str, str], str]:
        return self._said(RDFS.label)

    @cached_property
    def _definitions(self) -> dict[tuple[str, str], str]:
        return self._said(expand("skos:definition"))

    def _said(self, predicate: ox.NamedNode) -> dict[tuple[str, str], str]:
        """Return what is said of the terms of the ontology, by local name and language."""
        found = {}
        for quad in self.graph.store.quads_for_pattern(None, predicate, None, _DEFAULT):
            term, label = quad.subject, quad.object
            if isinstance(term, ox.NamedNode) and isinstance(label, ox.Literal):
                found[term.value.removeprefix(_CAS), label.language or ""] = label.value
        return found

    @cached_property
    def _broader(self) -> dict[str, frozenset[str]]:
        """The kinds that each kind implies."""
        found: dict[str, set[str]] = {}
        for quad in self.graph.store.quads_for_pattern(None, RDFS.subClassOf, None, _DEFAULT):
            if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
                pair = (each.value.removeprefix(_CAS) for each in (quad.subject, quad.object))
                narrow, broad = pair
                found.setdefault(narrow, set()).add(broad)
        return {kind: frozenset(_reached(kind, found)) for kind in found}

    def _entity(
        self, slug: str, thing: Thing, claims: Iterable[str], more: dict[str, list[Value]]
    ) -> Entity:
        kinds = tuple(kind.removeprefix(_CAS) for kind in thing.kinds)
        implied = {broad for kind in kinds for broad in self._broader.get(kind, ())}
        items = [iri.removeprefix(_WD) for iri in thing.exact if iri.startswith(_WD)]
        near = [iri.removeprefix(_WD) for iri in thing.close if iri.startswith(_WD)]
        values: dict[str, list[Value]] = {}
        for predicate, other in thing.relations:
            if other.startswith(_ID):
                values.setdefault(predicate.removeprefix(_CAS), []).append(
                    Value("thing", other.removeprefix(_ID))
                )
        for bound, found in thing.days.items():
            values[bound] = [Value("date", day) for day in found]
        for name in thing.names:
            key = NAME if name.preferred else OTHER_NAME
            values.setdefault(key, []).append(Value("words", name.words, name.language))
        if items:
            values[ITEM] = [Value("words", item) for item in items]
        values |= more
        return Entity(
            slug,
            thing.names,
            kinds,
            tuple(kind for kind in kinds if kind not in implied) or ("Thing",),
            (*items, *near),
            len(items),
            tuple(sorted(claims)),
            {name: tuple(dict.fromkeys(found)) for name, found in sorted(values.items())},
        )

    @staticmethod
    def _ranked(entities: Iterable[Entity]) -> list[str]:
        count = Counter(name for entity in entities for name in entity.values)
        return sorted(count, key=lambda name: (-count[name], name))


def _more(store: ox.Store) -> dict[str, dict[str, list[Value]]]:
    """Return of entities what is told through another node: dates as written, and a point."""
    found: dict[str, dict[str, list[Value]]] = {}
    for predicate, last, kind in (
        (CAS.hasInterval, CAS.edtf, "date"),
        (expand("geo:hasGeometry"), expand("geo:asWKT"), "words"),
    ):
        for subject, node in _pairs(store, predicate):
            for quad in store.quads_for_pattern(node, last, None, _DEFAULT):
                name = POINT if kind == "words" else "edtf"
                value = Value("date" if kind == "date" else "words", quad.object.value)  # type: ignore[union-attr]
                found.setdefault(subject.value, {}).setdefault(name, []).append(value)
    return found


def _pairs(
    store: ox.Store, predicate: ox.NamedNode
) -> Iterator[tuple[ox.NamedNode, ox.NamedNode]]:
    pairs = [
        (quad.subject, quad.object)
        for quad in store.quads_for_pattern(None, predicate, None, _DEFAULT)
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode)
    ]
    return iter(sorted(pairs, key=str))


def _reached(kind: str, broader: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    left = [kind]
    while left:
        for each in broader.get(left.pop(), set()) - found:
            found.add(each)
            left.append(each)
    return found - {kind}
