"""What a catalogue is told of a build is what the graph holds, and other tools read it."""

import re
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
import yaml
from rdflib.compare import isomorphic
from rdflib.namespace import DCAT, DCTERMS, FOAF, OWL, PROV, RDF, RDFS, VOID

import kg
from kg import catalogue, formats, paths
from kg.catalogue import Copy, Made
from kg.exports import exports
from kg.terms import BASE, PREFIXES
from tests.helpers import ABOUT, CLAIMS, ENTITIES, HEAD, rows, write_seed

MADE = Made(17, "ab" * 32)
HERE = Copy("https://example.org/copy", "0123456789abcdef", {"cassibile.nq": MADE})
DATA = rdflib.URIRef(f"{BASE}data")
BUILD = rdflib.URIRef(f"{BASE}data#build")
SD = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
SPDX = rdflib.Namespace("http://spdx.org/rdf/terms#")
DEFAULT = ox.DefaultGraph()


def written(graph: kg.Graph, syntax: str, copy: Copy = HERE) -> bytes:
    form = formats.named(syntax, formats.GRAPH_SYNTAXES)
    return formats.write(catalogue.describe(graph, copy), form, catalogue.DOCUMENT_PREFIXES)


@pytest.fixture(scope="module")
def described(graph: kg.Graph) -> rdflib.Graph:
    return rdflib.Graph().parse(data=written(graph, "turtle"), format="turtle")


def number(described: rdflib.Graph, node: rdflib.term.Node, predicate: rdflib.URIRef) -> int:
    found = described.value(node, predicate, any=False)
    assert isinstance(found, rdflib.Literal)
    return int(found)


def node(iri: str) -> rdflib.URIRef:
    return rdflib.URIRef(iri)


@pytest.mark.parametrize(("syntax", "theirs"), [("rdfxml", "xml"), ("ntriples", "nt")])
def test_every_syntax_tells_the_same(
    graph: kg.Graph, described: rdflib.Graph, syntax: str, theirs: str
) -> None:
    other = rdflib.Graph().parse(data=written(graph, syntax), format=theirs)

    assert len(described) > 500
    assert isomorphic(other, described)


def test_the_same_build_is_described_in_the_same_bytes(graph: kg.Graph, build: Path) -> None:
    assert written(graph, "turtle") == written(kg.open_graph(build), "turtle")


def test_the_totals_are_those_of_the_default_graph(
    graph: kg.Graph, described: rdflib.Graph
) -> None:
    quads = list(graph.store.quads_for_pattern(None, None, None, DEFAULT))

    assert number(described, DATA, VOID.triples) == len(quads)
    assert number(described, DATA, VOID.distinctSubjects) == len({q.subject for q in quads})
    assert number(described, DATA, VOID.distinctObjects) == len({q.object for q in quads})
    assert number(described, DATA, VOID.properties) == len({q.predicate for q in quads})
    entities = {str(q.subject) for q in quads if str(q.subject).startswith(f"<{PREFIXES['id']}")}
    assert number(described, DATA, VOID.entities) == len(entities)


def test_each_class_and_each_property_has_its_own_count(
    graph: kg.Graph, described: rdflib.Graph
) -> None:
    by_class, by_property = {}, {}
    for part in described.objects(DATA, VOID.classPartition):
        by_class[str(described.value(part, VOID["class"]))] = number(
            described, part, VOID.entities
        )
    for part in described.objects(DATA, VOID.propertyPartition):
        of = str(described.value(part, VOID.property))
        by_property[of] = number(described, part, VOID.triples)

    assert by_class == {
        str(c): int(n)
        for c, n in rows(
            graph, "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c FILTER(ISIRI(?c)) } GROUP BY ?c"
        )
    }
    assert number(described, DATA, VOID.classes) == len(by_class)
    assert len(by_property) == number(described, DATA, VOID.properties)
    assert sum(by_property.values()) == number(described, DATA, VOID.triples)
    for of, count in by_property.items():
        found = graph.store.quads_for_pattern(None, ox.NamedNode(of), None, DEFAULT)
        assert count == sum(1 for _ in found)


def test_each_named_graph_has_its_own_count(graph: kg.Graph, described: rdflib.Graph) -> None:
    told = {
        str(described.value(part, SD.name)): number(
            described, described.value(part, SD.graph) or part, VOID.triples
        )
        for part in described.objects(DATA, SD.namedGraph)
    }
    names = [str(g.value) for g in graph.store.named_graphs() if isinstance(g, ox.NamedNode)]

    assert set(told) == {name for name in names if name.startswith(PREFIXES["g"])}
    for name, count in told.items():
        found = graph.store.quads_for_pattern(None, None, None, ox.NamedNode(name))
        assert count == sum(1 for _ in found)


