"""After any changes a closure is as if closed anew, and every conclusion is explained."""

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg import reason
from kg.rules import Rule
from tests.reason import graphs
from tests.reason.test_derivations import assert_explained
from tests.reason.test_rule_files import RULES

PLACES = st.lists(st.integers(0, 30), max_size=3)
CHANGES = st.lists(st.tuples(PLACES, PLACES), min_size=1, max_size=4)
CHOSEN = st.lists(st.sampled_from(RULES), max_size=2, unique_by=lambda rule: rule.name)


def drawn_pool(data: st.DataObject, *, equality: bool) -> list[ox.Triple]:
    """Return the triples of some ontology, of which tests state a few."""
    text = data.draw(graphs.ontologies(equality=equality))
    return sorted({*graphs.triples(text)}, key=str) or graphs.triples("ex:a ex:p0 ex:b .")


def contradictions(closure: reason.Closure) -> set[tuple[str, frozenset[ox.Triple]]]:
    return {(found.rule, frozenset(found.premises)) for found in closure.contradictions()}


@pytest.mark.slow
@pytest.mark.parametrize("equality", [False, True])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), rules=CHOSEN, changes=CHANGES, first=st.integers(0, 30))
def test_changes_leave_conclusions_that_are_explained(
    data: st.DataObject,
    rules: list[Rule],
    changes: list[tuple[list[int], list[int]]],
    first: int,
    *,
    equality: bool,
) -> None:
    pool = drawn_pool(data, equality=equality)
    known = {*pool[:first]}
    closure = reason.close(sorted(known, key=str), rules)
    for put, taken in changes:
        added = [pool[place % len(pool)] for place in put]
        removed = [pool[place % len(pool)] for place in taken]
        closure.change(added, removed)
        known = known.difference(removed).union(added)
        anew = reason.close(sorted(known, key=str), rules)

        assert {*closure.derived()} == {*anew.derived()}
        assert {closure.round_of(triple) for triple in known} <= {0}
        if not equality:  # with it a clash may be told under another name
            assert contradictions(closure) == contradictions(anew)
        for triple in closure.derived():
            assert_explained(closure, triple)


@pytest.mark.parametrize("equality", [False, True])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), rules=CHOSEN, first=st.integers(0, 30), taken=PLACES)
def test_a_copy_and_its_original_are_changed_each_by_itself(
    data: st.DataObject, rules: list[Rule], first: int, taken: list[int], *, equality: bool
) -> None:
    pool = drawn_pool(data, equality=equality)
    known, removed = pool[:first], [pool[place % len(pool)] for place in taken]
    original = reason.close(known, rules)
    before = [(triple, original.round_of(triple)) for triple in original.derived()]
    copied = original.copy()
    copied.change(pool[first:], removed)
    stated = [*(each for each in known if each not in removed), *pool[first:]]

    assert {*copied.derived()} == {*reason.close(stated, rules).derived()}
    assert [(triple, original.round_of(triple)) for triple in original.derived()] == before

    original.change(removed=removed)
    left = [each for each in known if each not in removed]

    assert {*original.derived()} == {*reason.close(left, rules).derived()}
    assert {*copied.derived()} == {*reason.close(stated, rules).derived()}


@pytest.mark.parametrize("equality", [False, True])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), rules=CHOSEN, changes=CHANGES, first=st.integers(0, 30))
def test_what_would_fall_is_what_a_change_makes_fall(
    data: st.DataObject,
    rules: list[Rule],
    changes: list[tuple[list[int], list[int]]],
    first: int,
    *,
    equality: bool,
) -> None:
    pool = drawn_pool(data, equality=equality)
    known = pool[:first]
    closure = reason.close(known, rules)
    held = {*known, *closure.derived()}
    for put, taken in changes:
        added = [pool[place % len(pool)] for place in put]
        removed = [pool[place % len(pool)] for place in taken]
        stated = {*known}.difference(removed).union(added)
        left = {*stated, *reason.close(sorted(stated, key=str), rules).derived()}

        assert closure.falling(removed, added) == held - left
    assert {*known, *closure.derived()} == held
