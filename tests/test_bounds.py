"""Propagation of vague bounds: its rows, its proofs, its contradictions, and two other solvers."""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import combinations, pairwise, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.bounds import (
    Bound,
    Constraint,
    Duration,
    Kind,
    Step,
    duration_of,
    smallest_conflict,
    tighten,
)
from kg.dates import Bounds, bounds_of
from kg.errors import KgError

WHICH: tuple[Bound, ...] = ("earliestStart", "latestStart", "earliestEnd", "latestEnd")
# The days on the left and on the right of each row of the table in model.md.
ROWS = {
    Kind.MOMENTARY: ("last", "first"),
    Kind.BEFORE: ("last", "first"),
    Kind.BEGAN_BEFORE: ("first", "first"),
    Kind.ENDED_BEFORE: ("last", "last"),
    Kind.BEGAN_BEFORE_END_OF: ("first", "last"),
    Kind.SHORTEST_DURATION: ("first", "last"),
    Kind.LONGEST_DURATION: ("last", "first"),
}


def days(*iso: str) -> Bounds:
    return Bounds(*(date.fromisoformat(day) if day else None for day in iso))


def dated(name: str, edtf: str, *claims: str) -> Constraint:
    return Constraint(name, Kind.HAS_INTERVAL, bounds_of(edtf), claims)


def momentary(name: str, *claims: str) -> Constraint:
    return Constraint(name, Kind.MOMENTARY, None, claims)


def before(x: str, y: str, *claims: str) -> Constraint:
    return Constraint(x, Kind.BEFORE, y, claims)


def began_before(x: str, y: str, *claims: str) -> Constraint:
    return Constraint(x, Kind.BEGAN_BEFORE, y, claims)


def lasted(name: str, kind: Kind, lexical: str, *claims: str) -> Constraint:
    return Constraint(name, kind, duration_of(lexical), claims)


def shortest(name: str, lexical: str, *claims: str) -> Constraint:
    return lasted(name, Kind.SHORTEST_DURATION, lexical, *claims)


def longest(name: str, lexical: str, *claims: str) -> Constraint:
    return lasted(name, Kind.LONGEST_DURATION, lexical, *claims)


# The rows, one by one.


