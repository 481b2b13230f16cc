"""Every name opens: 303 to its document, in every form the same, with what caches and crawlers need."""

import gc
import json
import re
import shutil
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox
import pytest
import rdflib
from flask.testing import FlaskClient
from rdflib.compare import isomorphic

import kg
from kg import resources
from kg.proof.record import fact_of
from kg.store import point
from kg.terms import BASE, CAS, expand, read_triple
from server import documents
from server.app import create_app
from server.settings import Config

OPEN_FILES = Path("/proc/self/fd")

KINDS = {
    "id": "id/badoglio",
    "text": "text/italy-1943",
    "claim": "text/italy-1943/claim/s05-2",
    "sentence": "text/italy-1943/sentence/s05",
    "time": "text/italy-1943/time/s05-2",
    "interval": "interval/text/italy-1943/surrender-signing",
    "handover": "handover/text/italy-1943/mussolini-premiership/badoglio-premiership",
    "rule": "rule/office/shared-handover",
    "shape": "shape/Entity-item",
    "questions": "questions/who-succeeded-mussolini",
    "graph": "graph/view/text/italy-1943",
    "ontology": "ontology",
    "shapes": "shapes",
    "alignments": "alignments",
}
SYNTAXES = {"ttl": "turtle", "nt": "nt", "rdf": "xml", "jsonld": "json-ld"}


def one_of(graph: kg.Graph, kind: str) -> str:
    return next(name for name in resources.names(graph) if resources.kind_of(name) == kind)


@pytest.fixture(scope="module")
def names(graph: kg.Graph) -> dict[str, str]:
    found = {kind: one_of(graph, kind) for kind in ("fact", "disagreement")}
    return KINDS | found


def test_there_is_an_example_of_every_kind(graph: kg.Graph, names: dict[str, str]) -> None:
    assert {resources.kind_of(name) for name in resources.names(graph)} == set(names)


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")  # rdflib's own
@pytest.mark.parametrize("kind", [*KINDS, "fact", "disagreement"])
def test_a_name_of_every_kind_opens_in_every_form(
    client: FlaskClient, names: dict[str, str], kind: str
) -> None:
    name = names[kind]
    graphs = []
    for suffix, syntax in SYNTAXES.items():
        answer = client.get(f"/{name}.{suffix}")
        assert answer.status_code == 200
        graphs.append(rdflib.Graph().parse(data=answer.data, format=syntax))
    trig = list(ox.parse(client.get(f"/{name}.trig").data, format=ox.RdfFormat.TRIG))

    assert (rdflib.URIRef(BASE + name), None, None) in graphs[0]
    assert len(trig) == len(graphs[0])
    assert client.get(f"/{name}.json").data == client.get(f"/{name}.jsonld").data
    for each in graphs[1:]:
        assert len(each) == len(graphs[0])
        assert kind == "ontology" or isomorphic(graphs[0], each)  # its lists take minutes
    for language in documents.LANGUAGES:
        page = client.get(documents.address(name, language=language))
        assert page.status_code == 200
        assert page.headers["Content-Language"] == language
        assert f'<html lang="{language}"' in page.text
        assert BASE + name in page.text


def test_the_name_leads_to_the_document_that_is_wanted(client: FlaskClient) -> None:
    for accept, suffix in [
        ("text/turtle;q=0.9, text/html;q=0.5", "ttl"),
        ("application/json", "jsonld"),
        ('application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"', "jsonld"),
        ("application/xhtml+xml", "html"),
        ("*/*", "html"),
        ("text/turtle;q=0, application/n-triples;q=0.1, */*;q=0", "nt"),
        ("image/png, text/turtle;q=0.1," + "x/y," * 5000, "ttl"),
    ]:
        answer = client.get("/id/badoglio", headers={"Accept": accept})
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/id/badoglio.{suffix}")
        assert "Accept" in answer.vary
    portuguese = client.get("/id/badoglio", headers={"Accept-Language": "pt-BR, en;q=0.5"})
    assert portuguese.headers["Location"] == "/id/badoglio.pt.html"
    assert "Accept-Language" in portuguese.vary
    other = client.get("/id/badoglio", headers={"Accept-Language": "fi"})
    assert other.headers["Location"] == "/id/badoglio.html"


def test_the_location_is_below_the_path_of_the_copy_and_never_of_the_request(
    client: FlaskClient,
) -> None:
    answer = client.get(
        "/id/badoglio",
        headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"},
        environ_overrides={"SCRIPT_NAME": "/kg"},
    )

    assert answer.headers["Location"] == "/kg/id/badoglio.html"


