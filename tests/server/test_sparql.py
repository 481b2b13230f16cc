"""The endpoint answers as the SPARQL 1.1 protocol says.

Source: https://www.w3.org/TR/sparql11-protocol/
"""

import csv
import json
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import kg
from kg import formats
from kg.errors import BadQuery
from kg.formats import EngineFormat, Form
from kg.terms import PREFIXES
from server.app import create_app
from server.settings import Config

SUCCESSION = "SELECT ?who ?whom { ?who cas:succeeded ?whom }"
BADOGLIO, MUSSOLINI = PREFIXES["id"] + "badoglio", PREFIXES["id"] + "mussolini"
GRAPH = "CONSTRUCT { ?who cas:succeeded ?whom } WHERE { ?who cas:succeeded ?whom }"
TRIPLE = ox.Triple(
    ox.NamedNode(BADOGLIO),
    ox.NamedNode(PREFIXES["cas"] + "succeeded"),
    ox.NamedNode(MUSSOLINI),
)
RESULTS, SYNTAXES = formats.RESULT_FORMATS, formats.RDF_SYNTAXES


def ask(client: FlaskClient, query: str, accept: str = "", **parameters: str) -> TestResponse:
    target = "/sparql?" + urlencode({"query": query, **parameters})
    return client.get(target, headers={"Accept": accept})


def succession(answer: TestResponse) -> list[tuple[str, str]]:
    """Return who succeeded whom, from an answer in the JSON of SPARQL."""
    bindings = json.loads(answer.data)["results"]["bindings"]
    return [(row["who"]["value"], row["whom"]["value"]) for row in bindings]


def told(answer: TestResponse) -> str:
    detail = answer.get_json(force=True)["detail"]
    assert isinstance(detail, str)
    return detail


def of(form: Form[EngineFormat]) -> str:
    return form.name


WAYS: dict[str, Callable[[FlaskClient], TestResponse]] = {
    "get": lambda client: ask(client, SUCCESSION),
    "form": lambda client: client.post("/sparql", data={"query": SUCCESSION}),
    "body": lambda client: client.post(
        "/sparql", data=SUCCESSION, content_type="application/sparql-query"
    ),
    "body with a charset": lambda client: client.post(
        "/sparql", data=SUCCESSION, content_type="application/sparql-query; charset=utf-8"
    ),
    "post with the query in the url": lambda client: client.post(
        "/sparql?" + urlencode({"query": SUCCESSION})
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_query_is_taken_by_get_and_by_both_kinds_of_post(client: FlaskClient, way: str) -> None:
    answer = WAYS[way](client)

    assert answer.status_code == 200
    assert succession(answer) == [(BADOGLIO, MUSSOLINI)]


def test_head_is_get_without_the_body(client: FlaskClient) -> None:
    target = "/sparql?" + urlencode({"query": SUCCESSION})
    answer = client.head(target)

    assert answer.data == b""
    assert dict(answer.headers) == dict(client.get(target).headers)


def test_the_answer_as_json(client: FlaskClient) -> None:
    answer = json.loads(ask(client, SUCCESSION, "application/sparql-results+json").data)

    assert set(answer["head"]["vars"]) == {"who", "whom"}
    assert answer["results"]["bindings"] == [
        {
            "who": {"type": "uri", "value": BADOGLIO},
            "whom": {"type": "uri", "value": MUSSOLINI},
        }
    ]


def test_the_answer_as_xml(client: FlaskClient) -> None:
    root = ET.fromstring(ask(client, SUCCESSION, "application/sparql-results+xml").data)
    inside = "{http://www.w3.org/2005/sparql-results#}"

    assert {uri.text for uri in root.iter(f"{inside}uri")} == {BADOGLIO, MUSSOLINI}


def test_the_answer_as_csv_and_tsv(client: FlaskClient) -> None:
    rows = csv.reader(ask(client, SUCCESSION, "text/csv").text.splitlines())

    assert list(rows) == [["who", "whom"], [BADOGLIO, MUSSOLINI]]
    assert ask(client, SUCCESSION, "text/tab-separated-values").text == (
        f"?who\t?whom\n<{BADOGLIO}>\t<{MUSSOLINI}>\n"
    )


@pytest.mark.parametrize("form", RESULTS, ids=of)
def test_every_result_format_is_had_by_accept_and_by_name(
    client: FlaskClient, form: Form[ox.QueryResultsFormat]
) -> None:
    named = ask(client, SUCCESSION, "image/png", format=form.name)

    assert named.content_type == form.content_type
    for media_type in form.media_types:
        answer = ask(client, SUCCESSION, media_type)
        assert answer.content_type == form.content_type
        assert answer.headers["Vary"] == "Accept, Accept-Encoding"
        assert answer.data == named.data


@pytest.mark.parametrize("form", SYNTAXES, ids=of)
def test_every_graph_form_is_had_by_accept_and_by_name_and_holds_the_graph(
    client: FlaskClient, form: Form[ox.RdfFormat]
) -> None:
    named = ask(client, GRAPH, "image/png", format=form.name)

    assert named.content_type == form.content_type
    assert [quad.triple for quad in ox.parse(named.data, format=form.engine)] == [TRIPLE]
    for media_type in form.media_types:
        answer = ask(client, GRAPH, media_type)
        assert answer.content_type == form.content_type
        assert answer.headers["Vary"] == "Accept, Accept-Encoding"
        assert answer.data == named.data


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("text/csv;q=0.5, application/sparql-results+xml;q=0.6", "xml"),
        ("text/csv;q=0.9, application/sparql-results+xml;q=0.6, */*;q=0.1", "csv"),
        ("text/turtle, text/tab-separated-values;q=0.001", "tsv"),
        ("application/sparql-results+json;q=0, */*;q=0.5", "xml"),
        ("text/*", "csv"),
        ("application/json;charset=utf-8, text/csv;q=0.9", "json"),
        ("nonsense, text/csv", "csv"),
        ("text/csv;q=two", "json"),
    ],
)
def test_the_form_that_is_wanted_most_is_sent(client: FlaskClient, accept: str, name: str) -> None:
    assert (
        ask(client, SUCCESSION, accept).content_type == formats.named(name, RESULTS).content_type
    )


