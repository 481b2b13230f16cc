"""Queries and documents in Wikidata's shape: what is written for Wikidata works here unchanged."""

import csv
import io
import json
from pathlib import Path

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kg.wikibase import documents
from server.app import create_app
from server.settings import Config

ENDPOINT = "/wikidata/sparql"
DOCUMENT = "/wiki/Special:EntityData/"

# As they stand in the gallery of examples of Wikidata's query service: prefixes are not declared,
# and the service for labels, hints and comments for display are used as they are there.
GALLERY = {
    "all humans with their names": (
        """#Humans
        SELECT ?item ?itemLabel
        WHERE
        {
          ?item wdt:P31 wd:Q5. # Must be a human
          SERVICE wikibase:label { bd:serviceParam wikibase:language "[AUTO_LANGUAGE],en". } # Helps get the label in your language
        }""",
        {"item": "http://www.wikidata.org/entity/Q200085", "itemLabel": "Pietro Badoglio"},
        7,
    ),
    "positions held with their dates and who came before": (
        """SELECT ?person ?personLabel ?position ?positionLabel ?start ?end ?replacedLabel WHERE {
          ?person p:P39 ?statement.
          ?statement ps:P39 ?position.
          OPTIONAL { ?statement pq:P580 ?start. }
          OPTIONAL { ?statement pq:P582 ?end. }
          OPTIONAL { ?statement pq:P1365 ?replaced. }
          SERVICE wikibase:label { bd:serviceParam wikibase:language "it,en". }
        }
        ORDER BY ?start""",
        {
            "personLabel": "Pietro Badoglio",
            "positionLabel": "primo ministro d'Italia",
            "start": "1943-07-01T00:00:00Z",
            "replacedLabel": "Benito Mussolini",
        },
        4,
    ),
    "a timeline of events": (
        """#title:What the text dates
        #defaultView:Timeline{"hide":"?event"}
        SELECT ?event ?eventLabel ?date WHERE {
          ?event wdt:P585 ?date.
          FILTER(!wikibase:isSomeValue(?date))
          FILTER(?date >= "1943-01-01T00:00:00Z"^^xsd:dateTime && YEAR(?date) < 1944)
          SERVICE wikibase:label { bd:serviceParam wikibase:language "pt". }
        }
        ORDER BY ?date""",
        {"eventLabel": "assinatura da rendição da Itália", "date": "1943-09-03T00:00:00Z"},
        5,
    ),
    "a map of places": (
        """#defaultView:Map
        SELECT ?place ?placeLabel ?coords WHERE {
          ?place wdt:P131* wd:Q38 ;
                 wdt:P625 ?coords .
          SERVICE wikibase:label { bd:serviceParam wikibase:language "en" }
        }""",
        {"placeLabel": "Rome", "coords": "Point(12.51 41.89)"},
        5,
    ),
    "dates with their precision": (
        """SELECT ?event ?time ?precision ?calendarLabel WHERE {
          ?event p:P585/psv:P585 ?node .
          ?node wikibase:timeValue ?time ; wikibase:timePrecision ?precision ;
                wikibase:timeCalendarModel ?calendar .
          FILTER(?precision = "10"^^xsd:integer)
          SERVICE wikibase:label { bd:serviceParam wikibase:language "en" }
        }""",
        {"event": "https://w3id.org/cassibile/id/armistice-proclamation", "precision": "10"},
        3,
    ),
    "statements with their references": (
        """SELECT ?value ?valueLabel ?quote ?url WHERE {
          wd:Q23559 p:P157 ?st . ?st ps:P157 ?value ; prov:wasDerivedFrom ?ref .
          ?ref pr:P1683 ?quote ; pr:P854 ?url .
          SERVICE wikibase:label { bd:serviceParam wikibase:language "en,pt" . }
        }""",
        {
            "valueLabel": "Italian resistance",
            "quote": "Benito Mussolini é capturado e fuzilado pela resistência",
        },
        1,
    ),
    "ranks": (
        """SELECT ?islandLabel ?rank WHERE {
          wd:Q13498 p:P706 [ ps:P706 ?island ; wikibase:rank ?rank ] .
          MINUS { wd:Q13498 wdt:P706 ?island }
          SERVICE wikibase:label { bd:serviceParam wikibase:language "en". }
        }""",
        {"islandLabel": "Sicily", "rank": "http://wikiba.se/ontology#DeprecatedRank"},
        1,
    ),
    "properties of an item, by their names": (
        """SELECT ?prop ?propLabel ?valueLabel WHERE {
          hint:Query hint:optimizer "None" .
          wd:Q217981 ?claim ?value .
          ?prop wikibase:directClaim ?claim .
          SERVICE wikibase:label { bd:serviceParam wikibase:language "en". }
        }""",
        {"propLabel": "participant", "valueLabel": "British Eighth Army"},
        6,
    ),
    "counts, grouped by label": (
        """SELECT ?personLabel (COUNT(?event) AS ?events) WHERE {
          ?person wdt:P1344 ?event .
          ?person wdt:P31 wd:Q5 .
          SERVICE wikibase:label {
            bd:serviceParam wikibase:language "en" .
            ?person rdfs:label ?personLabel .
          }
        }
        GROUP BY ?personLabel
        ORDER BY DESC(?events)
        LIMIT 1""",
        {"personLabel": "Benito Mussolini", "events": "8"},
        1,
    ),
    "names in three languages, with others and a description": (
        """SELECT ?item ?en ?itemAltLabel ?itemDescription WHERE {
          VALUES ?item { wd:Q13498 }
          OPTIONAL { ?item rdfs:label ?en . FILTER(LANG(?en) = "en") }
          SERVICE wikibase:label { bd:serviceParam wikibase:language "pt" }
        }""",
        {"en": "Taranto", "itemAltLabel": "Tarento", "itemDescription": "cidade"},
        1,
    ),
    "parts of parts": (
        """SELECT ?part ?partLabel WITH_PLACE WHERE {
          wd:Q162333 wdt:P527+ ?part .
          OPTIONAL { ?part wdt:P276 ?place }
          SERVICE wikibase:label { bd:serviceParam wikibase:language "en" }
        }""".replace("WITH_PLACE", "?placeLabel"),
        {"partLabel": "occupation of Rome", "placeLabel": "Rome"},
        8,
    ),
}


