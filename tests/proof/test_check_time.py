"""The checker accepts right steps of time, and refuses them once they are tampered with."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg import allen
from kg.bounds import Constraint, Duration, Fact, Kind, Step, tighten
from kg.dates import Bounds, bounds_of
from kg.proof import days
from kg.proof.check import check, check_proof
from kg.proof.derivation import Derivation
from kg.terms import CAS, PREFIXES, RDF, XSD, read_triple, shorten

WHICH = (CAS.earliestStart, CAS.latestStart, CAS.earliestEnd, CAS.latestEnd)
X, Y = (ox.NamedNode(PREFIXES["id"] + name) for name in "xy")

# A right step of each rule, premises => conclusion, with the day alone where a date is meant.
STEPS = {
    "has-interval-earliest-start": "x hasInterval i . i earliestStart 1943-07-25 => x earliestStart 1943-07-25",
    "has-interval-latest-start": "x hasInterval i . i latestStart 1943-07-25 => x latestStart 1943-07-25",
    "has-interval-earliest-end": "x hasInterval i . i earliestEnd 1943-07-25 => x earliestEnd 1943-07-25",
    "has-interval-latest-end": "x hasInterval i . i latestEnd 1943-07-25 => x latestEnd 1943-07-25",
    "start-before-end-earliest": "x earliestStart 1943-07-25 => x earliestEnd 1943-07-25",
    "start-before-end-latest": "x latestEnd 1943-07-25 => x latestStart 1943-07-25",
    "momentary-earliest": "x a Momentary . x earliestEnd 1943-07-25 => x earliestStart 1943-07-25",
    "momentary-latest": "x a Momentary . x latestStart 1943-07-25 => x latestEnd 1943-07-25",
    "before-earliest": "x before y . x earliestEnd 1943-07-25 => y earliestStart 1943-07-25",
    "before-latest": "x before y . y latestStart 1943-07-25 => x latestEnd 1943-07-25",
    "began-before-earliest": "x beganBefore y . x earliestStart 1943-07-25 => y earliestStart 1943-07-25",
    "began-before-latest": "x beganBefore y . y latestStart 1943-07-25 => x latestStart 1943-07-25",
    "ended-before-earliest": "x endedBefore y . x earliestEnd 1943-07-25 => y earliestEnd 1943-07-25",
    "ended-before-latest": "x endedBefore y . y latestEnd 1943-07-25 => x latestEnd 1943-07-25",
    "began-before-end-of-earliest": "x beganBeforeEndOf y . x earliestStart 1943-07-25 => y earliestEnd 1943-07-25",
    "began-before-end-of-latest": "x beganBeforeEndOf y . y latestEnd 1943-07-25 => x latestStart 1943-07-25",
    "shortest-duration-earliest": "x shortestDuration P10M . x earliestStart 1943-07-25 => x earliestEnd 1944-05-25",
    "shortest-duration-latest": "x shortestDuration P10M . x latestEnd 1944-05-25 => x latestStart 1943-07-25",
    "longest-duration-earliest": "x longestDuration P10M . x earliestEnd 1944-05-25 => x earliestStart 1943-07-25",
    "longest-duration-latest": "x longestDuration P10M . x latestStart 1943-07-25 => x latestEnd 1944-05-25",
}
TWO = [name for name, text in STEPS.items() if " y " in text]  # of two occurrences


def triple(text: str) -> ox.Triple:
    s, p, o = text.split()
    if o[0].isdigit():
        o = f"'{o}'^^xsd:date"
    elif o[0] == "P":
        o = f"'{o}'^^xsd:{'dayTime' if o.endswith('D') else 'yearMonth'}Duration"
    else:
        o = f"cas:{o}" if p == "a" else f"id:{o}"
    return read_triple(f"id:{s} {p if p == 'a' else f'cas:{p}'} {o}")


def step(name: str, text: str) -> Derivation:
    premises, _, conclusion = text.partition(" => ")
    return Derivation(
        triple(conclusion),
        f"bounds/{name}",
        tuple(triple(each) for each in premises.split(" . ") if each),
    )


def dated(subject: ox.NamedNode | ox.BlankNode, bound: ox.NamedNode, day: date) -> ox.Triple:
    return ox.Triple(subject, bound, ox.Literal(day.isoformat(), datatype=XSD.date))


def moved(right: Derivation, number: int) -> Derivation:
    s, p, o = right.conclusion
    assert isinstance(o, ox.Literal)
    beside = date.fromisoformat(o.value) + timedelta(number)
    return replace(right, conclusion=dated(s, p, beside))


# Bounds, rule by rule


def test_every_rule_of_time_is_known_and_tried() -> None:
    sides = {
        f"{kind}-{side}"
        for kind in ("start-before-end", *set(Kind) - {Kind.HAS_INTERVAL})
        for side in ("earliest", "latest")
    }
    of_intervals = {name for name in STEPS if name.startswith(Kind.HAS_INTERVAL)}

    assert STEPS.keys() == sides | of_intervals
    assert set(days.RULES) == {f"bounds/{name}" for name in STEPS} | {
        f"allen/{name}" for name in allen.NAMES
    }


@pytest.mark.parametrize("name", STEPS)
def test_a_right_step_is_accepted(name: str) -> None:
    right = step(name, STEPS[name])

    assert check(right, {}) == ""
    assert check(replace(right, premises=right.premises[::-1]), {}) == ""


@pytest.mark.parametrize("name", STEPS)
def test_a_step_that_lacks_any_of_its_premises_is_refused(name: str) -> None:
    right = step(name, STEPS[name])
    accepted = [
        premise
        for premise in right.premises
        if not check(replace(right, premises=tuple({*right.premises} - {premise})), {})
    ]

    assert accepted == []


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("number", [-1, 1])
def test_a_step_to_the_day_beside_is_refused(name: str, number: int) -> None:
    assert check(moved(step(name, STEPS[name]), number), {}) == (
        f"does not follow by bounds/{name} from its premises"
    )


@pytest.mark.parametrize("name", STEPS)
def test_a_step_to_another_bound_is_refused(name: str) -> None:
    right = step(name, STEPS[name])
    s, p, o = right.conclusion
    others = [ox.Triple(s, other, o) for other in WHICH if other != p]

    assert [other for other in others if not check(replace(right, conclusion=other), {})] == []


@pytest.mark.parametrize("name", STEPS)
def test_a_step_from_another_bound_is_refused(name: str) -> None:
    right = step(name, STEPS[name])
    *constraint, (s, p, o) = right.premises
    others = [(*constraint, ox.Triple(s, other, o)) for other in WHICH if other != p]

    assert [other for other in others if not check(replace(right, premises=other), {})] == []


@pytest.mark.parametrize("name", STEPS)
def test_a_step_about_another_subject_is_refused(name: str) -> None:
    right = step(name, STEPS[name])
    *constraint, (_, p, o) = right.premises
    z = ox.NamedNode(PREFIXES["id"] + "z")
    of_another = ox.Triple(z, right.conclusion.predicate, right.conclusion.object)

    assert check(replace(right, conclusion=of_another), {}) != ""
    assert check(replace(right, premises=(*constraint, ox.Triple(z, p, o))), {}) != ""


@pytest.mark.parametrize("name", TWO)
def test_a_step_with_its_order_turned_round_is_refused(name: str) -> None:
    right = step(name, STEPS[name])
    order, bound = right.premises
    turned = ox.Triple(Y, order.predicate, X)

    assert check(replace(right, premises=(turned, bound)), {}) != ""


@pytest.mark.parametrize("name", STEPS)
def test_a_step_with_a_premise_too_many_is_refused_and_told_which(name: str) -> None:
    right = step(name, STEPS[name])
    padded = replace(right, premises=(*right.premises, triple("x earliestEnd 1943-07-24")))

    assert check(padded, {}) == (
        "has premises without a part in it: id:x cas:earliestEnd 1943-07-24"
    )


@pytest.mark.parametrize("name", STEPS)
def test_a_right_step_under_the_name_of_another_rule_is_refused(name: str) -> None:
    right = step(name, STEPS[name])
    others = (rule for rule in days.RULES if rule != right.rule)

    assert [rule for rule in others if not check(replace(right, rule=rule), {})] == []


def test_a_rule_of_time_that_is_none_is_named_with_the_nearest() -> None:
    wrong = replace(step("before-latest", STEPS["before-latest"]), rule="bounds/befor-latest")

    assert check(wrong, {}) == (
        "there is no rule bounds/befor-latest; did you mean bounds/before-latest?"
    )


def test_only_what_is_momentary_begins_and_ends_on_one_day() -> None:
    text = STEPS["momentary-latest"]

    assert check(step("momentary-latest", text.replace("Momentary", "Event")), {}) != ""


@pytest.mark.parametrize(
    "literal",
    [
        "'1943-07-25'", "'1943-07-25'^^xsd:dateTime", "'19430725'^^xsd:date", "'1943-7-25'^^xsd:date",
        "'1943-07-25Z'^^xsd:date", "'1943-02-29'^^xsd:date", "id:day",
    ],
)  # fmt: skip
def test_what_is_no_day_is_no_premise_and_no_conclusion(literal: str) -> None:
    end = read_triple(f"id:x cas:latestEnd {literal}")
    start = ox.Triple(X, CAS.latestStart, end.object)

    assert check(Derivation(start, "bounds/start-before-end-latest", (end,)), {}) != ""


# Durations


@pytest.mark.parametrize(
    ("name", "length", "premise", "conclusion"),
    [
        # A month after the last days of January is the last of February,
        ("shortest-duration-earliest", "P1M", "1943-01-31", "1943-02-28"),
        ("longest-duration-latest", "P1M", "1944-01-30", "1944-02-29"),
        # of which the last and the first count,
        ("shortest-duration-latest", "P1M", "1943-02-28", "1943-01-31"),
        ("longest-duration-earliest", "P1M", "1943-02-28", "1943-01-28"),
        ("shortest-duration-latest", "P1Y", "1945-02-28", "1944-02-29"),
        # while no day of February has the 31st of March a month later.
        ("longest-duration-earliest", "P1M", "1943-03-31", "1943-03-01"),
        ("shortest-duration-latest", "P1M", "1943-03-30", "1943-02-28"),
        # 1900 has no leap day, 2000 has one.
        ("shortest-duration-earliest", "P4Y", "1896-02-29", "1900-02-28"),
        ("shortest-duration-earliest", "P4Y", "1996-02-29", "2000-02-29"),
        ("shortest-duration-earliest", "P1Y2M", "1943-11-30", "1945-01-30"),
        ("shortest-duration-earliest", "P14M", "1943-11-30", "1945-01-30"),
        ("shortest-duration-earliest", "P0M", "1943-11-30", "1943-11-30"),
        ("shortest-duration-earliest", "P3D", "1943-02-26", "1943-03-01"),
        ("longest-duration-earliest", "P3D", "1943-03-01", "1943-02-26"),
        # At the ends of the calendar
        ("longest-duration-earliest", "P1M", "0001-02-01", "0001-01-01"),
        ("shortest-duration-latest", "P1M", "0001-02-01", "0001-01-01"),
        ("shortest-duration-latest", "P1D", "9999-12-31", "9999-12-30"),
        ("longest-duration-latest", "P9000Y", "0999-12-31", "9999-12-31"),
    ],
)
def test_addition_decides_what_a_duration_means(
    name: str, length: str, premise: str, conclusion: str
) -> None:
    of = STEPS[name].split()
    right = step(
        name,
        f"x {of[1]} {length} . x {of[5]} {premise} => x {STEPS[name].split()[9]} {conclusion}",
    )

    assert check(right, {}) == ""
    for number in (-1, 1):
        if conclusion not in {"0001-01-01", "9999-12-31"}:
            assert check(moved(right, number), {}) != ""


@pytest.mark.parametrize(
    "literal",
    [
        "'P'^^xsd:yearMonthDuration", "'-P1M'^^xsd:yearMonthDuration", "'P1D'^^xsd:yearMonthDuration",
        "'P1M'^^xsd:dayTimeDuration", "'PT24H'^^xsd:dayTimeDuration", "'P1M'", "'P1M'^^xsd:date",
        "id:month",
    ],
)  # fmt: skip
def test_what_is_no_duration_is_no_premise(literal: str) -> None:
    length = read_triple(f"id:x cas:shortestDuration {literal}")
    known = triple("x earliestStart 1943-07-25")
    accepted = [
        day
        for day in ("1943-07-25", "1943-07-26", "1943-08-25")
        if not check(
            Derivation(
                triple(f"x earliestEnd {day}"),
                "bounds/shortest-duration-earliest",
                (length, known),
            ),
            {},
        )
    ]

    assert accepted == []


# Bounds of random networks, as kg.bounds tightens them


PREDICATES = {
    Kind.BEFORE: CAS.before,
    Kind.BEGAN_BEFORE: CAS.beganBefore,
    Kind.ENDED_BEFORE: CAS.endedBefore,
    Kind.BEGAN_BEFORE_END_OF: CAS.beganBeforeEndOf,
    Kind.SHORTEST_DURATION: CAS.shortestDuration,
    Kind.LONGEST_DURATION: CAS.longestDuration,
}


def named(name: str) -> ox.NamedNode:
    return ox.NamedNode(PREFIXES["id"] + name)


def of_fact(fact: Fact) -> ox.Triple:
    return dated(named(fact.occurrence), getattr(CAS, fact.bound), fact.day)


def as_derivation(found: Step) -> Derivation:
    conclusion, c = of_fact(found.fact), found.constraint
    premises = [] if found.premise is None else [of_fact(found.premise)]
    if c is not None and isinstance(c.value, Bounds):
        interval = named("interval")
        premises += [
            ox.Triple(named(c.occurrence), CAS.hasInterval, interval),
            ox.Triple(interval, conclusion.predicate, conclusion.object),
        ]
    elif c is not None:
        premises.append(of_constraint(c))
    return Derivation(conclusion, found.rule, tuple(premises))


def of_constraint(c: Constraint) -> ox.Triple:
    x, value = named(c.occurrence), c.value
    if isinstance(value, str):
        return ox.Triple(x, PREDICATES[c.kind], named(value))
    if not isinstance(value, Duration):
        return ox.Triple(x, RDF.type, CAS.Momentary)
    kind = "dayTimeDuration" if value.days else "yearMonthDuration"
    text = f"P{value.days}D" if value.days else f"P{value.months}M"
    literal = ox.Literal(text, datatype=ox.NamedNode(PREFIXES["xsd"] + kind))
    return ox.Triple(x, PREDICATES[c.kind], literal)


names = st.sampled_from("abcd")
some_days = st.dates(date(1943, 11, 1), date(1944, 4, 30))
lengths = st.one_of(
    st.builds(Duration, months=st.integers(0, 14)), st.builds(Duration, days=st.integers(1, 40))
)


@st.composite
def intervals(draw: st.DrawFn) -> Bounds:
    found = sorted(draw(st.lists(some_days, min_size=4, max_size=4)))
    return Bounds(*(day if draw(st.booleans()) else None for day in found))


constraints = st.one_of(
    st.builds(Constraint, names, st.sampled_from([*PREDICATES][:4]), names),
    st.builds(Constraint, names, st.just(Kind.MOMENTARY)),
    st.builds(Constraint, names, st.sampled_from([*PREDICATES][4:]), lengths),
    st.builds(Constraint, names, st.just(Kind.HAS_INTERVAL), intervals()),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(constraints, min_size=2, max_size=10))
def test_every_tightening_is_accepted_and_none_of_a_day_beside(told: list[Constraint]) -> None:
    network = tighten("abcd", told)
    found = network.conflict.earliest + network.conflict.latest if network.conflict else ()
    steps = [as_derivation(each) for each in (*network.steps(), *found)]

    assert [fault for each in steps if (fault := check(each, {}))] == []
    assert [each for each in steps for n in (-1, 1) if not check(moved(each, n), {})] == []


# Allen's relations


def bounds_as_triples(thing: ox.NamedNode, bounds: Bounds) -> list[ox.Triple]:
    found = (bounds.earliest_start, bounds.latest_start, bounds.earliest_end, bounds.latest_end)
    return [dated(thing, which, day) for which, day in zip(WHICH, found, strict=True) if day]


def related(name: str, x: Bounds, y: Bounds) -> Derivation:
    """Return a step to `certainlyBefore` from the bounds of two occurrences."""
    relation = name.removeprefix("certainly").removeprefix("possibly")
    premises = (*bounds_as_triples(X, x), *bounds_as_triples(Y, y))
    return Derivation(ox.Triple(X, getattr(CAS, name), Y), f"allen/{relation}", premises)


RELATIONS = {
    f"{how}{name}": getattr(CAS, f"{how}{name}")
    for name in allen.NAMES
    for how in ("certainly", "possibly")
}


def concluded(x: Bounds, y: Bounds) -> set[str]:
    """Return which relations the checker accepts."""
    premises = (*bounds_as_triples(X, x), *bounds_as_triples(Y, y))
    return {
        f"{how}{name}"
        for name in allen.NAMES
        for how in ("certainly", "possibly")
        if not check(
            Derivation(ox.Triple(X, RELATIONS[f"{how}{name}"], Y), f"allen/{name}", premises), {}
        )
    }


def expected(x: Bounds, y: Bounds) -> set[str]:
    """Return which relations kg.allen finds, certain ones as possible too."""
    return {
        f"{how}{name}"
        for name, strength in allen.relations(x, y)
        for how in (["certainly", "possibly"] if strength == "certain" else ["possibly"])
    }


def boxes(choices: Iterable[date | None]) -> list[Bounds]:
    return [Bounds(*found) for found in product(choices, repeat=4)]


def tight(days_of: list[date]) -> list[Bounds]:
    """Return the bounds that some interval fits, none of them wider than need be."""
    return [
        b
        for b in (Bounds(*found) for found in product(days_of, repeat=4))
        if b.earliest_start <= b.latest_start <= b.latest_end  # type: ignore[operator]
        and b.earliest_start <= b.earliest_end <= b.latest_end  # type: ignore[operator]
    ]


LEAP = [date(1944, 2, 28) + timedelta(n) for n in range(3)]


def test_all_pairs_of_tight_bounds_in_three_days_are_related_as_in_the_table() -> None:
    """Three days have four ends, enough for each of the thirteen."""
    pairs = product(tight(LEAP), repeat=2)

    assert [(x, y) for x, y in pairs if concluded(x, y) != expected(x, y)] == []


def test_all_pairs_of_bounds_on_two_days_and_on_one_are_related_as_in_the_table() -> None:
    """Open bounds are among them, and bounds that no interval fits."""
    pairs = product(boxes([None, *LEAP[:2]]), boxes([None, LEAP[1]]))

    assert [(x, y) for x, y in pairs if concluded(x, y) != expected(x, y)] == []


near = st.none() | st.builds(lambda n: date(1944, 2, 20) + timedelta(n), st.integers(0, 11))
any_bounds = st.builds(Bounds, near, near, near, near)


@settings(max_examples=500, deadline=None)
@given(any_bounds, any_bounds)
def test_random_pairs_are_related_as_in_the_table(x: Bounds, y: Bounds) -> None:
    assert concluded(x, y) == expected(x, y)


def test_a_relation_between_a_thing_and_itself_is_refused() -> None:
    itself = Derivation(
        ox.Triple(X, CAS.possiblyBefore, X),
        "allen/Before",
        tuple(bounds_as_triples(X, bounds_of("1943-07"))),
    )

    assert check(itself, {}) != ""


ARREST, SIGNING = bounds_of("1943-07-25"), bounds_of("1943-09-03")


@pytest.mark.parametrize(
    "relation",
    ["certainlyAfter", "certainlyMeets", "possiblyAfter", "before", "certainlyBeforehand"],
)
def test_another_relation_than_that_of_the_rule_is_refused(relation: str) -> None:
    right = related("certainlyBefore", ARREST, SIGNING)
    other = ox.Triple(X, ox.NamedNode(PREFIXES["cas"] + relation), Y)

    assert check(right, {}) == ""
    assert check(replace(right, conclusion=other), {}) != ""


def test_the_two_sides_of_a_relation_are_not_swapped() -> None:
    right = related("certainlyBefore", ARREST, SIGNING)

    assert check(replace(right, conclusion=ox.Triple(Y, CAS.certainlyBefore, X)), {}) != ""


def test_a_certain_relation_needs_the_bounds_that_make_it_so() -> None:
    right = related("certainlyBefore", ARREST, SIGNING)
    last, first = triple("x latestEnd 1943-07-25"), triple("y earliestStart 1943-09-03")

    assert check(replace(right, premises=(last, first)), {}) == ""
    assert check(replace(right, premises=tuple({*right.premises} - {first})), {}) != ""
    assert check(replace(right, premises=(first,)), {}) != ""


@pytest.mark.parametrize("needless", ["x before y", "z latestEnd 1943-07-25"])
def test_a_relation_rests_on_nothing_but_bounds_of_its_two_sides(needless: str) -> None:
    right = related("certainlyBefore", ARREST, SIGNING)
    padded = replace(right, premises=(*right.premises, triple(needless)))
    words = " ".join(shorten(term) for term in triple(needless))

    assert check(padded, {}) == f"has premises without a part in it: {words}"


def test_a_value_of_a_bound_that_a_narrower_one_replaces_has_no_part_in_a_relation() -> None:
    right = related("certainlyBefore", ARREST, SIGNING)
    padded = replace(right, premises=(triple("x latestEnd 1943-07-31"), *right.premises))

    assert check(padded, {}) == (
        "has premises without a part in it: id:x cas:latestEnd 1943-07-31"
    )


# Whole proofs


def test_the_latest_day_of_a_thing_is_proved_down_to_what_is_stated() -> None:
    stated = [
        triple(each)
        for each in ("x before y", "y hasInterval i", "i latestStart 1943-07-25", "x a Momentary")
    ]
    steps = [
        step("has-interval-latest-start", STEPS["has-interval-latest-start"].replace("x ", "y ")),
        step("before-latest", STEPS["before-latest"]),
        step("start-before-end-latest", STEPS["start-before-end-latest"]),
    ]

    assert check_proof(steps, {}, stated) == []
    assert check_proof([steps[0], moved(steps[1], -1)], {}, stated) == [
        "id:x cas:latestEnd 1943-07-24: does not follow by bounds/before-latest from its premises"
    ]


def test_what_is_possible_by_the_bounds_that_a_step_cites_may_be_ruled_out_by_others() -> None:
    whole = related("possiblyAfter", ARREST, bounds_of("1943-07"))
    part = related("possiblyAfter", ARREST, SIGNING)
    part = replace(part, premises=part.premises[:4])
    none = replace(part, premises=())

    assert check_proof([whole], {}, whole.premises) == []
    assert check_proof([part], {}, part.premises) == []
    assert check_proof([part, none], {}, [*bounds_as_triples(Y, SIGNING), *part.premises]) == [
        "id:x cas:possiblyAfter id:y: bounds that it does not cite rule it out"
    ]
