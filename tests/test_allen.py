"""Allen's relations, against their definition on every interval that the bounds allow."""

from datetime import date
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from kg import allen
from kg.dates import Bounds, bounds_of

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def defined(s: Ints, e: Ints, t: Ints, f: Ints) -> dict[str, Bools]:
    """Return which intervals [s, e) and [t, f) are related how, by Allen's definitions."""
    return {
        "Before": e < t,
        "After": f < s,
        "Meets": e == t,
        "MetBy": f == s,
        "Overlaps": (s < t) & (t < e) & (e < f),
        "OverlappedBy": (t < s) & (s < f) & (f < e),
        "Starts": (s == t) & (e < f),
        "StartedBy": (s == t) & (f < e),
        "During": (t < s) & (e < f),
        "Contains": (s < t) & (f < e),
        "Finishes": (t < s) & (e == f),
        "FinishedBy": (s < t) & (e == f),
        "Equals": (s == t) & (e == f),
        "Precedes": e <= t,
        "Follows": f <= s,
        "SharesDayWith": (s < f) & (t < e),
    }


UNIONS = ("Precedes", "Follows", "SharesDayWith")
THIRTEEN = tuple(allen.OWL_TIME)
INVERSE = {
    "Before": "After",
    "Meets": "MetBy",
    "Overlaps": "OverlappedBy",
    "Starts": "StartedBy",
    "During": "Contains",
    "Finishes": "FinishedBy",
    "Equals": "Equals",
    "Precedes": "Follows",
    "SharesDayWith": "SharesDayWith",
}
# Two open intervals need at most this many days outside all bounds to stand in any relation.
MARGIN = 4


def intervals(days: range) -> tuple[Ints, Ints]:
    """Return the first day and the end of every interval within the days."""
    found = [(s, e) for s in days for e in range(s + 1, days.stop + 1)]
    starts, ends = np.array(found).T
    return starts, ends


def members(boxes: Ints, starts: Ints, ends: Ints) -> Bools:
    """Return which intervals (columns) lie within which boxes (rows)."""
    first, latest, earliest, last = (boxes[:, [k]] for k in range(4))
    within = np.ones((len(boxes), len(starts)), dtype=bool)
    for bound, rule in [
        (first, starts >= first),
        (latest, starts <= latest),
        (earliest, ends - 1 >= earliest),
        (last, ends - 1 <= last),
    ]:
        within &= (bound == allen.OPEN) | rule
    return within


def assert_as_defined(boxes: Ints, days: range) -> None:
    """Compare the table with what holds of all, or of some, intervals of every two boxes."""
    starts, ends = intervals(days)
    # Boxes that allow the same intervals are compared once.
    within, which = np.unique(members(boxes, starts, ends), axis=0, return_inverse=True)
    chosen = within.astype(np.float32)
    truth = defined(starts[:, None], ends[:, None], starts, ends)
    found = allen.table(boxes[:, None], boxes[None])

    assert set(found) == set(truth)
    for name, (certain, possible) in found.items():
        some = (chosen @ truth[name].astype(np.float32) @ chosen.T) > 0
        some_not = (chosen @ (~truth[name]).astype(np.float32) @ chosen.T) > 0
        assert np.array_equal(possible, some[which[:, None], which]), name
        assert np.array_equal(certain, (some & ~some_not)[which[:, None], which]), name


def all_boxes(choices: list[int]) -> Ints:
    return np.array(list(product(choices, repeat=4)), dtype=np.int64)


def test_the_formulas_agree_with_the_definition_for_all_boxes_of_six_days() -> None:
    """Boxes that need tightening, and some that no interval fits, are among them."""
    boxes = all_boxes(list(range(6)))
    forwards = (boxes[:, 0] <= boxes[:, 1]) & (boxes[:, 2] <= boxes[:, 3])

    assert_as_defined(boxes[forwards], range(6))


def test_the_formulas_agree_with_the_definition_for_all_boxes_with_open_bounds() -> None:
    """An open bound reaches further than any that is known; reversed boxes are among these."""
    assert_as_defined(all_boxes([allen.OPEN, *range(4)]), range(-MARGIN, 4 + MARGIN))


TWELVE = 12
near = st.none() | st.integers(0, TWELVE - 1)


@settings(max_examples=50)
@given(st.lists(st.tuples(near, near, near, near), min_size=2, max_size=12))
def test_the_formulas_agree_with_the_definition_for_random_boxes(
    found: list[tuple[int | None, ...]],
) -> None:
    """Twelve days leave room for eight different bounds and for gaps between them."""
    boxes = np.array([[allen.OPEN if day is None else day for day in box] for box in found])

    assert_as_defined(boxes, range(-MARGIN, TWELVE + MARGIN))