@pytest.mark.parametrize(
    ("constraints", "x", "y"),
    [
        (
            [dated("x", "1943-07/1943-09")],
            days("1943-07-01", "1943-07-31", "1943-09-01", "1943-09-30"),
            days(),
        ),
        (
            [dated("x", "1943-07/..")],
            days("1943-07-01", "1943-07-31", "1943-07-01", ""),
            days(),
        ),
        (
            [dated("x", "../1943-07")],
            days("", "1943-07-31", "1943-07-01", "1943-07-31"),
            days(),
        ),
        (
            [dated("x", "1943-07/.."), momentary("x")],
            days("1943-07-01", "1943-07-31", "1943-07-01", "1943-07-31"),
            days(),
        ),
        (
            [dated("x", "../1943-07"), momentary("x")],
            days("1943-07-01", "1943-07-31", "1943-07-01", "1943-07-31"),
            days(),
        ),
        (
            [dated("x", "1943-07/1943-09"), before("x", "y")],
            days("1943-07-01", "1943-07-31", "1943-09-01", "1943-09-30"),
            days("1943-09-01", "", "1943-09-01", ""),
        ),
        (
            [dated("y", "1943-07/1943-09"), before("x", "y")],
            days("", "1943-07-31", "", "1943-07-31"),
            days("1943-07-01", "1943-07-31", "1943-09-01", "1943-09-30"),
        ),
        (
            [dated("x", "1943-07/1943-09"), began_before("x", "y")],
            days("1943-07-01", "1943-07-31", "1943-09-01", "1943-09-30"),
            days("1943-07-01", "", "1943-07-01", ""),
        ),
        (
            [dated("y", "1943-07/1943-09"), began_before("x", "y")],
            days("", "1943-07-31", "", ""),
            days("1943-07-01", "1943-07-31", "1943-09-01", "1943-09-30"),
        ),
        (
            [dated("x", "1943-07/1943-09"), Constraint("x", Kind.ENDED_BEFORE, "y")],
            days("1943-07-01", "1943-07-31", "1943-09-01", "1943-09-30"),
            days("", "", "1943-09-01", ""),
        ),
        (
            [dated("y", "1943-07/1943-09"), Constraint("x", Kind.ENDED_BEFORE, "y")],
            days("", "1943-09-30", "", "1943-09-30"),
            days("1943-07-01", "1943-07-31", "1943-09-01", "1943-09-30"),
        ),
        (
            [dated("x", "1943-07/1943-09"), Constraint("x", Kind.BEGAN_BEFORE_END_OF, "y")],
            days("1943-07-01", "1943-07-31", "1943-09-01", "1943-09-30"),
            days("", "", "1943-07-01", ""),
        ),
        (
            [dated("y", "1943-07/1943-09"), Constraint("x", Kind.BEGAN_BEFORE_END_OF, "y")],
            days("", "1943-09-30", "", ""),
            days("1943-07-01", "1943-07-31", "1943-09-01", "1943-09-30"),
        ),
        (
            [dated("x", "1943-07-10/.."), shortest("x", "P2M")],
            days("1943-07-10", "1943-07-10", "1943-09-10", ""),
            days(),
        ),
        (
            [dated("x", "../1943-09-10"), shortest("x", "P2M")],
            days("", "1943-07-10", "1943-09-10", "1943-09-10"),
            days(),
        ),
        (
            [dated("x", "1943-07-10/.."), longest("x", "P2M")],
            days("1943-07-10", "1943-07-10", "1943-07-10", "1943-09-10"),
            days(),
        ),
        (
            [dated("x", "../1943-09-10"), longest("x", "P2M")],
            days("1943-07-10", "1943-09-10", "1943-09-10", "1943-09-10"),
            days(),
        ),
    ],
)
def test_a_row_gives_its_bounds_and_no_others(
    constraints: list[Constraint], x: Bounds, y: Bounds
) -> None:
    network = tighten(["x", "y"], constraints)

    assert network.bounds("x") == x
    assert network.bounds("y") == y
    assert network.conflict is None


def test_a_year_give_or_take_two_months_before_a_day_gives_the_first_day() -> None:
    """Sentence 14 of the first text: `por um ano, até a rendição de 28 de abril de 1945`."""
    network = tighten(
        [],
        [
            dated("surrender", "1945-04-28", "s14-2"),
            momentary("surrender", "s14-2"),
            Constraint("resistance", Kind.ENDED_BEFORE, "surrender", ("s14-1",)),
            Constraint("surrender", Kind.BEGAN_BEFORE_END_OF, "resistance", ("s14-1",)),
            shortest("resistance", "P10M", "s14-1"),
            longest("resistance", "P1Y2M", "s14-1"),
        ],
    )

    assert network.bounds("resistance") == days(
        "1944-02-28", "1944-06-28", "1945-04-28", "1945-04-28"
    )


@pytest.mark.parametrize(
    ("constraint", "given", "expected"),
    [
        # A month after the last days of January is the last of February.
        (
            shortest("x", "P1M"),
            "1943-01-31/..",
            days("1943-01-31", "1943-01-31", "1943-02-28", ""),
        ),
        (
            longest("x", "P1M"),
            "1943-01-31/..",
            days("1943-01-31", "1943-01-31", "1943-01-31", "1943-02-28"),
        ),
        # So all of them lie a month before it, and of these the last counts,
        (
            shortest("x", "P1M"),
            "../1943-02-28",
            days("", "1943-01-31", "1943-02-28", "1943-02-28"),
        ),
        (
            shortest("x", "P1Y"),
            "../1943-02-28",
            days("", "1942-02-28", "1943-02-28", "1943-02-28"),
        ),
        (
            shortest("x", "P1Y"),
            "../1945-02-28",
            days("", "1944-02-29", "1945-02-28", "1945-02-28"),
        ),
        # while no day of February has the 31st of March a month later.
        (
            longest("x", "P1M"),
            "../1943-03-31",
            days("1943-03-01", "1943-03-31", "1943-03-31", "1943-03-31"),
        ),
        (
            longest("x", "P1M"),
            "../1943-02-28",
            days("1943-01-28", "1943-02-28", "1943-02-28", "1943-02-28"),
        ),
        (
            shortest("x", "P3D"),
            "../1943-03-01",
            days("", "1943-02-26", "1943-03-01", "1943-03-01"),
        ),
    ],
)
def test_a_duration_shuts_out_no_day_that_addition_allows(
    constraint: Constraint, given: str, expected: Bounds
) -> None:
    assert tighten([], [constraint, dated("x", given)]).bounds("x") == expected


