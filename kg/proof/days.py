"""Steps of time, replayed: the rules `bounds/…` and `allen/…`, by definitions of their own.

kg.bounds and kg.allen are not asked: what they work out forwards is tested here. Days are counted,
1 for the first of January of the year 1, in a calendar without an end on either side.

A constraint says of two days that one, moved by a duration where there is one, is not after the
other. Of two days addition never puts the earlier one after the later, so where a day agrees with
the premise and the next one on its open side does not, no day beyond does: that day is the bound.

Two intervals lie in one of thirteen ways, each an order of their four ends. A way is possible if
ends in this order can be found, and a relation is certain if no way outside it is possible.
"""

import re
from calendar import monthrange
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import product
from math import inf
from operator import gt, lt

import pyoxigraph as ox

from kg.proof.derivation import Derivation
from kg.terms import CAS, PREFIXES, RDF, XSD

_BOUNDS, _ALLEN = "bounds/", "allen/"
_NUMBER = r"(\d{1,9})"  # more than any duration needs; of thousands int() would raise
_LENGTHS = {
    ox.NamedNode(PREFIXES["xsd"] + name): re.compile(pattern, re.ASCII)
    for name, pattern in (
        ("yearMonthDuration", rf"P(?=\d)(?:{_NUMBER}Y)?(?:{_NUMBER}M)?()"),
        ("dayTimeDuration", rf"()()P{_NUMBER}D"),
    )
}
_DATE = XSD.date
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_CYCLE = 146_097  # days in 400 years, after which the calendar is the same again
_CYCLE_MONTHS = 4_800

# Which triple says it; then which day of its subject is not after which day: of its object, or of
# its subject where the object is no occurrence. The first needs no triple, it holds of everything.
_ORDERS: dict[str, tuple[ox.NamedNode | None, str, str]] = {
    "start-before-end": (None, "Start", "End"),
    "momentary": (RDF.type, "End", "Start"),
    "before": (CAS.before, "End", "Start"),
    "began-before": (CAS.beganBefore, "Start", "Start"),
    "ended-before": (CAS.endedBefore, "End", "End"),
    "began-before-end-of": (CAS.beganBeforeEndOf, "Start", "End"),
    "shortest-duration": (CAS.shortestDuration, "Start", "End"),
    "longest-duration": (CAS.longestDuration, "End", "Start"),
}
_INTERVAL_BOUNDS = {
    "has-interval-earliest-start": CAS.earliestStart,
    "has-interval-latest-start": CAS.latestStart,
    "has-interval-earliest-end": CAS.earliestEnd,
    "has-interval-latest-end": CAS.latestEnd,
}
_NARROWER = {
    CAS.earliestStart: gt,
    CAS.latestStart: lt,
    CAS.earliestEnd: gt,
    CAS.latestEnd: lt,
}

# The first interval goes from s to before e, the second from t to before f; letters side by side
# are one day. These are all orders of four ends in which s comes before e and t before f.
_ORDERS_OF_ENDS = {
    "Before": "s<e<t<f",
    "After": "t<f<s<e",
    "Meets": "s<et<f",
    "MetBy": "t<fs<e",
    "Overlaps": "s<t<e<f",
    "OverlappedBy": "t<s<f<e",
    "Starts": "st<e<f",
    "StartedBy": "st<f<e",
    "During": "t<s<e<f",
    "Contains": "s<t<f<e",
    "Finishes": "t<s<ef",
    "FinishedBy": "s<t<ef",
    "Equals": "st<ef",
}
_WAYS = {name: order.split("<") for name, order in _ORDERS_OF_ENDS.items()}
_UNIONS = {"Precedes": {"Before", "Meets"}, "Follows": {"After", "MetBy"}}
_RELATIONS = {
    **{name: {name} for name in _WAYS},
    **_UNIONS,
    "SharesDayWith": set(_WAYS).difference(*_UNIONS.values()),
}

RULES = (
    *(f"{_BOUNDS}{name}" for name in _INTERVAL_BOUNDS),
    *(f"{_BOUNDS}{name}-{side}" for name in _ORDERS for side in ("earliest", "latest")),
    *(f"{_ALLEN}{name}" for name in _RELATIONS),
)


