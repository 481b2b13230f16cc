"""What falls without some claims is what closing the perspective again without them lacks."""

import pyoxigraph as ox
from hypothesis import given, settings
from hypothesis import strategies as st

from kg import paths, perspectives
from kg.conclude import Conclusions
from kg.perspectives import Perspective
from kg.rules import read_rules
from kg.store import Graph, kept
from kg.terms import PREFIXES, expand
from tests.reason import graphs

PLACES = st.sets(st.integers(0, 1_000), min_size=1, max_size=6)


@kept(5)
def concluded(graph: Graph, key: str) -> Conclusions:
    rules = read_rules(paths.ONTOLOGY / "rules")
    return Conclusions(
        perspectives.read(graph.store, key), perspectives.axioms(graph.store), rules
    )


def by_closing_again(whole: Conclusions, claims: list[ox.NamedNode]) -> set[ox.Triple]:
    rest = whole.under(whole.perspective.without(claims))
    before, after = (
        {*each.perspective.stated, *each.derived, *each.chronology.bounds}
        for each in (whole, rest)
    )
    return before - after


@settings(max_examples=25, deadline=None)
@given(places=PLACES)
def test_what_falls_is_what_closing_again_lacks(graph: Graph, places: set[int]) -> None:
    for key in perspectives.keys(graph.store):
        whole = concluded(graph, key)
        known = sorted(whole.perspective.claims, key=str)
        claims = [known[place] for place in sorted({place % len(known) for place in places})]

        assert whole.falling(claims) == by_closing_again(whole, claims)


# What claims of a text would hardly say: days and relations of occurrences themselves, and what
# says nothing.
SAID = f"""
    PREFIX cas: <{PREFIXES["cas"]}>
    PREFIX id: <{PREFIXES["id"]}>
    id:battle a cas:Battle ; cas:hasInterval id:july ; cas:before id:truce ; cas:within id:war .
    id:july a cas:Interval ; cas:earliestStart "1943-07-01"^^xsd:date ;
      cas:latestEnd "1943-07-31"^^xsd:date .
    id:truce a cas:Momentary , owl:Thing ; cas:hasInterval id:september ; cas:before id:peace .
    id:september cas:earliestStart "1943-09-03"^^xsd:date ; cas:latestEnd "1943-09-08"^^xsd:date .
    id:battle cas:latestEnd "1943-07-31"^^xsd:date , "1943-09-08"^^xsd:date .
    id:peace cas:earliestStart "1943-09-03"^^xsd:date ; cas:beganBefore id:battle .
    id:first a cas:Tenure ; cas:endedBefore id:second ; cas:hasInterval id:july .
    id:second a cas:Tenure ; cas:hasInterval id:september .
    id:first cas:possiblyBefore id:second ; cas:certainlyAfter id:second .
    id:first cas:certainlyBefore id:second ; cas:before id:second .
"""


@settings(max_examples=40, deadline=None)
@given(twice=PLACES, places=PLACES)
def test_what_falls_of_strange_claims(graph: Graph, twice: set[int], places: set[int]) -> None:
    said = graphs.triples(SAID)
    said += [said[place % len(said)] for place in sorted(twice)]
    claims = {
        expand(f"text:t/claim/s{place}"): frozenset({triple}) for place, triple in enumerate(said)
    }
    axioms = perspectives.axioms(graph.store)
    whole = Conclusions(
        Perspective("text/t", claims), axioms, read_rules(paths.ONTOLOGY / "rules")
    )
    removed = [expand(f"text:t/claim/s{place % len(said)}") for place in sorted(places)]

    assert whole.falling(removed) == by_closing_again(whole, removed)
