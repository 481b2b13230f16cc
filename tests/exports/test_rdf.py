"""The RDF syntaxes, read by pyoxigraph and rdflib, and held against the graph."""

import io
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib

from kg import Graph, exports, formats

# rdflib's own code calls what rdflib says not to call any more.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib.*")
OF_ONE_GRAPH = ("ntriples", "turtle", "rdfxml", "jsonld")
OF_ALL_GRAPHS = ("nquads", "trig")


def written(graph: Graph, name: str) -> bytes:
    out = io.BytesIO()
    exports.named(name).write(graph, out)
    return out.getvalue()


def default_graph(graph: Graph) -> set[ox.Triple]:
    return {q.triple for q in graph.store.quads_for_pattern(None, None, None, ox.DefaultGraph())}


def canonical(triples: list[ox.Triple]) -> set[str]:
    dataset = ox.Dataset(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


@pytest.mark.parametrize("name", OF_ONE_GRAPH)
def test_the_default_graph_is_read_back_by_the_engine(graph: Graph, name: str) -> None:
    form = formats.named(name, formats.RDF_SYNTAXES)
    read = list(ox.parse(written(graph, name), format=form.engine))
    expected = default_graph(graph)

    assert len(read) == len(expected) > 10_000
    assert canonical([quad.triple for quad in read]) == canonical(list(expected))


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_ONE_GRAPH)
def test_the_default_graph_is_read_back_by_rdflib(graph: Graph, name: str) -> None:
    syntax = {"ntriples": "nt", "rdfxml": "xml", "jsonld": "json-ld"}.get(name, name)
    read = rdflib.Graph().parse(data=written(graph, name), format=syntax)
    again = ox.parse(read.serialize(format="nt"), format=ox.RdfFormat.N_TRIPLES)

    assert canonical([quad.triple for quad in again]) == canonical(list(default_graph(graph)))


@pytest.mark.parametrize("name", OF_ALL_GRAPHS)
def test_all_graphs_are_read_back_by_the_engine(graph: Graph, name: str) -> None:
    form = formats.named(name, formats.RDF_SYNTAXES)

    assert set(ox.parse(written(graph, name), format=form.engine)) == set(graph.store)


@pytest.mark.slow
def test_all_graphs_are_read_back_by_rdflib(graph: Graph) -> None:
    read = rdflib.Dataset()
    read.parse(data=written(graph, "nquads"), format="nquads")
    sizes = {str(each.identifier): len(each) for each in read.graphs()}
    for name in graph.store.named_graphs():
        assert isinstance(name, ox.NamedNode)
        stored = sum(1 for _ in graph.store.quads_for_pattern(None, None, None, name))

        assert sizes[name.value] == stored, name

    assert sizes["urn:x-rdflib:default"] == len(default_graph(graph))


@pytest.mark.parametrize("name", ["nquads", "ntriples"])
def test_lines_are_sorted_by_their_bytes_each_once(graph: Graph, name: str) -> None:
    lines = written(graph, name).splitlines()

    assert lines == sorted(set(lines))


def test_trig_is_what_the_build_wrote(graph: Graph, build: Path) -> None:
    kept = next(build.glob("*/graph.trig"))

    assert written(graph, "trig") == kept.read_bytes()


def test_turtle_has_a_paragraph_a_subject(graph: Graph) -> None:
    lines = written(graph, "turtle").decode().splitlines()

    assert sum(line.startswith("id:badoglio ") for line in lines) == 1
