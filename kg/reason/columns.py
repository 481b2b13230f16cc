"""The triples of one predicate as sorted columns, and joins by binary search over them.

A row is one 64-bit key, the code of one side above the code of the other, so that sorted keys are
rows sorted by that side. A table keeps its keys sorted by subject with a mark beside each (round
and rule of the triple), and sorted by object from the first time that a join asks for it.
All keys of a column are unique.
"""

import numpy as np
from numpy.typing import NDArray

from kg.reason.codes import MASK, RULE_WIDTH, WIDTH, Array, Rows32

NONE: Array = np.empty(0, dtype=np.int64)

SUBJECT, OBJECT = 0, 1


def pack(left: "Array | int", right: "Array | int") -> Array:
    """Return keys of two columns of codes; a single code stands for a column of it."""
    return np.asarray(left << WIDTH | right, dtype=np.int64)


def swapped(keys: Array) -> Array:
    """Return the keys with their sides exchanged, not sorted."""
    return (keys & MASK) << WIDTH | keys >> WIDTH


def mark(of_round: int, rule: int) -> int:
    """Return what is kept beside a triple."""
    return of_round << RULE_WIDTH | rule


def contains(keys: Array, wanted: Array) -> NDArray[np.bool_]:
    """Return for each wanted key whether it is among the sorted keys; O(w log k)."""
    if not len(keys):
        return np.zeros(len(wanted), dtype=np.bool_)
    places = keys.searchsorted(wanted)
    places[places == len(keys)] = 0
    return np.asarray(keys[places] == wanted, dtype=np.bool_)


def place_of(keys: Array, key: int) -> int | None:
    """Return where a key stands among the sorted keys, None if it does not; O(log k)."""
    place = int(keys.searchsorted(key))
    return place if place < len(keys) and keys[place] == key else None


def unique(keys: Array) -> Array:
    """Return the keys sorted, each once; numpy.unique hashes first, which is slower."""
    ordered = np.sort(keys)
    return ordered[first_of_equal(ordered)]


def first_of_equal(ordered: Array) -> NDArray[np.bool_]:
    """Return for each of some sorted keys whether it differs from the one before."""
    first = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return first


def earliest(keys: Array, marks: Array) -> tuple[Array, Array]:
    """Return the keys sorted, each once, with the least of its marks."""
    order = np.lexsort((marks, keys))
    first = first_of_equal(keys[order])
    return keys[order][first], marks[order][first]


def by_predicate(rows: Rows32) -> dict[int, Array]:
    """Return triples as keys by predicate, sorted by subject and unique."""
    ordered = rows[np.argsort(rows[:, 1], kind="stable")].astype(np.int64)
    starts = np.flatnonzero(first_of_equal(ordered[:, 1]))
    keys = np.split(pack(ordered[:, 0], ordered[:, 2]), starts[1:])
    predicates = ordered[starts, 1].tolist()
    return {p: unique(part) for p, part in zip(predicates, keys, strict=False)}


def matches(keys: Array, sides: Array) -> tuple[Array, Array]:
    """Return each pair of a row of `sides` and a key whose upper side it is: row, lower side.

    O(r log k) for the search, then linear in what is found.
    """
    first = keys.searchsorted(sides << WIDTH)
    last = keys.searchsorted((sides + 1) << WIDTH)
    counts = last - first
    total = int(counts.sum())
    rows = np.repeat(np.arange(len(sides)), counts)
    before = np.cumsum(counts) - counts
    places = np.arange(total) + np.repeat(first - before, counts)
    return rows, keys[places] & MASK


def least_matches(keys: Array, sides: Array) -> tuple[Array, Array]:
    """Return as `matches` does, for each row the least of its matches only."""
    first = keys.searchsorted(sides << WIDTH)
    first[first == len(keys)] = 0
    rows = np.flatnonzero(keys[first] >> WIDTH == sides) if len(keys) else NONE
    return rows, keys[first[rows]] & MASK


