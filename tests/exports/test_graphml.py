"""GraphML, read by NetworkX, and held against the graph."""

import io

import networkx
import pytest

from kg import Graph, exports
from kg.terms import PREFIXES
from tests.helpers import rows

ID = PREFIXES["id"]


@pytest.fixture(scope="module")
def network(graph: Graph) -> networkx.MultiDiGraph:
    out = io.BytesIO()
    exports.named("graphml").write(graph, out)
    out.seek(0)
    return networkx.read_graphml(out, force_multigraph=True)


def test_the_nodes_are_the_entities(graph: Graph, network: networkx.MultiDiGraph) -> None:
    query = "SELECT DISTINCT ?s { ?s ?p ?o FILTER(STRSTARTS(STR(?s), STR(id:)) && !CONTAINS(STR(?s), '#')) }"
    known = {row[0] for row in rows(graph, query)}

    assert {node for node in network.nodes if node.startswith(ID)} == known
    assert network.nodes[f"{ID}badoglio"]["label"] == "Pietro Badoglio"
    assert PREFIXES["cas"] + "Person" in network.nodes[f"{ID}badoglio"]["kinds"].split()
    assert network.nodes[f"{ID}fall-of-sicily"]["latestEnd"] == "1943-07-25"


def test_the_edges_are_the_relations(graph: Graph, network: networkx.MultiDiGraph) -> None:
    query = """SELECT ?s ?p ?o { ?s ?p ?o FILTER(STRSTARTS(STR(?s), STR(id:)) &&
      STRSTARTS(STR(?o), STR(id:)) && STRSTARTS(STR(?p), STR(cas:))) }"""
    edges = [
        (s, PREFIXES["cas"] + about["property"], o)
        for s, o, about in network.edges(data=True)
        if s.startswith(ID) and o.startswith(ID)
    ]

    assert len(edges) == len(set(edges)) > 1000
    assert set(edges) == set(rows(graph, query))


def test_an_edge_names_the_claims_that_state_it(network: networkx.MultiDiGraph) -> None:
    between = network.get_edge_data(f"{ID}surrender-signing", f"{ID}badoglio-representative")
    by_property = {about["property"]: about for about in between.values()}

    assert by_property["signedBy"]["claims"].endswith("/italy-1943/claim/s01-2")
    assert by_property["signedBy"]["label"] == "signed by"
    assert "claims" not in by_property["carriedOutBy"]  # it follows
