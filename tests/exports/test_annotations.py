"""Web Annotations, read as RDF by rdflib, and each selector held against the text."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
from rdflib import DC, DCTERMS, FOAF, RDF, RDFS, Namespace

import kg
from kg.exports import annotations
from kg.terms import PREFIXES
from tests.helpers import rows

OA, AS = Namespace(PREFIXES["oa"]), Namespace("http://www.w3.org/ns/activitystreams#")
DESCRIBED = "SELECT ?c { GRAPH g:claims { ?c a cas:Claim } }"


TERMS = (
    "Annotation SpecificResource TextualBody TextQuoteSelector TextPositionSelector exact prefix "
    "suffix start end describing identifying linking classifying commenting"
)
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")


def link(term: str, kind: str = "@id") -> dict[str, str]:
    return {"@id": term, "@type": kind}


# What https://www.w3.org/ns/anno.jsonld says of the keys and values that are used: no test has a net.
CONTEXT = {
    "id": "@id",
    "type": "@type",
    "items": {**link(AS.items), "@container": "@list"},
    "AnnotationCollection": str(AS.OrderedCollection),
    "AnnotationPage": str(AS.OrderedCollectionPage),
    "Organization": str(FOAF.Organization),
    "creator": link(DCTERMS.creator),
    "rights": link(DCTERMS.rights),
    "body": link(OA.hasBody),
    "target": link(OA.hasTarget),
    "source": link(OA.hasSource),
    "selector": link(OA.hasSelector),
    "motivation": link(OA.motivatedBy, "@vocab"),
    "purpose": link(OA.hasPurpose, "@vocab"),
    "label": str(RDFS.label),
    "name": str(FOAF.name),
    "value": str(RDF.value),
    "format": str(DC.format),
    "language": str(DC.language),
    "total": str(AS.totalItems),
    "startIndex": str(AS.startIndex),
    **{name: link(AS[name]) for name in ("first", "last", "partOf")},
    **{name: str(OA[name]) for name in TERMS.split()},
}


def written(graph: kg.Graph) -> bytes:
    out = BytesIO()
    annotations.write(graph, out)
    return out.getvalue()


@pytest.fixture(scope="module")
def document(graph: kg.Graph) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(written(graph))
    return found


@pytest.fixture(scope="module")
def read(document: dict[str, Any]) -> rdflib.Graph:
    assert document["@context"] == "http://www.w3.org/ns/anno.jsonld"
    return rdflib.Graph().parse(
        data=json.dumps({**document, "@context": CONTEXT}), format="json-ld"
    )


def test_no_key_is_unknown_to_the_context(document: dict[str, Any]) -> None:
    def keys(value: object) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(keys, value))
        if isinstance(value, dict):
            return set(value).union(*map(keys, value.values()))
        return set()

    assert keys(document) - {"@context"} <= set(CONTEXT)


def test_there_is_one_annotation_a_claim_and_the_page_has_them_all(
    graph: kg.Graph, read: rdflib.Graph
) -> None:
    (collection,) = read.subjects(RDF.type, AS.OrderedCollection)
    page = read.value(collection, AS.first)
    listed = list(read.items(read.value(page, AS.items)))  # type: ignore[arg-type]
    told = [
        read.value(body, OA.hasSource)
        for annotation in listed
        for body in read.objects(annotation, OA.hasBody)
        if (body, OA.hasPurpose, OA.identifying) in read
    ]

    assert sorted(rows(graph, DESCRIBED)) == sorted((str(claim),) for claim in told)
    assert read.value(collection, AS.totalItems) == rdflib.Literal(len(listed))
    assert set(listed) == set(read.subjects(RDF.type, OA.Annotation))


def test_each_selector_finds_the_words_in_the_text(graph: kg.Graph, read: rdflib.Graph) -> None:
    texts: dict[str, str] = dict(
        rows(graph, "SELECT ?t ?w { ?t a cas:Text ; rdf:value ?w }")  # type: ignore[arg-type]
    )
    targets = list(read.subjects(RDF.type, OA.SpecificResource))
    targets = [target for target in targets if (target, OA.hasSelector, None) in read]

    assert len(targets) > 60
    for target in targets:
        text = texts[str(read.value(target, OA.hasSource))]
        selectors = list(read.objects(target, OA.hasSelector))
        (start,) = (int(str(v)) for s in selectors for v in read.objects(s, OA.start))
        (end,) = (int(str(v)) for s in selectors for v in read.objects(s, OA.end))
        exact, prefix, suffix = (
            next(str(v) for s in selectors for v in read.objects(s, term))
            for term in (OA.exact, OA.prefix, OA.suffix)
        )
        assert text[start:end] == exact
        assert text[:start].endswith(prefix)
        assert text[end:].startswith(suffix)
        assert text.count(prefix + exact + suffix) == 1


def test_the_targets_are_those_of_the_graph(graph: kg.Graph, read: rdflib.Graph) -> None:
    query = """SELECT ?c ?source ?start ?end { GRAPH g:claims { ?c a cas:Claim
        { ?c dct:source ?source BIND("" AS ?start) BIND("" AS ?end) } UNION
        { ?c cas:evidence [ oa:hasSource ?source ; oa:hasSelector [ oa:start ?start ; oa:end ?end ] ] } } }"""
    found = []
    for annotation in read.subjects(RDF.type, OA.Annotation):
        claim = str(annotation).removesuffix("#annotation")
        for target in read.objects(annotation, OA.hasTarget):
            source = read.value(target, OA.hasSource) or target
            edges = [
                str(v)
                for term in (OA.start, OA.end)
                for selector in read.objects(target, OA.hasSelector)
                for v in read.objects(selector, term)
            ]
            found.append((claim, str(source), *(edges or ["", ""])))

    assert sorted(rows(graph, query)) == sorted(found)


def test_the_turtle_of_a_body_is_the_graph_of_the_claim(
    graph: kg.Graph, document: dict[str, Any]
) -> None:
    for annotation in document["first"]["items"]:
        bodies = annotation["body"]
        (turtle,) = (b["value"] for b in bodies if b.get("format") == "text/turtle")
        (claim,) = (b["source"] for b in bodies if b["purpose"] == "identifying")
        stated = graph.store.quads_for_pattern(None, None, None, ox.NamedNode(claim))
        expected = "\n".join(f"{quad.triple} ." for quad in stated)
        found = rdflib.Graph().parse(data=turtle, format="turtle")
        assert set(rdflib.Graph().parse(data=expected, format="nt")) == set(found), claim


def test_how_a_claim_is_read_is_told(graph: kg.Graph, read: rdflib.Graph) -> None:
    query = """SELECT ?c ?p ?o { GRAPH g:claims { ?c a cas:Claim ; ?p ?o
        FILTER(?p IN (cas:reading, cas:alternativeTo, rdfs:comment)) } }"""
    purposes = {
        OA.classifying: ("cas", "reading"),
        OA.linking: ("cas", "alternativeTo"),
        OA.commenting: ("rdfs", "comment"),
    }
    found = []
    for annotation in read.subjects(RDF.type, OA.Annotation):
        claim = str(annotation).removesuffix("#annotation")
        for body in read.objects(annotation, OA.hasBody):
            purpose = read.value(body, OA.hasPurpose)
            if purpose in purposes:
                prefix, local = purposes[purpose]  # type: ignore[index]
                value = read.value(body, OA.hasSource) or read.value(body, RDF.value)
                found.append((claim, PREFIXES[prefix] + local, str(value)))

    assert sorted(rows(graph, query)) == sorted(found)


def test_a_reader_without_rdf_sees_what_is_claimed(document: dict[str, Any]) -> None:
    claim = PREFIXES["text"] + "italy-1943/claim/s03-1"
    (annotation,) = (a for a in document["first"]["items"] if a["id"] == f"{claim}#annotation")
    (told,) = (b for b in annotation["body"] if b.get("format") == "text/plain")

    assert "Bernard Montgomery commands British Eighth Army" in told["value"].split("\n")
    assert told["language"] == "en"


def test_the_same_graph_gives_the_same_bytes(graph: kg.Graph, build: Path) -> None:
    assert written(graph) == written(kg.open_graph(build))
