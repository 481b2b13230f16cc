"""GeoJSON, read and found valid by geojson, and held against the graph."""

import io
import json
from typing import Any

import geojson
import pytest

from kg import Graph, exports
from tests.helpers import rows


@pytest.fixture(scope="module")
def text(graph: Graph) -> str:
    out = io.BytesIO()
    exports.named("geojson").write(graph, out)
    return out.getvalue().decode()


@pytest.fixture(scope="module")
def features(text: str) -> dict[str, dict[str, Any]]:
    return {feature["@id"]: feature for feature in json.loads(text)["features"]}


def test_it_is_valid_geojson(text: str) -> None:
    read = geojson.loads(text)

    assert isinstance(read, geojson.FeatureCollection)
    assert read.is_valid, read.errors()
    assert read.features


def test_the_places_are_those_of_the_graph_with_their_coordinates(
    graph: Graph, features: dict[str, dict[str, Any]]
) -> None:
    query = "SELECT ?p ?wkt { ?p a cas:Place OPTIONAL { ?p geo:hasGeometry/geo:asWKT ?wkt } }"
    known = {place: wkt for place, wkt in rows(graph, query)}  # noqa: C416 each row is a pair
    vague = {iri for iri, wkt in known.items() if not wkt}

    assert features.keys() == known.keys()
    assert vague
    assert {iri for iri, each in features.items() if each["geometry"] is None} == vague
    for iri in known.keys() - vague:
        point = features[iri]["geometry"]
        longitude, latitude = known[iri].removeprefix("POINT(").removesuffix(")").split()

        assert point["type"] == "Point"
        assert point["coordinates"] == [float(longitude), float(latitude)]
        assert point["geo_wkt"] == known[iri]
        assert point["citations"][0]["@id"].startswith("https://")


def test_names_and_links_are_those_of_the_graph(
    graph: Graph, features: dict[str, dict[str, Any]]
) -> None:
    query = "SELECT ?p ?n (LANG(?n) AS ?l) { ?p a cas:Place ; skos:prefLabel|skos:altLabel ?n }"
    names = {
        (iri, name["toponym"], name["lang"]) for iri, f in features.items() for name in f["names"]
    }
    links = {(iri, link["identifier"]) for iri, f in features.items() for link in f["links"]}

    assert names == set(rows(graph, query))
    query = "SELECT ?p ?l { ?p a cas:Place ; skos:exactMatch|skos:closeMatch ?l }"
    assert links == set(rows(graph, query))


def test_what_took_place_there_is_told_with_its_days(
    graph: Graph, features: dict[str, dict[str, Any]]
) -> None:
    told = {
        (iri, relation["relationTo"]): relation
        for iri, feature in features.items()
        for relation in feature["relations"]
        if relation["relationType"] == "crm:P7i_witnessed"
    }
    query = """SELECT ?p ?e ?a ?b { ?e cas:tookPlaceAt ?p . ?p a cas:Place
      OPTIONAL { ?e cas:earliestStart ?a } OPTIONAL { ?e cas:latestStart ?b } }"""
    known = {(p, e): (a, b) for p, e, a, b in rows(graph, query)}

    assert told.keys() == known.keys()
    for key, (earliest, latest) in known.items():
        start = told[key].get("when", {"timespans": [{"start": {}}]})["timespans"][0]["start"]
        assert (start.get("earliest", ""), start.get("latest", "")) == (earliest, latest)


def test_what_a_place_lies_in_is_told(graph: Graph, features: dict[str, dict[str, Any]]) -> None:
    told = {
        (iri, relation["relationTo"])
        for iri, feature in features.items()
        for relation in feature["relations"]
        if relation["relationType"] == "gvp:broaderPartitive"
    }

    query = "SELECT ?p ?q { ?p cas:within ?q . ?p a cas:Place . ?q a cas:Place }"
    assert told == set(rows(graph, query))