@st.composite
def vague(draw: st.DrawFn) -> Bounds:
    """Bounds that some interval fits, anywhere in the calendar, each of them open at times."""
    start, latest_start = sorted(draw(st.tuples(st.dates(), st.dates())))
    earliest_end, end = sorted(draw(st.tuples(st.dates(start), st.dates(start))))
    days = (start, latest_start, earliest_end, end)
    return Bounds(*(None if draw(st.integers(0, 4)) == 0 else day for day in days))


@given(vague(), vague())
def test_one_pair_is_related_as_in_the_table_of_many(x: Bounds, y: Bounds) -> None:
    table = allen.table(allen.rows([x]), allen.rows([y]))
    expected = {
        name: "certain" if certain[0] else "possible"
        for name, (certain, possible) in table.items()
        if possible[0]
    }

    assert dict(allen.relations(x, y)) == expected
    assert {name: allen.holds(name, x, y) for name in expected} == expected


@given(vague(), vague())
def test_what_is_certain_is_possible(x: Bounds, y: Bounds) -> None:
    for certain, possible in allen.table(allen.rows([x]), allen.rows([y])).values():
        assert possible[0] >= certain[0]


@given(vague(), vague())
def test_a_relation_and_its_inverse_agree(x: Bounds, y: Bounds) -> None:
    for name, inverse in INVERSE.items():
        assert allen.holds(name, x, y) == allen.holds(inverse, y, x)


@given(vague(), vague())
def test_one_of_the_thirteen_is_certain_where_no_other_is_possible(x: Bounds, y: Bounds) -> None:
    held = [held for name, held in allen.relations(x, y) if name in THIRTEEN]

    assert len(held) >= 1
    assert ("certain" in held) == (len(held) == 1)


@given(st.tuples(st.dates(), st.dates()), st.tuples(st.dates(), st.dates()))
def test_exactly_one_of_the_thirteen_holds_between_known_days(
    x: tuple[date, date], y: tuple[date, date]
) -> None:
    first, second = (Bounds(min(days), min(days), max(days), max(days)) for days in (x, y))
    held = [held for name, held in allen.relations(first, second) if name in THIRTEEN]

    assert held == ["certain"]


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        ("1943-07-25", "1943-07-25", {"Equals": "certain", "SharesDayWith": "certain"}),
        ("1943-07-25", "1943-07-27", {"Before": "certain", "Precedes": "certain"}),
        ("1943-07-26", "1943-07-25", {"MetBy": "certain", "Follows": "certain"}),
        (
            "1943-07-24",
            "1943-07-24/1943-07-26",
            {"Starts": "certain", "SharesDayWith": "certain"},
        ),
        ("1943-07", "1943-09", {"Before": "certain", "Precedes": "certain"}),
        # The last of July may be the day before the first of August.
        ("1943-07", "1943-08", {"Before": "possible", "Meets": "possible", "Precedes": "certain"}),
    ],
)
def test_dates_are_related_as_a_reader_expects(x: str, y: str, expected: dict[str, str]) -> None:
    found = dict(allen.relations(bounds_of(x), bounds_of(y)))

    assert found == expected


def test_nothing_is_known_of_an_open_interval_but_that_anything_is_possible() -> None:
    found = dict(allen.relations(Bounds(), Bounds()))

    assert found == dict.fromkeys((*THIRTEEN, *UNIONS), "possible")


def test_bounds_that_no_interval_fits_stand_in_no_relation() -> None:
    crossed = Bounds(earliest_start=date(1943, 7, 25), latest_end=date(1943, 7, 24))

    assert list(allen.relations(crossed, Bounds())) == []
    assert list(allen.relations(Bounds(), crossed)) == []


def test_a_misspelt_relation_raises() -> None:
    with pytest.raises(KeyError, match="Befor"):
        allen.holds("Befor", Bounds(), Bounds())


def test_no_bounds_are_no_rows() -> None:
    assert allen.rows([]).shape == (0, 4)
    assert all(
        len(c) == len(p) == 0 for c, p in allen.table(allen.rows([]), allen.rows([])).values()
    )


def test_the_thirteen_are_named_as_in_owl_time() -> None:
    """The names of https://www.w3.org/TR/owl-time/ are ours after the word interval."""
    assert dict(allen.OWL_TIME) == {
        name: f"interval{name}" for name in allen.NAMES if name not in UNIONS
    }
