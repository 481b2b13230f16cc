"""The timeline: every occurrence of a text is drawn as vague as it is, and told the same in words."""

import re
from html import unescape
from itertools import pairwise, product

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

import kg
from kg import resources
from server import documents
from server.draw import timeline
from server.draw.timeline import Axis, Because, Days, Mark, Row, day_of

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
VIEW = "https://w3id.org/cassibile/graph/view/"
FORMS = ("wide", "narrow")


def row(*days: int | None, **about: object) -> Row:
    return Row("a", "A", "/a", "A, then", Days(*days), **about)  # type: ignore[arg-type]


def drawing(
    rows: list[Row], *, narrow: bool = False, axis: Axis | None = None
) -> html.HtmlElement:
    return html.fromstring(str(timeline.drawn(rows, "Timeline", MONTHS, narrow=narrow, axis=axis)))


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        (row(5, 5, 5, 5), [Mark("day", 5, 6)]),
        (row(5, 5, 5, 5, by_order=True), [Mark("day", 5, 6)]),
        (row(1, 4, 8, 9), [Mark("fade-in", 1, 4), Mark("solid", 4, 9), Mark("fade-out", 9, 10)]),
        (row(1, 1, 9, 9), [Mark("solid", 1, 10)]),
        (row(1, 5, 5, 9), [Mark("fade-in", 1, 5), Mark("solid", 5, 6), Mark("fade-out", 6, 10)]),
        (row(1, 9, 1, 9), [Mark("fade-in", 1, 5), Mark("fade-out", 5, 10)]),
        (row(1, 9, 1, 9, by_order=True), [Mark("outline", 1, 10)]),
        (row(1, 4, 8, 9, by_order=True), [Mark("outline", 1, 10), Mark("solid", 4, 9)]),
        (
            row(),
            [
                Mark("unknown", None, None),
                Mark("open-start", None, None),
                Mark("open-end", None, None),
            ],
        ),
        (
            row(1, 4, 8, None),
            [
                Mark("fade-in", 1, 4),
                Mark("solid", 4, 9),
                Mark("fade-out", 9, None),
                Mark("open-end", None, None),
            ],
        ),
        (
            row(None, 4, 4, 9),
            [
                Mark("fade-in", None, 4),
                Mark("solid", 4, 5),
                Mark("fade-out", 5, 10),
                Mark("open-start", None, None),
            ],
        ),
        (
            row(3, None, 3, None, by_order=True),
            [Mark("outline", 3, None), Mark("open-end", None, None)],
        ),
        (
            row(5, 5, 5, 5, stated=Days(1, 9, 1, 9)),
            [Mark("day", 5, 6), Mark("loose", 1, 5), Mark("loose", 6, 10)],
        ),
        (row(5, 5, 5, 5, stated=Days(5, None, 5, None)), [Mark("day", 5, 6)]),
        (
            row(5, 5, 5, 5, reference=Days(6, 7, 8, 9)),
            [Mark("day", 5, 6), Mark("reference", 6, 10)],
        ),
        (row(5, 5, 5, 5, reference=Days(None, 7, None, None)), [Mark("day", 5, 6)]),
    ],
)
def test_the_marks_of_a_row_are_those_of_its_bounds(drawn: Row, expected: list[Mark]) -> None:
    assert expected == list(timeline.marks(drawn))


numbers = st.integers(-4_000_000, 8_000_000)


@st.composite
def some_days(draw: st.DrawFn) -> Days:
    first, second, third, last = sorted(draw(st.lists(numbers, min_size=4, max_size=4)))
    days = (first, second, third, last) if draw(st.booleans()) else (first, third, second, last)
    return Days(*(day if draw(st.booleans()) else None for day in days))


some_rows = st.builds(
    Row,
    st.just("a"),
    st.text(max_size=60),
    st.just("/a"),
    st.text(max_size=20),
    some_days(),
    st.none() | some_days(),
    st.booleans(),
    st.none() | some_days(),
)


@given(st.lists(some_rows, min_size=1, max_size=12), st.booleans())
def test_all_that_is_drawn_lies_on_the_sheet_and_what_is_certain_is_solid(
    rows: list[Row],
    narrow: bool,  # noqa: FBT001 drawn
) -> None:
    svg = drawing(rows, narrow=narrow)
    for mark in svg.iter("rect", "line", "svg"):
        places = [
            float(value[:-1])
            for value in mark.attrib.values()
            if re.fullmatch(r"-?[\d.]+%", value)
        ]
        assert all(0 <= place <= 100 for place in places)
    for each in rows:
        latest, earliest = each.days.latest_start, each.days.earliest_end
        certain = latest is not None and earliest is not None and latest <= earliest
        kinds = [mark.kind for mark in timeline.marks(each)]
        assert certain == ("solid" in kinds or "day" in kinds)
    assert len(rows) == len(svg.findall('.//g[@class="row"]'))


