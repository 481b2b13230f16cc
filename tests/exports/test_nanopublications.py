"""Nanopublications, read by rdflib, checked by the library of nanopublications, held to the graph."""

from collections import defaultdict
from io import BytesIO
from pathlib import Path

import pytest
import rdflib
from rdflib import DCTERMS, PROV, RDF, Namespace, URIRef
from rdflib.graph import ConjunctiveGraph

import kg
from kg.exports import nanopublications
from kg.terms import BASE, PREFIXES
from tests.helpers import rows

NP, CAS, OA = (
    Namespace(iri) for iri in ("http://www.nanopub.org/nschema#", PREFIXES["cas"], PREFIXES["oa"])
)
PARTS = (NP.hasAssertion, NP.hasProvenance, NP.hasPublicationInfo)
# rdflib, and the library above it, use what rdflib deprecates.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
Quads = dict[URIRef, rdflib.Graph]  # by graph


def written(graph: kg.Graph) -> bytes:
    out = BytesIO()
    nanopublications.write(graph, out)
    return out.getvalue()


@pytest.fixture(scope="module")
def read(graph: kg.Graph) -> Quads:
    dataset = rdflib.Dataset().parse(data=written(graph), format="trig")
    graphs: Quads = defaultdict(rdflib.Graph)
    for s, p, o, name in dataset.quads():
        graphs[URIRef(str(name))].add((s, p, o))
    return dict(graphs)


def publications(read: Quads) -> dict[URIRef, list[URIRef]]:
    """Return of each publication its head, assertion, provenance and publication info."""
    found: dict[URIRef, list[URIRef]] = {}
    for name, graph in read.items():
        for publication in graph.subjects(RDF.type, NP.Nanopublication):
            assert publication not in found
            parts = [URIRef(str(graph.value(publication, part))) for part in PARTS]
            found[URIRef(str(publication))] = [name, *parts]
    return found


def merged(read: Quads, parts: list[URIRef]) -> ConjunctiveGraph:
    one = ConjunctiveGraph()
    for part in parts:
        for triple in read[part]:
            one.get_context(part).add(triple)
    return one


def test_there_is_one_a_claim_and_nothing_beside(graph: kg.Graph, read: Quads) -> None:
    claims = rows(graph, "SELECT ?c { GRAPH g:claims { ?c a cas:Claim } }")
    found = publications(read)
    graphs = [part for parts in found.values() for part in parts]

    assert len(claims) > 100
    assert sorted(claims) == sorted((str(assertion),) for _, assertion, _, _ in found.values())
    assert sorted(graphs) == sorted(read)


def test_the_rules_of_well_formed_nanopublications_hold(read: Quads) -> None:
    for publication, (head, assertion, provenance, about) in publications(read).items():
        assert len({publication, head, assertion, provenance, about}) == 5
        assert len(read[head]) == 4
        assert (assertion, None, None) in read[provenance]
        assert (publication, None, None) in read[about]
        assert not any(
            isinstance(t, rdflib.BNode)
            for part in (head, assertion, provenance, about)
            for s, _, o in read[part]
            for t in (s, o)
        )


def test_the_assertion_is_the_graph_of_the_claim(graph: kg.Graph, read: Quads) -> None:
    for _, assertion, _, _ in publications(read).values():
        query = f"SELECT ?s ?p ?o {{ GRAPH <{assertion}> {{ ?s ?p ?o }} }}"
        found = ((str(s), str(p), str(o)) for s, p, o in read[assertion])
        assert sorted(rows(graph, query)) == sorted(found)


def test_the_provenance_is_what_the_graph_knows_of_the_claim(graph: kg.Graph, read: Quads) -> None:
    for _, assertion, provenance, _ in publications(read).values():
        query = f"""SELECT ?s ?p ?o {{ GRAPH g:claims {{
            <{assertion}> cas:evidence?/oa:hasSelector? ?s . ?s ?p ?o
            FILTER(STRSTARTS(STR(?s), "{assertion}")) }} }}"""
        told = read[provenance]
        found = {(str(s), str(p), str(o)) for s, p, o in told if not str(p).startswith(str(PROV))}
        assert set(rows(graph, query)) == found
        for ours, theirs in (
            (CAS.statedIn, PROV.wasQuotedFrom),
            (DCTERMS.source, PROV.hadPrimarySource),
        ):
            assert set(told.subject_objects(ours)) == set(told.subject_objects(theirs))
        assert any(told.subject_objects(PROV.wasQuotedFrom)) != any(
            told.subject_objects(PROV.hadPrimarySource)
        )


def test_another_reading_is_told_apart_from_what_is_asserted(graph: kg.Graph, read: Quads) -> None:
    others = {
        str(assertion)
        for _, assertion, provenance, _ in publications(read).values()
        if read[provenance].value(assertion, CAS.asserted) == rdflib.Literal(False)  # noqa: FBT003
    }

    assert others
    assert others == {c for (c,) in rows(graph, "SELECT ?c { ?c cas:alternativeTo ?preferred }")}


def test_who_publishes_and_under_which_licence_is_as_in_the_ontology(
    graph: kg.Graph, read: Quads
) -> None:
    ((creator, licence),) = rows(
        graph, f"SELECT ?c ?l {{ <{BASE}ontology> dct:creator ?c ; dct:license ?l }}"
    )
    for publication, (_, _, _, about) in publications(read).items():
        assert creator == str(read[about].value(publication, DCTERMS.creator))
        assert licence == str(read[about].value(publication, DCTERMS.license))


def test_the_library_of_nanopublications_finds_them_valid(read: Quads) -> None:
    from nanopub.nanopub import Nanopub
    from nanopub.utils import MalformedNanopubError

    found = publications(read)

    for parts in found.values():
        assert Nanopub(rdf=merged(read, parts)).is_valid
    with pytest.raises(MalformedNanopubError):
        assert Nanopub(rdf=merged(read, parts[:3])).is_valid


def test_the_same_graph_gives_the_same_bytes(graph: kg.Graph, build: Path) -> None:
    assert written(graph) == written(kg.open_graph(build))
