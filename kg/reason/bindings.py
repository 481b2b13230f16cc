"""Bindings of the variables of a rule, and what a join reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kg.reason.codes import WIDTH, Array, Codes, Term
from kg.reason.columns import Table, pack

Column = Array | int
Slot = int | str  # the code of a term, or the name of a variable
# Before the name of a variable: the column of the names that an expression read it by. No variable
# of SPARQL begins so.
NAMED = "="


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

    def name(self, slot: Slot) -> Column | None:
        """Return the same under the name by which an expression read it, if one did."""
        if isinstance(slot, str):
            return self.columns.get(NAMED + slot, self.columns.get(slot))
        return slot

    def column(self, slot: Slot) -> Array:
        """Return `name` as a whole column."""
        value = self.name(slot)
        assert value is not None, "asked for where the variable is bound"
        return np.full(self.count, value, dtype=np.int64) if isinstance(value, int) else value

    def packed(self, subject: Column, value: Column) -> Array:
        """Return the keys of what two slots stand for, one for each row."""
        if isinstance(subject, int) and isinstance(value, int):
            return np.full(self.count, subject << WIDTH | value, dtype=np.int64)
        return pack(subject, value)

    def taken(self, chosen: "Array | NDArray[np.bool_]", keep: frozenset[str]) -> "Rows":
        """Return some rows, with the columns of the variables to keep."""
        columns: dict[str, Column] = {
            name: column if isinstance(column, int) else column[chosen]
            for name, column in self.columns.items()
            if name.lstrip(NAMED) in keep
        }
        count = int(chosen.sum()) if chosen.dtype == np.bool_ else len(chosen)
        return single(Rows(count, columns))

    def fixed(self, name: str, code: int) -> "Rows":
        """Return the rows with a variable that is the same in all."""
        return Rows(self.count, {**self.columns, name: code})


ONE = Rows(1, {})


def single(rows: Rows) -> Rows:
    """Return the rows with their columns as single codes, if there is one row."""
    if rows.count != 1:
        return rows
    columns = {n: c if isinstance(c, int) else int(c[0]) for n, c in rows.columns.items()}
    return Rows(1, columns)


class Facts(Protocol):
    """What a join reads."""

    @property
    def codes(self) -> Codes:
        """Return the codes of all terms."""

    def table(self, predicate: int) -> Table | None:
        """Return the table of a predicate, None if it has none."""

    def predicates(self, *, fresh: bool) -> list[int]:
        """Return the predicates with triples, or with fresh ones, in the order of their codes."""

    def is_predicate(self, code: int, *, fresh: bool) -> bool:
        """Return whether a code is among `predicates`."""

    def same(self, code: int) -> int:
        """Return the representative of a term."""

    @property
    def classes(self) -> Mapping[int, Sequence[int]]:
        """Return the names of each representative that has several."""

    def made(self, term: Term, sources: Iterable[int]) -> int:
        """Return the code of a term that a BIND makes from others."""
