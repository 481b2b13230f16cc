"""RDF lists, read beforehand: what the rules about lists of any length join with.

Of each list that some axiom names, `?l list:member ?c`, `?l list:twice ?c` and
`?l list:sequence ?s`, where the sequence stands for the members in order. A list that is broken,
branches or runs in a circle has none of these and is reported.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyoxigraph as ox

from kg.reason.codes import MASK, Array, Codes
from kg.reason.columns import Table, pack, slice_of, unique
from kg.reason.rl import MEMBER, SEQUENCE, TWICE
from kg.terms import PREFIXES

_OWL, _RDF = PREFIXES["owl"], PREFIXES["rdf"]
# The properties whose value is a list.
_NAMING = tuple(
    ox.NamedNode(_OWL + name)
    for name in (
        "intersectionOf", "unionOf", "oneOf", "propertyChainAxiom", "hasKey", "members",
        "distinctMembers",
    )
)  # fmt: skip
_FIRST, _REST, _NIL = (ox.NamedNode(_RDF + name) for name in ("first", "rest", "nil"))


@dataclass(frozen=True, slots=True)
class Lists:
    """What the lists of a graph come to.

    Attributes:
        keys: of the three relations, by predicate: sorted and unique.
        sequences: the members in order, by the code of the sequence.
        broken: what is wrong with a list, by the code of its head.
    """

    keys: dict[ox.NamedNode, Array]
    sequences: dict[int, tuple[int, ...]]
    broken: dict[int, str]


def named_in(codes: Codes) -> tuple[int, ...]:
    """Return the codes of the predicates that lists depend on."""
    return tuple(codes.code(term) for term in (*_NAMING, _FIRST, _REST))


def read_lists(codes: Codes, table: Callable[[int], Table | None]) -> Lists:
    """Return the lists that axioms name; each is walked once, linear in its length.

    Reads:  rdf:first, rdf:rest and the seven properties of OWL 2 whose value is a list.
    """
    heads = sorted(set(_heads(codes, table)))
    member, twice, sequence = [], [], []
    sequences: dict[int, tuple[int, ...]] = {}
    broken = {}
    first, rest = (table(codes.code(term)) for term in (_FIRST, _REST))
    for head in heads:
        members = _walk(head, codes.code(_NIL), first, rest)
        if isinstance(members, str):
            broken[head] = members
            continue
        code = codes.code(ox.NamedNode(f"{SEQUENCE.value}:{','.join(map(str, members))}"))
        sequences[code] = members
        sequence.append((head, code))
        member += [(head, each) for each in members]
        seen: set[int] = set()
        twice += [(head, each) for each in members if each in seen or seen.add(each)]  # type: ignore[func-returns-value]
    found = {MEMBER: member, TWICE: twice, SEQUENCE: sequence}
    return Lists({name: _keys(pairs) for name, pairs in found.items()}, sequences, broken)


def _heads(codes: Codes, table: Callable[[int], Table | None]) -> Iterator[int]:
    for predicate in _NAMING:
        known = table(codes.code(predicate))
        if known is not None:
            yield from (known.keys & MASK).tolist()


def _walk(head: int, nil: int, first: Table | None, rest: Table | None) -> tuple[int, ...] | str:
    """Return the members, or what is wrong."""
    members: list[int] = []
    passed = set()
    node = head
    while node != nil:
        if node in passed:
            return "the list runs in a circle"
        passed.add(node)
        values = _values(first, node), _values(rest, node)
        for name, found in zip(("rdf:first", "rdf:rest"), values, strict=True):
            if len(found) != 1:
                return f"a node of the list has {len(found) or 'no'} {name}"
        members.append(values[0][0])
        node = values[1][0]
    return tuple(members)


def _values(table: Table | None, node: int) -> list[int]:
    return [] if table is None else slice_of(table.keys, node).tolist()


def _keys(pairs: list[tuple[int, int]]) -> Array:
    columns = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return unique(pack(columns[:, 0], columns[:, 1]))