def test_the_links_to_other_datasets_are_counted(graph: kg.Graph, described: rdflib.Graph) -> None:
    told = {}
    for links in described.subjects(RDF.type, VOID.Linkset):
        assert (DATA, VOID.subset, links) in described
        assert described.value(links, VOID.subjectsTarget) == DATA
        key = (
            described.value(links, VOID.objectsTarget),
            described.value(links, VOID.linkPredicate),
        )
        told[tuple(map(str, key))] = number(described, links, VOID.triples)
    wikidata = "http://www.wikidata.org/"
    found: dict[tuple[str, str], int] = {}
    for quad in graph.store.quads_for_pattern(None, None, None, DEFAULT):
        target = getattr(quad.object, "value", "")
        for begin, whole in (
            (f"{wikidata}entity/", wikidata),
            *[("https://www.geonames.org/",) * 2],
        ):
            if isinstance(quad.object, ox.NamedNode) and target.startswith(begin):
                key_ = whole, quad.predicate.value
                found[key_] = found.get(key_, 0) + 1

    assert told == found
    assert (wikidata, f"{PREFIXES['skos']}exactMatch") in told


def test_examples_are_things_that_the_graph_names(
    graph: kg.Graph, described: rdflib.Graph
) -> None:
    examples = list(described.objects(DATA, VOID.exampleResource))
    (space,) = described.objects(DATA, VOID.uriSpace)

    assert examples
    for example in examples:
        assert str(example).startswith(str(space))
        assert not graph.label(ox.NamedNode(str(example))).startswith("id:")


def test_every_vocabulary_in_use_is_told_and_no_other(
    graph: kg.Graph, described: rdflib.Graph
) -> None:
    told = {str(each) for each in described.objects(DATA, VOID.vocabulary)}
    used = {q.predicate.value for q in graph.store.quads_for_pattern(None, None, None, DEFAULT)}

    assert {f"{BASE}ontology", "http://www.w3.org/2004/02/skos/core"} <= told
    assert [term for term in used if not term.startswith(tuple(told))] == []
    for vocabulary in told:
        classes = f"ASK {{ {{ ?s ?p ?o }} UNION {{ ?s a ?p }} FILTER(STRSTARTS(STR(?p), '{vocabulary}')) }}"
        assert graph.query(classes)


def test_what_dcat_demands_is_there(described: rdflib.Graph) -> None:
    """https://semiceu.github.io/DCAT-AP/releases/3.0.0/: the mandatory properties."""
    demanded = {
        DCAT.Catalog: (DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCAT.dataset),
        DCAT.Dataset: (DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCTERMS.license),
        DCAT.Distribution: (DCAT.accessURL, DCAT.downloadURL, DCTERMS.license, DCAT.mediaType),
        DCAT.DataService: (DCTERMS.title, DCAT.endpointURL, DCAT.servesDataset),
        FOAF.Organization: (FOAF.name,),
    }
    for kind, properties in demanded.items():
        found = list(described.subjects(RDF.type, kind))
        assert found
        for each in found:
            for property_ in properties:
                assert described.value(each, property_, any=True) is not None, (each, property_)
    assert {word.language for word in described.objects(DATA, DCTERMS.title)} == {"en", "pt", "it"}  # type: ignore[attr-defined]


def test_every_export_is_a_distribution_on_this_copy(described: rdflib.Graph) -> None:
    parts = list(described.objects(DATA, DCAT.distribution))
    addresses = {str(described.value(part, DCAT.downloadURL)) for part in parts}
    offered = [*exports()]

    assert len(addresses) == len(parts) == sum(1 if e.is_packed else 2 for e in offered)
    assert f"{HERE.here}/dump/cassibile.nq.gz" in addresses
    assert all(each.startswith(f"{HERE.here}/dump/") for each in addresses)
    dumps = {str(each) for each in described.objects(DATA, VOID.dataDump)}
    assert dumps <= addresses
    assert len(dumps) == 2 * len(formats.RDF_SYNTAXES)
    sized = [part for part in parts if (part, DCAT.byteSize, None) in described]
    assert [str(described.value(part, DCAT.byteSize)) for part in sized] == ["17"]
    checksum = described.value(sized[0], SPDX.checksum)
    assert checksum is not None
    assert str(described.value(checksum, SPDX.checksumValue)) == MADE.sha256


def test_two_forms_of_one_suffix_have_files_of_their_own() -> None:
    names = [file.name for file in catalogue.files(HERE)]

    assert len(names) == len(set(names))
    assert {f"cassibile.{syntax.suffix}" for syntax in formats.RDF_SYNTAXES} <= set(names)
    assert {"annotations.jsonld", "csvw.zip", "cassibile.geojson.gz"} <= set(names)


def test_terms_of_other_vocabularies_exist(described: rdflib.Graph) -> None:
    terms = {str(term) for term in {*described.predicates(), *described.objects(None, RDF.type)}}
    terms.remove(f"{DCAT}version")  # of DCAT 3, while rdflib knows DCAT 2

    for namespace in (DCAT, DCTERMS, FOAF, OWL, PROV, RDF, RDFS, VOID):
        used = [term for term in terms if term.startswith(str(namespace))]
        assert used
        assert [term for term in used if term.removeprefix(str(namespace)) not in namespace] == []