@pytest.mark.parametrize(
    "lexical", ["", "P", "P1", "1Y", "-P1Y", "P1Y2", "P1Y1D", "PT1H", "P1.5Y", "P2M1Y"]
)
def test_what_is_no_duration_of_years_months_and_days_raises(lexical: str) -> None:
    with pytest.raises(KgError, match="is not a duration"):
        duration_of(lexical)


def test_of_several_intervals_the_narrowest_of_each_bound_holds() -> None:
    network = tighten([], [dated("x", "1943-26"), dated("x", "1943-07/..")])

    assert network.bounds("x") == days("1943-07-01", "1943-07-31", "1943-07-01", "1943-08-31")


def test_an_occurrence_without_any_bound_stays_open() -> None:
    network = tighten(["alone"], [before("x", "y"), dated("z", "1943")])

    assert [network.bounds(name) for name in ("alone", "x", "y")] == [Bounds()] * 3
    assert network.proof("alone", "earliestStart") == ()
    assert network.ways("alone", "earliestStart") == ()
    assert list(network.occurrences) == ["alone", "x", "y", "z"]


def test_before_in_a_ring_puts_all_on_one_day() -> None:
    ring = [before("a", "b"), before("b", "c"), before("c", "a")]
    network = tighten([], [*ring, dated("a", "[1943-07..]"), dated("c", "[..1943-07-20]")])

    assert network.bounds("a") == days("1943-07-01", "1943-07-20", "1943-07-01", "1943-07-20")
    assert network.bounds("b") == network.bounds("a") == network.bounds("c")


def test_a_chain_of_a_thousand_carries_bounds_from_end_to_end() -> None:
    names = [f"e{n:04}" for n in range(1_000)]
    chain = [before(x, y) for x, y in pairwise(names)]
    network = tighten([], [*chain, dated(names[0], "1943-07-01"), dated(names[-1], "1943-07-09")])

    assert network.bounds(names[500]) == days(
        "1943-07-01", "1943-07-09", "1943-07-01", "1943-07-09"
    )
    proof = network.proof(names[500], "latestStart")
    assert (proof[0].fact.occurrence, proof[-1].fact.occurrence) == (names[-1], names[500])
    assert len([step for step in proof if step.constraint in chain]) == 499


def test_a_chain_of_a_thousand_durations_adds_up() -> None:
    names = [f"e{n:04}" for n in range(1_000)]
    chain = [before(x, y) for x, y in pairwise(names)]
    network = tighten(
        [], [*chain, *(shortest(name, "P1M") for name in names), dated(names[0], "1900-01-15/..")]
    )

    assert network.bounds(names[-1]).earliest_end == date(1983, 5, 15)  # 1,000 months later
    assert network.conflict is None


# What the first text says of the fall of Sicily, in its sentences 1, 2, 4 and 5.

FALL_OF_SICILY = [
    dated("fall-of-mussolini", "1943-07", "s01-4"),
    momentary("fall-of-mussolini", "s01-4"),
    dated("invasion-of-sicily", "1943-26", "s02-1"),
    momentary("fall-of-sicily", "s04-1"),
    began_before("fall-of-sicily", "mussolini-loss-of-prestige", "s04-1"),
    began_before("invasion-of-sicily", "fall-of-sicily", "s04-2"),
    momentary("deposition-of-mussolini", "s04-3"),
    began_before("mussolini-loss-of-prestige", "deposition-of-mussolini", "s04-4"),
    began_before("fall-of-mussolini", "deposition-of-mussolini", "s04-5"),
    began_before("deposition-of-mussolini", "fall-of-mussolini", "s04-5"),
    momentary("arrest-of-mussolini", "s05-1"),
    before("arrest-of-mussolini", "formation-of-badoglio-government", "s05-1"),
    dated("arrest-of-mussolini", "1943-07-25", "s05-2"),
    before("deposition-of-mussolini", "arrest-of-mussolini", "s05-3"),
    momentary("formation-of-badoglio-government", "s05-4"),
]


