"""Wikibase RDF, read by rdflib, and held against the view of each perspective."""

from io import BytesIO

import pytest
import rdflib
from rdflib import RDF, Namespace, URIRef

import kg
from kg import perspectives
from kg.exports import wikibase
from kg.wikibase import view

WD, P, PS, PQ, PR = (
    Namespace(f"http://www.wikidata.org/{part}")
    for part in ("entity/", "prop/", "prop/statement/", "prop/qualifier/", "prop/reference/")
)
WIKIBASE, PROV = Namespace("http://wikiba.se/ontology#"), Namespace("http://www.w3.org/ns/prov#")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # rdflib's own


@pytest.fixture(scope="module")
def read(graph: kg.Graph) -> rdflib.Dataset:
    out = BytesIO()
    wikibase.write(graph, out)
    return rdflib.Dataset().parse(data=out.getvalue(), format="trig")


def test_each_perspective_has_its_graph(graph: kg.Graph, read: rdflib.Dataset) -> None:
    found = view.entities(graph.store)

    assert set(found) == set(perspectives.keys(graph.store))
    for key, entities in found.items():
        told = read.graph(URIRef(view.graph_of(key).value))
        statements = set(told.subjects(RDF.type, WIKIBASE.Statement))
        assert len(statements) == sum(len(entity.statements) for entity in entities.values()) > 50
        assert len(told) == len({*view.triples(entities)})


def test_a_statement_leads_to_the_words_of_the_text(read: rdflib.Dataset) -> None:
    told = read.graph(URIRef(view.graph_of("text/italy-1943").value))
    (node,) = told.objects(WD.Q200085, P.P39)
    words = {
        str(quote)
        for reference in told.objects(node, PROV.wasDerivedFrom)
        for quote in told.objects(reference, PR.P1683)
    }

    assert told.value(node, PS.P39) == WD.Q25160174
    assert told.value(node, PQ.P1365) == WD.Q23559
    assert "primeiro ministro desde a queda de Benito Mussolini" in words
