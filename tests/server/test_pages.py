"""The pages lead from the text to its claims, from an answer to its words, and always on."""

import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from flask.testing import FlaskClient

from kg import paths, questions
from kg.load import Source, read_source
from server.app import create_app
from server.settings import Config

TEXT = "/text/italy-1943.html"
CLAIMS = "/text/italy-1943/claim"
QUESTIONS = questions.read_questions(paths.ONTOLOGY / "questions")
QUERY = """SELECT ?successor ?predecessor ?claim ?words {
  ?successor cas:succeeded ?predecessor ;
    cas:heldTenure ?tenure .
  GRAPH ?claim { ?tenure cas:since ?event }
  ?claim cas:quote ?words
}"""


class Page(HTMLParser):
    """What a test asks of a page: its links, names, words, and the words of the text in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.paragraphs: list[str] = []
        self.marked = 0  # characters of the text under a claim
        self.words = ""
        self._classes: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = {name: value or "" for name, value in attrs}
        self.tags.append((tag, about))
        self._classes = about.get("class", "").split()
        if about.get("class") == "text":
            self.paragraphs.append("")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 the parser's signature
        self._classes = []

    def handle_data(self, data: str) -> None:
        self.words += data
        if "seg" in self._classes and self.paragraphs:
            self.paragraphs[-1] += data
            self.marked += len(data) if "claimed" in self._classes else 0

    @property
    def links(self) -> list[str]:
        return [about["href"] for tag, about in self.tags if tag == "a" and "href" in about]

    @property
    def names(self) -> list[str]:
        return [about["id"] for _, about in self.tags if "id" in about]


def get(client: FlaskClient, path: str, status: int = 200, **parameters: str) -> Page:
    answer = client.get(path + ("?" + urlencode(parameters) if parameters else ""))
    assert (answer.status_code, answer.content_type) == (status, "text/html; charset=utf-8")
    return Page(answer.text)


@pytest.fixture(scope="module")
def source() -> Source:
    return read_source(paths.SEEDS / "italy-1943")[0]


@pytest.fixture(scope="module")
def visited(client: FlaskClient) -> dict[str, Page]:
    """The pages that links lead to, in English; what is asked of /query is followed no further.

    Of the thousands of facts one in sixteen.
    """
    pages: dict[str, Page] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in pages:
            continue
        pages[path] = get(client, path)
        if not re.match(r"/query(\.html)?\?", path):
            targets = (urlsplit(urljoin(path, link)) for link in pages[path].links)
            inside = (t for t in targets if not t.netloc and _is_page(t.path))
            # Other pages are asked for in thousands of ways; what they hold is tested with each.
            waiting += [
                t.path + ("?" + t.query if t.query and t.path.startswith("/query") else "")
                for t in inside
            ]
    return pages


def _is_page(path: str) -> bool:
    is_few = not path.startswith("/fact/") or path.endswith("0.html")
    is_english = not re.search(r"\.(pt|it)\.html$", path)
    return (
        is_few
        and is_english
        and bool(re.search(r"/$|\.html$|^/\w+$", path))
        and path
        not in {"/sparql", "/rdf-graph-store", "/offline.html"}  # its own tests tell of it
    )


def test_the_text_stands_on_its_page_word_for_word(client: FlaskClient, source: Source) -> None:
    page = get(client, TEXT)

    assert "\n".join(page.paragraphs) == source.text.rstrip("\n")
    assert get(client, "/").html == page.html


def test_the_words_under_a_claim_are_marked_and_no_others(
    client: FlaskClient, source: Source
) -> None:
    marked = get(client, TEXT).marked

    assert marked == round(source.coverage * len(source.text))
    assert marked < len(source.text)


def test_every_asserted_claim_has_its_number_in_the_text(
    client: FlaskClient, source: Source
) -> None:
    page = get(client, TEXT)
    asserted = [claim.name for claim in source.claims if claim.asserted]

    assert asserted
    assert [f"{CLAIMS}/{name}.html" for name in asserted if name not in page.names] == []
    assert {f"{CLAIMS}/{name}.html" for name in asserted} <= set(page.links)
    assert f"{len(asserted)} claims" in page.words


def test_every_claim_has_a_page_with_its_words_and_its_triples(
    client: FlaskClient, source: Source
) -> None:
    assert source.claims
    for claim in source.claims:
        page = get(client, f"{CLAIMS}/{claim.name}.html")
        rows = [tag for tag, _ in page.tags if tag == "tr"]

        assert len(rows) == 2 + len(set(claim.triples)) + len(claim.quotes)
        for quote in claim.quotes:
            assert quote.exact in page.words
            assert f"{quote.span.start}\N{EN DASH}{quote.span.end}" in page.words
        assert page.names.count("main") == 1


def test_a_claim_leads_back_to_its_number_in_the_text(client: FlaskClient) -> None:
    assert f"{TEXT}#s01-4" in get(client, f"{CLAIMS}/s01-4.html").links
    assert f"{TEXT}#s05-2" in get(client, f"{CLAIMS}/s05-2b.html").links


def test_another_reading_is_marked_and_tied_to_the_preferred_one(client: FlaskClient) -> None:
    preferred, other = (get(client, f"{CLAIMS}/{name}.html") for name in ("s05-2", "s05-2b"))

    assert f"{CLAIMS}/s05-2b.html" in preferred.links
    assert f"{CLAIMS}/s05-2.html" in other.links
    assert "not asserted" in other.words
    assert "not asserted" not in preferred.words


def test_a_query_is_answered_with_the_words(client: FlaskClient) -> None:
    page = get(client, "/query", q=QUERY)

    assert "Pietro Badoglio" in page.words
    assert "Benito Mussolini" in page.words
    assert "primeiro ministro desde a queda de Benito Mussolini em Julho" in page.words
    assert f"{CLAIMS}/s01-4.html" in page.links


def test_a_browser_sends_lines_that_end_in_cr_lf(client: FlaskClient) -> None:
    sent = get(client, "/query", q=QUERY.replace("\n", "\r\n"))

    assert sent.html.replace("%0D%0A", "%0A") == get(client, "/query", q=QUERY).html


def test_a_query_that_is_no_sparql_is_shown_with_its_place(client: FlaskClient) -> None:
    page = get(client, "/query", 400, q="SELECT ?x WHERE {\n  ?x a ids:this }")

    assert "Line 2, column" in page.words
    assert "  ?x a ids:this }\n" in page.html
    assert "did you mean id?" in page.words
    assert [about["aria-describedby"] for tag, about in page.tags if tag == "textarea"] == [
        "error"
    ]


def test_a_misspelt_name_is_told_with_the_nearest(client: FlaskClient) -> None:
    page = get(client, "/query", q="SELECT * { ?who cas:suceeded ?whom }")

    assert "cas:suceeded is not in the graph; did you mean cas:succeeded?" in page.words
    assert "nothing in the graph matches" in page.words


@pytest.mark.parametrize(
    ("query", "shown", "downloads"),
    [
        ("ASK { id:badoglio cas:succeeded id:mussolini }", "Yes", "json xml csv tsv"),
        ("DESCRIBE id:rome", "skos:prefLabel", "turtle ntriples rdfxml jsonld"),
        ("SELECT (COUNT(*) AS ?n) { ?x a cas:Claim }", "1 row.", "json xml csv tsv"),
        ("SELECT * { OPTIONAL { id:rome cas:none ?x } }", "1 row.", "json xml csv tsv"),
    ],
)
def test_every_kind_of_answer_is_shown_and_can_be_had(
    client: FlaskClient, query: str, shown: str, downloads: str
) -> None:
    page = get(client, "/query", q=query)
    offered = [link for link in page.links if link.startswith("/sparql?")]

    assert shown in page.words
    assert [link.rpartition("format=")[2] for link in offered] == downloads.split()
    assert [client.get(link).status_code for link in offered] == [200] * 4


def test_a_long_answer_is_cut_on_the_page_and_says_so(client: FlaskClient) -> None:
    build = client.application.extensions["cassibile"].config.build
    app = create_app(Config(build, most_rows=5))
    for query in ("SELECT * { ?s ?p ?o }", "CONSTRUCT WHERE { ?s a cas:Claim }"):
        page = get(app.test_client(), "/query", q=query)
        assert "The first 5 are shown; the downloads have them all." in page.words
    app.extensions["cassibile"].close()


def test_what_a_reader_types_is_never_taken_for_a_page(client: FlaskClient) -> None:
    nasty = '<script>alert("</textarea>")</script>'
    for query in (nasty, f"SELECT ('''{nasty}''' AS ?x) {{}}"):
        answer = client.get("/query?" + urlencode({"q": query}))
        assert "<script>" not in answer.text
        assert answer.text.count("</textarea>") == 1


def test_every_question_is_listed_and_has_its_answer(client: FlaskClient) -> None:
    listed = get(client, "/questions")

    assert QUESTIONS
    for question in QUESTIONS:
        path = f"/questions/{question.name}.html"
        page = get(client, path)
        rows = [tag for tag, _ in page.tags if tag == "tr"]
        assert path in listed.links
        assert question.titles["en"] in page.words
        assert question.shown("en") in page.words
        assert ("Nothing, as it must be" in page.words) == bool(question.guards)
        assert max(len(rows), 1) == len(question.answer())


def test_every_link_leads_somewhere(client: FlaskClient, visited: dict[str, Page]) -> None:
    assert len(visited) > 100
    for path, page in visited.items():
        for link in page.links:
            target = urlsplit(urljoin(path, link))
            if target.path == "/sparql":
                assert client.get(link, buffered=True).status_code in {200, 400}
            if target.fragment and target.path in visited:
                assert target.fragment in visited[target.path].names, link


def test_no_page_runs_a_script_of_its_own_or_loads_from_elsewhere(
    visited: dict[str, Page],
) -> None:
    for page in visited.values():
        for tag, about in page.tags:
            assert tag not in {"iframe", "object", "style"}
            assert tag != "script" or about.get("type") == "application/ld+json" or about["src"]
            assert "style" not in about
            assert about.get("src", "/static/").startswith("/static/")
            assert not [name for name in about if name.startswith("on")]
            if tag == "link" and about["rel"] in {"stylesheet", "icon", "preload"}:
                assert about["href"].startswith(("/static/", "/style.css"))


def test_every_page_has_a_title_one_heading_and_no_name_twice(visited: dict[str, Page]) -> None:
    for page in visited.values():
        tags = [tag for tag, _ in page.tags]
        assert (tags.count("title"), tags.count("h1"), tags.count("main")) == (1, 1, 1)
        assert len(page.names) == len(set(page.names))


def test_the_words_of_the_text_are_marked_with_its_language(client: FlaskClient) -> None:
    for path in (TEXT, f"{CLAIMS}/s01-4.html"):
        languages = [about["lang"] for _, about in get(client, path).tags if "lang" in about]
        assert "pt" in languages


def test_the_style_sheet_the_icon_and_the_scripts_are_there(client: FlaskClient) -> None:
    tags = get(client, "/").tags
    used = {"stylesheet", "icon", "preload"}
    linked = [about["href"] for tag, about in tags if tag == "link" and about["rel"] in used]
    scripts = [about["src"] for tag, about in tags if tag == "script" and "src" in about]

    assert {"/style.css", "/static/icon.svg"} <= set(linked)
    assert scripts
    for path in (*linked, *scripts):
        with client.get(path) as answer:
            assert answer.status_code == 200


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads that take turns thousands of times as often as they would."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty_threads")
def test_a_new_server_that_is_asked_for_pages_at_once_gives_them(
    build: Path, client: FlaskClient
) -> None:
    app = create_app(Config(build))
    asked = ["/id/sicily.html", "/timeline.html", "/map.html"]
    with ThreadPoolExecutor(len(asked)) as threads:
        given = [*threads.map(lambda path: app.test_client().get(path).text, asked)]

    for path, page in zip(asked, given, strict=True):
        assert page == client.get(path).text, path


@pytest.mark.parametrize(
    "path",
    ["/", "/text/italy-1943/claim/s05-2b.html", "/disagreements", "/questions", "/query?q=ASK{}"],
)
def test_behind_a_proxy_every_link_has_the_path_before_it(client: FlaskClient, path: str) -> None:
    page = client.get(path, environ_overrides={"SCRIPT_NAME": "/cassibile"}).text
    links = re.findall(r'(?:href|src|action)="(/[^"]*)"', page)

    assert links
    assert [link for link in links if not link.startswith("/cassibile/")] == []