@pytest.mark.parametrize("years", [(-44, -40), (1943, 1945), (9990, 12000)])
def test_days_of_any_year_are_drawn(years: tuple[int, int]) -> None:
    first, last = (day_of(year, 3, 15) for year in years)
    svg = drawing([row(first, first, last, last)])
    (bar,) = svg.findall('.//rect[@class="solid"]')

    assert 80 < float(bar.get("width")[:-1]) < 100
    assert any(
        str(year) in svg.xpath("string(.//g[@class='axis'])")
        for year in range(years[0], years[1] + 1)
    )


@pytest.mark.parametrize(
    ("span", "narrow"),
    list(product((3, 10, 31, 62, 120, 400, 800, 1500, 3000, 5000, 9000, 90_000), (False, True))),
)
def test_labels_of_the_axis_are_far_enough_apart(span: int, narrow: bool) -> None:  # noqa: FBT001
    start = day_of(1943, 6)
    svg = drawing(
        [row(start, start, start + span, start + span)],
        narrow=narrow,
        axis=Axis(start, start + span),
    )
    labels = svg.findall('.//g[@class="axis"]/text')
    for width, shown in (
        (1000, labels),
        (390, [each for each in labels if "fine" not in each.get("class")]),
    ):
        wide, apart = (270, 60) if narrow else (width, 36)
        for line in ("year", "part"):
            places = sorted(
                float(each.get("x")[:-1]) * wide / 100
                for each in shown
                if line in each.get("class").split()
            )
            assert all(b - a >= apart * 0.99 for a, b in pairwise(places)), (line, width)


def test_a_far_day_does_not_squeeze_all_others_and_an_arrow_tells_of_it() -> None:
    rows = [row(day, day, day + 10, day + 10) for day in range(day_of(1943), day_of(1944), 30)]
    far = row(day_of(1900), day_of(1900), day_of(1943, 6), day_of(1943, 6))
    axis = timeline.axis_of([*rows, far])

    assert axis is not None
    assert axis.first > day_of(1942)
    assert len(drawing([*rows, far]).findall('.//path[@class="beyond"]')) == 1


def test_what_is_named_by_others_cannot_break_the_drawing() -> None:
    bad = '"><script>alert(1)</script>'
    because = (Because(bad, bad, of_start=True),)
    drawn = Row(bad, bad, bad, bad, Days(1, 2, 3, 4), claims=(bad,), because=because)

    assert "<script" not in timeline.drawn([drawn], bad, MONTHS)


# The page


def page(client: FlaskClient, asked: str = "", language: str = "en") -> html.HtmlElement:
    address = documents.address("timeline", language=language)
    answer = client.get(f"{address}?{asked}" if asked else address)
    assert answer.status_code == 200, answer.text
    return html.fromstring(answer.text)


def names(tree: html.HtmlElement) -> list[str]:
    return [each.get("id").removeprefix("row-") for each in tree.xpath("//table//tr[@id]")]


def in_graph(graph: kg.Graph, key: str, pattern: str) -> list[tuple[str, ...]]:
    """Return the last parts of the names that match in a perspective, sorted."""
    rows = graph.query(f"SELECT DISTINCT * {{ GRAPH <{VIEW}{key}> {{ {pattern} }} }}")
    assert isinstance(rows, ox.QuerySolutions)
    return sorted(tuple(str(each).rpartition("/")[2].rstrip(">") for each in row) for row in rows)


@pytest.mark.parametrize(
    ("asked", "key"), [("", "text/italy-1943"), ("perspective=reference", "reference")]
)
def test_each_occurrence_has_a_row_in_the_table_and_in_both_drawings(
    graph: kg.Graph, client: FlaskClient, asked: str, key: str
) -> None:
    tree = page(client, asked)
    expected = {name for (name,) in in_graph(graph, key, "?o a cas:Occurrence")}

    assert len(expected) > 30
    assert expected == set(names(tree))
    for form in FORMS:
        assert names(tree) == tree.xpath(f"//svg[@class='{form}']//g/@data-row")


