"""The context: one thing and the whole under it, in plain words, and nothing lost."""

import json
import string

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import example, given
from hypothesis import strategies as st

from kg import Graph
from kg.exports.jsonld import CONTEXT, document
from kg.terms import PREFIXES, RDF, expand

NAME = expand("id:a")
XSD = PREFIXES["xsd"]
PREDICATES = ["cas:before", "cas:earliestStart", "cas:asserted", "cas:codePoints", "cas:edtf"]
PREDICATES += ["skos:prefLabel", "rdfs:comment", "rdf:type", "owl:versionInfo", "dct:source"]
DATATYPES = ["date", "integer", "boolean", "string", "double", "gYear", "anyURI"]
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
LITERALS = st.one_of(
    st.builds(ox.Literal, WORDS),
    st.builds(lambda w, tag: ox.Literal(w, language=tag), WORDS, st.sampled_from(["en", "pt-br"])),
    st.builds(
        lambda w, name: ox.Literal(w, datatype=ox.NamedNode(XSD + name)),
        st.one_of(WORDS, st.sampled_from(["1", "01", "+1", "true", "1943-07-25", "1" * 20, "-0"])),
        st.sampled_from(DATATYPES),
    ),
)
NAMES = st.builds(
    lambda start, local: ox.NamedNode(start + local),
    st.sampled_from([*PREFIXES.values(), "http://example.org/", "urn:x:"]),
    st.text(string.ascii_letters + "/:-.", max_size=8),
)
TRIPLES = st.builds(
    lambda s, p, o: ox.Triple(s, expand(p), o),
    NAMES,
    st.sampled_from(PREDICATES),
    st.one_of(LITERALS, NAMES, st.builds(ox.BlankNode, st.sampled_from(["a", "b1"]))),
)


def triples_of(written: object) -> set[ox.Triple]:
    text = json.dumps(written)
    return {quad.triple for quad in ox.parse(text, format=ox.RdfFormat.JSON_LD)}


@example({ox.Triple(NAME, expand("cas:no-such-term"), NAME)})
@example({ox.Triple(NAME, RDF.type, expand("cas:NoSuchClass"))})
@example({ox.Triple(NAME, RDF.type, ox.NamedNode(PREFIXES["cas"]))})
@example({ox.Triple(NAME, expand("cas:a:b"), ox.NamedNode(PREFIXES["id"] + "//b"))})
@given(st.sets(TRIPLES, min_size=1, max_size=8))
def test_any_triples_come_back_from_the_document(triples: set[ox.Triple]) -> None:
    assert triples_of(document(triples)) == triples


def test_a_thing_is_told_in_plain_words(graph: Graph) -> None:
    signing = expand("id:surrender-signing")
    quads = graph.store.quads_for_pattern(signing, None, None, ox.DefaultGraph())
    triples = {quad.triple for quad in quads}
    told = document(triples)

    assert list(told)[:3] == ["@context", "@id", "@type"]
    assert told["@id"] == "id:surrender-signing"
    assert "Signing" in told["@type"]
    assert told["signedBy"] == "id:badoglio-representative"
    assert told["earliestStart"] == "1943-09-03"
    assert told["skos:prefLabel"]["pt"] == "assinatura da rendição da Itália"
    assert triples_of(told) == triples


def test_the_context_may_be_named_by_its_address() -> None:
    triple = ox.Triple(expand("id:a"), expand("cas:before"), expand("id:b"))
    told = document([triple], "https://example.org/context.jsonld")

    assert told == {
        "@context": "https://example.org/context.jsonld",
        "@id": "id:a",
        "before": "id:b",
    }


def test_several_subjects_are_in_one_graph() -> None:
    a, b, before = (expand(name) for name in ("id:a", "id:b", "cas:before"))
    told = document([ox.Triple(a, before, b), ox.Triple(b, before, a)])

    assert [node["@id"] for node in told["@graph"]] == ["id:a", "id:b"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib.*")
@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"before": "id:b"}, rdflib.URIRef(PREFIXES["id"] + "b")),
        ({"earliestStart": "1943-07-25"}, rdflib.Literal("1943-07-25", datatype=rdflib.XSD.date)),
        ({"codePoints": 2024}, rdflib.Literal(2024)),
        ({"asserted": True}, rdflib.Literal("true", datatype=rdflib.XSD.boolean)),
        ({"skos:prefLabel": {"pt": "Roma"}}, rdflib.Literal("Roma", lang="pt")),
        ({"@type": "Person"}, rdflib.URIRef(PREFIXES["cas"] + "Person")),
    ],
)
def test_what_is_written_under_the_context_means_to_rdflib_what_it_says(
    said: dict[str, object], meant: rdflib.term.Node
) -> None:
    text = json.dumps({"@context": CONTEXT, "@id": "id:a", **said})
    objects = list(rdflib.Graph().parse(data=text, format="json-ld").objects())

    assert objects == [meant]


def test_every_term_of_the_ontology_has_its_bare_name(graph: Graph) -> None:
    query = "SELECT DISTINCT ?t { ?t rdfs:isDefinedBy <https://w3id.org/cassibile/ontology> }"
    names = [row[0].value for row in graph.query(query)]  # type: ignore[union-attr]

    assert len(names) > 200
    for name in names:
        assert CONTEXT[name.removeprefix(PREFIXES["cas"])]["@id"] == name
