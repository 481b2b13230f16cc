"""The map: every place is drawn or listed, and what is drawn says what the list says."""

import re
from collections.abc import Iterator
from html import unescape
from xml.etree import ElementTree as ET

import pyoxigraph as ox
import pytest
from flask import Flask
from flask.testing import FlaskClient

import kg
from kg.terms import CAS, PREFIXES, RDF, SKOS, expand
from server import frames, placing
from server.draw import map as drawing
from server.draw.map import Mark
from tests.helpers import rows

TEXT = ("text/italy-1943",)
BOTH = (*TEXT, "reference")
SVG = "{http://www.w3.org/2000/svg}"
HALF = 0.5  # em


def marks(page: str) -> list[dict[str, str]]:
    """Return the attributes of the marks of a page, with their names as `text`."""
    found = []
    for attributes, inside in re.findall(r'<a class="mark ([^>]*)>(.*?)</a>', page):
        told = dict(re.findall(r'([\w-]+)="([^"]*)"', 'class="' + attributes))
        name = re.search("<text>(.*?)</text>", inside)
        assert name
        found.append(
            {key: unescape(value) for key, value in told.items()} | {"text": unescape(name[1])}
        )
    return found


def listed(page: str) -> list[tuple[str, str]]:
    """Return the places of the list: where each stands, and what its mark would say."""
    return [
        (anchor, unescape(told))
        for anchor, told in re.findall(r'<li id="(place-[^"]*)".*? data-told="([^"]*)"', page)
    ]


def graph_of(places: dict[str, str], *others: ox.Triple) -> kg.Graph:
    """Return a graph of a text with some places, each with its coordinates in WKT or none."""
    store = ox.Store()
    view, entities = expand("g:view/text/small"), expand("g:entities")
    for name, wkt in places.items():
        iri, point = expand(f"id:{name}"), ox.NamedNode(f"{PREFIXES['id']}{name}#point")
        store.add(ox.Quad(iri, RDF.type, CAS.Place, view))
        store.add(ox.Quad(iri, SKOS.prefLabel, ox.Literal(name.title(), language="en"), entities))
        if wkt:
            geo = PREFIXES["geo"]
            store.add(ox.Quad(iri, ox.NamedNode(geo + "hasGeometry"), point, entities))
            store.add(ox.Quad(point, ox.NamedNode(geo + "asWKT"), ox.Literal(wkt), entities))
    for triple in others:
        store.add(ox.Quad(triple.subject, triple.predicate, triple.object, view))
    return kg.Graph(store, {})


def placed(places: dict[str, str], *others: ox.Triple) -> dict[str, placing.Row]:
    found = placing.rows(graph_of(places, *others), ("text/small",), "en")
    return {row.name: row for row in found}


def within(one: str, other: str) -> ox.Triple:
    return ox.Triple(expand(f"id:{one}"), CAS.within, expand(f"id:{other}"))


@pytest.fixture
def _asked() -> Iterator[None]:
    with Flask(__name__).test_request_context("/map"):
        yield


@pytest.mark.parametrize("perspective", ["text", "reference", "both"])
def test_every_place_of_the_graph_is_drawn_or_listed(
    graph: kg.Graph, client: FlaskClient, perspective: str
) -> None:
    views = {"text": ["text/italy-1943"], "reference": ["reference"]}
    views["both"] = [*views["text"], *views["reference"]]
    wanted = {
        f"place-{row[0].removeprefix(PREFIXES['id'])}"
        for view in views[perspective]
        for row in rows(
            graph, f"SELECT ?p {{ GRAPH <{PREFIXES['g']}view/{view}> {{ ?p a cas:Place }} }}"
        )
    }
    page = client.get(f"/map.html?perspective={perspective}").text

    assert wanted
    assert {anchor for anchor, _ in listed(page)} == wanted


