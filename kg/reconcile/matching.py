"""Which entities a client may mean: candidates with scores, and features that explain them.

A score is the weighted mean of how like the name is and how well each given property agrees. What
an entity lacks is no evidence; what contradicts is, and then nothing matches by itself.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import islice, takewhile
from typing import Literal

from kg.reconcile.entities import GENERAL, ITEM, Entities, Entity
from kg.reconcile.names import EQUAL, Hit, Names, fold
from kg.reconcile.values import CONTRADICTED, Value, likeness
from kg.store import Graph
from kg.terms import PREFIXES
from kg.things import Name

MOST = 100  # candidates of a query
USUAL = 10  # where a query does not say
_OF_PROPERTY = 0.4  # weight of a property beside the name's 1
_REQUIRED = 80.0  # a value that a client insists on is at least so like
_OTHER_KIND = 0.5  # what is left of the score of what is of no kind that is asked for
_ITEM = re.compile(r"(?:wd:|https?://www\.wikidata\.org/(?:entity|wiki)/)?(Q[1-9]\d{0,18})")
_COMPARED = 5_000  # different values of a property that are compared where no name is given
_LESS_SURE = 80.0  # an item that is nearly the same


@dataclass(frozen=True, slots=True)
class Condition:
    """What a client says of a property.

    Attributes:
        name: of the property, as it was given.
        values: any of which may be the entity's; a thing by its id, where one is given.
        required: whether only entities are candidates that have it so.
        quantifier: whether any of the values is enough, all must be there, or none may.
    """

    name: str
    values: tuple[str, ...]
    required: bool = False
    quantifier: Literal["any", "all", "none"] = "any"


@dataclass(frozen=True, slots=True)
class Query:
    """What a client asks.

    Attributes:
        name: as it stands in the client's data; empty where only properties are given.
        id: that the entity must have, where one is given.
        kinds: that it should be of; none for all.
        strictly: of any of the kinds, of all, or of any but without being put last else.
        conditions: on its properties.
        most: candidates that are wanted.
    """

    name: str = ""
    id: str = ""
    kinds: tuple[str, ...] = ()
    strictly: Literal["any", "all", "should"] = "any"
    conditions: tuple[Condition, ...] = ()
    most: int = USUAL


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entity that may be meant.

    Attributes:
        entity: itself.
        score: 0 to 100.
        features: what was scored, by name.
        kinds: that a client is told: its own, the general ones, and those that were asked for.
        match: whether it is meant without doubt.
        spelling: the name that was like what was asked; None where no name was.
    """

    entity: Entity
    score: float
    features: dict[str, float | bool]
    kinds: tuple[str, ...]
    match: bool = False
    spelling: Name | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A condition on a property of ours, and how its values are compared."""

    name: str
    condition: Condition
    likeness: Callable[[str, Value], float]


@dataclass(frozen=True, slots=True)
class _Scored:
    entity: Entity
    name: float | None
    spelling: Name | None
    agreeing: dict[str, float]
    fits: bool
    score: float

    @property
    def certain(self) -> bool:
        """Return whether nothing speaks against it."""
        sure = self.score if self.name is None else self.name  # without a name, all must agree
        contradicted = any(each < CONTRADICTED for each in self.agreeing.values())
        return sure >= EQUAL and self.fits and not contradicted


class Reconciler:
    """What answers queries from a graph; its index is made when it is first asked.

    Attributes:
        entities: that can be found.
    """

    def __init__(self, graph: Graph, spaces: Sequence[str] = ()) -> None:
        """Take the graph, and the addresses that entities have besides their IRIs."""
        self.entities = Entities(graph)
        self._spaces = (PREFIXES["id"], *spaces, "id:")

    def match(self, query: Query) -> list[Candidate]:
        """Return the candidates, the best first; at most one matches, and that is the first."""
        kinds = tuple(self.local(kind) for kind in query.kinds)
        # What many entities have is compared once.
        alike, meant = cache(self._alike), cache(self._meant_by)
        conditions = [
            _Asked(self.local(each.name), each, lambda given, value: alike(given, value, meant))
            for each in query.conditions
        ]
        found = [
            scored
            for entity, name, spelling in self._meant(query, conditions)
            if (scored := self._scored(entity, name, spelling, kinds, query.strictly, conditions))
        ]
        found.sort(key=lambda s: (not s.fits, -s.score, -len(s.entity.claims), s.entity.id))
        best = found[: min(query.most, MOST)]
        alone = len(found) == 1 or (len(found) > 1 and found[0].score > found[1].score)
        lowest = min((s.score for s in best if s.fits), default=100.0)
        return [
            Candidate(
                scored.entity,
                # Clients sort by the score, and what is of another kind comes last.
                scored.score if scored.fits else min(scored.score, lowest),
                _features(scored, asked=bool(kinds)),
                self._told(scored.entity, kinds),
                match=place == 0 and alone and scored.certain,
                spelling=scored.spelling,
            )
            for place, scored in enumerate(best)
        ]

    def begin(self, prefix: str, kind: str = "") -> Iterator[Entity]:
        """Yield the entities of which a name or the id begins so, then those that are like it."""
        kind = self.local(kind)
        known = self.entities.by_id
        told = set()
        for slug in self._beginning(prefix):
            entity = known[slug]
            if slug not in told and (not kind or kind in entity.kinds):
                told.add(slug)
                yield entity

    def local(self, name: str) -> str:
        """Return the local name of a kind or property, given so, as `cas:Person` or as an IRI."""
        for prefix, iri in PREFIXES.items():
            if name.startswith(iri):
                name = f"{prefix}:{name.removeprefix(iri)}"
                break
        return name.removeprefix("cas:")

    def identified(self, text: str) -> list[tuple[Entity, float]]:
        """Return the entities that an id, an IRI or an item of Wikidata names, with scores."""
        text = text.strip()
        found = _ITEM.fullmatch(text)
        if found:
            return self._by_item.get(found[1], [])
        for space in self._spaces:
            if text.startswith(space):
                text = text.removeprefix(space).removesuffix(".html")
                break
        entity = self.entities.by_id.get(text)
        return [(entity, 100.0)] if entity else []

    def _meant(
        self, query: Query, conditions: Sequence[_Asked]
    ) -> Iterator[tuple[Entity, float | None, Name | None]]:
        """Yield the entities that are worth scoring, each with how like its name is."""
        if query.id:
            for entity, score in self.identified(query.id):
                yield entity, score, None
            return
        named = self.identified(query.name)
        told = {entity.id for entity, _ in named}
        for entity, score in named:
            yield entity, score, None
        if named and query.name.strip() not in told:
            return  # an IRI or an item is no name as well, as the id `rome` is
        if query.name.strip():
            for hit in self._names.find(query.name):
                slug, name = self._places[hit.name]
                if slug not in told:
                    told.add(slug)
                    yield self.entities.by_id[slug], hit.likeness, name
            return
        having = {slug for asked in conditions for slug in self._having(asked)}
        yield from ((self.entities.by_id[slug], None, None) for slug in sorted(having))

    def _scored(
        self,
        entity: Entity,
        name: float | None,
        spelling: Name | None,
        kinds: tuple[str, ...],
        strictly: str,
        conditions: Sequence[_Asked],
    ) -> _Scored | None:
        """Return an entity with its score; None if it has not what is required of it."""
        agreeing: dict[str, float] = {}
        for asked in conditions:
            values = self._values(entity, asked.name)
            score = self._agreement(asked, values) if values else None
            if asked.condition.required and (score is None or score < _REQUIRED):
                return None
            if score is not None:
                agreeing[asked.name] = max(score, agreeing.get(asked.name, 0.0))
        if name is None:
            if max(agreeing.values(), default=0.0) < _REQUIRED:
                return None
            total = sum(agreeing.values()) / len({each.name for each in conditions})
        else:
            weight = 1 + _OF_PROPERTY * len(agreeing)
            total = (name + _OF_PROPERTY * sum(agreeing.values())) / weight
        fits = _fits(entity, kinds, strictly)
        if not fits and strictly != "should":
            total *= _OTHER_KIND
        return _Scored(entity, name, spelling, agreeing, fits, round(total, 1))

    def _having(self, asked: _Asked) -> Iterator[str]:
        """Yield the ids of entities of which a value may agree; of very many values, be equal."""
        held = self._holders.get(asked.name, {})
        if len(held) <= _COMPARED:
            keys = set(held)
        else:
            values = asked.condition.values
            keys = {key for each in values for key in (fold(each), *self._meant_by(each))}
        for key in keys:
            yield from held.get(key, ())

    def _values(self, entity: Entity, name: str) -> tuple[Value, ...]:
        if name == ITEM:  # those too that are nearly the same
            return tuple(Value("words", item) for item in entity.items)
        return entity.values.get(name, ())

    def _agreement(self, asked: _Asked, values: tuple[Value, ...]) -> float:
        condition = asked.condition
        each = [likeness(given, values, alike=asked.likeness) for given in condition.values]
        if condition.quantifier == "none":
            return 100.0 - max(each, default=0.0)
        return (min if condition.quantifier == "all" else max)(each, default=0.0)

    def _alike(self, given: str, value: Value, meant_by: Callable[[str], frozenset[str]]) -> float:
        """Return how like a thing or words are to what is given."""
        if value.kind == "thing":
            meant = meant_by(given)
            if meant:  # another thing is not like this one, even if its name is
                return 100.0 if value.text in meant else 0.0
            other = self.entities.by_id.get(value.text)
            names = [name.words for name in other.names] if other else [value.text]
            return max((self._names.likeness(given, name) for name in names), default=0.0)
        item, told = (_ITEM.fullmatch(each) for each in (given.strip(), value.text))
        if told:  # items that differ by a digit are not like one another
            return 100.0 if item and item[1] == told[1] else 0.0
        return self._names.likeness(given, value.text)

    def _meant_by(self, given: str) -> frozenset[str]:
        """Return the ids of the entities that are identified so, or called so."""
        named = {entity.id for entity, _ in self.identified(given)}
        hits = takewhile(lambda hit: hit.likeness >= EQUAL, self._names.find(given))
        return frozenset(named | {self._places[hit.name][0] for hit in hits})

    def _told(self, entity: Entity, asked: tuple[str, ...]) -> tuple[str, ...]:
        known = {*entity.kinds}
        more = [kind for kind in (*GENERAL, *asked) if kind in known]
        return tuple(dict.fromkeys([*entity.direct, *more]))

    def _beginning(self, prefix: str) -> Iterator[str]:
        yield from (entity.id for entity, _ in self.identified(prefix))
        if not prefix.strip():
            yield from sorted(
                self.entities.by_id,
                key=lambda slug: (-len(self.entities.by_id[slug].claims), slug),
            )
            return
        yield from (self._places[name][0] for name in self._names.begin(prefix))
        like: Iterable[Hit] = self._names.find(prefix)
        yield from (self._places[hit.name][0] for hit in islice(like, MOST))

    @cached_property
    def _places(self) -> list[tuple[str, Name]]:
        """The entity and the name at each place of the index."""
        return [(each.id, name) for each in self.entities.by_id.values() for name in each.names]

    @cached_property
    def _names(self) -> Names:
        words = tuple(name.words for _, name in self._places)
        return Names(words, self.entities.titles, self.entities.joints)

    @cached_property
    def _holders(self) -> dict[str, dict[str, list[str]]]:
        """The ids of the entities that have a value, by property and by id or folded words."""
        found: dict[str, dict[str, list[str]]] = {}
        for entity in self.entities.by_id.values():
            for name in entity.values:
                held = found.setdefault(name, {})
                for value in self._values(entity, name):
                    key = value.text if value.kind == "thing" else fold(value.text)
                    held.setdefault(key, []).append(entity.id)
        return found

    @cached_property
    def _by_item(self) -> dict[str, list[tuple[Entity, float]]]:
        found: dict[str, list[tuple[Entity, float]]] = {}
        for entity in self.entities.by_id.values():
            for place, item in enumerate(entity.items):
                score = 100.0 if place < entity.exact else _LESS_SURE
                found.setdefault(item, []).append((entity, score))
        return found


def _fits(entity: Entity, kinds: tuple[str, ...], strictly: str) -> bool:
    if not kinds:
        return True
    return (all if strictly == "all" else any)(kind in entity.kinds for kind in kinds)


def _features(scored: _Scored, *, asked: bool) -> dict[str, float | bool]:
    found: dict[str, float | bool] = {}
    if scored.name is not None:
        found["name"] = scored.name
    if asked:
        found["type"] = scored.fits
    return found | {f"property:{name}": score for name, score in scored.agreeing.items()}
