"""Why a triple holds, one step back, under the very names that it is asked for.

The columns hold a triple once, under the representatives of its terms. Here it is under every
name it was stated, concluded, rewritten or read with, each with the round in which it was known,
and for any other name there are the steps of eq-rep that lead there. The rank of a triple is the
least round in which it can be known; a step has premises of lower ranks only, so whoever follows
steps comes to what was stated. All in codes.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from kg.reason import rl
from kg.reason.bindings import ONE, Rows
from kg.reason.codes import RULE_MASK, RULE_WIDTH, Array, Coded, Codes, Term
from kg.reason.columns import OBJECT, SUBJECT, Table, earliest, pack, slice_of
from kg.reason.equality import Equalities
from kg.reason.lists import FIRST, NIL, REST
from kg.reason.plan import Atom, Join, solve
from kg.reason.rounds import SAME, STATED, Rounds, bound

_SIDES = "spo"


class Step(NamedTuple):
    """One firing of a rule.

    Attributes:
        rule: its ordinal.
        premises: from which.
    """

    rule: int
    premises: tuple[Coded, ...]


class History:
    """All triples of a closure by their names; to be made anew when the closure changes."""

    def __init__(
        self,
        rounds: Rounds,
        ordinals: Mapping[str, int],
        is_stated: Callable[[Coded], bool],
    ) -> None:
        self._rounds = rounds
        self._ordinals = ordinals
        self._is_stated = is_stated
        self._same = rounds.codes.code(SAME)
        self._tables: dict[int, Table | None] = {}
        self._given = frozenset(ordinals[name] for name in rl.PROCEDURAL)
        codes = rounds.codes.code
        self._first, self._rest, self._nil = codes(FIRST), codes(REST), codes(NIL)
        self._member, self._twice, self._sequence = (
            codes(relation) for relation in (rl.MEMBER, rl.TWICE, rl.SEQUENCE)
        )
        self._of_lists = frozenset({self._member, self._twice, self._sequence})

    # What a join reads: each name for itself

    @property
    def codes(self) -> Codes:
        """Return the codes of the closure."""
        return self._rounds.codes

    @property
    def classes(self) -> Mapping[int, Sequence[int]]:
        """Return no names of a term but itself."""
        return {}

    def same(self, code: int) -> int:
        """Return the term itself."""
        return code

    def made(self, term: Term, sources: Iterable[int]) -> int:
        """Return the code of what a BIND gives."""
        del sources
        return self.codes.code(term)

    def predicates(self, *, fresh: bool) -> list[int]:
        """Return the predicates of any triple; fresh is none."""
        assert not fresh, "a closure is at its end here"
        return sorted({*self._rounds.predicates(fresh=False), *self._archived})

    def is_predicate(self, code: int, *, fresh: bool) -> bool:
        """Return whether a code is among `predicates`."""
        return code in self._archived or self._rounds.is_predicate(code, fresh=fresh)

    def table(self, predicate: int) -> Table | None:
        """Return the triples with a predicate of this name, None if there are none."""
        if predicate not in self._archived:
            return self._rounds.table(predicate)
        if predicate not in self._tables:
            parts = [*self._archived[predicate]]
            current = self._rounds.table(predicate)
            if current is not None:
                parts.append((current.keys, current.marks))
            keys, marks = (np.concatenate(part) for part in zip(*parts, strict=True))
            self._tables[predicate] = Table(*earliest(keys, marks))
        return self._tables[predicate]

    @cached_property
    def _archived(self) -> Mapping[int, list[tuple[Array, Array]]]:
        found: dict[int, list[tuple[Array, Array]]] = defaultdict(list)
        for predicate, keys, marks in self._rounds.archive:
            if len(keys):
                found[predicate].append((keys, marks))
        if self._rounds.equalities:
            one, other, marks = np.array(self._rounds.equalities, dtype=np.int64).T
            found[self._same].append((pack(one, other), marks))
        return found

    @cached_property
    def _equalities(self) -> Equalities:
        return Equalities(self._rounds.equalities)

    # Ranks

    def rank(self, triple: Coded) -> int | None:
        """Return the least round in which a triple can be known, None if it does not hold."""
        if self._is_stated(triple):
            return 0
        marked = self._mark(triple)
        ranks = [] if marked is None else [marked >> RULE_WIDTH]
        if self._rounds.classes:
            ranks += self._ranks_by_equality(triple)
        return min(ranks, default=None)

    def _mark(self, triple: Coded) -> int | None:
        s, p, o = triple
        table = self.table(p)
        return None if table is None else table.mark_of(s, o)

    def _ranks_by_equality(self, triple: Coded) -> Iterator[int]:
        s, p, o = triple
        equal = self._equalities.round_of(s, o) if p == self._same else None
        if equal is not None:
            yield equal
            return
        source = self._representatives(triple)
        marked = self._mark(source)
        others = [(one, other) for one, other in zip(source, triple, strict=True) if one != other]
        if marked is not None and others:
            equal_from = [self.rank((one, self._same, other)) for one, other in others]
            yield max(marked >> RULE_WIDTH, *(each or 0 for each in equal_from)) + len(others)

    def _representatives(self, triple: Coded) -> Coded:
        s, p, o = map(self._rounds.same, triple)
        return s, p, o

    def rule_of(self, triple: Coded) -> int | None:
        """Return the rule by which a triple is known at its rank; `STATED` if it is stated."""
        rank, marked = self.rank(triple), self._mark(triple)
        if rank is None:
            return None
        if rank == 0 and self._is_stated(triple):
            return STATED
        if marked is not None and marked >> RULE_WIDTH == rank:
            return marked & RULE_MASK
        return next(self._by_equality(triple, rank)).rule

    # Steps

    def steps(self, triple: Coded) -> Iterator[Step]:
        """Yield the firings that conclude a triple from premises of lower rank; none if stated.

        There is at least one for any other triple that holds. Where a rule goes along a list, one
        way through the list is told.
        """
        rank = self.rank(triple)
        if rank is None or self._is_stated(triple):
            return
        marked = self._mark(triple)
        if marked is not None and marked & RULE_MASK in self._given:
            yield Step(marked & RULE_MASK, ())
        yield from self.firings(triple, rank)
        if self._rounds.classes:
            yield from self._by_equality(triple, rank)

    def firings(self, triple: Coded | None = None, below: int | None = None) -> Iterator[Step]:
        """Yield the firings of rules, eq- ones aside, with premises below a rank."""
        for _, step in self.fired(triple, below):
            yield step

    def fired(
        self, triple: Coded | None = None, below: int | None = None
    ) -> Iterator[tuple[Coded, Step]]:
        """Yield the conclusion of each firing, and the firing."""
        columns = None if triple is None else np.array(triple, dtype=np.int64).reshape(3, 1)
        for join in self._joins:
            for atom in join.head:
                start = ONE if columns is None else bound(atom, *columns)
                if start is not None:
                    yield from self._fired(join, atom, start, below)

    @cached_property
    def _joins(self) -> list[Join]:
        return [replace(join, least="") for join in self._rounds.joins]

    def _fired(
        self, join: Join, conclusion: Atom, start: Rows, below: int | None
    ) -> Iterator[tuple[Coded, Step]]:
        for rows in solve(self, join, join.variables, start):
            if any(rows.name(slot) is None for slot in conclusion):
                continue
            concluded = instances(rows, conclusion)
            bodies = zip(*(instances(rows, atom) for atom in join.body), strict=True)
            for triple, body in zip(concluded, bodies, strict=True):
                premises = self.spelled(body, below)
                if premises is not None:
                    yield triple, Step(join.rule, premises)

    def spelled(self, body: Iterable[Coded], below: int | None = None) -> tuple[Coded, ...] | None:
        """Return the premises of a firing, what was read from lists as the triples of the lists.

        None if one of them is not known below a rank.
        """
        found: dict[Coded, None] = {}
        for triple in body:
            if triple[1] in self._of_lists:
                cells = self._cells(triple, below)
                if cells is None:
                    return None
                found |= dict.fromkeys(cells)
            elif below is None or self._is_known(triple, below):
                found[triple] = None
            else:
                return None
        return tuple(found)

    def _is_known(self, triple: Coded, below: int | None) -> bool:
        rank = self.rank(triple)
        return rank is not None and (below is None or rank < below)

    # Equality

    def _by_equality(self, triple: Coded, below: int) -> Iterator[Step]:
        """Yield the steps of eq-sym, eq-trans and eq-rep with premises below a rank."""
        s, p, o = triple
        if p == self._same and self._equalities.round_of(s, o) is not None:
            rule, pairs = self._equalities.step(s, o) or ("", ())
            premises = tuple((one, self._same, other) for one, other in pairs)
            if premises and all(self._is_known(premise, below) for premise in premises):
                yield Step(self._ordinals[rule], premises)
                return
        for place, code in enumerate(triple):
            for other in self._other_names(triple, place):
                source = _renamed(triple, place, other)
                equal = (other, self._same, code)
                if self._is_known(source, below) and self._is_known(equal, below):
                    yield Step(self._ordinals[f"eq-rep-{_SIDES[place]}"], (equal, source))

    def _other_names(self, triple: Coded, place: int) -> list[int]:
        """Return by which other names of one of its terms a triple may be known, sorted."""
        code = triple[place]
        names = self._rounds.classes.get(self._rounds.same(code), ())
        s, p, o = triple
        table = self.table(p)
        known: Iterable[int] = names
        if place != 1:
            side, other = (OBJECT, o) if place == 0 else (SUBJECT, s)
            known = () if table is None else slice_of(table.column(side), other).tolist()
        found = {self._rounds.same(code), *set(names).intersection(known)} if names else set()
        return sorted(found - {code})

    # Lists

    def _cells(self, relation: Coded, below: int | None) -> tuple[Coded, ...] | None:
        """Return the triples of a list: all, or up to the node where a member stands.

        None if there is no way through the list by triples below a rank.
        """
        head, which, value = relation
        sequence = self._rounds.sequences[value] if which == self._sequence else None
        wanted = 2 if which == self._twice else 1
        waiting: list[tuple[int, int, int, _Cells]] = [(head, 0, 0, None)]
        passed: set[tuple[int, int, int]] = set()
        while waiting:
            node, place, met, before = waiting.pop()
            here = (node, place if sequence is not None else 0, met)
            if here in passed:
                continue
            passed.add(here)
            members = self._known_values(node, self._first, below)
            if sequence is not None:
                members = [each for each in members if each == sequence[place]]
            elif value in members:
                members, met = [value], met + 1
            if not members:
                continue
            cells = (before, (node, self._first, members[0]))
            if sequence is None and met == wanted:
                return _unlinked(cells)
            for following in reversed(self._known_values(node, self._rest, below)):
                longer = (cells, (node, self._rest, following))
                if sequence is not None and place + 1 == len(sequence):
                    end = (node, self._rest, self._nil)
                    if self._is_known(end, below):
                        return _unlinked((cells, end))
                else:
                    waiting.append((following, place + 1, met, longer))
        return None

    def _known_values(self, node: int, predicate: int, below: int | None) -> list[int]:
        """Return the values of a node of a list that are known below a rank."""
        values: set[int] = set()
        for name in self._rounds.classes.get(self._rounds.same(predicate), (predicate,)):
            table = self.table(name)
            if table is not None:
                values.update(slice_of(table.keys, node).tolist())
        return [v for v in sorted(values) if self._is_known((node, predicate, v), below)]


def _renamed(triple: Coded, place: int, code: int) -> Coded:
    """Return a triple with another term at a place."""
    s, p, o = (code if each == place else term for each, term in enumerate(triple))
    return s, p, o


# The triples on the way to a node, linked backwards, since ways may part.
_Cells = tuple["_Cells", Coded] | None


def _unlinked(cells: _Cells) -> tuple[Coded, ...]:
    found = []
    while cells is not None:
        cells, triple = cells
        found.append(triple)
    return tuple(reversed(found))


def instances(rows: Rows, atom: Atom) -> list[Coded]:
    """Return what a pattern says for each row."""
    s, p, o = (rows.column(slot).tolist() for slot in atom)
    return [*zip(s, p, o, strict=True)]
