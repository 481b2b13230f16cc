"""The network: what is drawn is what is listed, and each line has words or reasons."""

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from kg import perspectives
from kg.proof.tree import recorded
from kg.store import Graph
from kg.terms import CAS, PREFIXES, RDF, expand, shorten
from server import networking
from server.app import create_app
from server.draw import network as drawing
from server.draw.network import Edge, Node
from server.settings import Config

TEXT = ("text/italy-1943",)


class Page(HTMLParser):
    """The lines and things of the picture, and the rows of the table with their links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.edges: dict[str, dict[str, str]] = {}
        self.nodes: dict[str, dict[str, str]] = {}
        self.rows: dict[str, dict[str, str]] = {}
        self.cells: dict[str, list[str]] = {}
        self.links: dict[str, list[str]] = {}
        self.stops = 0
        self._row = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = {name: value or "" for name, value in attrs}
        if "data-row" in about:
            self.edges[about["data-row"]] = about
        if "data-node" in about:
            self.nodes[about["data-node"]] = about
        if "data-row" in about or "data-node" in about:
            self.stops += about["tabindex"] == "0"
        if tag == "tr":
            self._row = about.get("id", "")
            self.rows[self._row] = about
            self.cells[self._row], self.links[self._row] = [], []
        if tag == "td":
            self.cells[self._row].append("")
        if tag == "a" and self._row:
            self.links[self._row].append(about["href"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr":
            self._row = ""

    def handle_data(self, data: str) -> None:
        if self._row and self.cells[self._row]:
            self.cells[self._row][-1] += data


def get(client: FlaskClient, **parameters: str) -> Page:
    answer = client.get("/network.html?" + urlencode(parameters))
    assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
    page = Page(answer.text)
    page.rows.pop("")
    return page


def row(page: Page, *words: str) -> str:
    """Return the name of the one row that begins with these cells."""
    (found,) = (
        name
        for name, cells in page.cells.items()
        if [each.strip() for each in cells[:3]] == [*words]
    )
    return found


@pytest.mark.parametrize("parameters", [{}, {"focus": "italy"}, {"steps": "2", "focus": "allies"},
                                        {"perspective": "both", "focus": "sicily"}])  # fmt: skip
def test_the_picture_and_the_table_tell_the_same(
    client: FlaskClient, parameters: dict[str, str]
) -> None:
    page = get(client, **parameters)

    assert page.edges
    assert [*page.edges] == [*page.rows]
    for name, edge in page.edges.items():
        subject, predicate, value = (cell.strip() for cell in page.cells[name][:3])
        assert edge["aria-label"].startswith(f"{subject} {predicate} {value}, ")
        assert edge.get("data-c", "") == page.rows[name].get("data-c", "")
        assert edge["href"] in page.links[name]
        one, other = edge["data-ends"].split(" ")
        assert page.nodes[one]["aria-label"].startswith(f"{subject}, ")
        assert page.nodes[other]["aria-label"].startswith(f"{value}, ")


def test_what_is_stated_has_its_words_and_what_follows_its_reasons(client: FlaskClient) -> None:
    page = get(client, focus="mussolini")
    stated = row(page, "deposition of Mussolini", "affected", "Benito Mussolini")
    follows = row(page, "Pietro Badoglio", "directly succeeded", "Benito Mussolini")

    assert "edge stated" in page.edges[stated]["class"]
    assert "destituído" in page.cells[stated][3]
    assert page.edges[stated]["href"] == "/text/italy-1943/claim/s04-3.html"
    assert "edge derived" in page.edges[follows]["class"]
    assert page.edges[follows]["href"].startswith("/fact/")
    reasons = client.get(page.edges[follows]["href"]).text
    assert "s01-5" in page.edges[follows]["data-c"]
    assert "Badoglio" in reasons
    assert "prp-spo2" in reasons


def test_each_line_has_words_or_a_fact_that_is_recorded(graph: Graph) -> None:
    for each in networking.relations(graph, TEXT):
        name = each.fact
        if not each.claims:
            fact = recorded(graph).find(each.key, ox.Triple(*name))  # type: ignore[arg-type]
            assert fact is not None, name


def test_whatever_a_text_says_of_a_thing_and_another_is_drawn(graph: Graph) -> None:
    """Only what follows is ever left out."""
    said = perspectives.read(graph.store, TEXT[0]).stated
    for slug in ("mussolini", "badoglio", "allies", "sicily"):
        wanted = {
            tuple(map(shorten, triple))
            for triple in said
            if triple.predicate != RDF.type
            and {shorten(triple.subject)[:3], shorten(triple.object)[:3]} == {"id:"}
            and f"id:{slug}" in {shorten(triple.subject), shorten(triple.object)}
        }
        rows = networking.around(graph, TEXT, expand(f"id:{slug}")).rows
        told = {(r.subject.short, r.predicate.short, r.object.short) for r in rows if r.grounds}

        assert wanted
        assert wanted <= told


def test_what_is_implied_or_seen_from_the_other_side_is_left_out_unless_it_is_asked_for(
    client: FlaskClient,
) -> None:
    names = {cells[1].strip() for cells in get(client, focus="badoglio").cells.values() if cells}
    asked = get(client, focus="badoglio", relation="succeeded")

    assert "directly succeeded" in names
    assert not names & {"succeeded", "preceded in office", "took part in", "began not later than"}
    assert row(asked, "Pietro Badoglio", "succeeded", "Benito Mussolini")
    assert len(asked.rows) == 1


def test_two_steps_lead_to_what_the_neighbours_are_stated_to_be_related_to(
    client: FlaskClient,
) -> None:
    near, far = get(client, focus="mussolini"), get(client, focus="mussolini", steps="2")

    assert set(near.nodes) < set(far.nodes)
    assert "id:italian-resistance" not in near.nodes
    assert "id:victor-emmanuel-iii" in far.nodes
    assert set(far.edges) > set(near.edges)


def test_reference_works_are_told_apart(client: FlaskClient) -> None:
    text, both = get(client, focus="sicily"), get(client, focus="sicily", perspective="both")
    marked = {n for n, edge in both.edges.items() if "reference" in edge["class"].split()}

    assert marked
    assert not any("reference" in edge["class"] for edge in text.edges.values())
    assert all("according to reference works" in both.edges[name]["aria-label"] for name in marked)
    assert len(both.edges) - len(marked) >= len(text.edges)


def test_a_thing_leads_to_the_network_around_it_and_nothing_else_changes(
    client: FlaskClient,
) -> None:
    page = get(client, focus="mussolini", steps="2")
    href = page.nodes["id:badoglio"]["href"]

    assert href == "/network.html?focus=badoglio&steps=2"
    assert [*Page(client.get(href).text).nodes][-1] != "id:badoglio"
    assert "selected>Pietro Badoglio" in client.get(href).text


def test_the_picture_is_one_tab_stop(client: FlaskClient) -> None:
    assert get(client, focus="italy", steps="2").stops == 1


@pytest.mark.parametrize(("parameters", "status", "hint"), [
    ({"focus": "musolini"}, 404, "mussolini"),
    ({"focus": "<script>"}, 404, ""),
    ({"relation": "succeded"}, 404, "succeeded"),
    ({"steps": "3"}, 400, "choose 1 or 2"),
    ({"perspective": "txt"}, 400, "text"),
    ({"text": "italy-1944"}, 404, "italy-1943"),
])  # fmt: skip
def test_what_is_not_there_is_told_with_what_is(
    client: FlaskClient, parameters: dict[str, str], status: int, hint: str
) -> None:
    answer = client.get("/network?" + urlencode(parameters), headers={"Accept": "text/html"})

    assert answer.status_code == status
    assert hint in unescape(answer.text)
    assert "Traceback" not in answer.text
    assert "<script>&" not in answer.text


def test_a_thing_that_nothing_relates_to_another_says_so(client: FlaskClient) -> None:
    answer = client.get("/network.html?focus=badoglio&relation=tookPlaceAt")

    assert answer.status_code == 200
    assert "relates Pietro Badoglio to anything else" in answer.text
    assert '<svg class="drawing"' not in answer.text


def test_without_texts_the_page_says_that_there_is_nothing(tmp_path: Path) -> None:
    data = tmp_path / "a.ttl"
    data.write_text("<urn:a> <urn:b> <urn:c> .", encoding="utf-8")
    app = create_app(Config(tmp_path, data=(data,)))
    try:
        answer = app.test_client().get("/network.html")
    finally:
        app.extensions["cassibile"].close()

    assert answer.status_code == 200
    assert "Nothing here stands in a relation" in answer.text


def test_the_page_is_the_same_each_time_and_whole_in_each_language(build: Path) -> None:
    pages = []
    for _ in range(2):
        app = create_app(Config(build))
        client = app.test_client()
        pages.append([
            client.get(f"/network{each}.html?focus=italy&steps=2").data
            for each in ("", ".pt", ".it")
        ])  # fmt: skip
        app.extensions["cassibile"].close()

    assert pages[0] == pages[1]
    for page, word in zip(pages[0], ("stated", "afirmadas", "affermate"), strict=True):
        assert word in page.decode()
    assert len({re.sub(rb"<[^>]+>", b"", page) for page in pages[0]}) == 3


# More than can be drawn


def star(count: int) -> Graph:
    """Return the graph of a text in which one thing has many neighbours, some in more claims."""
    store = ox.Store()
    view, claims = expand("g:view/text/star"), expand("g:claims")
    yes = ox.Literal("true", datatype=expand("xsd:boolean"))
    middle = expand("id:middle")

    def claim(number: int, triple: ox.Triple) -> None:
        name = expand(f"text:star/claim/s01-{number}")
        store.add(ox.Quad(triple.subject, triple.predicate, triple.object, name))
        store.add(ox.Quad(triple.subject, triple.predicate, triple.object, view))
        store.add(ox.Quad(name, CAS.perspective, view, claims))
        store.add(ox.Quad(name, CAS.asserted, yes, claims))

    property_ = ox.NamedNode(PREFIXES["owl"] + "ObjectProperty")
    for each in (CAS.affected, CAS.carriedOutBy):
        store.add(ox.Quad(each, RDF.type, property_, expand("g:ontology")))
    for number in range(count):
        one = expand(f"id:event-{number:03}")
        claim(2 * number, ox.Triple(one, CAS.affected, middle))
        if number >= count - 5:
            claim(2 * number + 1, ox.Triple(one, CAS.carriedOutBy, middle))
    return Graph(store, {})


def test_of_too_many_things_those_stay_of_which_most_claims_speak() -> None:
    found = networking.around(star(80), ("text/star",), expand("id:middle"))
    names = [thing.slug for thing in found.things]

    assert (len(names), found.left_out) == (1 + networking.MOST, 20)
    assert names[0] == "middle"
    assert {f"event-{number:03}" for number in range(75, 80)} < set(names)
    assert "event-054" in names
    assert "event-055" not in names
    assert len(found.rows) == networking.MOST + 5


def test_the_page_says_how_many_are_left_out(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networking, "MOST", 7)
    answer = client.get("/network.html?focus=germans&steps=2").text

    assert re.search(r"\d+ more are left out", answer)
    assert len(Page(answer).nodes) == 8


# The drawing


def crowd(count: int, far: int = 0) -> tuple[list[Node], list[Edge]]:
    words = "fall of the very well fortified city with a long name & others"
    nodes = [
        Node(f"n{i}", words[: 5 + 11 * i % 57], f"n{i}", [*drawing.SHAPES][i % 5], f"/n{i}", ring)
        for i, ring in enumerate([0, *[1] * count, *[2] * far])
    ]
    edges = [
        Edge(f"r{i}", f"n{i}", f"n{i * 7 % len(nodes)}", words[: 3 * i % 40], "told", ("stated",), "/")
        for i in range(1, len(nodes))
        if i * 7 % len(nodes) != i
    ]  # fmt: skip
    return nodes, edges


@pytest.mark.parametrize(("count", "far"), [(0, 0), (1, 0), (2, 0), (7, 1), (60, 0), (10, 50), (1, 59), (59, 1)])  # fmt: skip
def test_no_name_leaves_the_picture_or_meets_another(count: int, far: int) -> None:
    nodes, edges = crowd(count, far)
    svg = str(drawing.draw(nodes, edges, "Network"))
    view = re.search(r'viewBox="(\S+) (\S+) (\S+) (\S+)"', svg)
    assert view
    left, top, width, height = map(float, view.groups())
    spots = drawing.lay(nodes, edges)
    boxes = [spot.box for spot in spots.values()]

    for a, b, c, d in boxes:
        assert left <= a <= c <= left + width
        assert top <= b <= d <= top + height
    for label, x in re.findall(r'<text x="(\S+)" y="\S+">([^<]+)</text>', svg):
        half = len(unescape(x)) * 7.5 / 2
        assert left <= float(label) - half
        assert float(label) + half <= left + width
    for index, (a, b, c, d) in enumerate(boxes):
        for e, f, g, h in boxes[index + 1 :]:
            assert c <= e or g <= a or d <= f or h <= b
    assert all(node.label.split() == " ".join(spots[node.name].lines).split() for node in nodes)


def test_a_picture_depends_on_what_is_drawn_and_not_on_when() -> None:
    assert drawing.draw(*crowd(10, 50), "Network") == drawing.draw(*crowd(10, 50), "Network")


def test_linked_things_stand_nearer_each_other_than_chance_has_it() -> None:
    nodes = [Node(f"n{i:02}", "x", "x", "event", "/", min(i, 1)) for i in range(41)]
    pairs = [(f"n{i:02}", f"n{i + 20:02}") for i in range(1, 21)]
    edges = [Edge(f"r{a}", a, b, "", "", (), "/") for a, b in pairs]
    spots = drawing.lay(nodes, edges)

    far = [abs(complex(spots[a].x - spots[b].x, spots[a].y - spots[b].y)) for a, b in pairs]

    assert sum(far) / len(far) < 60


# The answer of a query


def test_the_triples_of_an_answer_are_told_as_the_text_tells_them(
    client: FlaskClient, graph: Graph
) -> None:
    triples = [
        ox.Triple(expand("id:badoglio"), CAS.succeeded, expand("id:mussolini")),
        ox.Triple(expand("id:hitler"), CAS.alliedWith, expand("id:mussolini")),
        ox.Triple(expand("id:hitler"), CAS.alliedWith, ox.Literal("nobody")),
        ox.Triple(expand("id:hitler"), expand("rdfs:seeAlso"), expand("id:rome")),
    ]
    with client.application.test_request_context():
        picture = networking.drawn_triples(_Here(graph), triples, "en")  # type: ignore[arg-type]
    page = Page(str(picture))
    told = [edge["aria-label"] for edge in page.edges.values()]

    assert "Pietro Badoglio succeeded Benito Mussolini, follows" in told
    assert "Adolf Hitler allied with Benito Mussolini, claim 10.1" in told
    assert len(page.edges) == 3
    assert [*page.nodes][:1] == ["id:hitler"]
    assert sum("href" in edge for edge in page.edges.values()) == 2


def test_the_rows_of_a_table_are_relations_by_their_columns(graph: Graph) -> None:
    a, b = expand("id:badoglio"), expand("id:mussolini")
    found = networking.related(["who", "firstDay", "whom"], [(a, ox.Literal("1943"), b), (a, None, None)])  # fmt: skip
    with_property = networking.related(["who", "how", "whom"], [(a, CAS.succeeded, b)])
    network = networking.rows_for(graph, found, "en")

    assert network is not None
    assert [each.words for each in found] == ["whom"]
    assert [each.predicate for each in with_property] == [CAS.succeeded]
    assert [r.predicate.label for r in network.rows] == ["whom"]
    assert networking.rows_for(graph, [], "en") is None


class _Here:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