@pytest.mark.parametrize("language", documents.LANGUAGES)
@pytest.mark.parametrize(
    "asked", ["", "perspective=text&sort=text", "perspective=reference", "from=1944&to=1944"]
)
def test_rows_are_called_in_the_drawings_as_they_stand_in_the_table(
    client: FlaskClient, asked: str, language: str
) -> None:
    tree = page(client, asked, language)
    told = tree.xpath("//table//tr/@data-said")
    for form in FORMS:
        assert told == tree.xpath(f"//svg[@class='{form}']//g/a[1]/@aria-label")
    for each in tree.xpath("//table//tr[@id]"):
        cells = [" ".join(cell.text_content().split()) for cell in each.findall("td")]
        claims = each.xpath("td[3]//a/text()")
        title = each.xpath("td[1]/a")[0].text_content()
        assert each.get("data-said").startswith(f"{title}, {cells[1]}")
        if "reference" not in asked:
            assert all(claim in each.get("data-said") for claim in claims)
    count = len(told)
    assert str(count) in tree.xpath("//svg[@class='wide']/@aria-label")[0]


def test_each_row_and_each_inferred_bound_leads_to_a_page(
    graph: kg.Graph, client: FlaskClient
) -> None:
    tree = page(client)
    links = {href for form in FORMS for href in tree.xpath(f"//svg[@class='{form}']//a/@href")}
    inferred = tree.xpath("//svg[@class='wide']//a[@class='because']")

    assert len(inferred) > 30
    for href in links:
        resources.find(graph, href.strip("/").removesuffix(".html"))  # else it raises
    named = {each.get("aria-label"): each.get("href") for each in inferred}
    because = "Deposition of Mussolini: it ended on 25 July 1943 or earlier, because deposition of Mussolini before arrest of Mussolini"
    assert "25 July 1943" in html.fromstring(client.get(named[because]).text).text_content()


def test_a_bound_that_a_date_gives_by_itself_is_not_called_inferred(client: FlaskClient) -> None:
    tree = page(client)
    for name in ("surrender-signing", "arrest-of-mussolini", "armistice-proclamation"):
        (found,) = tree.xpath(f"//svg[@class='wide']//g[@data-row='{name}']")
        assert not found.xpath("a[@class='because']")
    (badoglio,) = tree.xpath("//svg[@class='wide']//g[@data-row='badoglio-premiership']")
    assert badoglio.findall('.//line[@class="loose"]')


def test_what_is_disputed_leads_to_the_disagreement(client: FlaskClient) -> None:
    tree = page(client)
    disputed = tree.xpath("//svg[@class='wide']//g[contains(@class, 'disputed')]/@data-row")

    assert "italian-campaign" in disputed
    assert "surrender-signing" not in disputed
    for name in disputed:
        address, _, anchor = tree.xpath(f"//tr[@id='row-{name}']/td[1]//p/a/@href")[0].partition(
            "#"
        )
        assert f'id="{anchor}"' in client.get(address).text


def test_reference_works_are_drawn_beside_the_text_alone_or_not_at_all(
    client: FlaskClient,
) -> None:
    lines = "//svg[@class='wide']//g[@data-row='invasion-of-sicily']//line[@class='reference']"
    words = "//tr[@id='row-invasion-of-sicily']/td"

    beside, alone, works = (
        page(client, f"perspective={each}") for each in ("both", "text", "reference")
    )

    assert tuple(len(each.xpath(lines)) for each in (beside, alone, works)) == (1, 0, 0)
    assert "9 July to 17 August 1943" in beside.xpath(words)[4].text_content()
    assert len(alone.xpath(words)) == 4
    assert works.xpath(words)[1].text_content() == "9 July to 17 August 1943"
    for tree in (beside, alone, works):
        switched = {
            client.get(href).text
            for href in tree.xpath("(//nav[@class='timeline-switch'])[1]/a/@href")
        }
        assert len(switched) == 3


def test_links_of_a_fade_lead_to_gradients_of_the_page_whose_stops_ascend(
    client: FlaskClient,
) -> None:
    tree = page(client)
    ids = tree.xpath("//@id")
    for fill in tree.xpath("//@fill"):
        assert fill[5:-1] in ids
    for gradient in tree.xpath(
        "//*[local-name() = 'lineargradient' or local-name() = 'linearGradient']"
    ):
        stops = [float(each.get("offset")) for each in gradient.iter("stop")]
        assert stops == sorted(stops)
    assert len(ids) == len(set(ids))