def ask(client: FlaskClient, query: str, accept: str = "text/csv", **more: str) -> TestResponse:
    return client.get(ENDPOINT, query_string={"query": query, **more}, headers={"Accept": accept})


@pytest.mark.parametrize("name", GALLERY)
def test_a_query_of_the_gallery_runs_unchanged(client: FlaskClient, name: str) -> None:
    query, expected, count = GALLERY[name]
    answer = ask(client, query)

    assert answer.status_code == 200, answer.text
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert any(expected.items() <= row.items() for row in rows), rows
    assert len(rows) == count


def test_without_a_graph_the_texts_are_asked_and_the_reference_by_its_name(
    client: FlaskClient,
) -> None:
    query = "SELECT ?d { id:surrender-announcement wdt:P585 ?d }"

    assert ask(client, query).text.split() == ["d"]
    chosen = ask(client, query, **{"default-graph-uri": "g:wikibase/reference"})
    assert chosen.text.split() == ["d", "1943-09-08T00:00:00Z"]


def test_answers_can_be_had_in_the_forms_that_clients_ask_for(client: FlaskClient) -> None:
    query = "SELECT ?o { wd:Q200085 wdt:P39 ?o }"
    for accept in ("*/*", "text/html"):  # `format` beats the header
        answer = ask(client, query, accept, format="json")
        assert answer.content_type == "application/sparql-results+json"
        assert answer.get_json(force=True)["results"]["bindings"][0]["o"]["value"].endswith(
            "Q25160174"
        )
    form = client.post(ENDPOINT, data={"query": query, "maxQueryTimeMillis": "60000"})
    assert b"Q25160174" in form.data
    assert client.options(ENDPOINT).status_code == 204


