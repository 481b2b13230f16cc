"""The engine against the rules read plainly, on random ontologies; see `naive.py`."""

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings

from kg import reason
from tests.reason import graphs, naive


@pytest.mark.slow
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graphs.ontologies(strange=True))
def test_the_closure_is_what_a_plain_reading_gives(text: str) -> None:
    """Also where the vocabulary itself goes by other names, which is legal and strange."""
    stated = graphs.triples(text)
    expected = {ox.Triple(*t) for t in naive.close(stated) if naive.is_rdf(t)}  # type: ignore[arg-type]
    for representatives in (True, False):
        derived = list(reason.close(stated, representatives=representatives).derived())

        assert len(set(derived)) == len(derived)
        assert not {*stated} & {*derived}
        assert {*stated, *derived} == expected


def test_a_rule_reads_old_triples_again_when_its_constant_gets_another_name() -> None:
    stated = graphs.triples(
        "ex:q a ex:F . ex:a ex:q ex:b , ex:c ."
        "ex:k a owl:FunctionalProperty . ex:z ex:k ex:F , owl:FunctionalProperty ."
    )
    [wanted] = graphs.triples("ex:b owl:sameAs ex:c .")

    assert wanted in reason.close(stated)
