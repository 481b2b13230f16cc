"""Rule files with FILTER and BIND of every kind mean what running their CONSTRUCT means."""

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg import reason
from kg.reason.codes import Generalised
from kg.rules import Rule, read_rules
from tests.reason import graphs, naive
from tests.reason.test_derivations import assert_explained

RULES = read_rules(Path(__file__).parent / "data" / "files")
FACTS = (
    "{i} ex:p0 {i}", "{i} ex:p0 {i}", "{i} ex:p1 {i}", "{i} ex:d0 1", "{i} ex:d0 2",
    "{p} a owl:TransitiveProperty", "ex:d0 a owl:FunctionalProperty", "ex:p1 owl:inverseOf ex:p0",
)  # fmt: skip
EQUALITY = (
    "{i} owl:sameAs {i}", "ex:i1 owl:sameAs {i}", "ex:i2 owl:sameAs {i}", "{p} owl:sameAs {p}",
    "ex:p0 a owl:FunctionalProperty",
)  # fmt: skip
GRAPHS = graphs.turtle(
    st.lists(graphs.statements(*FACTS), max_size=7),
    st.lists(graphs.statements(*EQUALITY), max_size=3),
)
CHOSEN = st.lists(st.sampled_from(RULES), max_size=4, unique_by=lambda rule: rule.name)


def run_by_hand(stated: list[ox.Triple], rules: list[Rule]) -> set[ox.Triple]:
    """Return what OWL 2 RL and the queries come to in turns."""
    known = naive.close(stated)
    while True:
        rdf = [ox.Triple(*t) for t in known if naive.is_rdf(t)]  # type: ignore[arg-type]
        store = ox.Store()
        store.extend(ox.Quad(*triple) for triple in rdf)
        made: set[Generalised] = set()
        for rule in rules:
            answer = store.query(rule.construct)
            assert isinstance(answer, ox.QueryTriples), "a rule is a CONSTRUCT"
            made |= {tuple(triple) for triple in answer}
        if made <= known:
            return {*rdf}
        known = naive.close(known | made)


@pytest.mark.slow
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(GRAPHS, CHOSEN)
def test_a_rule_file_means_what_its_query_means(text: str, rules: list[Rule]) -> None:
    """Also where an expression reads a term that goes by several names."""
    stated = graphs.triples(text)
    expected = run_by_hand(stated, rules)
    for representatives in (True, False):
        closure = reason.close(stated, rules, representatives=representatives)

        assert {*stated, *closure.derived()} == expected
        for triple in closure.derived():
            assert_explained(closure, triple)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_of_the_examples_fires_somewhere(rule: Rule) -> None:
    """So that the comparison above is about something."""
    text = (
        "ex:i0 ex:p0 ex:i0 , ex:i1 ; ex:d0 1 ; owl:sameAs ex:i9 . ex:i1 ex:p0 ex:i0 ; ex:d0 2 ;"
        "ex:p1 ex:i2 . _:b ex:p0 ex:i0 ."
    )
    closure = reason.close(graphs.triples(text), [rule])

    assert rule.name in {step.rule for step in closure.firings()}


def test_an_expression_reads_old_triples_again_when_a_term_gets_another_name() -> None:
    """The one triple that is left is none that is new, only a name of its terms is."""
    [rule] = [rule for rule in RULES if rule.name == "expression/different-subjects"]
    stated = graphs.triples("ex:i1 ex:p0 ex:i0 , ex:i1 . ex:p0 a owl:FunctionalProperty .")
    derived = {*reason.close(stated, [rule]).derived()}

    assert {*graphs.triples("ex:i0 ex:sibling ex:i1 . ex:i1 ex:sibling ex:i0 .")} <= derived
