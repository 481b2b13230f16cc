"""FILTER and BIND over bindings.

The engine of the endpoint evaluates them, so that a rule means here what it means on the query
page. Terms that are the same by owl:sameAs are different words for an expression: where it reads
such a term, it is tried with each of its names, and what the rule reads and concludes from then on
is said of the name that was tried.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, product

import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray

from kg.errors import KgError
from kg.reason.bindings import NAMED, Column, Facts, Rows, single
from kg.reason.codes import MASK, WIDTH, Array, Term
from kg.reason.columns import matches, pack
from kg.rules import Expression
from kg.terms import XSD

_TRUE = ox.Literal("true", datatype=XSD.boolean)
# Two terms of a thousand names each can be read in a million ways; beyond that no answer comes in
# a time that anybody waits for.
_MOST_READINGS = 1_000_000


def evaluated(
    facts: Facts,
    rows: Rows,
    expression: Expression,
    later: frozenset[str],
    prologue: str,
    *,
    is_wanted: bool = False,
) -> Iterator[Rows]:
    """Yield the rows that a FILTER keeps; of a BIND those with a value, then those without.

    `later` are the variables that other expressions will read: only where there are such is a row
    kept under more than one name. With `is_wanted` a BIND must have the value that the rows have.

    Raises: KgError, if equal terms have too many names, or a BIND makes ever new terms.
    """
    bound = [name for name in expression.variables if name in rows.columns]
    distinct, where = _distinct([rows.column(name) for name in bound], rows.count)
    open_ = [bool(facts.classes) and NAMED + name not in rows.columns for name in bound]
    tried, origin = distinct, np.arange(len(distinct), dtype=np.int64)
    if any(open_):
        tried, origin = _under_every_name(facts.classes, distinct, open_, expression, later)
    values = _values(expression, bound, tried, facts.codes.terms, prologue)
    shared = [name in later for name in bound]
    if not expression.binds:
        passed = np.array([value == _TRUE for value in values], dtype=np.bool_)
        chosen = _one_of_alike(origin, tried[:, shared], passed)
        yield _extended(facts, rows, where, origin, bound, tried, chosen)
        return
    made = np.array(
        [
            -1 if value is None else facts.made(value, row)
            for value, row in zip(values, tried.tolist(), strict=True)
        ],
        dtype=np.int64,
    )  # fmt: skip
    alike = np.column_stack([tried[:, shared], made])
    chosen = _one_of_alike(origin, alike, made >= 0)
    with_value = _extended(
        facts, rows, where, origin, bound, tried, chosen, expression.binds, made
    )
    yield _agreeing(facts, rows, with_value, expression.binds)
    if not is_wanted:
        chosen = _one_of_alike(origin, alike, made < 0)
        yield _extended(facts, rows, where, origin, bound, tried, chosen)


def _distinct(columns: Sequence[Array], count: int) -> tuple[Array, Array]:
    """Return the different rows of some columns, and for each row its place among them."""
    if not columns:
        return np.zeros((1, 0), dtype=np.int64), np.zeros(count, dtype=np.int64)
    if len(columns) == 1:
        codes, where = np.unique(columns[0], return_inverse=True)
        return codes.reshape(-1, 1), where.reshape(-1)
    if len(columns) == 2:
        keys, where = np.unique(pack(columns[0], columns[1]), return_inverse=True)
        return np.column_stack([keys >> WIDTH, keys & MASK]), where.reshape(-1)
    rows, where = np.unique(np.column_stack(columns), axis=0, return_inverse=True)
    return rows, where.reshape(-1)


def _under_every_name(
    classes: Mapping[int, Sequence[int]],
    distinct: Array,
    open_: Sequence[bool],
    expression: Expression,
    later: frozenset[str],
) -> tuple[Array, Array]:
    """Return the rows with every combination of names, and for each the row that it comes from."""
    tried: list[tuple[int, ...]] = []
    origin: list[int] = []
    one_is_enough = _is_inequality(expression) and not later.intersection(expression.variables)
    for row, codes in enumerate(distinct.tolist()):
        names = [
            classes.get(code, (code,)) if is_open else (code,)
            for code, is_open in zip(codes, open_, strict=True)
        ]
        readings: Iterable[tuple[int, ...]] = product(*names)
        if one_is_enough:
            differing = (reading for reading in readings if reading[0] != reading[1])
            readings = list(islice(differing, 1)) or [tuple(codes)]
        for reading in readings:
            tried.append(reading)
            origin.append(row)
            if len(tried) > _MOST_READINGS:
                raise KgError(
                    f"“{expression.text}” could be read in more than {_MOST_READINGS:,} ways, so "
                    "many names have the terms that are the same",
                    hint="compare something that equal terms share",
                )
    return (
        np.array(tried, dtype=np.int64).reshape(-1, len(open_)),
        np.array(origin, dtype=np.int64),
    )


def _one_of_alike(origin: Array, alike: Array, among: NDArray[np.bool_]) -> Array:
    """Return the places of the first row of each origin and each of what must be told apart."""
    places = np.flatnonzero(among)
    if len(origin) == 0 or origin[-1] == len(origin) - 1:
        return places  # each row comes from another
    told = np.column_stack([origin[places], alike[places]])
    _, first = np.unique(told, axis=0, return_index=True)
    return places[np.sort(first)]


def _extended(
    facts: Facts,
    rows: Rows,
    where: Array,
    origin: Array,
    bound: Sequence[str],
    tried: Array,
    chosen: Array,
    binds: str = "",
    made: Array | None = None,
) -> Rows:
    """Return the rows as they were tried, for those that were chosen, with what a BIND made."""
    keys = np.sort(pack(origin[chosen], np.arange(len(chosen))))
    kept, picked = matches(keys, where)
    columns: dict[str, Column] = {
        name: column if isinstance(column, int) else column[kept]
        for name, column in rows.columns.items()
    }
    if facts.classes:
        columns |= {NAMED + n: tried[chosen[picked], place] for place, n in enumerate(bound)}
    if made is not None:
        columns[NAMED + binds] = made[chosen[picked]]
    return single(Rows(len(kept), columns))


def _agreeing(facts: Facts, before: Rows, rows: Rows, binds: str) -> Rows:
    """Return the rows with the variable of a BIND; those that agree where a pattern binds it."""
    names, where = np.unique(rows.column(binds), return_inverse=True)
    same = np.array([facts.same(code) for code in names.tolist()], dtype=np.int64)[
        where.reshape(-1)
    ]
    known = before.value(binds)
    if known is None:
        return single(Rows(rows.count, {**rows.columns, binds: same}))
    keep = frozenset(name.lstrip(NAMED) for name in rows.columns)
    return rows.taken(rows.column(binds) == same, keep)


def _is_inequality(expression: Expression) -> bool:
    names = expression.variables
    return (
        not expression.binds
        and len(names) == 2
        and expression.text.replace(" ", "") in {f"?{a}!=?{b}" for a, b in (names, names[::-1])}
    )


def _values(
    expression: Expression,
    bound: Sequence[str],
    tried: Array,
    terms: Sequence[Term],
    prologue: str,
) -> list[Term | None]:
    """Return the value of an expression for each row, None where it has none.

    The value of a FILTER is its effective boolean value.
    """
    if _is_inequality(expression) and len(bound) == 2 and not _has_literal(tried, terms):
        return [_TRUE if differ else None for differ in (tried[:, 0] != tried[:, 1]).tolist()]
    store = ox.Store()
    slots = [ox.NamedNode(f"urn:x-slot:{place}") for place in range(len(bound))]
    store.bulk_extend(
        ox.Quad(ox.NamedNode(f"urn:x-row:{row}"), slot, terms[code])
        for row, codes in enumerate(tried.tolist())
        for slot, code in zip(slots, codes, strict=True)
    )
    value = expression.text if expression.binds else f"IF(({expression.text}), true, false)"
    row = "row" + "".join(expression.variables)  # longer than any of them, so it is none
    patterns = " ".join(
        f"?{row} {slot} ?{name} ." for slot, name in zip(slots, bound, strict=True)
    )
    answer = store.query(
        f"{prologue}SELECT ?{row} ?{row}value {{ {patterns} BIND(({value}) AS ?{row}value) }}"
    )
    assert isinstance(answer, ox.QuerySolutions), "it is a SELECT"
    values: list[Term | None] = [None] * len(tried)
    for solution in answer:
        subject, found = solution[0], solution[1]
        place = int(subject.value.rpartition(":")[2]) if isinstance(subject, ox.NamedNode) else 0
        assert not isinstance(found, ox.Triple), "no expression of SPARQL 1.1 gives one"
        values[place] = found
    return values


def _has_literal(tried: Array, terms: Sequence[Term]) -> bool:
    return any(isinstance(terms[code], ox.Literal) for code in np.unique(tried).tolist())
