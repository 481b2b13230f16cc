"""A rule as joins: its patterns over integer columns, with FILTER and BIND evaluated in between.

Rules of the recommendation and of rule files are compiled to the same `Join`, and `solve` is the
one way to run it: over everything, over what the latest round added, or backwards from a
conclusion. A row of `Rows` is one binding of the variables; a variable that is the same in all
rows is held as one integer, so that schema patterns cost nothing where the data are joined.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray

from kg.reason.codes import MASK, WIDTH, Array, Codes
from kg.reason.columns import OBJECT, SUBJECT, Table, contains, matches, pack, slice_of, unique
from kg.rules import Expression, Pattern
from kg.terms import XSD

Column = Array | int
Slot = int | str  # the code of a term, or the name of a variable
_TRUE = ox.Literal("true", datatype=XSD.boolean)
_CHUNK = 20_000  # rows of one VALUES table: 4 MB of query text at 200 characters a row


@dataclass(frozen=True, slots=True)
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

    @property
    def variables(self) -> frozenset[str]:
        """Return the names of its variables."""
        return frozenset(slot for slot in self if isinstance(slot, str))


@dataclass(frozen=True, slots=True)
class Join:
    """A compiled rule.

    Attributes:
        rule: its ordinal.
        body: the premises.
        head: the conclusions; none for false.
        distinct: variables that must differ in code.
        expressions: FILTERs and BINDs.
        prologue: the prefixes that these were written with.
    """

    rule: int
    body: tuple[Atom, ...]
    head: tuple[Atom, ...]
    distinct: tuple[str, str] | None = None
    expressions: tuple[Expression, ...] = ()
    prologue: str = ""

    @property
    def head_variables(self) -> frozenset[str]:
        """Return the variables of its conclusions."""
        return frozenset[str]().union(*(atom.variables for atom in self.head))


@dataclass(frozen=True, slots=True)
class Rows:
    """Bindings.

    Attributes:
        count: of rows.
        columns: by variable: a column of that many codes, or one code for all rows.
    """

    count: int
    columns: Mapping[str, Column]

    def value(self, slot: Slot) -> Column | None:
        """Return what a slot stands for, None if its variable is unbound."""
        return self.columns.get(slot) if isinstance(slot, str) else slot

    def column(self, slot: Slot) -> Array:
        """Return a slot as a whole column."""
        value = self.value(slot)
        assert value is not None, "every variable of a conclusion is bound"
        return np.full(self.count, value, dtype=np.int64) if isinstance(value, int) else value

    def taken(self, chosen: "Array | NDArray[np.bool_]", keep: frozenset[str]) -> "Rows":
        """Return some rows, with the columns to keep."""
        columns: dict[str, Column] = {
            name: column if isinstance(column, int) else column[chosen]
            for name, column in self.columns.items()
            if name in keep
        }
        count = int(chosen.sum()) if chosen.dtype == np.bool_ else len(chosen)
        return _single(Rows(count, columns))

    def fixed(self, name: str, code: int) -> "Rows":
        """Return the rows with a variable that is the same in all."""
        return Rows(self.count, {**self.columns, name: code})


ONE = Rows(1, {})


class Facts(Protocol):
    """What a join reads."""

    codes: Codes

    def table(self, predicate: int) -> Table | None:
        """Return the table of a predicate, None if it has none."""

    def predicates(self, *, fresh: bool) -> list[int]:
        """Return the predicates with triples, or with fresh ones, in the order of their codes."""

    def same(self, code: int) -> int:
        """Return the representative of a term."""

    def members(self, code: int) -> Sequence[int]:
        """Return the terms that a representative stands for; itself alone if for no other."""


def compiled(
    rule: int,
    where: Iterable[Pattern],
    then: Iterable[Pattern],
    codes: Codes,
    distinct: tuple[str, str] | None = None,
    expressions: tuple[Expression, ...] = (),
    prologue: str = "",
) -> Join:
    """Return a rule as a join."""
    body, head = (
        tuple(Atom(*(_coded(slot, codes) for slot in pattern)) for pattern in part)
        for part in (where, then)
    )
    return Join(rule, body, head, distinct, expressions, prologue)


def solve(
    facts: Facts,
    join: Join,
    keep: frozenset[str],
    start: Rows = ONE,
    fresh: int = -1,
) -> Iterator[Rows]:
    """Yield bindings under which the premises hold, the columns of `keep` in them.

    The same binding may come more than once. With `fresh`, the premise of that number is matched
    with the triples of the latest round alone.
    """
    atoms = [(atom, index == fresh) for index, atom in enumerate(join.body)]
    yield from _Solver(facts, join, keep).run(start, atoms, list(join.expressions))


class _Solver:
    def __init__(self, facts: Facts, join: Join, keep: frozenset[str]) -> None:
        self._facts = facts
        self._join = join
        self._keep = keep

    def run(
        self, rows: Rows, atoms: list[tuple[Atom, bool]], expressions: list[Expression]
    ) -> Iterator[Rows]:
        """Yield solutions of the remaining premises, from the cheapest on."""
        while rows.count:
            rows, expressions = self._evaluated(rows, expressions)
            if not rows.count or not atoms:
                break
            index = self._cheapest(rows, atoms)
            atom, fresh = atoms[index]
            rest = [*atoms[:index], *atoms[index + 1 :]]
            keep = self._needed(rest, expressions)
            predicate = rows.value(atom.predicate)
            if isinstance(predicate, int):
                rows = self._joined(rows, atom, self._facts.same(predicate), keep, fresh=fresh)
                atoms = rest
                continue
            for code, part in self._by_predicate(rows, atom, predicate, fresh=fresh):
                yield from self.run(
                    self._joined(part, atom, code, keep, fresh=fresh), rest, expressions
                )
            return
        if rows.count:
            yield self._without_equal(rows)

    def _by_predicate(
        self, rows: Rows, atom: Atom, predicate: Column | None, *, fresh: bool
    ) -> Iterator[tuple[int, Rows]]:
        """Yield the rows in groups of one predicate each, that variable fixed."""
        assert isinstance(atom.predicate, str), "a constant is no column"
        known = self._facts.predicates(fresh=fresh)
        if predicate is None:
            for code in known:
                yield code, rows.fixed(atom.predicate, code)
            return
        assert not isinstance(predicate, int), "a single code is joined as it is"
        with_triples = set(known)
        keep = frozenset(rows.columns)
        for code in unique(predicate).tolist():
            if code in with_triples:
                part = rows.taken(predicate == code, keep)
                yield code, part.fixed(atom.predicate, code)

    def _needed(
        self, atoms: Iterable[tuple[Atom, bool]], expressions: Iterable[Expression]
    ) -> frozenset[str]:
        return self._keep.union(
            self._join.distinct or (),
            *(atom.variables for atom, _ in atoms),
            *({*e.variables, e.binds} for e in expressions),
        )

    def _cheapest(self, rows: Rows, atoms: Sequence[tuple[Atom, bool]]) -> int:
        if len(atoms) == 1:
            return 0
        sizes = [self._size(rows, atom, fresh=fresh) for atom, fresh in atoms]
        return sizes.index(min(sizes))

    def _size(self, rows: Rows, atom: Atom, *, fresh: bool) -> int:
        """Return about how many rows joining this premise next would give or look at."""
        predicate = rows.value(atom.predicate)
        if predicate is None:
            return 1 << 62
        if not isinstance(predicate, int):
            tables = [self._facts.table(code) for code in unique(predicate).tolist()]
        else:
            tables = [self._facts.table(self._facts.same(predicate))]
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
            found = contains(keys, np.broadcast_to(pack(subject, value), rows.count))
            return rows.taken(found, keep)
        if subject is None and value is None:
            keys = table.column(SUBJECT, fresh=fresh)
            subjects, values = keys >> WIDTH, keys & MASK
            if atom.subject == atom.object:
                subjects = values = subjects[subjects == values]
            return _crossed(rows, {atom.subject: subjects, atom.object: values}, keep)
        side, bound, free = (
            (SUBJECT, subject, atom.object) if value is None else (OBJECT, value, atom.subject)
        )
        keys = table.column(side, fresh=fresh)
        if isinstance(bound, int):
            return _crossed(rows, {free: slice_of(keys, bound)}, keep)
        assert bound is not None, "one side is bound here"
        places, found_codes = matches(keys, bound)
        return _with(rows.taken(places, keep), {free: found_codes}, keep)

    def _evaluated(
        self, rows: Rows, expressions: list[Expression]
    ) -> tuple[Rows, list[Expression]]:
        """Return the rows after each FILTER and BIND whose variables are bound by now."""
        waiting = []
        for expression in expressions:
            if not all(name in rows.columns for name in expression.variables):
                waiting.append(expression)
            elif rows.count:
                rows = _evaluate(self._facts, rows, expression, self._join.prologue)
        return rows, waiting

    def _without_equal(self, rows: Rows) -> Rows:
        if self._join.distinct is None:
            return rows
        one, other = (rows.column(name) for name in self._join.distinct)
        return rows.taken(one != other, self._keep)


def _single(rows: Rows) -> Rows:
    """Return the rows with their columns as single codes, if there is one row."""
    if rows.count != 1:
        return rows
    columns = {n: c if isinstance(c, int) else int(c[0]) for n, c in rows.columns.items()}
    return Rows(1, columns)


def _crossed(rows: Rows, columns: Mapping[Slot, Array], keep: frozenset[str]) -> Rows:
    """Return each row with each of the new ones."""
    added = len(next(iter(columns.values())))
    if rows.count == 1:
        kept: dict[str, Column] = {n: c for n, c in rows.columns.items() if n in keep}
        return _with(Rows(added, kept), columns, keep)
    again = np.repeat(np.arange(rows.count), added)
    tiled = {name: np.tile(column, rows.count) for name, column in columns.items()}
    return _with(rows.taken(again, keep), tiled, keep)


def _with(rows: Rows, columns: Mapping[Slot, Array], keep: frozenset[str]) -> Rows:
    new = {name: c for name, c in columns.items() if isinstance(name, str) and name in keep}
    return _single(Rows(rows.count, {**rows.columns, **new}))


def _coded(slot: ox.Variable | ox.NamedNode | ox.BlankNode | ox.Literal, codes: Codes) -> Slot:
    return slot.value if isinstance(slot, ox.Variable) else codes.code(slot)


_INEQUALITY: Callable[[Expression], bool] = lambda e: (  # noqa: E731 one line, used once
    len(e.variables) == 2 and e.text.replace(" ", "")
    in {f"?{a}!=?{b}" for a, b in (e.variables, e.variables[::-1])}
)  # fmt: skip


def _evaluate(facts: Facts, rows: Rows, expression: Expression, prologue: str) -> Rows:
    """Return the rows that a FILTER keeps, or all with the column of a BIND.

    The engine of the endpoint evaluates, so a rule means here what it means on the query page.
    Terms that are the same by owl:sameAs are different words for an expression: where it reads
    such a term, it is tried with each.
    """
    keep = frozenset(rows.columns)
    names = expression.variables
    columns = [rows.column(name) for name in names]
    terms = facts.codes.terms
    stacked = np.stack(columns, axis=1) if names else np.zeros((rows.count, 0), dtype=np.int64)
    distinct, where = np.unique(stacked, axis=0, return_inverse=True)
    where = where.reshape(-1)
    if _INEQUALITY(expression) and not expression.binds:
        verdicts = _differ(facts, distinct)
        if verdicts is not None:
            return rows.taken(verdicts[where], keep)
    tried = [
        (row, combination)
        for row, codes in enumerate(distinct.tolist())
        for combination in _combinations([facts.members(code) for code in codes])
    ]
    results: dict[int, list[ox.NamedNode | ox.BlankNode | ox.Literal]] = {}
    for row, value in _values(expression, tried, terms, prologue):
        results.setdefault(row, []).append(value)
    if not expression.binds:
        passed = np.zeros(len(distinct), dtype=np.bool_)
        passed[[row for row, values in results.items() if _TRUE in values]] = True
        return rows.taken(passed[where], keep)
    found = [
        (row, facts.same(facts.codes.code(value)))
        for row, values in sorted(results.items())
        for value in dict.fromkeys(values)
    ]
    table = np.array(sorted(set(found)), dtype=np.int64).reshape(-1, 2)
    order, bound = matches(np.sort(pack(table[:, 0], table[:, 1])), where)
    known = rows.value(expression.binds)
    extended = rows.taken(order, keep)
    if known is None:
        return _with(extended, {expression.binds: bound}, keep | {expression.binds})
    return extended.taken(extended.column(expression.binds) == bound, keep)


def _differ(facts: Facts, distinct: Array) -> NDArray[np.bool_] | None:
    """Return for pairs of codes whether `!=` holds; None if it needs values of literals."""
    verdicts = np.asarray(distinct[:, 0] != distinct[:, 1], dtype=np.bool_)
    terms = facts.codes.terms
    for row in range(len(distinct)):
        one, other = distinct[row].tolist()
        if isinstance(terms[one], ox.Literal) or isinstance(terms[other], ox.Literal):
            return None
        if one == other and len(facts.members(one)) > 1:
            verdicts[row] = True  # two of its names differ
    return verdicts


def _combinations(members: Sequence[Sequence[int]]) -> Iterator[tuple[int, ...]]:
    if not members:
        yield ()
        return
    for code in members[0]:
        for rest in _combinations(members[1:]):
            yield (code, *rest)


def _values(
    expression: Expression,
    tried: Sequence[tuple[int, tuple[int, ...]]],
    terms: Sequence[ox.NamedNode | ox.BlankNode | ox.Literal],
    prologue: str,
) -> Iterator[tuple[int, ox.NamedNode | ox.BlankNode | ox.Literal]]:
    """Yield row and value wherever the expression has one; a blank node is unbound to it.

    The value of a FILTER is its effective boolean value.
    """
    store = ox.Store()
    value = expression.text if expression.binds else f"IF(({expression.text}), true, false)"
    head = " ".join(f"?{name}" for name in expression.variables)
    for start in range(0, len(tried), _CHUNK):
        table = "\n".join(
            f"({row} {' '.join(_in_values(terms[code]) for code in codes)})"
            for row, codes in tried[start : start + _CHUNK]
        )
        answer = store.query(
            f"{prologue}SELECT ?_row ?_value {{ VALUES (?_row {head}) {{ {table} }} "
            f"BIND(({value}) AS ?_value) }}"
        )
        assert isinstance(answer, ox.QuerySolutions), "it is a SELECT"
        for row, found in answer:
            if found is not None:
                assert isinstance(row, ox.Literal), "a number of VALUES"
                assert not isinstance(found, ox.Triple), "no expression of SPARQL 1.1 gives one"
                yield int(row.value), found


def _in_values(term: ox.NamedNode | ox.BlankNode | ox.Literal) -> str:
    return "UNDEF" if isinstance(term, ox.BlankNode) else str(term)
