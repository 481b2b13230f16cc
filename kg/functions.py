"""Functions of SPARQL for what is too much to store: Allen relations of any two occurrences.

`f:certainlyBefore(?x, ?y)` is true where the bounds of the two leave no other relation, as the
triple `?x cas:certainlyBefore ?y` says where it is stored. There is one for each of the relations
of kg.allen, certain and possible. What has no bounds is related to nothing.
"""

from collections.abc import Callable
from datetime import date
from functools import cache, partial

import pyoxigraph as ox

from kg import allen
from kg.dates import Bounds
from kg.terms import CAS, PREFIXES, XSD

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Function = Callable[..., Term | None]
_TRUE, _FALSE = (ox.Literal(word, datatype=XSD.boolean) for word in ("true", "false"))


def functions(store: ox.Store) -> dict[ox.NamedNode, Function]:
    """Return the functions over the bounds in a store's default graph, by name."""
    bounds_of = cache(partial(_bounds, store))
    return {
        ox.NamedNode(f"{PREFIXES['f']}{strength}{name}"): partial(
            _related, bounds_of, name, certain=strength == "certainly"
        )
        for name in allen.NAMES
        for strength in ("certainly", "possibly")
    }


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