@pytest.mark.parametrize(
    ("query", "accept", "offered"),
    [
        (SUCCESSION, "text/turtle", "application/sparql-results+json"),
        (SUCCESSION, "*/*;q=0", "text/csv"),
        (GRAPH, "text/csv", "text/turtle"),
    ],
)
def test_a_form_that_the_answer_has_not_is_406_with_those_it_has(
    client: FlaskClient, query: str, accept: str, offered: str
) -> None:
    answer = ask(client, query, accept)

    assert answer.status_code == 406
    assert answer.headers["Vary"] == "Accept"
    assert offered in told(answer)


def test_a_misspelt_form_is_told_with_the_nearest(client: FlaskClient) -> None:
    answer = ask(client, SUCCESSION, format="cvs")

    assert answer.status_code == 400
    assert "did you mean csv?" in told(answer)


def test_a_browser_is_led_to_the_query_page(client: FlaskClient) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    answer = ask(client, SUCCESSION, accept)
    url = urlsplit(answer.headers["Location"])

    assert answer.status_code == 303
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"
    assert (url.netloc, url.path, parse_qs(url.query)) == ("", "/query", {"q": [SUCCESSION]})
    assert ask(client, SUCCESSION, accept, format="csv").status_code == 200


@pytest.mark.parametrize(
    ("query", "verdict"),
    [
        ("ASK { id:badoglio cas:succeeded id:mussolini }", True),
        ("ASK { id:mussolini cas:succeeded id:badoglio }", False),
    ],
)
def test_ask_is_answered_with_yes_or_no(client: FlaskClient, query: str, *, verdict: bool) -> None:
    assert json.loads(ask(client, query).data)["boolean"] is verdict
    assert f"<boolean>{str(verdict).lower()}</boolean>" in ask(client, query, format="xml").text