def uses(step: Derivation) -> Iterator[set[ox.Triple]]:
    """Yield the premises of each way in which a step is right; none if it does not follow.

    Of an Allen relation an absent bound is open, and of several values of a bound the narrowest
    holds. One between a thing and itself does not follow: its days are not chosen twice.

    Raises: KeyError, for a rule that is not in `RULES`.

    >>> from kg.terms import read_triple
    >>> told = read_triple("id:a cas:before id:b")
    >>> known = read_triple("id:b cas:latestStart '1943-07-25'^^xsd:date")
    >>> follows = read_triple("id:a cas:latestEnd '1943-07-25'^^xsd:date")
    >>> list(uses(Derivation(follows, "bounds/before-latest", (told, known)))) == [{told, known}]
    True
    """
    name = step.rule.removeprefix(_BOUNDS)
    if step.rule.startswith(_ALLEN):
        return _of_allen(step, step.rule.removeprefix(_ALLEN))
    if name in _INTERVAL_BOUNDS:
        return _of_interval(step, _INTERVAL_BOUNDS[name])
    return _of_order(step, *name.rpartition("-")[::2])


def ruled_out(steps: Iterable[Derivation], known: Iterable[ox.Triple]) -> Iterator[Derivation]:
    """Yield the steps to a possible Allen relation that is not so by all bounds that are known.

    What is possible rests on what is not known: alone, such a step stands with too few premises.
    """
    doubtful = [step for step in steps if step.rule.startswith(_ALLEN) and _is_possible(step)]
    bounds: dict[object, list[ox.Triple]] = {
        thing: []
        for step in doubtful
        for thing in (step.conclusion.subject, step.conclusion.object)
    }
    if bounds:
        for triple in known:
            if triple.subject in bounds and triple.predicate in _NARROWER:
                bounds[triple.subject].append(triple)
    for step in doubtful:
        x, y = step.conclusion.subject, step.conclusion.object
        whole = Derivation(step.conclusion, step.rule, (*bounds[x], *bounds[y]))
        if _follows(step) and not _follows(whole):
            yield step


def _follows(step: Derivation) -> bool:
    return next(uses(step), None) is not None


# Bounds


@dataclass(frozen=True, slots=True)
class _Length:
    months: int = 0
    days: int = 0


def _of_interval(step: Derivation, bound: ox.NamedNode) -> Iterator[set[ox.Triple]]:
    x, predicate, concluded = step.conclusion
    for has, states in product(step.premises, repeat=2):
        if (
            (has.subject, has.predicate) == (x, CAS.hasInterval)
            and states.subject == has.object
            and predicate == states.predicate == bound
            and _day(concluded) is not None
            and _day(concluded) == _day(states.object)
        ):
            yield {has, states}


def _of_order(step: Derivation, kind: str, side: str) -> Iterator[set[ox.Triple]]:
    _, first, second = _ORDERS[kind]
    for says, x, y, length in _orders(kind, step.premises):
        ends = [(x, _bound(side, first)), (y, _bound(side, second))]
        for premise in step.premises:
            pair = [premise, step.conclusion]
            if side == "latest":
                pair.reverse()
            left, right = (_day(triple.object) for triple in pair)
            if left is None or right is None or ends != [(t.subject, t.predicate) for t in pair]:
                continue
            beyond = (left, right - 1) if side == "earliest" else (left + 1, right)
            if _agree(kind, length, left, right) and not _agree(kind, length, *beyond):
                yield {*says, premise}


def _orders(
    kind: str, premises: Sequence[ox.Triple]
) -> Iterator[tuple[set[ox.Triple], object, object, _Length]]:
    """Yield what says a constraint, the two whose days it orders, and how long it is."""
    predicate, _, _ = _ORDERS[kind]
    for premise in premises:
        x, p, told = premise
        if predicate is None:
            yield set(), x, x, _Length()
        elif p != predicate:
            continue
        elif kind == "momentary":
            if told == CAS.Momentary:
                yield {premise}, x, x, _Length()
        elif kind in {"shortest-duration", "longest-duration"}:
            if length := _length(told):
                yield {premise}, x, x, length
        else:
            yield {premise}, x, told, _Length()