@pytest.mark.parametrize("language", ["en", "pt", "it"])
@pytest.mark.parametrize("perspective", ["text", "reference", "both"])
def test_the_marks_say_what_the_list_says_in_its_order(
    client: FlaskClient, perspective: str, language: str
) -> None:
    suffix = "" if language == "en" else f".{language}"
    page = client.get(f"/map{suffix}.html?perspective={perspective}").text
    told = dict(listed(page))
    drawn = marks(page)
    order = [each["href"].removeprefix("#") for each in drawn]

    assert drawn
    assert order == [anchor for anchor in told if anchor in order]
    assert [each["aria-label"] for each in drawn] == [told[anchor] for anchor in order]
    assert all(each["aria-label"].startswith(each["text"]) for each in drawn)


def test_the_map_is_named_with_the_number_of_its_places(client: FlaskClient) -> None:
    page = client.get("/map.html").text

    assert f'role="group" aria-label="Map, {len(marks(page))} places"' in page


def test_what_is_drawn_are_the_places_with_coordinates_where_they_lie(
    graph: kg.Graph, client: FlaskClient
) -> None:
    found = rows(
        graph,
        "SELECT ?p ?w { GRAPH g:view/text/italy-1943 { ?p a cas:Place } ?p geo:hasGeometry/geo:asWKT ?w }".replace(
            "g:view/text/italy-1943", f"<{PREFIXES['g']}view/text/italy-1943>"
        ),
    )
    page = client.get("/map.html").text
    (italy,) = (frame for frame in frames.frames() if frame.name == "italy")

    assert found
    for place, wkt in found:
        point = placing.read_wkt(wkt)
        assert point
        x, y = italy.place(point.at)
        name = place.removeprefix(PREFIXES["id"])
        where = rf'href="#place-{name}".*?<svg class="at" x="([\d.]+)%" y="([\d.]+)%">'
        drawn = re.search(where, page)
        assert drawn, name
        assert float(drawn[1]) == pytest.approx(100 * x / italy.width, abs=0.01)
        assert float(drawn[2]) == pytest.approx(100 * y / italy.height, abs=0.01)


def test_a_place_in_dispute_is_marked_and_leads_to_the_disagreement(client: FlaskClient) -> None:
    page = client.get("/map.html").text
    disputed = [each for each in marks(page) if "disputed" in each["class"].split()]
    row = page.partition('id="place-taranto"')[2].partition("</li>\n<li id")[0]
    (link,) = re.findall(r'<p class="dispute"><a href="([^"]*)">', row)
    path, _, anchor = link.partition("#")

    assert [each["aria-label"] for each in disputed] == ["Taranto, disputed"]
    assert f'id="{anchor}"' in client.get(path).text


def test_marks_and_rows_are_chosen_with_the_claims_that_speak_of_them(
    graph: kg.Graph, client: FlaskClient
) -> None:
    stated = rows(
        graph,
        "SELECT DISTINCT ?c { GRAPH ?c { ?s ?p ?o } ?c a cas:Claim ; cas:asserted true "
        "FILTER((?s = id:taranto || ?o = id:taranto) && ?p != rdf:type) }",
    )
    wanted = {claim.rpartition("/")[2] for (claim,) in stated}
    page = client.get("/map.html").text
    (mark,) = (each for each in marks(page) if each["text"] == "Taranto")
    row = re.search(r'<li id="place-taranto"[^>]* data-c="([^"]*)"', page)

    assert wanted
    assert set(mark["data-c"].split()) == wanted
    assert row
    assert row[1] == mark["data-c"]
    for name in wanted:
        assert f"/text/italy-1943/claim/{name}.html" in page


def test_reference_works_stand_beside_the_text_and_are_told_apart(client: FlaskClient) -> None:
    text = {each["text"] for each in marks(client.get("/map.html").text)}
    both = marks(client.get("/map.html?perspective=both").text)
    grey = {each["text"] for each in both if "reference" in each["class"].split()}

    assert grey
    assert not grey & text
    # A region without coordinates may have its name elsewhere, but none of the text is lost.
    assert text <= {each["text"] for each in both}


