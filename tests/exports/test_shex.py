"""The schema in ShEx: PyShEx reads it, finds the graph right, and finds mistakes."""

import io
import warnings
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib

import kg
from kg import exports
from kg.terms import PREFIXES, RDF, expand

pyshex = pytest.importorskip("pyshex", reason="PyShEx is not installed: pip install PyShEx")
CLASSES = ("Event", "Office", "Person", "Place")


@pytest.fixture(scope="module")
def schema(graph: kg.Graph) -> str:
    out = io.BytesIO()
    exports.named("shex").write(graph, out)
    return out.getvalue().decode()


def things(graph: kg.Graph, kind: str) -> list[str]:
    quads = graph.store.quads_for_pattern(None, RDF.type, expand(f"cas:{kind}"), ox.DefaultGraph())
    names = (getattr(quad.subject, "value", "") for quad in quads)
    return sorted(name for name in names if name.startswith(PREFIXES["id"]))


@pytest.fixture(scope="module")
def data(graph: kg.Graph) -> rdflib.Graph:
    triples = (
        q.triple for q in graph.store.quads_for_pattern(None, None, None, ox.DefaultGraph())
    )
    written = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
    assert written is not None
    return rdflib.Graph().parse(data=written, format="nt")


def results(schema: str, data: Any, kind: str, nodes: list[str]) -> list[Any]:
    with warnings.catch_warnings():  # PyShEx 0.9 is written for an older rdflib, which warns of it
        warnings.simplefilter("ignore")
        start = f"{PREFIXES['shape']}{kind}"
        found = pyshex.ShExEvaluator(data, schema, focus=nodes, start=start).evaluate()
        return list(found)


@pytest.mark.parametrize("kind", CLASSES)
def test_the_graph_is_as_the_schema_says(
    graph: kg.Graph, schema: str, data: rdflib.Graph, kind: str
) -> None:
    nodes = things(graph, kind)
    found = results(schema, data, kind, nodes)

    assert len(found) == len(nodes) > 2
    assert [f"{each.focus}: {each.reason}" for each in found if not each.result] == []


@pytest.mark.parametrize(
    ("kind", "turtle", "is_right"),
    [
        ("Person", 'id:x a cas:Person , cas:Actor ; {names}', True),
        ("Person", 'id:x a cas:Person , cas:Actor ; {names} ; cas:rank id:r . id:r a cas:Rank', True),
        ("Person", 'id:x a cas:Person , cas:Actor ; {names} ; cas:rank id:r . id:r a cas:City', False),
        ("Person", 'id:x a cas:Place ; {names}', False),
        ("Person", 'id:x a cas:Person , cas:Actor ; skos:prefLabel "x"@en', False),
        ("Person", 'id:X_y a cas:Person , cas:Actor ; {names}', False),
        ("Office", 'id:x a cas:Office ; {names}', True),
        ("Office", 'id:x a cas:Office ; {names} ; skos:exactMatch <https://www.wikidata.org/wiki/Q1>', False),
        ("Office", 'id:x a cas:Office ; {names} ; skos:exactMatch wd:Q1 , wd:Q2', False),
        ("Place", 'id:x a cas:Place ; {names} ; cas:within id:y . id:y a cas:Place', True),
        ("Place", 'id:x a cas:Place ; {names} ; cas:within id:y . id:y a cas:State', False),
        ("Event", 'id:x a cas:Event , cas:Occurrence ; {names} ; cas:latestEnd "1943-07-25"^^xsd:date', True),
        ("Event", 'id:x a cas:Event , cas:Occurrence ; {names} ; cas:latestEnd "July"', False),
        ("Event", 'id:x a cas:Event , cas:Occurrence ; {names} ; cas:tookPlaceAt id:y', False),
    ],
)  # fmt: skip
def test_a_mistake_is_found(schema: str, kind: str, turtle: str, is_right: bool) -> None:  # noqa: FBT001
    names = 'skos:prefLabel "x"@pt , "x"@en , "x"@it'
    head = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())
    data = rdflib.Graph().parse(
        data=f"{head}{turtle.replace('{names}', names)} .", format="turtle"
    )
    name = "X_y" if "X_y" in turtle else "x"
    (found,) = results(schema, data, kind, [f"{PREFIXES['id']}{name}"])

    assert found.result is is_right, found.reason


def test_what_shex_cannot_say_is_named(schema: str) -> None:
    assert "# not said in ShEx: shape:Person-not-group, sh:not" in schema


def test_each_shape_of_a_class_is_there(schema: str) -> None:
    for kind in CLASSES:
        assert f"\nshape:{kind} " in schema
    assert "cas:rank @shape:kind-of-Rank *" in schema
    assert "cas:tookPlaceAt @shape:kind-of-Place *" in schema