def test_the_fall_of_sicily_is_dated_by_what_it_led_to() -> None:
    network = tighten([], FALL_OF_SICILY)

    assert network.bounds("fall-of-sicily") == days(
        "1943-06-01", "1943-07-25", "1943-06-01", "1943-07-25"
    )
    assert network.bounds("mussolini-loss-of-prestige") == days(
        "1943-06-01", "1943-07-25", "1943-06-01", ""
    )
    assert network.bounds("deposition-of-mussolini") == days(
        "1943-07-01", "1943-07-25", "1943-07-01", "1943-07-25"
    )
    assert network.bounds("formation-of-badoglio-government").earliest_start == date(1943, 7, 25)


def test_the_proof_of_its_latest_day_goes_down_to_the_interval_of_the_arrest() -> None:
    proof = tighten([], FALL_OF_SICILY).proof("fall-of-sicily", "latestEnd")

    assert [str(step) for step in proof] == [
        "arrest-of-mussolini latestStart 1943-07-25, by bounds/has-interval-latest-start",
        "deposition-of-mussolini latestEnd 1943-07-25, by bounds/before-latest",
        "deposition-of-mussolini latestStart 1943-07-25, by bounds/start-before-end-latest",
        "mussolini-loss-of-prestige latestStart 1943-07-25, by bounds/began-before-latest",
        "fall-of-sicily latestStart 1943-07-25, by bounds/began-before-latest",
        "fall-of-sicily latestEnd 1943-07-25, by bounds/momentary-latest",
    ]
    assert claims_of(proof) == {"s05-2", "s05-3", "s04-4", "s04-1"}


@pytest.mark.parametrize(
    ("claim", "latest"),
    [
        ("s05-3", date(1943, 7, 31)),
        ("s05-2", date(1943, 7, 31)),
        ("s04-4", None),
        ("s04-1", None),
        ("s02-1", date(1943, 7, 25)),
    ],
)
def test_without_a_claim_only_what_rested_on_it_is_lost(claim: str, latest: date | None) -> None:
    left = [c for c in FALL_OF_SICILY if claim not in c.claims]

    assert tighten(["fall-of-sicily"], left).bounds("fall-of-sicily").latest_start == latest


def test_every_way_to_a_bound_is_told() -> None:
    constraints = [
        dated("y", "1943-07-25", "c1"),
        dated("y", "../1943-07-25", "c2"),
        before("x", "y", "c3"),
        began_before("x", "y", "c4"),
    ]
    network = tighten([], constraints)

    assert [step.rule for step in network.ways("x", "latestStart")] == [
        "bounds/began-before-latest",
    ]
    assert [step.rule for step in network.ways("x", "latestEnd")] == ["bounds/before-latest"]
    assert [step.constraint for step in network.ways("y", "latestEnd")] == [
        constraints[1],
        constraints[0],
    ]


# Networks at random, against two solvers that do nothing of what kg.bounds does.

BASE = date(1944, 1, 26)  # some weeks with a leap day and three ends of months in them
WIDTH = 70