@pytest.mark.usefixtures("_asked")
def test_a_place_without_coordinates_is_drawn_hollow_at_the_one_it_lies_within() -> None:
    found = placed({"isle": "POINT(14 37)", "hut": ""}, within("hut", "isle"))
    page = str(placing.sheet(list(found.values()), "en"))
    (hollow,) = (each for each in marks(page) if "hollow" in each["class"].split())

    assert found["hut"].geometry == found["isle"].geometry
    assert hollow["aria-label"] == "Hut, somewhere within Isle"


def test_the_narrowest_place_is_where_it_lies_within() -> None:
    found = placed(
        {"land": "POINT(12 43)", "town": "POINT(11 44)", "hut": ""},
        within("hut", "town"),
        within("hut", "land"),
        within("town", "land"),
    )

    assert found["hut"].other is not None
    assert found["hut"].other.label == "Town"


def test_the_name_of_a_region_without_coordinates_stands_amid_what_lies_within_it() -> None:
    region = ox.Triple(expand("id:region"), RDF.type, CAS.Region)
    towns = {"one": "POINT(10 43)", "two": "POINT(11 43)", "three": "POINT(12.4 43)"}
    found = placed({**towns, "region": ""}, region, *(within(each, "region") for each in towns))
    alone = placed({"one": towns["one"], "region": ""}, region, within("one", "region"))

    assert found["region"].geometry == found["two"].geometry
    assert (found["region"].kind, found["region"].placed) == ("region", "amid")
    assert alone["region"].geometry is None


@pytest.mark.parametrize(
    "wkt",
    [
        "CIRCULARSTRING(1 2, 3 4, 5 6)",
        "POINT EMPTY",
        "POINT(1)",
        "POINT(500 1)",
        "here",
        "POINT(a b)",
    ],
)
@pytest.mark.usefixtures("_asked")
def test_coordinates_that_cannot_be_read_are_listed_as_they_are(wkt: str) -> None:
    found = placed({"odd": wkt, "even": "POINT(12 42)"})

    assert (found["odd"].geometry, found["odd"].odd) == (None, wkt)
    assert [each["text"] for each in marks(str(placing.sheet(list(found.values()), "en")))] == [
        "Even"
    ]


@pytest.mark.usefixtures("_asked")
def test_lines_and_areas_are_drawn_with_their_extent() -> None:
    kinds = {"front": CAS.DefensiveLine, "range": CAS.MountainRange, "land": CAS.Region}
    found = placed(
        {
            "front": "LINESTRING(10 44, 11 44.1, 12.5 43.9)",
            "range": "POLYGON((7 45, 13 46, 13 47, 7 46, 7 45))",
            "land": "MULTIPOLYGON(((10 42, 12 42, 12 43, 10 42)), ((13 41, 14 41, 14 42, 13 41)))",
        },
        *(ox.Triple(expand(f"id:{name}"), RDF.type, kind) for name, kind in kinds.items()),
    )
    svg = str(placing.sheet(list(found.values()), "en"))
    told = {each["text"]: each["aria-label"] for each in marks(svg)}

    assert told == {
        "Front": "Front, line, approximate",
        "Land": "Land, region",
        "Range": "Range, vague",
    }
    assert svg.count('<svg class="shape"') == 3
    assert len(found["land"].geometry.lines if found["land"].geometry else ()) == 2


def test_a_map_without_places_says_what_to_do(client: FlaskClient) -> None:
    with Flask(__name__).test_request_context("/map"):
        assert placing.sheet(list(placed({"nowhere": ""}).values()), "en") == ""
    assert "<svg" in client.get("/map.html").text


def test_the_same_places_are_drawn_with_the_same_bytes(
    graph: kg.Graph, client: FlaskClient
) -> None:
    first = client.get("/map.html?perspective=both").text
    graph.said.clear()

    assert client.get("/map.html?perspective=both").text == first


