"""Each derived triple is explained under its own names, by steps that end in what is stated."""

from collections.abc import Iterable

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings

from kg import reason
from kg.reason.lists import FIRST, NIL, REST
from tests.reason import graphs, naive


def ended(premises: Iterable[ox.Triple]) -> list[ox.Triple]:
    """Return premises with an end to each list: it is told up to the member that is read."""
    told = [*premises]
    going_on = {t.subject for t in told if t.predicate == REST}
    nodes = {t.subject for t in told if t.predicate == FIRST} - going_on
    return [*told, *(ox.Triple(node, REST, NIL) for node in nodes)]


def assert_explained(closure: reason.Closure, triple: ox.Triple) -> None:
    """Check the steps to one triple: some, by its rule, from what was known before it."""
    rank = closure.round_of(triple)
    steps = closure.derivations(triple)

    assert rank is not None
    assert closure.rule_of(triple) in {step.rule for step in steps}
    for step in steps:
        rounds = [closure.round_of(premise) for premise in step.premises]

        assert step.conclusion == triple
        assert all(each is not None and each < rank for each in rounds)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graphs.ontologies(strange=True))
def test_each_step_follows_from_its_premises_alone(text: str) -> None:
    stated = graphs.triples(text)
    closure = reason.close(stated)
    for triple in closure.derived():
        assert_explained(closure, triple)
        for step in closure.derivations(triple):
            follows = naive.close(ended(step.premises), mentioned=[*triple])

            assert tuple(triple) in follows


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graphs.ontologies())
def test_what_is_stated_needs_no_step(text: str) -> None:
    stated = graphs.triples(text)
    closure = reason.close(stated)

    assert {closure.round_of(triple) for triple in stated} <= {0}
    assert {closure.rule_of(triple) for triple in stated} <= {""}
    assert [step for triple in stated for step in closure.derivations(triple)] == []


def test_a_triple_under_another_name_comes_from_the_name_it_was_stated_with() -> None:
    closure = reason.close(
        graphs.triples("ex:b ex:p ex:c . ex:a owl:sameAs ex:b . ex:d owl:sameAs ex:a .")
    )
    [wanted] = graphs.triples("ex:d ex:p ex:c .")
    stated = graphs.triples("ex:b ex:p ex:c .")
    steps = closure.derivations(wanted)

    assert {step.rule for step in steps} == {"owl-rl/eq-rep-s"}
    assert any(step.premises[1:] == tuple(stated) for step in steps)


def test_a_chain_of_ten_thousand_equal_terms_is_explained_in_few_steps() -> None:
    links = " ".join(f"ex:n{place} owl:sameAs ex:n{place + 1} ." for place in range(10_000))
    closure = reason.close(graphs.triples(links))
    [ends] = graphs.triples("ex:n0 owl:sameAs ex:n10000 .")
    depth, waiting = 0, [ends]
    while waiting:
        depth += 1
        steps = (closure.derivations(triple)[:1] for triple in waiting[:1])
        waiting = [premise for found in steps for step in found for premise in step.premises]

    assert depth <= 16  # halved each time: 14 halvings, what is stated, and one to spare
