"""A rule as joins: its patterns over integer columns, with FILTER and BIND evaluated in between.

Rules of the recommendation and of rule files are compiled to the same `Join`, and `solve` is the
one way to run it: over everything, over what the latest round added, or backwards from a
conclusion. A row of `Rows` is one binding of the variables; a variable that is the same in all
rows is held as one integer, so that schema patterns cost nothing where the data are joined.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kg.reason.bindings import NAMED, ONE, Column, Facts, Rows, Slot, single
from kg.reason.codes import MASK, WIDTH, Array, Term
from kg.reason.columns import (
    OBJECT,
    SUBJECT,
    Table,
    contains,
    first_of_equal,
    least_matches,
    matches,
    slice_of,
    unique,
)
from kg.reason.expressions import evaluated
from kg.rules import Expression, Pattern
from kg.rules import Slot as Written

# A rule along a list has a premise for each member. Looking for the cheapest among so many would
# cost more than joining another one.
_COMPARED = 16


@dataclass(frozen=True)
class Atom:
    """A pattern in codes.

    Attributes:
        subject: a code or the name of a variable, as the other two.
        predicate: of the triple.
        object: of the triple.
    """

    subject: Slot
    predicate: Slot
    object: Slot

    def __iter__(self) -> Iterator[Slot]:
        return iter((self.subject, self.predicate, self.object))

    @cached_property
    def variables(self) -> frozenset[str]:
        """Return the names of its variables."""
        return frozenset(slot for slot in self if isinstance(slot, str))


@dataclass(frozen=True)
class Join:
    """A compiled rule.

    Attributes:
        rule: its ordinal.
        body: the premises.
        head: the conclusions; none for false.
        distinct: variables that must differ in code.
        least: a variable of one premise, of which the least match is enough; may be empty.
        expressions: FILTERs and BINDs.
        prologue: the prefixes that these were written with.
    """

    rule: int
    body: tuple[Atom, ...]
    head: tuple[Atom, ...]
    distinct: tuple[str, str] | None = None
    least: str = ""
    expressions: tuple[Expression, ...] = ()
    prologue: str = ""

    @cached_property
    def head_variables(self) -> frozenset[str]:
        """Return the variables of its conclusions."""
        return frozenset[str]().union(*(atom.variables for atom in self.head))

    @cached_property
    def variables(self) -> frozenset[str]:
        """Return the variables of its premises and conclusions."""
        return self.head_variables.union(*(atom.variables for atom in self.body))


def compiled(
    rule: int,
    where: Iterable[Pattern],
    then: Iterable[Pattern],
    read: Callable[[Term], int],
    write: Callable[[Term], int],
) -> Join:
    """Return a rule as a join, terms coded by one function in premises, another in conclusions."""
    body = tuple(Atom(*(_coded(slot, read) for slot in pattern)) for pattern in where)
    head = tuple(Atom(*(_coded(slot, write) for slot in pattern)) for pattern in then)
    return Join(rule, body, head)


def _coded(slot: Written, code: Callable[[Term], int]) -> Slot:
    return code(slot) if isinstance(slot, Term) else slot.value


def solve(
    facts: Facts,
    join: Join,
    keep: frozenset[str],
    start: Rows = ONE,
    fresh: int = -1,
) -> Iterator[Rows]:
    """Yield bindings under which the premises hold, the columns of `keep` in them.

    The same binding may come more than once. With `fresh`, the premise of that number is matched
    with the triples of the latest round alone. A variable of `keep` is unbound where its BIND has
    no value.
    """
    atoms = [(atom, index == fresh) for index, atom in enumerate(join.body)]
    atoms.sort(key=lambda pair: not pair[1])
    yield from _Solver(facts, join, keep).run(start, atoms, join.expressions)


class _Solver:
    def __init__(self, facts: Facts, join: Join, keep: frozenset[str]) -> None:
        self._facts = facts
        self._join = join
        self._keep = keep

    def run(
        self, rows: Rows, atoms: list[tuple[Atom, bool]], waiting: Sequence[Expression]
    ) -> Iterator[Rows]:
        """Yield solutions of the remaining premises, from the cheapest on."""
        while rows.count:
            for ready in waiting:
                if not atoms or _is_bound(ready, rows):
                    rest = [expression for expression in waiting if expression is not ready]
                    yield from self._evaluated(rows, atoms, ready, rest)
                    return
            if not atoms:
                yield self._without_equal(rows)
                return
            index = self._cheapest(rows, atoms)
            atom, fresh = atoms[index]
            atoms = [*atoms[:index], *atoms[index + 1 :]]
            keep = self._needed(atoms, waiting)
            predicate = rows.value(atom.predicate)
            if isinstance(predicate, int):
                rows = self._joined(rows, atom, self._facts.same(predicate), keep, fresh=fresh)
                continue
            for code, part in self._by_predicate(rows, atom, predicate, fresh=fresh):
                joined = self._joined(part, atom, code, keep, fresh=fresh)
                yield from self.run(joined, atoms, waiting)
            return

    def _evaluated(
        self,
        rows: Rows,
        atoms: list[tuple[Atom, bool]],
        ready: Expression,
        rest: Sequence[Expression],
    ) -> Iterator[Rows]:
        """Yield solutions after an expression."""
        later = frozenset[str]().union(*(expression.variables for expression in rest))
        # What no premise has bound came with the conclusion that is to be explained.
        is_wanted = ready.binds in rows.columns and not any(
            ready.binds in atom.variables for atom in self._join.body
        )
        prologue = self._join.prologue
        for part in evaluated(self._facts, rows, ready, later, prologue, is_wanted=is_wanted):
            yield from self.run(part, atoms, rest)

    def _by_predicate(
        self, rows: Rows, atom: Atom, predicate: Column | None, *, fresh: bool
    ) -> Iterator[tuple[int, Rows]]:
        """Yield the rows in groups of one predicate each, that variable fixed."""
        assert isinstance(atom.predicate, str), "a constant is no column"
        if predicate is None:
            for code in self._facts.predicates(fresh=fresh):
                yield code, rows.fixed(atom.predicate, code)
            return
        assert not isinstance(predicate, int), "a single code is joined as it is"
        keep = frozenset(name.lstrip(NAMED) for name in rows.columns)
        for code in unique(predicate).tolist():
            if self._facts.is_predicate(code, fresh=fresh):
                part = rows.taken(predicate == code, keep)
                yield code, part.fixed(atom.predicate, code)

    def _needed(
        self, atoms: Iterable[tuple[Atom, bool]], waiting: Iterable[Expression]
    ) -> frozenset[str]:
        return self._keep.union(
            self._join.distinct or (),
            *(atom.variables for atom, _ in atoms),
            *({*e.variables, e.binds} for e in waiting),
        )

    def _cheapest(self, rows: Rows, atoms: Sequence[tuple[Atom, bool]]) -> int:
        if len(atoms) == 1:
            return 0
        sizes = [self._size(rows, atom, fresh=fresh) for atom, fresh in atoms[:_COMPARED]]
        return sizes.index(min(sizes))

    def _size(self, rows: Rows, atom: Atom, *, fresh: bool) -> int:
        """Return about how many rows joining this premise next would give or look at."""
        predicate = rows.value(atom.predicate)
        if predicate is None:
            return 1 << 62
        if isinstance(predicate, int):
            tables = [self._facts.table(self._facts.same(predicate))]
        else:
            tables = [self._facts.table(code) for code in unique(predicate).tolist()]
        size = sum(len(table.column(SUBJECT, fresh=fresh)) for table in tables if table)
        subject, value = rows.value(atom.subject), rows.value(atom.object)
        if subject is not None and value is not None:
            return min(size, rows.count)
        for side, bound in ((SUBJECT, subject), (OBJECT, value)):
            if isinstance(bound, int) and len(tables) == 1 and tables[0]:
                keys = tables[0].column(side, fresh=fresh)
                return rows.count * len(slice_of(keys, self._facts.same(bound)))
        return size if subject is not None or value is not None else rows.count * size

    def _joined(
        self, rows: Rows, atom: Atom, predicate: int, keep: frozenset[str], *, fresh: bool
    ) -> Rows:
        """Return the rows extended by one premise."""
        table = self._facts.table(predicate)
        if table is None or not rows.count:
            return Rows(0, {})
        subject, value = rows.value(atom.subject), rows.value(atom.object)
        if isinstance(subject, int):
            subject = self._facts.same(subject)
        if isinstance(value, int):
            value = self._facts.same(value)
        if subject is not None and value is not None:
            keys = table.column(SUBJECT, fresh=fresh)
            return rows.taken(contains(keys, rows.packed(subject, value)), keep)
        least = bool(self._join.least) and self._join.least in atom.variables
        if subject is None and value is None:
            return self._unbound(rows, atom, table, keep, fresh=fresh, least=least)
        side, bound, free = (
            (SUBJECT, subject, atom.object) if value is None else (OBJECT, value, atom.subject)
        )
        keys = table.column(side, fresh=fresh)
        if isinstance(bound, int):
            found_codes = slice_of(keys, bound)
            return _crossed(rows, {free: found_codes[:1] if least else found_codes}, keep)
        assert bound is not None, "one side is bound here"
        places, found_codes = (least_matches if least else matches)(keys, bound)
        return _with(rows.taken(places, keep), {free: found_codes}, keep)

    def _unbound(
        self,
        rows: Rows,
        atom: Atom,
        table: Table,
        keep: frozenset[str],
        *,
        fresh: bool,
        least: bool,
    ) -> Rows:
        """Return the rows, each with every triple of a table."""
        upper, lower = atom.subject, atom.object
        keys = table.column(SUBJECT, fresh=fresh)
        if least and atom.subject == self._join.least:
            upper, lower = lower, upper
            keys = table.column(OBJECT, fresh=fresh)
        if least:
            keys = keys[first_of_equal(keys >> WIDTH)]
        uppers, lowers = keys >> WIDTH, keys & MASK
        if upper == lower:
            uppers = lowers = uppers[uppers == lowers]
        return _crossed(rows, {upper: uppers, lower: lowers}, keep)

    def _without_equal(self, rows: Rows) -> Rows:
        if self._join.distinct is None:
            return rows
        one, other = (rows.column(name) for name in self._join.distinct)
        return rows.taken(one != other, self._keep)


def _is_bound(expression: Expression, rows: Rows) -> bool:
    return all(name in rows.columns for name in expression.variables)


def _crossed(rows: Rows, columns: Mapping[Slot, Array], keep: frozenset[str]) -> Rows:
    """Return each row with each of the new ones."""
    added = len(next(iter(columns.values())))
    if rows.count == 1:
        kept = {n: c for n, c in rows.columns.items() if n.lstrip(NAMED) in keep}
        return _with(Rows(added, kept), columns, keep)
    again = np.repeat(np.arange(rows.count), added)
    tiled = {name: np.tile(column, rows.count) for name, column in columns.items()}
    return _with(rows.taken(again, keep), tiled, keep)


def _with(rows: Rows, columns: Mapping[Slot, Array], keep: frozenset[str]) -> Rows:
    new = {name: c for name, c in columns.items() if isinstance(name, str) and name in keep}
    return single(Rows(rows.count, {**rows.columns, **new}))