@pytest.mark.usefixtures("_asked")
def test_the_small_map_of_one_place_leads_to_its_page(graph: kg.Graph) -> None:
    found = [row for row in placing.rows(graph, TEXT, "pt") if row.name == "palermo"]
    page = str(placing.sheet(found, "pt", focus="palermo", small=True))
    (mark,) = marks(page)

    assert 'aria-label="Mapa, 1 lugar"' in page
    assert mark["href"] == "/id/palermo.pt.html"
    assert "focus" in mark["class"].split()


def test_the_base_map_is_asked_for_by_the_ids_that_it_has(client: FlaskClient) -> None:
    page = client.get("/map.html").text
    used = re.findall(r'<use class="\w+" href="(/static/map/\w+\.svg)#(\w+)"', page)

    assert used
    for path, id_ in used:
        with client.get(path) as answer:
            ids = {each.get("id") for each in ET.fromstring(answer.get_data()).iter(f"{SVG}path")}
            assert answer.mimetype == "image/svg+xml"
            assert id_ in ids


@pytest.mark.parametrize("query", ["text=italy-194", "perspective=texts", "focus=tarant"])
def test_what_is_not_there_is_answered_with_the_nearest(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/map.html?{query}", headers={"Accept": "application/problem+json"})

    assert answer.status_code in {400, 404}
    assert re.search("did you mean (italy-1943|text|taranto)", answer.text)


def names_touch(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


@pytest.mark.parametrize(
    ("letter", "width"), [("n", 300), ("n", 390), ("m", 500), ("w", 700), ("w", 950)]
)
def test_names_do_not_touch_at_any_width(client: FlaskClient, letter: str, width: int) -> None:
    """Worked out from the marks as they are sent, by the distances of the style sheet."""
    page = client.get("/map.html?perspective=both").text
    (italy,) = (frame for frame in frames.frames() if frame.name == "italy")
    height = width * italy.height / italy.width
    boxes = []
    for attributes, x, y, moved, name in re.findall(
        r'<a class="mark ([^"]*)".*?<svg class="at" x="([\d.]+)%" y="([\d.]+)%"><g([^>]*)>.*?<text>(.*?)</text>',
        page,
    ):
        side = re.search(rf"\b{letter}-(\w)", attributes)
        assert side
        if side[1] == "x":
            continue
        right, down = map(int, re.findall(r"-?\d+", moved) or (0, 0))
        left, middle = float(x) * width / 100 + right, float(y) * height / 100 + down
        em = 12 if "region" in attributes else 14
        long = len(unescape(name)) * HALF * em
        left += {"r": 12, "l": -12 - long}.get(side[1], -long / 2)
        middle += {"a": -20, "b": 20}.get(side[1], 0)
        boxes.append((left, left + long, middle - em * HALF, middle + em * HALF))

    assert len(boxes) > 5
    assert not [
        (one, other)
        for index, one in enumerate(boxes)
        for other in boxes[index + 1 :]
        if names_touch(one, other)
    ]
    assert all(left > 0 and right < width for left, right, _, _ in boxes)


def test_names_that_have_no_room_are_left_to_the_list() -> None:
    (italy,) = (frame for frame in frames.frames() if frame.name == "italy")
    crowd = [
        Mark(f"Place number {n}", f"Place number {n}", "#", "point", (12 + n / 50, 42))
        for n in range(20)
    ]
    svg = drawing.draw(italy, crowd, "Map")

    assert svg.count("<text>") == 20
    assert 0 < svg.count("n-x") < 20
    assert svg.count("w-x") <= svg.count("n-x")


def test_names_are_written_as_text_whatever_they_hold() -> None:
    (italy,) = (frame for frame in frames.frames() if frame.name == "italy")
    odd = '<b a="1">&'
    svg = drawing.draw(italy, [Mark(odd, odd, f"/id/{odd}", "point", (12, 42))], odd)
    mark = ET.fromstring(svg).find(".//{*}a")

    assert mark is not None
    assert mark.get("aria-label") == odd