def test_an_answer_has_a_tag_and_is_told_when_it_is_known(client: FlaskClient) -> None:
    query = "SELECT ?o { wd:Q200085 wdt:P39 ?o }"
    first = ask(client, query)
    again = client.get(
        ENDPOINT,
        query_string={"query": query},
        headers={"Accept": "text/csv", "If-None-Match": first.headers["ETag"]},
    )
    assert again.status_code == 304
    assert client.get(
        "/sparql", query_string={"query": query}, headers={"Accept": "text/csv"}
    ).text.split() == ["o"]


def test_wikidatas_own_query_page_is_told_the_date_of_the_data(client: FlaskClient) -> None:
    answer = ask(client, "SELECT ?y { <http://www.wikidata.org> schema:dateModified ?y }")

    assert len(answer.text.split()) == 2


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT * { ?x wdt:P31 }", "MalformedQueryException: the query cannot be read"),
        ("SELECT * { SERVICE wikibase:label { } }", "a list of languages"),
        ("SELECT * { SERVICE wikibase:around { ?a ?b ?c } }", "wikibase:around is of Wikidata"),
    ],
)
def test_what_cannot_be_answered_is_400_in_words_that_clients_look_for(
    client: FlaskClient, query: str, told: str
) -> None:
    answer = ask(client, query)

    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    assert answer.get_json(force=True)["detail"].startswith("MalformedQueryException: ")
    assert told in answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_no_service_is_asked_even_if_the_operator_lets_others(build: Path) -> None:
    app = create_app(Config(build, hosts=frozenset({"*"})))
    try:
        answer = ask(app.test_client(), "SELECT * { SERVICE <http://127.0.0.1:1/> { ?a ?b ?c } }")
        assert answer.status_code in {400, 403}
        assert "another endpoint" in answer.text
    finally:
        app.extensions["cassibile"].close()


