"""The data as a whole, for people, catalogues, crawlers and programs."""

import json
import re
import shutil
from collections.abc import Iterator
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
import rdflib
import yaml
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator
from rdflib.compare import isomorphic
from rdflib.namespace import DCAT, RDF, VOID

from kg import catalogue, resources
from kg.exports import exports
from kg.terms import BASE
from server.app import create_app
from server.documents import FORMS
from server.entrances import by_path
from server.routes import crawlers, interface
from server.settings import Config

HERE = Config().here
OURS = [
    "/data",
    "/data.ttl",
    "/data.html",
    "/.well-known/void",
    "/.well-known/api-catalog",
    "/citation.cff",
    "/robots.txt",
    "/sitemap.xml",
    "/openapi.json",
]
NEGOTIATED = ["/data", "/.well-known/void"]
THEIRS = {"turtle": "turtle", "ntriples": "nt", "rdfxml": "xml", "jsonld": "json-ld"}
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture(scope="module")
def described(client: FlaskClient) -> rdflib.Graph:
    return rdflib.Graph().parse(data=client.get("/.well-known/void").data, format="turtle")


@pytest.fixture(scope="module")
def api(client: FlaskClient) -> dict[str, Any]:
    found = client.get("/openapi.json").get_json()
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("path", OURS)
def test_who_has_it_is_not_sent_it_again(client: FlaskClient, path: str) -> None:
    whole = client.get(path)
    tag = whole.headers["ETag"]
    head = client.head(path)
    again = client.get(path, headers={"If-None-Match": f'"other", {tag}'})

    assert whole.status_code == head.status_code == 200
    assert re.fullmatch(r'"[0-9a-f]{20}"', tag)
    assert (head.data, head.headers["ETag"]) == (b"", tag)
    assert head.headers["Content-Length"] == str(len(whole.data))
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert again.headers.get("Vary") == whole.headers.get("Vary")
    assert client.get(path, headers={"If-None-Match": '"other"'}).data == whole.data
    for answer in (whole, head, again):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
        assert "Date" not in answer.headers  # which the server gives


@pytest.mark.parametrize(
    ("path", "accept", "media_type"),
    [
        ("/data", "", "text/html"),
        ("/data", "*/*", "text/html"),
        ("/data", BROWSER, "text/html"),
        ("/data", "text/turtle;q=0.9, text/html;q=0.5", "text/turtle"),
        ("/data", "application/ld+json", "application/ld+json"),
        ("/data", "application/json", "application/ld+json"),
        ("/.well-known/void", "", "text/turtle"),
        ("/.well-known/void", BROWSER, "text/turtle"),
        ("/.well-known/void", "application/rdf+xml", "application/rdf+xml"),
        ("/data.ttl", "application/rdf+xml", "text/turtle"),
        ("/data.html", "text/turtle", "text/html"),
        ("/citation.cff", "", "application/yaml"),
        ("/robots.txt", "", "text/plain"),
        ("/sitemap.xml", "", "application/xml"),
        ("/openapi.json", "", "application/json"),
        ("/.well-known/api-catalog", "", "application/linkset+json"),
    ],
)
def test_each_is_had_in_its_form_and_the_negotiated_ones_by_accept(
    client: FlaskClient, path: str, accept: str, media_type: str
) -> None:
    answer = client.get(path, headers={"Accept": accept} if accept else {})

    assert (answer.status_code, answer.mimetype) == (200, media_type)
    varies = "Accept, Accept-Language" if media_type == "text/html" else "Accept"
    assert answer.headers.get("Vary") == (varies if path in NEGOTIATED else None)


@pytest.mark.parametrize("path", NEGOTIATED)
def test_what_cannot_be_had_is_told_with_what_can(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "image/png"})

    assert (answer.status_code, answer.headers["Vary"]) == (406, "Accept")
    assert "text/turtle" in answer.get_json(force=True)["detail"]


def test_a_form_can_be_named(client: FlaskClient) -> None:
    assert client.get("/data?format=ntriples").mimetype == "application/n-triples"
    assert client.get("/.well-known/void?format=turtel").status_code == 400


def test_a_misspelt_suffix_is_told_with_the_nearest(client: FlaskClient) -> None:
    answer = client.get("/data.tlt")

    assert answer.status_code == 404
    assert "did you mean /data.ttl?" in answer.get_json(force=True)["detail"]


@pytest.mark.filterwarnings("ignore:.*is deprecated, use Dataset:DeprecationWarning")  # in rdflib
@pytest.mark.parametrize("form", FORMS[1:], ids=lambda form: form.name)
def test_every_form_tells_the_same(
    client: FlaskClient, described: rdflib.Graph, form: Any
) -> None:
    answer = client.get(f"/data.{form.suffix}")
    read = rdflib.Dataset(default_union=True) if form.name == "trig" else rdflib.Graph()
    read.parse(data=answer.data, format=THEIRS.get(form.name, form.name))
    found = rdflib.Graph()
    for triple in read.triples((None, None, None)):
        found.add(triple)

    assert isomorphic(found, described)