def networks(
    names: str, durations: st.SearchStrategy[Duration], width: int, size: int, *, closed: bool
) -> st.SearchStrategy[list[Constraint]]:
    name = st.sampled_from(names)
    pairs = st.sampled_from(
        [Kind.BEFORE, Kind.BEGAN_BEFORE, Kind.ENDED_BEFORE, Kind.BEGAN_BEFORE_END_OF]
    )
    lengths = st.sampled_from([Kind.SHORTEST_DURATION, Kind.LONGEST_DURATION])
    some = st.one_of(
        st.builds(Constraint, name, pairs, name),
        st.builds(Constraint, name, pairs, name),
        st.builds(Constraint, name, st.just(Kind.MOMENTARY)),
        st.builds(Constraint, name, lengths, durations),
        st.builds(Constraint, name, st.just(Kind.HAS_INTERVAL), intervals(width)),
    )
    whole = BASE + timedelta(width - 1)
    always = [
        Constraint(name, Kind.HAS_INTERVAL, Bounds(BASE, whole, BASE, whole)) for name in names
    ]
    return st.lists(some, min_size=1, max_size=size).map(
        lambda told: (
            [Constraint(c.occurrence, c.kind, c.value, (f"c{n:02}",)) for n, c in enumerate(told)]
            + (always if closed else [])
        )
    )


