"""What stays of a closure without some of what was stated: fast, and without rounds or proofs.

Rules only add, so what follows from less follows by firings that the closure has already. These
are written down once, as numbers of triples; each answer is the least set that has what is still
stated and is closed under them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from kg.reason.bindings import Rows
from kg.reason.codes import RULE_WIDTH, WIDTH, Array, Coded
from kg.reason.columns import Table, pack, place_of, unique
from kg.reason.plan import Atom, Join, solve
from kg.reason.rounds import Rounds


class Ground:
    """The firings of a closure in which no term has two names; to be made anew when it changes.

    A list cannot be taken from it: the rules along lists are those that there are.
    """

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds
        self._tables: dict[int, Table] = dict(rounds.tables())
        ends = np.cumsum([0, *(len(table.keys) for table in self._tables.values())]).tolist()
        self._firsts = dict(zip(self._tables, ends, strict=False))
        self._stated = np.concatenate(
            [np.empty(0, dtype=np.bool_)]
            + [table.marks >> RULE_WIDTH == 0 for table in self._tables.values()]
        )
        self._firings = [*_grouped(self._fired())]

    def falling(self, removed: Iterable[Coded], added: Iterable[Coded]) -> Mapping[int, Array]:
        """Return what holds no longer if stated triples are removed and some that hold are stated.

        As sorted keys by predicate.
        """
        held = self._stated.copy()
        held[self._places_of(removed)] = False
        held[self._places_of(added)] = True
        known = -1
        while known != (known := int(np.count_nonzero(held))):
            for conclusions, premises in self._firings:
                fires = np.ones(len(conclusions), dtype=np.bool_)
                for column in premises:
                    fires &= held[column]
                held[conclusions[fires]] = True
        found = {}
        for predicate, table in self._tables.items():
            first = self._firsts[predicate]
            stays = held[first : first + len(table.keys)]
            if not stays.all():
                found[predicate] = table.keys[~stays]
        return found

    def _places_of(self, triples: Iterable[Coded]) -> list[int]:
        """Return the places of those triples that hold."""
        found = []
        for s, p, o in triples:
            table = self._tables.get(p)
            place = None if table is None else place_of(table.keys, s << WIDTH | o)
            if place is not None:
                found.append(self._firsts[p] + place)
        return found

    def _fired(self) -> Iterator[tuple[Array, list[Array]]]:
        """Yield conclusions and premises of each rule, as columns of places."""
        for join in self._rounds.joins:
            if join.head:
                every = replace(join, least="")  # another match may stay where the least does not
                for rows in solve(self._rounds, every, join.variables):
                    yield from self._of_rows(join, rows)

    def _of_rows(self, join: Join, rows: Rows) -> Iterator[tuple[Array, list[Array]]]:
        # What was read from lists has no place: it stays.
        premises = [
            self._places(rows, atom)
            for atom in join.body
            if isinstance(atom.predicate, str) or atom.predicate in self._tables
        ]
        for atom in join.head:
            if all(rows.name(slot) is not None for slot in atom):
                yield self._places(rows, atom), premises

    def _places(self, rows: Rows, atom: Atom) -> Array:
        """Return the place of a pattern's triple in each row."""
        keys = pack(rows.column(atom.subject), rows.column(atom.object))
        predicates = rows.column(atom.predicate)
        found = np.empty(rows.count, dtype=np.int64)
        for code in unique(predicates).tolist():
            here = predicates == code
            found[here] = self._firsts[code] + self._tables[code].keys.searchsorted(keys[here])
        return found


def _grouped(fired: Iterable[tuple[Array, list[Array]]]) -> Iterator[tuple[Array, list[Array]]]:
    """Yield firings of as many premises together, each once, without those that add nothing."""
    by_number: dict[int, list[Array]] = {}
    for conclusions, premises in fired:
        by_number.setdefault(len(premises), []).append(np.stack([conclusions, *premises], axis=1))
    for _, parts in sorted(by_number.items()):
        rows = np.unique(np.concatenate(parts), axis=0)
        rows = rows[(rows[:, :1] != rows[:, 1:]).all(axis=1)]
        conclusions, *premises = np.ascontiguousarray(rows.T)
        yield conclusions, premises
