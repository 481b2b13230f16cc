"""RDF lists, read beforehand: what the rules about lists of any length join with.

Of each list that some axiom names, `?l list:member ?c`, `?l list:twice ?c` and
`?l list:sequence ?s`, where the sequence stands for the members in order. A list that is broken,
branches or runs in a circle has none of these and is reported.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyoxigraph as ox

from kg.reason.codes import MASK, Array, Codes
from kg.reason.columns import Table, contains, pack, slice_of, unique
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
FIRST, REST, NIL = (ox.NamedNode(_RDF + name) for name in ("first", "rest", "nil"))
_SAME = ox.NamedNode(_OWL + "sameAs")


@dataclass(frozen=True, slots=True)
class Lists:
    """What the lists of a graph come to.

    Attributes:
        keys: of the three relations, by predicate: sorted and unique.
        sequences: the members in order, by the code of the sequence.
        named: the codes of the sequences that a property names, by that property.
        broken: what is wrong with a list, by the code of its head.
    """

    keys: dict[ox.NamedNode, Array]
    sequences: dict[int, tuple[int, ...]]
    named: dict[ox.NamedNode, list[int]]
    broken: dict[int, str]


class ListReader:
    """Reads the lists that axioms name; each is walked once, linear in its length.

    Reads:  rdf:first, rdf:rest and the seven properties of OWL 2 whose value is a list.
    """

    def __init__(
        self, codes: Codes, table: Callable[[int], Table | None], same: Callable[[int], int]
    ) -> None:
        self._codes = codes
        self._table = table
        self._same = same
        self._named = {codes.code(each): each for each in _NAMING}
        self._first, self._rest, self._nil = (codes.code(term) for term in (FIRST, REST, NIL))
        self._equal = codes.code(_SAME)

    def tables(self) -> list[Table]:
        """Return the tables that lists depend on."""
        read = (*self._named, self._first, self._rest, self._equal)
        codes = {self._same(code) for code in read}
        return [table for code in sorted(codes) if (table := self._table(code)) is not None]

    def read(self) -> Lists:
        """Return the lists as they are now."""
        member: list[tuple[int, int]] = []
        twice: list[tuple[int, int]] = []
        sequence: dict[int, int] = {}
        sequences: dict[int, tuple[int, ...]] = {}
        broken: dict[int, str] = {}
        named: dict[ox.NamedNode, list[int]] = {}
        for code, naming in self._named.items():
            for head in self._heads(code):
                if head not in sequence and head not in broken:
                    members = self._walk(head)
                    if isinstance(members, str):
                        broken[head] = members
                    else:
                        name = f"{SEQUENCE.value}:{','.join(map(str, members))}"
                        sequence[head] = self._codes.code(ox.NamedNode(name))
                        sequences[sequence[head]] = members
                        member += [(head, each) for each in members]
                        twice += [(head, each) for each in _repeated(members)]
                if head in sequence:
                    named.setdefault(naming, []).append(sequence[head])
        found = {MEMBER: member, TWICE: twice, SEQUENCE: [*sequence.items()]}
        keys = {relation: _keys(pairs) for relation, pairs in found.items()}
        return Lists(keys, sequences, {n: sorted(set(c)) for n, c in named.items()}, broken)

    def _heads(self, naming: int) -> list[int]:
        table = self._table(self._same(naming))
        return [] if table is None else unique(table.keys & MASK).tolist()

    def _walk(self, head: int) -> tuple[int, ...] | str:
        """Return the members, or what is wrong."""
        members: list[int] = []
        passed = set()
        node, nil = head, self._same(self._nil)
        while node != nil:
            if node in passed:
                return "the list runs in a circle"
            passed.add(node)
            member, following = self._values(self._first, node), self._values(self._rest, node)
            for name, found in (("rdf:first", member), ("rdf:rest", following)):
                if len(found) != 1:
                    return f"a node of the list has {len(found) or 'no'} {name}"
            members.append(member[0])
            node = following[0]
        return tuple(members)

    def _values(self, predicate: int, node: int) -> list[int]:
        """Return the values of a node, of those that are the same one: the end, or the least."""
        table = self._table(self._same(predicate))
        values: list[int] = [] if table is None else slice_of(table.keys, node).tolist()
        if len(values) > 1:  # where equality is no matter of representatives, as rules copy it
            equal = self._table(self._same(self._equal))
            others = np.array(values[1:], dtype=np.int64)
            if equal is not None and contains(equal.keys, pack(values[0], others)).all():
                nil = self._same(self._nil)
                return [nil] if nil in values else values[:1]
        return values


def _repeated(members: Sequence[int]) -> list[int]:
    return sorted(each for each, times in Counter(members).items() if times > 1)


def _keys(pairs: Sequence[tuple[int, int]]) -> Array:
    columns = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return unique(pack(columns[:, 0], columns[:, 1]))