def test_the_build_is_told_with_texts_mappings_rules_and_programs(
    graph: kg.Graph, described: rdflib.Graph
) -> None:
    text = node(f"{BASE}text/italy-1943")
    mapping = node(f"{BASE}data#mapping/italy-1943")
    association = described.value(BUILD, PROV.qualifiedAssociation)
    assert association is not None
    plan = described.value(association, PROV.hadPlan)
    assert plan is not None
    rules = {str(rule) for rule in described.objects(plan, PROV.hadMember)}
    programs = {
        str(described.value(each, FOAF.name)): str(described.value(each, OWL.versionInfo))
        for each in described.subjects(RDF.type, PROV.SoftwareAgent)
    }

    assert (DATA, PROV.wasGeneratedBy, BUILD) in described
    assert str(described.value(BUILD, DCTERMS.identifier)) == HERE.build
    assert {text, mapping, node(f"{BASE}ontology")} <= set(described.objects(BUILD, PROV.used))
    assert (mapping, PROV.wasDerivedFrom, text) in described
    assert (DATA, PROV.wasDerivedFrom, text) in described
    assert rules == {
        rule for (rule,) in rows(graph, "SELECT DISTINCT ?r { GRAPH g:why { ?s cas:byRule ?r } }")
    }
    assert f"{PREFIXES['rule']}office/shared-handover" in rules
    assert programs["cassibile"] == version("cassibile")
    assert programs["pyoxigraph"] == version("pyoxigraph")


def test_the_words_of_a_text_have_the_digest_that_is_told(described: rdflib.Graph) -> None:
    checksum = described.value(node(f"{BASE}text/italy-1943"), SPDX.checksum)
    assert checksum is not None
    words = (paths.SEEDS / "italy-1943" / "text.txt").read_bytes()

    assert str(described.value(checksum, SPDX.checksumValue)) == sha256(words).hexdigest()


def test_reference_works_are_what_their_mapping_was_derived_from(described: rdflib.Graph) -> None:
    mapping = node(f"{BASE}data#reference/italy-1943")
    trig = (paths.SEEDS / "italy-1943" / "reference.trig").read_text(encoding="utf-8")
    works = set(re.findall(r"^c:r\d+ dct:source <([^>]*)>", trig, re.MULTILINE))

    assert works
    assert works <= {str(work) for work in described.objects(mapping, PROV.wasDerivedFrom)}


def test_no_date_is_told_but_those_of_the_sources(described: rdflib.Graph) -> None:
    ontology = node(f"{BASE}ontology")
    dated = {
        s
        for s, _, o in described
        if getattr(o, "datatype", None) == rdflib.XSD.date and s != ontology
    }

    assert dated == {node(f"{BASE}data#time")}


def test_the_time_that_is_told_is_that_of_the_occurrences(
    graph: kg.Graph, described: rdflib.Graph
) -> None:
    (time,) = described.objects(DATA, DCTERMS.temporal)
    starts = [day for (day,) in rows(graph, "SELECT ?d { ?s cas:earliestStart ?d }")]
    ends = [day for (day,) in rows(graph, "SELECT ?d { ?s cas:latestEnd ?d }")]

    assert str(described.value(time, DCAT.startDate)) == min(starts)
    assert str(described.value(time, DCAT.endDate)) == max(ends)


@pytest.mark.slow
def test_another_text_is_described_as_itself(tmp_path: Path) -> None:
    kg.build(tmp_path / "build", write_seed(tmp_path, HEAD + ABOUT + CLAIMS + ENTITIES))
    small = kg.open_graph(tmp_path / "build")
    described = rdflib.Graph().parse(data=written(small, "turtle"), format="turtle")
    text = node(f"{BASE}text/small")
    (told,) = described.objects(node(f"{BASE}data#mapping/small"), DCTERMS.description)

    assert set(described.objects(DATA, PROV.wasDerivedFrom)) == {text}
    assert str(told).startswith("2 claims and 0 other readings")
    assert not list(described.subjects(RDF.type, VOID.Linkset))
    assert "italy-1943" not in written(small, "turtle").decode()
    assert number(described, DATA, VOID.entities) == 4


def test_the_citation_file_has_what_its_format_demands() -> None:
    """https://github.com/citation-file-format/citation-file-format: the mandatory keys."""
    found = yaml.safe_load(catalogue.citation(HERE.build))

    assert found["cff-version"] == "1.2.0"
    assert found["message"]
    assert found["title"] == catalogue.TITLES["en"]
    assert found["authors"] == [{"name": catalogue.PUBLISHER}]
    assert found["type"] == "dataset"
    assert found["version"] == HERE.build
    assert found["license"] == "CC0-1.0"
    assert found["url"] == str(DATA)


def test_a_version_that_looks_like_a_number_stays_a_string() -> None:
    assert yaml.safe_load(catalogue.citation("0123456789012345"))["version"] == "0123456789012345"


def test_the_entry_of_a_bibliography_names_data_and_build() -> None:
    entry = catalogue.bibtex(HERE.build)

    assert re.match(r"@dataset\{cassibile01234567,\n", entry)
    assert entry.count("{") == entry.count("}")
    assert "author = {{The Cassibile project}}" in entry
    assert f"version = {{{HERE.build}}}" in entry
    assert f"url = {{{DATA}}}" in entry