def test_nothing_acceptable_is_406_with_what_there_is(client: FlaskClient) -> None:
    answer = client.get("/id/badoglio", headers={"Accept": "image/png"})

    assert answer.status_code == 406
    assert "text/turtle" in answer.get_json(force=True)["detail"]
    assert "Accept" in answer.vary


def test_a_vocabulary_is_its_own_document(client: FlaskClient) -> None:
    answer = client.get("/ontology", headers={"Accept": "text/turtle"})

    assert answer.status_code == 200
    assert answer.headers["Content-Location"] == "/ontology.ttl"
    assert "Accept" in answer.vary
    assert answer.data == client.get("/ontology.ttl").data


@pytest.mark.parametrize(
    "address", ["/id/badoglio.ttl", "/id/badoglio.html", "/id/badoglio.pt.html"]
)
def test_a_document_is_sent_again_only_if_it_changed(client: FlaskClient, address: str) -> None:
    first = client.get(address)
    tag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    earlier = format_datetime(
        datetime.strptime(modified, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
        - timedelta(days=1),
        usegmt=True,
    )

    for headers in (
        {"If-None-Match": tag},
        {"If-None-Match": f'W/"other", {tag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": modified},
    ):
        again = client.get(address, headers=headers)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == tag
    for headers in (
        {"If-None-Match": '"other"', "If-Modified-Since": modified},
        {"If-Modified-Since": earlier},
    ):
        assert client.get(address, headers=headers).status_code == 200
    head = client.head(address)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(first.data))
    tags = {client.get(f"/id/badoglio.{each.suffix}").headers["ETag"] for each in documents.FORMS}
    assert len(tags) == len(documents.FORMS)


def test_the_links_of_a_document_tell_machines_what_it_is(client: FlaskClient) -> None:
    answer = client.get("/id/badoglio.html")
    links = dict(re.findall(r'<([^>]*)>; rel="([^"]*)"', answer.headers["Link"]))

    assert len(answer.headers["Link"]) < 4096
    assert links[f"{BASE}id/badoglio"] == "cite-as"
    assert links[CAS.Person.value] == "type"
    assert links[documents.LICENCE] == "license"
    assert links["/id/badoglio.ttl"] == "describedby alternate"
    assert 'hreflang="pt" href="/id/badoglio.pt.html"' in answer.text
    embedded = re.search(r'<script type="application/ld\+json">(.*?)</script>', answer.text)
    assert embedded
    about = json.loads(embedded[1])
    assert about["@id"] == f"{BASE}id/badoglio"
    assert "Person" in about["@type"]
    assert {name["@value"] for name in about["name"]} == {"Pietro Badoglio"}


def test_the_words_of_the_claims_are_in_every_document_of_an_entity(client: FlaskClient) -> None:
    turtle = client.get("/id/badoglio.ttl").text
    page = client.get("/id/badoglio.html").text

    for words in ("primeiro ministro desde a queda de Benito Mussolini em Julho",):
        assert words in turtle
        assert words in page


def test_the_page_of_an_entity_tells_what_is_said_what_follows_and_what_others_say(
    client: FlaskClient,
) -> None:
    for language, headings in {
        "en": (
            "What the text says",
            "What follows",
            "What reference works say",
            "Where sources disagree",
        ),
        "pt": (
            "O que o texto diz",
            "O que se conclui",
            "O que dizem as obras de referência",
            "Onde as fontes discordam",
        ),
        "it": (
            "Che cosa dice il testo",
            "Che cosa ne consegue",
            "Che cosa dicono le opere di riferimento",
            "Dove le fonti discordano",
        ),
    }.items():
        page = client.get(documents.address("id/taranto", language=language)).text
        found = [page.find(f"<h2>{heading}</h2>") for heading in headings]
        assert sorted(found) == found
        assert found[0] > 0
    taranto = client.get("/id/taranto.html").text
    whys = re.findall(r'href="(/fact/[0-9a-f]+\.html)"', taranto)
    assert whys
    assert all(client.get(why).status_code == 200 for why in whys)


def test_what_reference_works_say_is_never_told_as_a_plain_triple(graph: kg.Graph) -> None:
    reference = expand("g:view/reference")
    default = {q.triple for q in graph.store.quads_for_pattern(None, None, None, None)}
    assert default
    for name in ("id/taranto", "id/badoglio", "id/fall-of-mussolini"):
        iri = expand(name.replace("/", ":"))
        only_there = {
            quad.triple
            for quad in graph.store.quads_for_pattern(iri, None, None, reference)
            if not any(
                True
                for _ in graph.store.quads_for_pattern(
                    quad.subject, quad.predicate, quad.object, expand("g:view/text/italy-1943")
                )
            )
        }
        assert not only_there & set(resources.find(graph, name).triples)


def test_the_page_of_a_fact_ends_in_the_words_of_the_text(client: FlaskClient) -> None:
    triple = read_triple("id:badoglio cas:succeeded id:mussolini")
    fact = fact_of("text/italy-1943", triple).value.removeprefix(BASE)
    page = client.get(f"/{fact}.html").text

    assert "Pietro Badoglio succeeded Benito Mussolini" in page
    assert "primeiro ministro desde a queda de Benito Mussolini" in page
    assert "/rule/office/shared-handover.html" in page


def test_every_term_has_its_place_on_the_page_of_the_ontology(client: FlaskClient) -> None:
    page = client.get("/ontology.html").text

    for name in CAS.names - {""}:
        assert f'<section id="{name}"' in page
    signing = page[page.index('<section id="signedBy"') :].partition("</section>")[0]
    assert "how-the-surrender-was-signed.html" in signing
    for language in documents.LANGUAGES:
        drawn = client.get(documents.address("ontology", language=language)).text
        assert drawn.count("<h3>") == len(CAS.names - {""})


def test_methods_that_write_are_refused_and_a_preflight_is_answered(client: FlaskClient) -> None:
    for method in ("POST", "PUT", "DELETE"):
        answer = client.open("/id/badoglio", method=method)
        assert answer.status_code == 405
        assert "GET" in answer.headers["Allow"]
    preflight = client.options("/id/badoglio", headers={"Access-Control-Request-Method": "GET"})
    assert preflight.status_code == 204
    assert "GET" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.slow
def test_who_follows_links_reaches_every_triple_of_the_views(
    client: FlaskClient, graph: kg.Graph
) -> None:
    """From / over links of pages to documents in N-Triples; facts and queries are not followed."""
    reached: set[ox.Triple] = set()
    seen = {"/"}
    waiting = ["/"]
    graphs = []
    while waiting:
        page = waiting.pop()
        for link in re.findall(r'href="(/[^"?#]*(?:\?graph=[^"]*)?)', client.get(page).text):
            if link.startswith("/rdf-graph-store?"):
                graphs.append(link)
            if link in seen or re.match(r"/fact/|.*\.(pt|it)\.html$", link):
                continue
            seen.add(link)
            if link.endswith(".nt") and not link.startswith("/dump"):
                quads = ox.parse(client.get(link).data, format=ox.RdfFormat.N_TRIPLES)
                reached |= {quad.triple for quad in quads}
            elif link.endswith(".html") or link in {"/questions", "/disagreements", "/data"}:
                waiting.append(link)

    view = {q.triple for q in graph.store.quads_for_pattern(None, None, None, ox.DefaultGraph())}
    named = {triple for triple in view if not has_blank(triple)}
    assert len(named) > 15_000
    assert named - reached == set()
    linked = {parse_qs(urlsplit(unescape(link)).query)["graph"][0] for link in graphs}
    views = {name for name in map(str, graph.store.named_graphs()) if "/graph/view/" in name}
    assert {f"<{name}>" for name in linked} >= views


def has_blank(triple: ox.Triple) -> bool:
    """Whether blank nodes have other labels in each document, so that it cannot be compared."""
    return isinstance(triple.subject, ox.BlankNode) or isinstance(triple.object, ox.BlankNode)


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="the system does not tell what is open")
def test_a_build_that_was_replaced_is_closed(build: Path, tmp_path: Path) -> None:
    served = tmp_path / "build"
    shutil.copytree(build, served)
    (first,) = (path for path in served.iterdir() if path.is_dir())
    app = create_app(Config(served))
    client = app.test_client()

    def ask() -> None:
        for name in (
            "id/badoglio",
            "text/italy-1943/claim/s05-2",
            "graph/why",
            "rule/allen/Precedes",
        ):
            assert client.get(documents.address(name)).status_code == 200
        taranto = client.get("/id/taranto.html").text
        for why in re.findall(r'href="(/fact/[0-9a-f]+\.html)"', taranto):
            assert client.get(why).status_code == 200
        assert client.get("/id/badolio").status_code == 404
        assert client.get("/sitemap.xml").status_code == 200
        assert client.get("/data").status_code == 200
        assert client.get("/reconcile?query=Badoglio").status_code == 200

    ask()
    assert is_open(first)
    shutil.copytree(first, served / "0123456789abcdef")
    point(served, "0123456789abcdef")
    ask()
    gc.collect()
    app.extensions["cassibile"].close()

    assert not is_open(first)


def is_open(folder: Path) -> bool:
    """Whether this process has a file of the folder open, or one that was there."""
    found = []
    for each in OPEN_FILES.iterdir():
        with suppress(OSError):  # that of listing them is closed by now
            found.append(each.readlink())
    return any(path.is_relative_to(folder) for path in found)
