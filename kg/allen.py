"""Allen's thirteen relations between two occurrences of which only vague days are known.

Each relation is certain (whatever days the bounds allow), possible (for some days) or neither.
Days are half-open in here: an end is the day after the last, so a single day has a length, and
one thing meets the next where the next begins on the morrow. Three more are unions: Precedes
(Before or Meets), its inverse Follows, and SharesDayWith (the other nine).
Source: https://doi.org/10.1145/182.358434 (Allen 1983), https://www.w3.org/TR/owl-time/
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kg.dates import Bounds

Strength = Literal["certain", "possible"]
Days = NDArray[np.int64]
Truths = NDArray[np.bool_]

OPEN = int(np.iinfo(np.int64).min)  # stands for an open bound in the arrays of `table`
_FAR = 1 << 40  # farther than any date (3,652,059 days), and room left to add to it

# Certain ones only: OWL-Time has no word for what is merely possible, and none for the unions.
OWL_TIME: Mapping[str, str] = {
    "Before": "intervalBefore",
    "After": "intervalAfter",
    "Meets": "intervalMeets",
    "MetBy": "intervalMetBy",
    "Overlaps": "intervalOverlaps",
    "OverlappedBy": "intervalOverlappedBy",
    "Starts": "intervalStarts",
    "StartedBy": "intervalStartedBy",
    "During": "intervalDuring",
    "Contains": "intervalContains",
    "Finishes": "intervalFinishes",
    "FinishedBy": "intervalFinishedBy",
    "Equals": "intervalEquals",
}


class _Box(NamedTuple):
    """The start lies in [a, b], the end in [c, d]: whole days, or arrays of them.

    Holds something (`a <= b and c <= d`) and is as tight as `start < end` makes it:
    each day in [a, b] is the start of some interval, each in [c, d] the end of one.
    """

    a: int | Days
    b: int | Days
    c: int | Days
    d: int | Days


_Formula = Callable[[_Box, _Box], bool | Truths]


class _Formulas(NamedTuple):
    certain: _Formula
    possible: _Formula


# Comparisons joined by & alone, so that the same line reads whole numbers and arrays.
# Certain: it holds whatever days are chosen. Possible: some days can be chosen, for which it is
# enough that no chain of comparisons leads back to its start; those that follow from the others,
# or from what a box is, are left out.
_FORMULAS: Mapping[str, _Formulas] = {
    "Before": _Formulas(
        lambda x, y: x.d < y.a,
        lambda x, y: x.c < y.b,
    ),
    "Meets": _Formulas(
        lambda x, y: (x.c == x.d) & (y.a == y.b) & (x.d == y.a),
        lambda x, y: (x.c <= y.b) & (y.a <= x.d),
    ),
    "Overlaps": _Formulas(
        lambda x, y: (x.b < y.a) & (y.b < x.c) & (x.d < y.c),
        lambda x, y: (
            (x.a < y.b)
            & (y.a < x.d)
            & (x.c < y.d)
            & (x.a + 1 < x.d)  # room for the start of y inside x
            & (y.a + 1 < y.d)  # room for the end of x inside y
            & (x.a + 2 < y.d)  # room for both between the start of x and the end of y
        ),
    ),
    "Starts": _Formulas(
        lambda x, y: (x.a == x.b) & (y.a == y.b) & (x.a == y.a) & (x.d < y.c),
        lambda x, y: (
            (x.a <= y.b)
            & (y.a <= x.b)
            & (x.c < y.d)
            & (y.a + 1 < y.d)  # room for the end of x inside y
        ),
    ),
    "During": _Formulas(
        lambda x, y: (y.b < x.a) & (x.d < y.c),
        lambda x, y: (
            (y.a < x.b) & (x.c < y.d) & (y.a + 2 < y.d)  # room for the whole of x inside y
        ),
    ),
    "Finishes": _Formulas(
        lambda x, y: (x.c == x.d) & (y.c == y.d) & (x.c == y.c) & (y.b < x.a),
        lambda x, y: (
            (x.c <= y.d)
            & (y.c <= x.d)
            & (y.a < x.b)
            & (y.a + 1 < y.d)  # room for the start of x inside y
        ),
    ),
    "Equals": _Formulas(
        lambda x, y: (
            (x.a == x.b) & (y.a == y.b) & (x.a == y.a) & (x.c == x.d) & (y.c == y.d) & (x.c == y.c)
        ),
        lambda x, y: (x.a <= y.b) & (y.a <= x.b) & (x.c <= y.d) & (y.c <= x.d),
    ),
    "Precedes": _Formulas(
        lambda x, y: x.d <= y.a,
        lambda x, y: x.c <= y.b,
    ),
    "SharesDayWith": _Formulas(
        lambda x, y: (x.b < y.c) & (y.b < x.c),
        lambda x, y: (x.a < y.d) & (y.a < x.d),
    ),
}
_INVERSES: Mapping[str, str] = {
    "After": "Before",
    "MetBy": "Meets",
    "OverlappedBy": "Overlaps",
    "StartedBy": "Starts",
    "Contains": "During",
    "FinishedBy": "Finishes",
    "Follows": "Precedes",
}
NAMES: tuple[str, ...] = (*OWL_TIME, "Precedes", "Follows", "SharesDayWith")


def relations(x: Bounds, y: Bounds) -> Iterator[tuple[str, Strength]]:
    """Yield each relation that x has or may have to y, in the order of `NAMES`.

    Of a relation that is certain, hence also possible, only "certain" is yielded.
    Bounds that no interval can have (a first day that must lie after the last) yield nothing.

    >>> from kg.dates import bounds_of
    >>> list(relations(bounds_of("1943-07-25"), bounds_of("1943-07-26")))
    [('Meets', 'certain'), ('Precedes', 'certain')]
    >>> list(relations(bounds_of("1943-09-03/1943-09-08"), bounds_of("1943-09-08/..")))
    [('Overlaps', 'possible'), ('FinishedBy', 'possible'), ('SharesDayWith', 'certain')]
    """
    boxes = _box(x), _box(y)
    if not all(map(_is_sound, boxes)):
        return
    for name in NAMES:
        if strength := _strength(name, *boxes):
            yield name, strength


def holds(name: str, x: Bounds, y: Bounds) -> Strength | Literal[""]:
    """Return how the relation of x to y holds: certain, possible or not at all.

    Raises: KeyError, for a name that is not in `NAMES`.

    >>> from kg.dates import bounds_of
    >>> holds("Precedes", bounds_of("1943-07"), bounds_of("1943-26"))
    'possible'
    """
    boxes = _box(x), _box(y)
    strength = _strength(name, *boxes)
    return strength if all(map(_is_sound, boxes)) else ""


def rows(bounds: Iterable[Bounds]) -> Days:
    """Return bounds as rows for `table`: the ordinals of the four days, or OPEN."""
    found = [
        [OPEN if day is None else day.toordinal() for day in _days(known)] for known in bounds
    ]
    return np.array(found, dtype=np.int64).reshape(-1, 4)


def table(x: Days, y: Days) -> dict[str, tuple[Truths, Truths]]:
    """Return for each relation where it is certain and where it is possible, pair by pair.

    Reads: x and y of shape (…, 4), the rows of `rows`; they are broadcast, so that
           `table(all[:, None], all[None])` relates all to all.

    >>> from kg.dates import bounds_of
    >>> july, summer = rows([bounds_of("1943-07"), bounds_of("1943-26")])
    >>> certain, possible = table(july[None], summer[None])["During"]
    >>> bool(certain[0]), bool(possible[0])
    (False, True)
    """
    left, right = _boxes(x), _boxes(y)
    sound = _is_sound(left) & _is_sound(right)
    found: dict[str, tuple[Truths, Truths]] = {}
    for name in NAMES:
        formulas, first, second = _formulas(name, left, right)
        certain = sound & formulas.certain(first, second)
        found[name] = np.asarray(certain), np.asarray(sound & formulas.possible(first, second))
    return found


def _strength(name: str, x: _Box, y: _Box) -> Strength | Literal[""]:
    formulas, first, second = _formulas(name, x, y)
    if formulas.certain(first, second):
        return "certain"
    return "possible" if formulas.possible(first, second) else ""


def _formulas(name: str, x: _Box, y: _Box) -> tuple[_Formulas, _Box, _Box]:
    """Return what decides a relation: the formulas of its inverse, where those are written."""
    inverse = _INVERSES.get(name)
    return (_FORMULAS[inverse], y, x) if inverse else (_FORMULAS[name], x, y)


def _days(bounds: Bounds) -> tuple[date | None, date | None, date | None, date | None]:
    return bounds.earliest_start, bounds.latest_start, bounds.earliest_end, bounds.latest_end


def _box(bounds: Bounds) -> _Box:
    first, latest, earliest, last = _days(bounds)
    a = first.toordinal() if first else -_FAR
    d = last.toordinal() + 1 if last else _FAR
    b = min(latest.toordinal(), d - 1) if latest else d - 1
    c = max(earliest.toordinal() + 1, a + 1) if earliest else a + 1
    return _Box(a, b, c, d)


def _boxes(days: Days) -> _Box:
    """As `_box`, of many at once."""
    first, latest, earliest, last = np.moveaxis(days, -1, 0)
    a = np.where(first == OPEN, -_FAR, first)
    d = np.where(last == OPEN, _FAR, last + 1)
    b = np.where(latest == OPEN, d - 1, np.minimum(latest, d - 1))
    c = np.where(earliest == OPEN, a + 1, np.maximum(earliest + 1, a + 1))
    return _Box(a, b, c, d)


def _is_sound(box: _Box) -> bool | Truths:
    return (box.a <= box.b) & (box.c <= box.d)