def test_describe_tells_of_a_thing(client: FlaskClient) -> None:
    answer = ask(client, "DESCRIBE id:badoglio")
    found = {quad.triple for quad in ox.parse(answer.data, format=ox.RdfFormat.TURTLE)}

    assert TRIPLE in found
    assert {triple.subject.value for triple in found} == {BADOGLIO}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT (COALESCE(xsd:byte(1), 'no value') AS ?x) (<urn:f>(1) AS ?y) {}",
        "SELECT (TRUE AS ?x) (False AS ?y) {}",
        "SELECT (GROUP_CONCAT(?x; SEPARATOR = '/') AS ?all) { VALUES ?x { 'a'@en 'b'@en } }",
        "SELECT (f:certainlyBefore(id:rome, id:unknown) AS ?x) { BIND(<urn:g>(?x) AS ?y) }",
        "PREFIX id: <urn:other/> SELECT (id:rome AS ?x) (cas:City AS ?y) {}",
        "ASK { id:badoglio cas:succeeded ?who FILTER(<urn:f>(?who) || TRUE) }",
    ],
)
def test_from_python_a_query_has_the_answer_of_the_endpoint(
    client: FlaskClient, graph: kg.Graph, query: str
) -> None:
    answer = graph.query(query)
    assert not isinstance(answer, ox.QueryTriples)
    told = answer.serialize(format=ox.QueryResultsFormat.JSON)

    assert told
    assert json.loads(told) == json.loads(ask(client, query).data)


@pytest.mark.parametrize(
    ("query", "line", "column"),
    [
        ("SELECT ?x WHERE {\n ?x ?y }", 2, 8),
        ("SELEC ?x { ?x ?y ?z }", 1, 1),
        ("SELECT (GROUP_CONCAT(?x) AS ?y) { ?x ?y }", 1, 41),
        ("SELECT (TRUE AS ?t) (STR(GROUP_CONCAT(?x)) AS ?y) {\n ?x ?y }", 2, 8),
        ("SELECT (GROUP_CONCAT(?x) AS ?y) (GROUP_CONCAT(?x; ?y) AS ?z) { ?x ?p ?y }", 1, 51),
    ],
)
def test_what_is_no_sparql_is_400_with_its_place(
    client: FlaskClient, graph: kg.Graph, query: str, line: int, column: int
) -> None:
    with pytest.raises(BadQuery) as caught:
        graph.query(query)

    assert (caught.value.line, caught.value.column) == (line, column)
    for answer in (ask(client, query), client.post("/sparql", data={"query": query})):
        problem = answer.get_json(force=True)
        assert answer.status_code == 400
        assert (problem["line"], problem["column"]) == (line, column)
        assert problem["detail"].startswith(caught.value.message)
        assert problem["type"].endswith("/problem/query")


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("/sparql?query=", "there is no query"),
        ("/sparql?query=ASK{}&query=ASK{}", "there are several queries"),
        ("/sparql?query=ASK{}&default-graph-uri=a%20b", "no name of a graph"),
        ("/sparql?query=ASK{}&default-graph-uri=http:%2F%2Fa%20b", "no name of a graph"),
    ],
)
def test_a_wrong_request_is_400_with_the_reason(
    client: FlaskClient, target: str, why: str
) -> None:
    answer = client.get(target)

    assert answer.status_code == 400
    assert why in told(answer)


def test_a_query_in_the_url_and_another_in_the_body_are_refused(client: FlaskClient) -> None:
    for content_type in ("application/sparql-query", "application/x-www-form-urlencoded"):
        answer = client.post("/sparql?query=ASK{}", data="query=ASK{}", content_type=content_type)
        assert answer.status_code == 400
        assert "several" in told(answer)


def test_a_query_that_is_not_utf_8_is_refused_with_its_place(client: FlaskClient) -> None:
    answer = client.post("/sparql", data=b"ASK { \xff }", content_type="application/sparql-query")

    assert answer.status_code == 400
    assert "byte 6 of the query is not UTF-8" in told(answer)