def test_the_data_are_described_with_where_to_have_them(
    client: FlaskClient, described: rdflib.Graph
) -> None:
    data = rdflib.URIRef(f"{BASE}data")

    assert (data, RDF.type, VOID.Dataset) in described
    assert (data, RDF.type, DCAT.Dataset) in described
    assert str(described.value(data, VOID.sparqlEndpoint)) == f"{HERE}/sparql"
    asked = client.get("/sparql?format=json&query=SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").get_json()
    assert (
        str(described.value(data, VOID.triples)) == asked["results"]["bindings"][0]["n"]["value"]
    )


def test_a_copy_elsewhere_says_where_it_is_and_believes_no_header(client: FlaskClient) -> None:
    build = client.application.extensions["cassibile"].config.build
    there = create_app(Config(build, here="https://example.org/cassibile/")).test_client()
    for path in OURS:
        answer = there.get(
            path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
        )

        assert answer.status_code == 200
        assert "evil.example" not in answer.text + str(answer.headers)
        assert HERE not in answer.text
    assert "<https://example.org/cassibile/sparql>" in there.get("/data.nt").text
    assert "Disallow: /cassibile/query?" in there.get("/robots.txt").text


def test_a_copy_of_other_data_tells_that_it_has_no_texts(
    tmp_path: Path,
) -> None:
    (tmp_path / "x.nt").write_text("<urn:a> <urn:b> <urn:c> .\n", encoding="utf-8")
    other = create_app(Config(data=(tmp_path / "x.nt",))).test_client()

    for path in ("/data", "/data.ttl", "/.well-known/void", "/citation.cff"):
        assert other.get(path).status_code == 404
        assert "other data than texts" in other.get(path).get_json(force=True)["detail"]
    assert other.get("/openapi.json").status_code == 200
    assert "<loc>http://127.0.0.1:8000/query</loc>" in other.get("/sitemap.xml").text


def test_the_page_leads_to_every_download_and_says_how_to_cite(client: FlaskClient) -> None:
    page = unescape(client.get("/data.html").text)
    build = client.application.extensions["cassibile"].build

    for file in catalogue.files(catalogue.Copy(HERE)):
        assert f'href="/dump/{file.name}"' in page
        assert f"<code>{file.media_type}</code>" in page
    assert f'href="{catalogue.LICENCE}"' in page
    assert catalogue.bibtex(build) in page
    assert "Wikidata</a>: " in page


def test_a_file_that_was_made_is_told_with_its_size_and_digest(
    client: FlaskClient, tmp_path: Path
) -> None:
    build = tmp_path / "build"
    built = client.application.extensions["cassibile"].config.build
    shutil.copytree(built, build, ignore=shutil.ignore_patterns("dumps"))  # made by other tests
    app = create_app(Config(build))
    there = app.test_client()
    before = there.get("/data.nt")
    dumped = there.get("/dump/cassibile.nt")
    made = dumped.data
    after = there.get("/data.nt")
    app.extensions["cassibile"].close()
    parts = [line for line in after.text.splitlines() if "#file/cassibile.nt>" in line]

    assert dumped.status_code == 200
    assert f'"{len(made)}"^^' not in before.text
    assert any(f'dcat#byteSize> "{len(made)}"^^' in line for line in parts)
    assert f'"{sha256(made).hexdigest()}"^^' in after.text
    assert before.headers["ETag"] != after.headers["ETag"]


def test_search_engines_are_told_of_the_dataset_in_the_page(client: FlaskClient) -> None:
    page = client.get("/data").text
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    told = json.loads(found)

    assert told["@type"] == "Dataset"
    assert told["@id"] == f"{BASE}data"
    assert told["license"] == catalogue.LICENCE
    assert 50 <= len(told["description"]) <= 5000  # what Google's Dataset Search takes
    assert {each["encodingFormat"] for each in told["distribution"]} == {
        export.media_type for export in exports()
    }
    assert "<" not in found


def test_the_header_leads_to_licence_description_and_files(client: FlaskClient) -> None:
    """https://signposting.org/FAIR/, level 1 of a landing page."""
    links = client.get("/data").headers["Link"]

    assert len(links) < 4096
    assert f'<{BASE}data>; rel="cite-as"' in links
    assert f'<{catalogue.LICENCE}>; rel="license"' in links
    assert '</data.ttl>; rel="describedby alternate"; type="text/turtle"' in links
    for file in catalogue.files(catalogue.Copy(HERE)):
        item = f'</dump/{file.name}>; rel="item"; type="{file.media_type}"'
        assert (item in links) != file.packed


def test_the_citation_names_the_build_that_is_served(client: FlaskClient) -> None:
    found = yaml.safe_load(client.get("/citation.cff").text)

    assert found["version"] == client.application.extensions["cassibile"].build
    assert found["license"] == "CC0-1.0"


# Crawlers


def mapped(client: FlaskClient, path: str = "/sitemap.xml") -> Iterator[str]:
    root = ET.fromstring(client.get(path).data)
    assert root.tag == "{http://www.sitemaps.org/schemas/sitemap/0.9}urlset"
    for loc in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc"):
        assert loc.text
        assert loc.text.startswith(f"{HERE}/")
        yield urlsplit(loc.text).path