def test_an_entity_is_had_as_json(client: FlaskClient) -> None:
    answer = client.get(f"{DOCUMENT}Q200085.json")
    (name, document), *_ = answer.get_json()["entities"].items()

    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert (name, document["id"], document["type"]) == ("Q200085", "Q200085", "item")
    assert document["labels"]["it"] == {"language": "it", "value": "Pietro Badoglio"}
    (office,) = document["claims"]["P39"]
    assert office["mainsnak"]["datavalue"]["value"]["id"] == "Q25160174"
    assert office["qualifiers"]["P580"][0]["datavalue"]["value"]["precision"] == 10
    quotes = [
        snak["datavalue"]["value"]["text"]
        for reference in office["references"]
        for snak in reference["snaks"]["P1683"]
    ]
    assert "primeiro ministro desde a queda de Benito Mussolini" in quotes
    assert documents.written(documents.read(document)).items() <= document.items()
    again = client.get(
        f"{DOCUMENT}Q200085.json", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304


def test_what_has_no_item_is_had_by_its_name_and_a_property_too(client: FlaskClient) -> None:
    fall = client.get(f"{DOCUMENT}fall-of-mussolini.json").get_json()["entities"]
    assert fall["fall-of-mussolini"]["labels"]["en"]["value"] == "fall of Mussolini"
    held = client.get(f"{DOCUMENT}P39.json").get_json()["entities"]["P39"]
    assert (held["type"], held["datatype"]) == ("property", "wikibase-item")


@pytest.mark.parametrize(
    ("suffix", "syntax"),
    [
        ("ttl", ox.RdfFormat.TURTLE),
        ("nt", ox.RdfFormat.N_TRIPLES),
        ("rdf", ox.RdfFormat.RDF_XML),
    ],
)
def test_an_entity_is_had_as_rdf_with_all_that_its_statements_lead_to(
    client: FlaskClient, suffix: str, syntax: ox.RdfFormat
) -> None:
    answer = client.get(f"{DOCUMENT}Q200085.{suffix}")
    store = ox.Store()
    store.load(answer.data, format=syntax)

    assert answer.content_type.startswith(syntax.media_type)
    found = store.query(
        """PREFIX p: <http://www.wikidata.org/prop/> PREFIX wd: <http://www.wikidata.org/entity/>
        PREFIX prov: <http://www.w3.org/ns/prov#> PREFIX wikibase: <http://wikiba.se/ontology#>
        PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        SELECT ?precision ?quote ?name {
          wd:Q200085 p:P39 ?st .
          ?st <http://www.wikidata.org/prop/statement/P39> ?office ;
            <http://www.wikidata.org/prop/qualifier/value/P580> ?node ;
            prov:wasDerivedFrom ?ref .
          ?office rdfs:label ?name . FILTER(LANG(?name) = "en")
          ?node wikibase:timePrecision ?precision .
          ?ref <http://www.wikidata.org/prop/reference/P1683> ?quote }"""
    )
    assert isinstance(found, ox.QuerySolutions)
    rows = {(row["precision"].value, row["name"].value) for row in found}
    assert rows == {("10", "prime minister of Italy")}
    subjects = {quad.subject for quad in store}
    statements = {s for s in subjects if "/statement/" in str(s)}
    assert all("/statement/Q200085-" in str(each) for each in statements)  # of no other thing


@pytest.mark.parametrize(
    ("path", "accept", "location"),
    [
        ("/entity/Q200085", "", f"{DOCUMENT}Q200085.json"),
        ("/entity/Q200085", "*/*", f"{DOCUMENT}Q200085.json"),
        ("/entity/q200085", "application/json", f"{DOCUMENT}Q200085.json"),
        ("/entity/Q200085", "text/turtle", f"{DOCUMENT}Q200085.ttl"),
        ("/entity/Q200085", "text/html,*/*;q=0.8", "/id/badoglio"),
        ("/entity/fall-of-mussolini", "text/html", "/id/fall-of-mussolini"),
        ("/entity/badoglio", "application/rdf+xml", f"{DOCUMENT}Q200085.rdf"),
        (f"{DOCUMENT}Q200085", "", f"{DOCUMENT}Q200085.json"),
        (f"{DOCUMENT}badoglio.nt", "", f"{DOCUMENT}Q200085.nt"),
    ],
)
def test_a_name_leads_to_its_document(
    client: FlaskClient, path: str, accept: str, location: str
) -> None:
    answer = client.get(path, headers={"Accept": accept} if accept else {})

    assert answer.status_code == 303
    assert answer.headers["Location"] == location


@pytest.mark.parametrize(
    "path",
    [
        "/entity/Q4711",
        "/entity/",
        f"{DOCUMENT}Q4711.json",
        f"{DOCUMENT}Q200085.exe",
        f"{DOCUMENT}../../report.json",
        f"{DOCUMENT}..%2F..%2Freport.json",
        f"{DOCUMENT}names.json",
        f"{DOCUMENT}.json",
    ],
)
def test_what_is_not_there_is_404(client: FlaskClient, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 404
    assert json.loads(answer.data)["status"] == 404


def test_a_copy_without_texts_has_no_view(tmp_path: Path) -> None:
    data = tmp_path / "data.ttl"
    data.write_text("<urn:a> <urn:b> <urn:c> .", encoding="utf-8")
    app = create_app(Config(tmp_path / "none", data=(data,)))
    try:
        answer = ask(app.test_client(), "ASK { ?s ?p ?o }")
        assert answer.status_code == 404
        assert "/sparql" in answer.text
    finally:
        app.extensions["cassibile"].close()