def _agree(kind: str, length: _Length, left: int, right: int) -> bool:
    """Return whether a constraint allows its two days."""
    if kind == "longest-duration":
        return left <= _later(right, length)
    return _later(left, length) <= right


def _later(day: int, length: _Length) -> int:
    """Return the same day of the month so much later, or its last day; then so many days on."""
    cycles, day = divmod(day, _CYCLE)
    more, months = divmod(length.months, _CYCLE_MONTHS)
    start = date.fromordinal(day + _CYCLE)  # one cycle on, where no day lies outside the calendar
    year, month = divmod(12 * start.year + start.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    there = date(year, month + 1, min(start.day, last)).toordinal() - _CYCLE
    return there + (cycles + more) * _CYCLE + length.days


def _day(term: object) -> int | None:
    if not isinstance(term, ox.Literal) or term.datatype != _DATE:
        return None
    try:
        return date.fromisoformat(term.value).toordinal() if _DAY.fullmatch(term.value) else None
    except ValueError:  # no day of the calendar
        return None


def _length(term: object) -> _Length | None:
    if not isinstance(term, ox.Literal) or term.datatype not in _LENGTHS:
        return None
    found = _LENGTHS[term.datatype].fullmatch(term.value)
    if found is None:
        return None
    years, months, days = (int(number or 0) for number in found.groups())
    return _Length(12 * years + months, days)


@cache
def _bound(side: str, day: str) -> ox.NamedNode:
    return ox.NamedNode(f"{PREFIXES['cas']}{side}{day}")


# Allen's relations


def _of_allen(step: Derivation, relation: str) -> Iterator[set[ox.Triple]]:
    """Yield the bounds in which a relation is certain, or possible, as the step concludes."""
    x, predicate, y = step.conclusion
    local = predicate.value.removeprefix(PREFIXES["cas"])
    ways = _RELATIONS[relation]
    if x == y or local not in {f"certainly{relation}", f"possibly{relation}"}:
        return
    known = _narrowest(step.premises, {x, y})
    least: dict[str, float] = {}
    most: dict[str, float] = {}
    for thing, start, end in ((x, "s", "e"), (y, "t", "f")):
        for name, of, after in ((start, "Start", 0), (end, "End", 1)):  # an end is a day after
            earliest, latest = (thing, _bound("earliest", of)), (thing, _bound("latest", of))
            least[name] = known[earliest][0] + after if earliest in known else -inf
            most[name] = known[latest][0] + after if latest in known else inf
    if not any(_is_found(way, least, most) for way in ways):
        return
    others = _WAYS.keys() - ways
    if _is_possible(step) or not any(_is_found(way, least, most) for way in others):
        yield {premise for _, premise in known.values()}


def _is_possible(step: Derivation) -> bool:
    """Return whether a step concludes that a relation may hold, not that it certainly does."""
    return step.conclusion.predicate.value.startswith(f"{PREFIXES['cas']}possibly")


def _narrowest(
    premises: Iterable[ox.Triple], things: Collection[object]
) -> dict[tuple[object, ox.NamedNode], tuple[int, ox.Triple]]:
    """Return for each bound of some things the narrowest day, and which premise states it."""
    found: dict[tuple[object, ox.NamedNode], tuple[int, ox.Triple]] = {}
    for premise in premises:
        thing, bound, literal = premise
        day = _day(literal)
        if thing not in things or bound not in _NARROWER or day is None:
            continue
        known = found.get((thing, bound))
        if known is None or _NARROWER[bound](day, known[0]):
            found[thing, bound] = day, premise
    return found


def _is_found(way: str, least: dict[str, float], most: dict[str, float]) -> bool:
    """Return whether days within bounds can be found in the order of a way.

    Each end is given the first day that is left, and no end can have an earlier one: if that is
    too late for one, any choice is. Where no bound keeps it, it is as early as need be.
    """
    day = -inf
    for ends in _WAYS[way]:
        day = max(day + 1, *(least[end] for end in ends))
        if any(day > most[end] for end in ends):
            return False
    return True