def intervals(width: int) -> st.SearchStrategy[Bounds]:
    def bounds(first: int, start: int, last: int, end: int, opened: int) -> Bounds:
        edges = (first, first + start, first + last, first + last + end)
        return Bounds(
            *(
                None if opened >> bit & 1 else BASE + timedelta(min(edge, width - 1))
                for bit, edge in enumerate(edges)
            )
        )

    few = st.integers(0, width // 3)
    return st.builds(bounds, st.integers(0, width - 1), few, few, few, st.integers(0, 15))


exact = st.builds(Duration, st.just(0), st.integers(0, 20))
calendar = st.builds(Duration, st.integers(0, 2), st.sampled_from([0, 0, 1, 30]))


def by_shortest_paths(names: str, constraints: Iterable[Constraint]) -> dict[str, Bounds] | None:
    """Floyd and Warshall: the day x is not more than so much after the day y; None if they clash.

    Source: https://doi.org/10.1016/0004-3702(91)90006-6 (section 2)
    """
    nodes = ["origin", *product(names, ("first", "last"))]
    far = 10**9
    most = {(x, y): 0 if x == y else far for x in nodes for y in nodes}

    def at_most(x: object, y: object, difference: int) -> None:
        most[x, y] = min(most[x, y], difference)  # type: ignore[index]

    for name in names:
        at_most((name, "first"), (name, "last"), 0)
    for c in constraints:
        if isinstance(c.value, Bounds):
            b, x = c.value, c.occurrence
            for day, side in ((b.latest_start, "first"), (b.latest_end, "last")):
                if day:
                    at_most((x, side), "origin", day.toordinal())
            for day, side in ((b.earliest_start, "first"), (b.earliest_end, "last")):
                if day:
                    at_most("origin", (x, side), -day.toordinal())
            continue
        left, right = ROWS[c.kind]
        other = c.value if isinstance(c.value, str) else c.occurrence
        length = c.value.days if isinstance(c.value, Duration) else 0
        if c.kind is Kind.LONGEST_DURATION:
            at_most((c.occurrence, left), (other, right), length)
        else:
            at_most((c.occurrence, left), (other, right), -length)
    for k, i, j in product(nodes, nodes, nodes):
        most[i, j] = min(most[i, j], most[i, k] + most[k, j])
    if any(most[node, node] < 0 for node in nodes):
        return None

    def bound(x: object, y: object, sign: int) -> date | None:
        found = most[x, y]  # type: ignore[index]
        return date.fromordinal(sign * found) if abs(found) < far // 2 else None

    return {
        name: Bounds(
            bound("origin", (name, "first"), -1),
            bound((name, "first"), "origin", 1),
            bound("origin", (name, "last"), -1),
            bound((name, "last"), "origin", 1),
        )
        for name in names
    }


def by_sets_of_days(names: str, constraints: Sequence[Constraint]) -> dict[str, Bounds] | None:
    """Strike out each day that finds no partner on the other side, until none is struck out."""
    window = [BASE + timedelta(n) for n in range(WIDTH)]
    left_over = {(name, side): window for name in names for side in ("first", "last")}
    for c in constraints:
        if isinstance(c.value, Bounds):
            b = c.value
            for side, low, high in (
                ("first", b.earliest_start, b.latest_start),
                ("last", b.earliest_end, b.latest_end),
            ):
                left_over[c.occurrence, side] = [
                    day
                    for day in left_over[c.occurrence, side]
                    if (low or day) <= day <= (high or day)
                ]
    own = [Constraint(name, Kind.BEGAN_BEFORE_END_OF, name) for name in names]
    pairs = [c for c in (*own, *constraints) if c.kind is not Kind.HAS_INTERVAL]
    changed = True
    while changed:
        changed = False
        for c in pairs:
            left, right = ROWS[c.kind]
            x = (c.occurrence, left)
            y = (c.value if isinstance(c.value, str) else c.occurrence, right)
            before = left_over[x], left_over[y]
            left_over[x] = [d for d in left_over[x] if any(may(c, d, e) for e in left_over[y])]
            left_over[y] = [e for e in left_over[y] if any(may(c, d, e) for d in left_over[x])]
            changed |= before != (left_over[x], left_over[y])
    if not all(left_over.values()):
        return None
    return {
        name: Bounds(
            left_over[name, "first"][0],
            left_over[name, "first"][-1],
            left_over[name, "last"][0],
            left_over[name, "last"][-1],
        )
        for name in names
    }


def may(c: Constraint, left: date, right: date) -> bool:
    if not isinstance(c.value, Duration):
        return left <= right
    if c.kind is Kind.SHORTEST_DURATION:
        return later(left, c.value) <= right
    return left <= later(right, c.value)


@cache
def later(day: date, duration: Duration) -> date:
    month = day.year * 12 + day.month - 1 + duration.months
    year, number = month // 12, month % 12 + 1
    there = date(year, number, min(day.day, monthrange(year, number)[1]))
    return there + timedelta(duration.days)


@settings(max_examples=150, deadline=None)
@given(networks("abcde", exact, 60, 14, closed=False))
def test_bounds_are_those_of_shortest_paths(constraints: list[Constraint]) -> None:
    network = tighten("abcde", constraints)
    expected = by_shortest_paths("abcde", constraints)

    assert (network.conflict is None) == (expected is not None)
    if expected is not None:
        assert {name: network.bounds(name) for name in "abcde"} == expected


@settings(max_examples=40, deadline=None)
@given(networks("abc", calendar, WIDTH, 10, closed=True))
def test_bounds_with_months_are_those_of_the_days_that_remain(
    constraints: list[Constraint],
) -> None:
    network = tighten("abc", constraints)
    expected = by_sets_of_days("abc", constraints)

    assert (network.conflict is None) == (expected is not None)
    if expected is not None:
        assert {name: network.bounds(name) for name in "abc"} == expected


@settings(max_examples=60, deadline=None)
@given(networks("abcd", st.one_of(exact, calendar), 60, 14, closed=False), st.randoms())
def test_the_order_of_constraints_changes_neither_bounds_nor_proofs(
    constraints: list[Constraint], random: Random
) -> None:
    shuffled = list(constraints)
    random.shuffle(shuffled)
    here, there = tighten("abcd", constraints), tighten("dcba", shuffled)

    assert list(here.steps()) == list(there.steps())
    assert here.conflict == there.conflict
    assert smallest_conflict(constraints) == smallest_conflict(shuffled)


@settings(max_examples=80, deadline=None)
@given(networks("abcd", st.one_of(exact, calendar), 60, 14, closed=False))
def test_every_proof_goes_down_to_an_interval_step_by_step(constraints: list[Constraint]) -> None:
    network = tighten("abcd", constraints)
    steps = list(network.steps())
    rounds = {step.fact: step.round for step in steps}

    assert [step.round for step in steps] == sorted(step.round for step in steps)
    for name, which in product("abcd", WHICH):
        proof = network.proof(name, which)
        assert bool(proof) == (value(network.bounds(name), which) is not None)
        assert set(proof) <= set(steps)
        for place, step in enumerate(proof):
            assert step.premise == (proof[place - 1].fact if place else None)
        for step in network.ways(name, which):
            assert step.fact == proof[-1].fact
            assert follows(step)
            if step.premise:
                assert rounds[step.premise] < rounds[step.fact]
    assert all(follows(step) for step in steps)


def value(b: Bounds, which: Bound) -> date | None:
    return dict(
        zip(WHICH, (b.earliest_start, b.latest_start, b.earliest_end, b.latest_end), strict=True)
    )[which]


def follows(step: Step) -> bool:
    """Whether a step is right, by trying the days next to the one that it gives."""
    c, premise, fact = step.constraint, step.premise, step.fact
    early = fact.bound.startswith("earliest")
    if premise is None:
        assert c is not None
        assert isinstance(c.value, Bounds)
        return c.occurrence == fact.occurrence and value(c.value, fact.bound) == fact.day
    if c is None:
        c = Constraint(fact.occurrence, Kind.BEGAN_BEFORE_END_OF, fact.occurrence)
    left, right = ROWS[c.kind]
    other = c.value if isinstance(c.value, str) else c.occurrence
    ends = ((c.occurrence, left), (other, right))
    ends = ends if early else ends[::-1]
    sides = {"Start": "first", "End": "last"}
    named = tuple(
        (f.occurrence, sides[f.bound.removeprefix("earliest").removeprefix("latest")])
        for f in (premise, fact)
    )
    beside = fact.day - timedelta(1) if early else fact.day + timedelta(1)

    def allowed(day: date) -> bool:
        return may(c, premise.day, day) if early else may(c, day, premise.day)

    return named == ends and allowed(fact.day) and not allowed(beside)


def claims_of(steps: Iterable[Step]) -> set[str]:
    return {claim for step in steps if step.constraint for claim in step.constraint.claims}


# What cannot all hold.


def test_an_earliest_day_after_its_latest_is_a_conflict_with_both_proofs() -> None:
    constraints = [
        dated("x", "1943-08", "late"),
        before("x", "y", "order"),
        dated("y", "1943-07", "early"),
        dated("z", "1944", "beside"),
    ]
    network = tighten([], constraints)

    assert network.conflict is not None
    assert [str(step) for step in network.conflict.earliest] == [
        "x earliestEnd 1943-08-01, by bounds/has-interval-earliest-end",
    ]
    assert [str(step) for step in network.conflict.latest] == [
        "y latestStart 1943-07-31, by bounds/has-interval-latest-start",
        "x latestEnd 1943-07-31, by bounds/before-latest",
    ]
    assert network.conflict.claims == ("early", "late", "order")


def test_in_a_conflict_nothing_is_published_but_what_is_stated() -> None:
    constraints = [
        dated("x", "1943-08"),
        before("x", "y"),
        dated("y", "1943-07"),
        dated("z", "1944-01"),
        before("z", "w"),
        dated("v", "1943-07-25"),
        dated("v", "1943-07-26"),
    ]
    network = tighten([], constraints)

    assert network.conflict is not None
    assert network.bounds("x") == bounds_of("1943-08")
    assert network.bounds("z") == bounds_of("1944-01")
    assert network.bounds("w") == Bounds()
    assert network.bounds("v") == Bounds()
    assert {step.rule for step in network.steps()} == {
        "bounds/has-interval-earliest-start",
        "bounds/has-interval-latest-start",
        "bounds/has-interval-earliest-end",
        "bounds/has-interval-latest-end",
    }


@pytest.mark.parametrize("date_of_x", [[], [dated("x", "1943-07/..", "date")]])
@pytest.mark.parametrize(
    "ring",
    [
        [momentary("x", "c1"), shortest("x", "P1M", "c2")],
        [shortest("x", "P2M", "c1"), longest("x", "P1M", "c2")],
        [shortest("x", "P2D", "c1"), longest("x", "P1D", "c2")],
        [shortest("x", "P32D", "c1"), longest("x", "P1M", "c2")],
        [before("x", "y", "c1"), before("y", "x", "c2"), shortest("y", "P1D", "c3")],
        [shortest("x", "P2000Y", "c1"), longest("x", "P1999Y", "c2")],
    ],
)
def test_a_ring_of_durations_without_an_end_is_a_conflict_with_a_date_or_without(
    ring: list[Constraint], date_of_x: list[Constraint]
) -> None:
    found = tighten([], [*ring, *date_of_x]).conflict

    assert found is not None
    assert set(found.runaway) == set(ring)


@pytest.mark.slow  # the calendar must pass by before it is certain
def test_two_rings_of_durations_that_can_hold_one_by_one_but_not_together_are_a_conflict() -> None:
    long_months = [shortest("x", "P31D", "c1"), longest("x", "P1M", "c2")]
    short_months = [shortest("y", "P1M", "c3"), longest("y", "P28D", "c4")]
    together = [began_before("x", "y", "c5"), began_before("y", "x", "c6")]
    found = tighten([], [*long_months, *short_months, *together]).conflict

    assert tighten([], [*long_months, *together]).conflict is None
    assert tighten([], [*short_months, *together]).conflict is None
    assert found is not None
    assert found.claims == ("c1", "c2", "c3", "c4", "c5", "c6")


def test_a_ring_of_durations_that_comes_to_rest_is_none() -> None:
    network = tighten(
        [], [shortest("x", "P31D"), longest("x", "P1M"), dated("x", "[1943-02-01..]")]
    )

    assert network.conflict is None
    assert network.bounds("x").earliest_start == date(1943, 3, 1)  # which has 31 days
    assert network.proof("x", "earliestStart")[0].fact.day == date(1943, 2, 1)


def test_no_day_lies_outside_the_years_1_to_9999() -> None:
    too_late = [dated("x", "1943/..", "c1"), shortest("x", "P9000Y", "c2")]
    too_early = [dated("x", "../0900", "c1"), shortest("x", "P1000Y", "c2")]
    open_ended = [dated("x", "0900", "c1"), longest("x", "P9990Y", "c2"), before("x", "y")]

    for constraints in (too_late, too_early):
        found = tighten([], constraints).conflict
        assert found is not None
        assert found.claims == ("c1", "c2")
    assert tighten([], open_ended).bounds("y") == days("0900-01-01", "", "0900-01-01", "")


def test_the_smallest_conflict_is_chosen_by_claims_and_not_by_steps() -> None:
    constraints = [
        dated("x", "1944", "a"),
        dated("z", "1943", "b"),
        # one step, two claims
        before("x", "z", "c", "d"),
        # three steps, one claim
        before("x", "y", "e"),
        before("y", "w", "e"),
        before("w", "z", "e"),
    ]
    found = smallest_conflict(constraints)

    assert found is not None
    assert found.claims == ("a", "b", "e")


def test_the_smallest_conflict_of_what_can_all_hold_is_none() -> None:
    assert smallest_conflict(FALL_OF_SICILY) is None


@settings(max_examples=60, deadline=None)
@given(
    networks("abc", exact, 30, 9, closed=False),
    st.lists(st.integers(0, 5), min_size=9, max_size=9),
)
def test_no_smaller_set_of_claims_clashes(
    constraints: list[Constraint], numbers: list[int]
) -> None:
    grouped = [
        Constraint(c.occurrence, c.kind, c.value, (f"c{number}",))
        for c, number in zip(constraints, numbers, strict=False)
    ]
    found = smallest_conflict(grouped)
    every = sorted({claim for c in grouped for claim in c.claims})
    clashing = (
        size
        for size in range(len(every) + 1)
        for claims in combinations(every, size)
        if by_shortest_paths("abc", [c for c in grouped if set(c.claims) <= set(claims)]) is None
    )

    assert (len(found.claims) if found else None) == next(clashing, None)
    if found:
        assert by_shortest_paths("abc", found.constraints) is None


def test_of_a_large_network_a_conflict_is_found_of_which_no_claim_can_be_spared() -> None:
    names = [f"e{n:04}" for n in range(2_100)]
    constraints = [
        *(before(x, y, f"order-{x}") for x, y in pairwise(names)),
        dated(names[0], "1943-07", "first"),
        dated(names[4], "1943-06", "fifth"),
        dated(names[2_000], "1944", "far"),
    ]
    found = smallest_conflict(constraints)

    assert found is not None
    assert found.claims == (
        "fifth",
        "first",
        "order-e0000",
        "order-e0001",
        "order-e0002",
        "order-e0003",
    )