def test_the_order_of_the_text_is_that_of_its_claims(client: FlaskClient) -> None:
    tree = page(client, "sort=text")
    claims = [each.get("data-c").split()[0] for each in tree.xpath("//table//tr[@data-c]")]
    places = [tuple(map(int, re.findall(r"\d+", claim))) for claim in claims]

    assert places == sorted(places)
    assert names(tree) != names(page(client))
    assert set(names(tree)) == set(names(page(client)))


def test_rows_can_be_filtered_by_kind_and_by_who_takes_part(
    graph: kg.Graph, client: FlaskClient
) -> None:
    told = in_graph(graph, "text/italy-1943", "?o a cas:Occupation")
    occupations = {name for (name,) in told}

    assert occupations == set(names(page(client, "kind=Occupation")))
    found = names(page(client, "focus=id:hitler"))
    assert {"axis-order"} <= set(found) < set(names(page(client)))
    empty = page(client, "kind=Occupation&focus=hitler")
    assert not names(empty)
    assert "in one of the two lists" in empty.text_content()


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        ("kind=Occupacion", 404, "did you mean Occupation"),
        ("focus=hitlr", 404, "did you mean id:hitler"),
        ("text=italy-1944", 404, "did you mean italy-1943"),
        ("a=fall-of-sicily&b=surender-signing", 404, "did you mean surrender-signing"),
        ("perspective=refrence", 400, "did you mean reference"),
        ("sort=up", 400, "start, text"),
        ("from=1943", 400, "two years"),
        ("from=x&to=1944", 400, "two years"),
        ("from=1945&to=1944", 400, "ends before it begins"),
        ("from=99999999999999999999&to=²", 400, "two years"),
    ],
)
def test_what_is_not_there_is_named_with_the_nearest(
    client: FlaskClient, asked: str, status: int, told: str
) -> None:
    answer = client.get(f"/timeline.html?{asked}", headers={"Accept": "text/html"})

    assert status == answer.status_code
    assert told in unescape(answer.text)


def test_of_two_rows_the_page_says_how_they_lie_in_time_as_the_graph_does(
    graph: kg.Graph, client: FlaskClient
) -> None:
    verdicts = {
        "certainlyPrecedes": "certainly before the second",
        "certainlyFollows": "certainly after the second",
        "certainlySharesDayWith": "certainly on days in common",
    }
    for relation, told in verdicts.items():
        pairs = in_graph(graph, "text/italy-1943", f"?a cas:{relation} ?b")
        assert pairs
        for a, b in pairs[:: len(pairs) // 3]:
            tree = page(client, f"a={a}&b={b}")
            assert told in tree.xpath("string(//p[@class='verdict'])")
            whys = tree.xpath("//section[@id='relation']//li/a[starts-with(@href, '/why')]/@href")
            (why,) = (href for href in whys if f"p=cas%3A{relation}" in href)
            assert client.get(why, follow_redirects=True).status_code == 200


def test_of_two_rows_what_is_possible_is_told_with_what_is_not(client: FlaskClient) -> None:
    tree = page(client, "a=id:armistice-proclamation&b=surrender-signing")
    # Some day in September, and the third of September.
    assert "nothing is certain" in tree.xpath("string(//p[@class='verdict'])")
    tree = page(client, "a=badoglio-premiership&b=arrest-of-mussolini")
    # It began on the day of the arrest, or later.
    assert (
        "on days in common with the second or after the second, and never before the second"
        in tree.xpath("string(//p[@class='verdict'])")
    )


def test_the_years_that_are_asked_for_are_drawn(client: FlaskClient) -> None:
    tree = page(client, "from=1944&to=1944")
    labels = tree.xpath(
        "//svg[@class='wide']//g[@class='axis']/text[contains(@class, 'year')]/text()"
    )

    assert labels == ["1944"]
    (campaign,) = tree.xpath("//svg[@class='wide']//g[@data-row='italian-campaign']")
    assert campaign.xpath(".//path[@class='beyond']")


def test_the_same_graph_is_drawn_in_the_same_bytes(graph: kg.Graph, client: FlaskClient) -> None:
    before = client.get("/timeline.html?sort=start").data
    graph.said.clear()
    client.application.extensions["cassibile"].graph.said.clear()

    assert before == client.get("/timeline.html?sort=start").data
