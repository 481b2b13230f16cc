"""Every term of the ontology is named and defined, in OWL 2 RL, and every name used is declared."""

from pathlib import Path

import pyoxigraph as ox
import pytest

from kg import formats, paths
from kg.positions import tokens
from kg.terms import CAS, PREFIXES, expand, shorten

CORE = [q.triple for q in formats.read(paths.ONTOLOGY / "core.ttl")]
TERMS = sorted({t.subject for t in CORE if shorten(t.subject).startswith("cas:")}, key=str)
TEXTS = [p.read_text(encoding="utf-8") for p in paths.SEEDS.glob("*/text.txt")]
PROPERTY_TYPES = {expand("owl:ObjectProperty"), expand("owl:DatatypeProperty")}
FILES = sorted(
    p for folder in (paths.ONTOLOGY, paths.SEEDS) for p in folder.rglob("*")
    if p.suffix in {".ttl", ".trig", ".rq"}
)  # fmt: skip


def objects(subject: object, name: str) -> list[ox.NamedNode | ox.BlankNode | ox.Literal]:
    predicate = expand(name)
    return [t.object for t in CORE if t.subject == subject and t.predicate == predicate]  # type: ignore[misc]


def languages(subject: object, name: str) -> list[str]:
    return sorted(o.language or "" for o in objects(subject, name) if isinstance(o, ox.Literal))


def test_there_are_terms() -> None:
    assert len(TERMS) > 150


@pytest.mark.parametrize("term", TERMS, ids=shorten)
def test_a_term_has_a_label_and_a_definition_in_each_language(term: ox.NamedNode) -> None:
    assert languages(term, "rdfs:label") == ["en", "it", "pt"]
    assert languages(term, "skos:definition") == ["en", "it", "pt"]
    assert objects(term, "rdfs:isDefinedBy") == [ox.NamedNode(PREFIXES["cas"][:-1])]


@pytest.mark.parametrize("term", TERMS, ids=shorten)
def test_an_example_in_the_language_of_a_text_is_words_of_it(term: ox.NamedNode) -> None:
    examples = objects(term, "skos:example")
    if PROPERTY_TYPES & set(objects(term, "rdf:type")):
        assert examples
    for example in examples:
        assert isinstance(example, ox.Literal)
        assert example.language == "en" or any(example.value in text for text in TEXTS)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(paths.DATA).as_posix())
def test_every_name_of_ours_in_a_file_is_declared(path: Path) -> None:
    names = {
        token.text.removeprefix("cas:")
        for token in tokens(path.read_text(encoding="utf-8"))
        if token.kind == "name" and token.text.startswith("cas:")
    }

    assert names - CAS.names - {""} == set()


def test_the_ontology_says_what_catalogues_expect() -> None:
    ontology = ox.NamedNode(PREFIXES["cas"][:-1])

    for name in ("dct:title", "dct:description"):
        assert languages(ontology, name) == ["en", "it", "pt"]
    assert objects(ontology, "dct:license")
    assert objects(ontology, "owl:versionIRI")
    assert [shorten(o) for o in objects(ontology, "dct:creator")] == ["the Cassibile project"]
    assert {
        shorten(t.object) for t in CORE if t.predicate.value.endswith("preferredNamespacePrefix")
    } == {"cas"}


def test_identity_is_never_inferred() -> None:
    used = {shorten(term) for t in CORE for term in (t.predicate, t.object)}

    assert not used & {
        "owl:sameAs", "owl:FunctionalProperty", "owl:InverseFunctionalProperty", "owl:hasKey",
        "owl:maxCardinality", "owl:maxQualifiedCardinality",
    }  # fmt: skip


def test_only_simple_properties_are_restricted() -> None:
    """A property that is transitive, or has a chain or a transitive property below it, may not be."""
    transitive = {t.subject for t in CORE if shorten(t.object) == "owl:TransitiveProperty"}
    chained = {t.subject for t in CORE if shorten(t.predicate) == "owl:propertyChainAxiom"}
    composite = set(transitive | chained)
    above = [(t.subject, t.object) for t in CORE if shorten(t.predicate) == "rdfs:subPropertyOf"]
    inverse = [(t.subject, t.object) for t in CORE if shorten(t.predicate) == "owl:inverseOf"]
    links = [*above, *inverse, *((b, a) for a, b in inverse)]
    while fresh := {b for a, b in links if a in composite} - composite:
        composite |= fresh  # type: ignore[arg-type]
    restricted = {
        t.subject
        for t in CORE
        if shorten(t.object) in {"owl:AsymmetricProperty", "owl:IrreflexiveProperty"}
    }

    assert {shorten(r) for r in restricted} == {"cas:directlySucceedsTenure", "cas:separateFrom"}
    assert not restricted & composite


def test_every_construct_is_of_owl_2_rl() -> None:
    """The axioms that core.ttl uses are on the list of the profile.

    Source: https://www.w3.org/TR/owl2-profiles/#OWL_2_RL
    """
    owl = {shorten(term) for t in CORE for term in (t.predicate, t.object)}

    assert {name for name in owl if name.startswith("owl:")} <= {
        "owl:AllDisjointClasses", "owl:AnnotationProperty", "owl:AsymmetricProperty", "owl:Class",
        "owl:DatatypeProperty", "owl:IrreflexiveProperty", "owl:NamedIndividual",
        "owl:ObjectProperty", "owl:Ontology", "owl:SymmetricProperty", "owl:TransitiveProperty",
        "owl:disjointWith", "owl:inverseOf", "owl:members", "owl:propertyChainAxiom",
        "owl:versionIRI", "owl:versionInfo",
    }  # fmt: skip


def test_no_individual_of_a_text_stands_in_the_ontology() -> None:
    for path in paths.ONTOLOGY.rglob("*"):
        if path.suffix in {".ttl", ".trig"} or path.parent.parent.name == "rules":
            assert "cassibile/id/" not in path.read_text(encoding="utf-8"), path