def test_crawlers_are_told_what_to_leave_and_where_the_map_is(client: FlaskClient) -> None:
    lines = client.get("/robots.txt").text.splitlines()

    assert lines[0] == "User-agent: *"
    assert {"Disallow: /query?", "Disallow: /sparql?"} <= set(lines)
    assert f"Sitemap: {HERE}/sitemap.xml" in lines


def test_every_kind_of_page_of_the_site_map_answers(client: FlaskClient) -> None:
    """One name of each kind: all of them are thousands."""
    pages = list(mapped(client))
    by_kind = {resources.kind_of(page.strip("/").removesuffix(".html")): page for page in pages}
    always = ["/", "/data", "/questions", "/disagreements", "/query"]

    assert len(pages) == len(set(pages)) > 500
    assert set(always) <= set(pages)
    assert {"claim", "id", "text", "questions", "ontology", "rule"} <= set(by_kind)
    for path in [*always, *by_kind.values()]:
        assert (path, client.get(path).status_code) == (path, 200)


def test_every_text_claim_and_entity_is_on_the_site_map(client: FlaskClient) -> None:
    pages = set(mapped(client))
    graph = client.application.extensions["cassibile"].graph
    for kind in ("cas:Text", "cas:Claim", "cas:Person", "cas:Place"):
        rows = list(graph.query(f"SELECT ?x {{ ?x a {kind} }}"))
        assert rows
        for row in rows:
            assert f"/{row['x'].value.removeprefix(BASE)}.html" in pages


def test_a_long_site_map_is_a_map_of_maps(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = list(mapped(client))
    monkeypatch.setattr(crawlers, "MOST", len(whole) // 2)
    root = ET.fromstring(client.get("/sitemap.xml").data)
    maps = [
        loc.text or "" for loc in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")
    ]

    assert root.tag.endswith("sitemapindex")
    assert len(maps) == 2 + len(whole) % 2
    assert [page for each in maps for page in mapped(client, each.removeprefix(HERE))] == whole
    for part in ("0", "99", "x", ""):
        assert client.get(f"/sitemap.xml?part={part}").status_code == 404


# Programs


def test_the_description_of_the_interface_is_valid(api: dict[str, Any]) -> None:
    assert api["openapi"].startswith("3.1")
    assert [str(error) for error in OpenAPIV31SpecValidator(api).iter_errors()] == []
    assert api["servers"] == [{"url": HERE}]


def test_every_address_is_described_and_no_other(client: FlaskClient, api: dict[str, Any]) -> None:
    rules = [r for r in client.application.url_map.iter_rules() if r.endpoint != "static"]
    known = {re.sub("<.*?>", "{}", str(rule)) for rule in rules}
    known |= {f"{path}{{}}" if path.endswith("/") else path for path in by_path()}

    assert {re.sub("{.*?}", "{}", path) for path in api["paths"]} >= known
    assert all(item["get"]["summary"] for item in api["paths"].values() if "get" in item)


@pytest.mark.parametrize("path", sorted(by_path()))
def test_the_methods_of_an_endpoint_are_those_that_it_allows(
    client: FlaskClient, api: dict[str, Any], path: str
) -> None:
    allowed = client.open(path, method="FROBNICATE").headers["Allow"].split(", ")
    names = [name for name in api["paths"] if re.sub("{.*?}", "", name) == path]

    assert names
    for name in names:
        told = {key.upper() for key in api["paths"][name] if key != "parameters"}
        assert told == set(allowed) - {"HEAD", "OPTIONS"}


def test_the_examples_of_the_description_can_be_had(
    client: FlaskClient, api: dict[str, Any]
) -> None:
    tried = 0
    for address in interface.addresses():
        item = api["paths"][address.path]
        path = address.path
        for parameter in item.get("parameters", ()):
            path = path.replace(f"{{{parameter['name']}}}", parameter.get("example", ""))
        if not address.example:
            continue
        tried += 1
        assert path == address.example.partition("?")[0]
        answer = client.get(address.example)
        assert answer.status_code in {200, 303}
        content = item["get"]["responses"]["200"].get("content")
        assert answer.status_code == 303 or not content or answer.mimetype in content
    assert tried > 10


def test_the_catalogue_of_interfaces_leads_to_what_answers(client: FlaskClient) -> None:
    """https://www.rfc-editor.org/rfc/rfc9727"""
    answer = client.get("/.well-known/api-catalog")
    linkset = json.loads(answer.data)["linkset"]
    own, *others = linkset

    assert answer.content_type.endswith('; profile="https://www.rfc-editor.org/info/rfc9727"')
    assert 'rel="api-catalog"' in client.head("/.well-known/api-catalog").headers["Link"]
    assert own["anchor"] == f"{HERE}/.well-known/api-catalog"
    assert {item["href"] for item in own["item"]} == {other["anchor"] for other in others}
    assert f"{HERE}/sparql" in {other["anchor"] for other in others}
    for other in others:
        for relation in ("service-desc", "service-doc", "service-meta", "status"):
            for link in other[relation]:
                path = link["href"].removeprefix(HERE)
                assert client.get(path).mimetype == link["type"]
