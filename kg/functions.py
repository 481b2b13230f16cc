"""Functions of SPARQL for what is too much to store: Allen relations of any two occurrences.

`f:certainlyBefore(?x, ?y)` is true where the bounds of the two leave no other relation, as the
triple `?x cas:certainlyBefore ?y` says where it is stored. There is one for each of the relations
of kg.allen, certain and possible. What has no bounds is related to nothing.

`f:label(?x, "pt,en")` is the name of a thing in the first of these languages that has one, as the
label service of Wikidata gives it: without one its id. `f:altLabel` and `f:description` are alike.
"""

from collections.abc import Callable
from datetime import date
from functools import cache, partial

import pyoxigraph as ox

from kg import allen
from kg.dates import Bounds
from kg.terms import BASE, CAS, PREFIXES, QUERY_PREFIXES, RDFS, SKOS, XSD

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Function = Callable[..., Term | None]
_WIKIDATA, _UNKNOWN = PREFIXES["wd"], BASE + ".well-known/genid/"
_MOST_NAMES = 200_000  # that are kept of a list of languages
_TOLD = {
    "label": RDFS.label,
    "altLabel": SKOS.altLabel,
    "description": ox.NamedNode(QUERY_PREFIXES["schema"] + "description"),
}
_TRUE, _FALSE = (ox.Literal(word, datatype=XSD.boolean) for word in ("true", "false"))


def _function(name: str) -> ox.NamedNode:
    return ox.NamedNode(PREFIXES["f"] + name)


NAMING = frozenset(_function(name) for name in _TOLD)  # the functions that name things


def functions(store: ox.Store) -> dict[ox.NamedNode, Function]:
    """Return the functions over a store, by name: bounds are those in its default graph."""
    bounds_of = cache(partial(_bounds, store))
    found: dict[ox.NamedNode, Function] = {_function("isSomeValue"): _is_some_value}
    for name, predicate in _TOLD.items():
        found[_function(name)] = partial(_named, cache(partial(_Names, store, predicate)))
    for name in allen.NAMES:
        for strength in ("certainly", "possibly"):
            is_certain = strength == "certainly"
            related = partial(_related, bounds_of, name, certain=is_certain)
            found[_function(f"{strength}{name}")] = related
    return found


class _Names(dict[Term, Term | None]):
    """What things are called in the first of some languages; each is looked up once."""

    def __init__(self, store: ox.Store, predicate: ox.NamedNode, languages: str) -> None:
        self._store = store
        self._predicate = predicate
        self._rank = {tag: rank for rank, tag in enumerate(languages.split(","))}

    def __missing__(self, thing: Term) -> Term | None:
        if len(self) >= _MOST_NAMES:
            self.clear()
        found = self[thing] = self._name(thing)
        return found

    def _name(self, thing: Term) -> Term | None:
        if isinstance(thing, ox.NamedNode):
            for graph in (ox.DefaultGraph(), None):  # elsewhere it may be called otherwise
                known = self._known(thing, graph)
                if not known:
                    continue
                best = min((each.language or "" for each in known), key=self._rank.__getitem__)
                said = sorted(each.value for each in known if each.language == best)
                return ox.Literal(", ".join(said), language=best)
        if self._predicate != RDFS.label or isinstance(thing, ox.Triple):
            return None
        return ox.Literal(thing.value.removeprefix(_WIKIDATA))

    def _known(self, thing: ox.NamedNode, graph: ox.DefaultGraph | None) -> set[ox.Literal]:
        quads = self._store.quads_for_pattern(thing, self._predicate, None, graph)
        words = (quad.object for quad in quads if isinstance(quad.object, ox.Literal))
        return {each for each in words if each.language in self._rank}


def _named(names: Callable[[str], _Names], thing: Term, languages: Term) -> Term | None:
    return names(languages.value)[thing] if isinstance(languages, ox.Literal) else None


def _is_some_value(thing: Term) -> ox.Literal:
    """Return whether a name stands for a value that is not known, see kg.wikibase.rdf."""
    is_unknown = isinstance(thing, ox.NamedNode) and thing.value.startswith(_UNKNOWN)
    return _TRUE if is_unknown or isinstance(thing, ox.BlankNode) else _FALSE


def _related(
    bounds_of: Callable[[Term], Bounds | None],
    name: str,
    one: Term,
    other: Term,
    *,
    certain: bool,
) -> ox.Literal:
    x, y = bounds_of(one), bounds_of(other)
    if x is None or y is None:
        return _FALSE
    found = allen.holds(name, x, y)
    return _TRUE if found == "certain" or (found and not certain) else _FALSE


def _bounds(store: ox.Store, occurrence: Term) -> Bounds | None:
    if not isinstance(occurrence, ox.NamedNode):
        return None
    days: list[date | None] = []
    for predicate in (CAS.earliestStart, CAS.latestStart, CAS.earliestEnd, CAS.latestEnd):
        quads = store.quads_for_pattern(occurrence, predicate, None, ox.DefaultGraph())
        values = [
            date.fromisoformat(q.object.value) for q in quads if isinstance(q.object, ox.Literal)
        ]
        days.append(values[0] if values else None)
    return Bounds(*days) if any(days) else None
