"""What cannot all hold: the rules that conclude false; all in codes."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyoxigraph as ox

from kg.reason import datatypes
from kg.reason.codes import MASK, WIDTH, Coded
from kg.reason.columns import OBJECT, slice_of
from kg.reason.history import History, instances
from kg.reason.plan import Join, solve
from kg.reason.rounds import SAME, Rounds
from kg.terms import PREFIXES

_TYPE = ox.NamedNode(PREFIXES["rdf"] + "type")
_DIFFERENT = ox.NamedNode(PREFIXES["owl"] + "differentFrom")


class Clash(NamedTuple):
    """A firing of a rule that concludes false.

    Attributes:
        rule: the W3C's name, or the ordinal of the rule.
        premises: what cannot all hold.
        detail: more in words, or empty.
    """

    rule: str | int
    premises: tuple[Coded, ...]
    detail: str = ""


def clashes(rounds: Rounds, history: History) -> Iterator[Clash]:
    """Yield what cannot all hold; the same premises may come more than once."""
    yield from _different_and_the_same(rounds, history)
    for join in rounds.joins:
        if not join.head:
            yield from _broken(rounds, history, join)
    yield from _ill_typed(rounds, history)
    yield from _of_no_such_type(rounds)
    yield from _of_different_values(rounds)


def _broken(rounds: Rounds, history: History, join: Join) -> Iterator[Clash]:
    for rows in solve(rounds, join, join.variables):
        for body in zip(*(instances(rows, atom) for atom in join.body), strict=True):
            premises = history.spelled(body)
            assert premises is not None, "the premises of a firing hold"
            yield Clash(join.rule, premises)


def _different_and_the_same(rounds: Rounds, history: History) -> Iterator[Clash]:
    """Yield eq-diff1 under the names that were said to be different.

    Representatives would say it of a term and itself.
    """
    code = rounds.codes.code
    same, different = code(SAME), code(_DIFFERENT)
    for name in rounds.classes.get(rounds.same(different), (different,)):
        table = history.table(name)
        for key in [] if table is None else table.keys.tolist():
            one, other = key >> WIDTH, key & MASK
            said, equal = (one, different, other), (one, same, other)
            if one == other:
                yield Clash("eq-diff1", (said,))
            elif history.rank(equal) is not None:
                yield Clash("eq-diff1", (equal, said))


def _ill_typed(rounds: Rounds, history: History) -> Iterator[Clash]:
    """Yield literals that have no value, each with one triple that it stands in (dt-not-type)."""
    for code, term in enumerate(rounds.codes.terms):
        if isinstance(term, ox.Literal) and datatypes.is_ill_typed(term):
            detail = f"“{term.value}” is no {_short(term.datatype)}"
            for predicate in history.predicates(fresh=False):
                table = history.table(predicate)
                subjects = [] if table is None else slice_of(table.column(OBJECT), code).tolist()
                if subjects:
                    yield Clash("dt-not-type", ((subjects[0], predicate, code),), detail)
                    break


def _of_no_such_type(rounds: Rounds) -> Iterator[Clash]:
    """Yield literals concluded to be of a datatype that does not have them (dt-not-type)."""
    type_ = rounds.codes.code(_TYPE)
    table = rounds.table(rounds.same(type_))
    for datatype in () if table is None else datatypes.DATATYPES:
        code = rounds.codes.known(datatype)
        if table is None or code is None:
            continue
        for literal in slice_of(table.column(OBJECT), rounds.same(code)).tolist():
            term = rounds.codes.terms[literal]
            if isinstance(term, ox.Literal) and datatypes.contains(datatype, term) is False:
                yield Clash(
                    "dt-not-type", ((literal, type_, code),), f"{term} is no {_short(datatype)}"
                )


def _of_different_values(rounds: Rounds) -> Iterator[Clash]:
    """Yield literals of different values that are concluded to be the same (dt-diff)."""
    same = rounds.codes.code(SAME)
    for one, other in sorted(_equal_pairs(rounds)):
        term, other_term = rounds.codes.terms[one], rounds.codes.terms[other]
        if isinstance(term, ox.Literal) and isinstance(other_term, ox.Literal):
            value, other_value = map(datatypes.value_of, (term, other_term))
            if value is not None and other_value is not None and value != other_value:
                detail = f"{term} and {other_term} would be the same value"
                yield Clash("dt-diff", ((one, same, other),), detail)


def _equal_pairs(rounds: Rounds) -> set[tuple[int, int]]:
    """Return the first literal of each class with the others, and pairs said to be the same."""
    pairs = set()
    for names in rounds.classes.values():
        literals = [n for n in names if isinstance(rounds.codes.terms[n], ox.Literal)]
        pairs |= {(literals[0], other) for other in literals[1:]}
    table = rounds.table(rounds.same(rounds.codes.code(SAME)))
    keys = np.empty(0, dtype=np.int64) if table is None else table.keys
    pairs |= {(key >> WIDTH, key & MASK) for key in keys.tolist() if key >> WIDTH < key & MASK}
    return pairs


def _short(datatype: ox.NamedNode) -> str:
    return datatype.value.rpartition("#")[2]