def slice_of(keys: Array, side: int) -> Array:
    """Return the lower sides of the keys whose upper side this is, sorted."""
    first, last = keys.searchsorted((side << WIDTH, (side + 1) << WIDTH))
    return keys[first:last] & MASK


class Table:
    """The triples of one predicate.

    Attributes:
        keys: all, sorted by subject.
        marks: round and rule of each, in the same order.
        fresh: those that the latest round added, sorted by subject.
    """

    __slots__ = ("_by_object", "_fresh_by_object", "_late", "fresh", "keys", "marks")

    def __init__(self, keys: Array = NONE, marks: Array = NONE) -> None:
        self.keys = keys
        self.marks = marks
        self.fresh: Array = NONE
        self._by_object: Array | None = None
        self._fresh_by_object: Array | None = None
        self._late: list[Array] = []  # added since `_by_object` was sorted

    def copy(self) -> "Table":
        """Return the same triples, to be changed by themselves; the keys are shared till then."""
        other = Table(self.keys, self.marks.copy())
        other.fresh, other._late = self.fresh, self._late.copy()
        other._by_object, other._fresh_by_object = self._by_object, self._fresh_by_object
        return other

    def column(self, side: int, *, fresh: bool = False) -> Array:
        """Return the keys sorted by a side: all, or those of the latest round."""
        if side == SUBJECT:
            return self.fresh if fresh else self.keys
        if fresh:
            if self._fresh_by_object is None:
                self._fresh_by_object = np.sort(swapped(self.fresh))
            return self._fresh_by_object
        if self._by_object is None:
            self._by_object = np.sort(swapped(self.keys))
        for added in self._late:
            by_object = np.sort(swapped(added))
            places = _places(self._by_object, by_object)
            self._by_object = _merged(self._by_object, by_object, places)
        self._late = []
        return self._by_object

    def add(self, keys: Array, marks: Array) -> None:
        """Add keys that are not there, sorted by subject and unique; they are fresh."""
        places = _places(self.keys, keys)
        self.keys = _merged(self.keys, keys, places)
        self.marks = _merged(self.marks, marks, places)
        self.fresh = _merged(self.fresh, keys, _places(self.fresh, keys))
        self._fresh_by_object = None
        if self._by_object is not None:
            self._late.append(keys)

    def remove(self, keys: Array) -> None:
        """Remove keys, sorted by subject, all of which are there."""
        stay = np.ones(len(self.keys), dtype=np.bool_)
        stay[self.keys.searchsorted(keys)] = False
        self.keys, self.marks = self.keys[stay], self.marks[stay]
        self.fresh = self.fresh[~contains(keys, self.fresh)]
        self._by_object, self._fresh_by_object, self._late = None, None, []

    def settle(self) -> None:
        """Let nothing be fresh any more."""
        self.refresh(NONE)

    def refresh(self, keys: Array) -> None:
        """Let these be fresh and no others: sorted keys that are there."""
        self.fresh, self._fresh_by_object = keys, None

    def marks_of(self, keys: Array) -> Array:
        """Return the marks of keys, all of which are there."""
        return self.marks[self.keys.searchsorted(keys)]

    def mark_of(self, subject: int, value: int) -> int | None:
        """Return the mark of one triple, None if it is not there."""
        place = place_of(self.keys, subject << WIDTH | value)
        return None if place is None else int(self.marks[place])


def _places(old: Array, added: Array) -> Array:
    """Return where each added key stands in the merged column."""
    return old.searchsorted(added) + np.arange(len(added))


def _merged(old: Array, added: Array, places: Array) -> Array:
    """Return a column with rows added at places; linear."""
    merged = np.empty(len(old) + len(added), dtype=np.int64)
    stay = np.ones(len(merged), dtype=np.bool_)
    stay[places] = False
    merged[places] = added
    merged[stay] = old
    return merged
