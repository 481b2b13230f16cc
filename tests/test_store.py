"""The built graph answers, and refuses what is no query."""

from pathlib import Path

import pytest

import kg
from kg.errors import BadQuery, NoGraph
from tests.helpers import rows

SUCCESSION = "SELECT ?who ?whom { ?who cas:succeeded ?whom }"


def test_who_succeeded_whom(graph: kg.Graph) -> None:
    names = [tuple(graph.label(t) for t in row) for row in graph.query(SUCCESSION)]  # type: ignore[union-attr]

    assert names == [("Pietro Badoglio", "Benito Mussolini")]


def test_the_succession_is_inferred_and_no_claim_states_it(graph: kg.Graph) -> None:
    found = rows(graph, "SELECT ?g { GRAPH ?g { ?who cas:succeeded ?whom } }")

    graphs = {g.rpartition("graph/")[2] for (g,) in found}
    assert {"derived/text/italy-1943", "view/text/italy-1943"} <= graphs
    assert all(graph.startswith(("derived/", "view/")) for graph in graphs)


def test_every_quote_is_the_words_at_its_offsets(graph: kg.Graph) -> None:
    claims = rows(
        graph,
        """SELECT ?claim ?exact (SUBSTR(?words, ?start + 1, ?end - ?start) AS ?slice) ?prefix ?suffix ?words ?start ?end {
             ?claim cas:statedIn ?text ; cas:evidence ?e . ?text rdf:value ?words .
             ?e oa:hasSelector ?q , ?p . ?q oa:exact ?exact ; oa:prefix ?prefix ; oa:suffix ?suffix .
             ?p oa:start ?start ; oa:end ?end }""",
    )

    assert len({claim for claim, *_ in claims}) >= 60
    for claim, exact, sliced, prefix, suffix, words, start, end in claims:
        assert (claim, exact) == (claim, sliced)
        assert exact == words[int(start) : int(end)]
        assert words.count(prefix + exact + suffix) == 1


def test_what_is_no_query_is_refused_with_its_place(graph: kg.Graph) -> None:
    with pytest.raises(BadQuery) as caught:
        graph.query("SELECT ?x {\n ?x ids:b ?y }")

    assert (caught.value.line, caught.value.column) == (2, 5)
    assert "did you mean id?" in caught.value.hint


def test_a_query_never_leaves_the_machine(graph: kg.Graph) -> None:
    with pytest.raises(BadQuery, match="SERVICE"):
        graph.query("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }")


def test_a_misspelt_name_is_told_with_the_nearest_one(graph: kg.Graph) -> None:
    query = "PREFIX x: <https://w3id.org/cassibile/id/> SELECT * { x:badolio cas:suceeded ?o }"

    assert graph.misspelt(query) == [
        ("x:badolio", "did you mean id:badoglio?"),
        ("cas:suceeded", "did you mean cas:succeeded?"),
    ]
    assert graph.misspelt(SUCCESSION) == []


def test_one_graph_can_be_asked_alone(graph: kg.Graph) -> None:
    stated = graph.query(SUCCESSION, default_graphs=["g:claims"])

    assert list(stated) == []  # type: ignore[arg-type]


def test_no_graph_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoGraph, match="there is no graph here yet"):
        kg.open_graph(tmp_path)