@pytest.mark.parametrize("content_type", ["multipart/form-data", "application/json", ""])
def test_a_body_of_another_kind_is_415_with_those_that_are_read(
    client: FlaskClient, content_type: str
) -> None:
    answer = client.post("/sparql", data=b"ASK {}", content_type=content_type)

    assert answer.status_code == 415
    assert "application/sparql-query" in told(answer)


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        ("update=DROP+ALL", "application/x-www-form-urlencoded"),
        ("DROP ALL", "application/sparql-update"),
    ],
)
def test_an_update_is_403(client: FlaskClient, data: str, content_type: str) -> None:
    answer = client.post("/sparql", data=data, content_type=content_type)

    assert answer.status_code == 403
    assert answer.get_json(force=True)["type"].endswith("/problem/read-only")


def test_an_update_sent_as_a_query_is_400_and_nothing_changes(client: FlaskClient) -> None:
    update = "DELETE WHERE { ?who cas:succeeded ?whom }"

    assert ask(client, update).status_code == 400
    assert succession(ask(client, SUCCESSION)) == [(BADOGLIO, MUSSOLINI)]


@pytest.mark.parametrize("content_type", ["application/sparql-query", "text/plain"])
def test_a_body_that_is_too_large_is_413(client: FlaskClient, content_type: str) -> None:
    answer = client.post("/sparql", data=b"#" * 1_000_001, content_type=content_type)

    assert answer.status_code == 413
    assert answer.content_type == "application/problem+json"


def test_a_form_may_be_as_large_as_a_body(client: FlaskClient) -> None:
    answer = client.post("/sparql", data={"query": "ASK {} #" + "-" * 900_000})

    assert answer.status_code == 200


def test_another_service_is_never_asked(client: FlaskClient) -> None:
    answer = ask(client, "ASK { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }")

    assert answer.status_code == 400
    assert "leave SERVICE out" in told(answer)


def test_a_function_that_no_one_has_is_an_error_in_each_row_and_not_of_the_query(
    client: FlaskClient,
) -> None:
    kept = ask(client, "SELECT * { id:rome a ?c FILTER(<urn:none>(?c)) }")
    bound = ask(client, "SELECT ?x { id:badoglio cas:succeeded ?o BIND(<urn:none>(?o) AS ?x) }")

    assert json.loads(kept.data)["results"]["bindings"] == []
    assert json.loads(bound.data)["results"]["bindings"] == [{}]


def test_the_graphs_of_a_request_are_the_whole_dataset(client: FlaskClient) -> None:
    derived = PREFIXES["g"] + "derived/text/italy-1943"
    claims = PREFIXES["g"] + "claims"
    named = "SELECT ?who ?whom { GRAPH ?g { ?who cas:succeeded ?whom } }"

    def asked(query: str, **graphs: str) -> int:
        parameters = {name.replace("_", "-") + "-graph-uri": g for name, g in graphs.items()}
        return len(succession(ask(client, query, **parameters)))

    assert asked(SUCCESSION, default=derived) == 1
    assert asked(SUCCESSION, default=claims) == 0
    assert asked(SUCCESSION, named=derived) == 0
    assert asked(named, named=derived) == 1
    assert asked(named, default=derived) == 0
    # What the request chooses overrides FROM.
    assert asked(SUCCESSION.replace("{", f"FROM <{derived}> {{", 1), default=claims) == 0


def test_the_graphs_of_a_request_may_stand_in_a_form(client: FlaskClient) -> None:
    claims = PREFIXES["g"] + "claims"
    answer = client.post("/sparql", data={"query": SUCCESSION, "default-graph-uri": claims})

    assert succession(answer) == []


def test_the_page_of_another_site_may_ask(client: FlaskClient) -> None:
    preflight = client.options(
        "/sparql",
        headers={
            "Origin": "https://example.org",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    answer = ask(client, SUCCESSION)

    assert preflight.status_code == 204
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "content-type" in preflight.headers["Access-Control-Allow-Headers"]
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_whoever_stops_reading_frees_the_worker_under_a_wsgi_server_too(build: Path) -> None:
    app = create_app(Config(build, workers=1, waiting=0))
    client = app.test_client()
    statuses = []
    for number in range(3):
        with client.get(f"/sparql?query=SELECT * {{ ?s ?p ?o }} %23{number}") as answer:
            statuses.append(answer.status_code)
        time.sleep(0.5)  # until another worker has taken over
    app.extensions["cassibile"].close()

    assert statuses == [200, 200, 200]
