"""Entity JSON and its RDF, held against what Wikibase itself writes."""

import json
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import Graph
from rdflib.compare import isomorphic

from kg.wikibase import documents, rdf
from kg.wikibase.tables import Property

# Test data of Wikibase under the GPL: used where it lies, and in no distribution.
GOLDEN = Path(__file__).parents[3] / "shared" / "data" / "wikidata" / "wikibase-rdf"
golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason="Wikibase's own test data are not here")

TEST = rdf.Names(
    "http://acme.test/", "http://acme.test/", "http://acme.test/prop/", "http://acme.test/"
)
PARTS = {
    "Q2": ["meta", "stub", "aliases"],
    "Q4": ["meta", "statements", "direct", "values"],
    "Q6": ["meta", "statements", "qualifiers", "values", "referenced"],
    "Q7": ["meta", "statements", "reference_refs", "references", "values"],
    "Q8": ["baddates"],
}
# The query service of Wikidata leaves these out, and so do we; documents are told by the server.
LEFT_OUT = ("skos/core#prefLabel>", "schema.org/name>", "<http://data.acme.test/")


def _graph(lines: list[str]) -> Graph:
    """Return a graph in which nodes that are named by a hash are blank."""
    renamed = ox.parse("\n".join(lines), format=ox.RdfFormat.N_TRIPLES, rename_blank_nodes=False)
    blank = (
        "http://acme.test/value/",
        "http://acme.test/reference/",
        "http://acme.test/.well-known/",
    )

    def term(found: object) -> str:
        iri = getattr(found, "value", "") if isinstance(found, ox.NamedNode) else ""
        if iri.startswith(blank):
            return f"_:{''.join(c for c in iri if c.isalnum())}"
        return str(found)

    triples = {f"{term(q.subject)} {q.predicate} {term(q.object)} ." for q in renamed}
    return Graph().parse(data="\n".join(sorted(triples)), format="nt")


@golden
@pytest.mark.parametrize("name", PARTS)
def test_the_rdf_of_an_entity_is_that_of_wikibase(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rdflib.NORMALIZE_LITERALS", False)
    entity = documents.read(json.loads((GOLDEN / "entities" / f"{name}.json").read_bytes()))
    files = [GOLDEN / "RdfBuilder" / f"{name}_{part}.nt" for part in PARTS[name]]
    lines = [line for file in files for line in file.read_text().splitlines()]
    theirs = [line for line in lines if line and not any(out in line for out in LEFT_OUT)]
    ours = [f"{triple} ." for triple in rdf.describe(entity, TEST)]
    assert len(theirs) > 5
    assert isomorphic(_graph(ours), _graph(theirs))


@golden
def test_the_rdf_of_a_property_is_that_of_wikibase() -> None:
    document = json.loads((GOLDEN / "entities" / "P2.json").read_bytes())
    entity = documents.read(document)
    lines = (GOLDEN / "PropertyRdfBuilder" / "P2_all.nt").read_text().splitlines()
    lines += (GOLDEN / "PropertyRdfBuilder" / "P2_terms.nt").read_text().splitlines()
    # No blank nodes: that `wdno:` is the complement of a restriction is left out.
    out = (*LEFT_OUT, "_:")
    theirs = {line for line in lines if line and not any(each in line for each in out)}
    ours = {
        f"{triple} ."
        for triple in (
            *rdf.described_property(Property("P2", "Instance of", "String"), TEST),
            *rdf.describe(entity, TEST),
        )
    }
    kind = "<http://acme.test/P2> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://wikiba.se/ontology#Property> ."
    aliases = {line for line in ours if "altLabel" in line}
    assert set(_graph(sorted(ours - {kind} - aliases))) == set(_graph(sorted(theirs - {kind})))


@golden
@pytest.mark.parametrize("name", [*PARTS, "P2"])
def test_an_entity_that_is_written_is_read_as_the_same(name: str) -> None:
    entity = documents.read(json.loads((GOLDEN / "entities" / f"{name}.json").read_bytes()))
    document = json.loads(json.dumps(documents.written(entity)))
    assert documents.read(document) == entity
