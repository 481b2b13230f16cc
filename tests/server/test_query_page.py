"""The query page: the address is the state, every answer is looked at in some way, and what goes
wrong is told so that it can be mended."""

import json
import re
import shlex
from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask.testing import FlaskClient

import kg
from kg import paths, questions
from kg.words import languages, say
from server import views
from server.app import create_app
from server.settings import Config

QUESTIONS = questions.read_questions(paths.ONTOLOGY / "questions")
SUCCEEDED = "SELECT ?who ?whom { ?who cas:succeeded ?whom }"
DAYS = "SELECT ?event ?day { ?event a cas:Event ; cas:earliestStart ?day }"
CITIES = "SELECT ?city { ?city a cas:City }"
GEOMETRIES = "SELECT ?place ?where { ?place geo:hasGeometry/geo:asWKT ?where }"
TRIPLES = "CONSTRUCT WHERE { ?who cas:succeeded ?whom }"
NUMBER = "SELECT (COUNT(*) AS ?n) { ?x a cas:Claim }"
NOTHING = (
    "SELECT * {\n  ?who a cas:Person ;\n    cas:succeeded id:rome .\n  ?who cas:before ?what\n}"
)
CODE = frozenset({"code", "pre", "script", "textarea", "style", "kbd"})


class Page(HTMLParser):
    """What a reader has of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []  # in the language of the page
        self.words = ""
        self._open: list[tuple[str, bool]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = {name: value or "" for name, value in attrs}
        self.tags.append((tag, about))
        if tag not in {"meta", "link", "input", "br"}:
            foreign = tag in CODE or ("lang" in about and tag != "html")
            self._open.append((tag, foreign or (bool(self._open) and self._open[-1][1])))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.words += data
        if data.strip() and self._open and not self._open[-1][1]:
            self.texts.append(" ".join(data.split()))

    def find(self, tag: str, **about: str) -> list[dict[str, str]]:
        return [
            found for name, found in self.tags if name == tag and about.items() <= found.items()
        ]

    @property
    def links(self) -> list[str]:
        return [found["href"] for found in self.find("a")]

    @property
    def views(self) -> dict[str, str]:
        """The views that can be had, and where."""
        return {
            found["data-view"]: found["href"] for found in self.find("a") if "data-view" in found
        }

    @property
    def view(self) -> str:
        return next(
            f["data-view"] for f in self.find("a", **{"aria-current": "true"}) if "data-view" in f
        )


def get(client: FlaskClient, path: str = "/query", status: int = 200, **asked: str) -> Page:
    answer = client.get(f"{path}?{urlencode(asked)}" if asked else path)
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    return Page(answer.text)


# The address is the state


@pytest.mark.parametrize("view", ["table", "timeline", "raw"])
def test_a_shared_address_shows_the_same_query_in_the_same_view(
    client: FlaskClient, view: str
) -> None:
    page = get(client, q=DAYS, view=view)

    assert DAYS in page.words
    assert page.view == view
    assert get(client, q=DAYS, view=view).html == page.html


def test_the_links_of_the_views_lead_to_them(client: FlaskClient) -> None:
    page = get(client, q=DAYS)

    assert {"table", "timeline", "raw"} <= page.views.keys()
    for name, path in page.views.items():
        assert get(client, path).view == name


def test_the_language_of_a_page_is_kept_by_its_links(client: FlaskClient) -> None:
    page = get(client, "/query.pt.html", q=DAYS)

    assert {urlsplit(path).path for path in page.views.values()} == {"/query.pt.html"}
    assert page.find("form", **{"class": "query"})[0]["action"] == "/query.pt.html"


def test_without_a_query_an_example_is_answered(client: FlaskClient) -> None:
    page = get(client)

    assert "Pietro Badoglio" in page.words
    assert get(client).html == page.html


def test_the_examples_are_the_questions_and_each_runs_by_its_link(client: FlaskClient) -> None:
    page = get(client, "/query.it.html")
    asked = [question for question in QUESTIONS if not question.guards]
    for question in asked:
        link = next(
            path
            for path in page.links
            if question.shown("it") in str(parse_qs(urlsplit(path).query).get("q", [""])[0])
        )
        answered = get(client, link)
        assert question.titles["it"] in page.words
        assert answered.view == (question.view or answered.view)


# Views


@pytest.mark.parametrize(
    ("query", "view", "drawn"),
    [
        (SUCCEEDED, "table", "id:badoglio"),
        (DAYS, "timeline", 'class="timeline'),
        ("SELECT ?when { ?event cas:hasInterval ?when }", "timeline", 'class="timeline'),
        (CITIES, "map", 'class="map'),
        (GEOMETRIES, "map", 'class="map'),
        (SUCCEEDED, "network", 'class="network'),
        (TRIPLES, "network", 'class="network'),
        (SUCCEEDED, "raw", "bindings"),
        (TRIPLES, "raw", "id:badoglio cas:succeeded"),
        (TRIPLES, "table", "id:badoglio"),
    ],
)
def test_each_view_draws_what_it_is_made_for(
    client: FlaskClient, query: str, view: str, drawn: str
) -> None:
    page = get(client, q=query, view=view)

    assert page.view == view
    assert drawn in page.html


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(
    ("query", "cannot"),
    [
        (NUMBER, {"timeline": "no-occurrences", "map": "no-places", "network": "no-relations"}),
        (CITIES, {"timeline": "no-occurrences", "network": "no-relations"}),
        ("ASK { id:rome a cas:City }", {"map": "no-places"}),
        ("SELECT ?x { VALUES ?x { id:alps } }", {"map": "no-places-placed"}),
    ],
)
def test_a_view_that_cannot_be_drawn_is_there_and_says_why(
    client: FlaskClient, language: str, query: str, cannot: dict[str, str]
) -> None:
    page = get(client, f"/query.{language}.html" if language != "en" else "/query", q=query)
    told = {found["data-why"] for found in page.find("span") if "data-why" in found}

    assert not cannot.keys() & page.views.keys()
    assert {say(language, f"page/{key}") for key in cannot.values()} <= told
    assert len(page.views) + len(told) >= len(views.names())


def test_who_asks_for_a_view_that_cannot_be_drawn_is_told_and_has_the_answer(
    client: FlaskClient,
) -> None:
    page = get(client, q=NUMBER, view="map")

    assert page.view == "table"
    assert "No places here. Ask for a place, or for geo:asWKT." in page.words


@pytest.mark.parametrize(
    ("query", "view"),
    [
        (f"#defaultView:Map\n{CITIES}", "map"),
        (f"# view: network\n{SUCCEEDED}", "network"),
        (f"#defaultView:Graph\n{SUCCEEDED}", "network"),
        (f"#defaultView:BarChart\n{SUCCEEDED}", "table"),
        ("SELECT ('# view: map' AS ?x) {}", "table"),
        (DAYS, "timeline"),
        (GEOMETRIES, "map"),
        (TRIPLES, "network"),
        ("DESCRIBE id:rome", "table"),
        ("SELECT * { ?s ?p ?o }", "table"),
    ],
)
def test_the_first_view_is_that_of_the_query_or_what_its_answer_holds(
    client: FlaskClient, query: str, view: str
) -> None:
    assert get(client, q=query).view == view


def test_the_address_has_precedence_over_the_query(client: FlaskClient) -> None:
    assert get(client, q=f"# view: map\n{CITIES}", view="table").view == "table"


def test_an_unknown_view_or_scope_is_refused_with_the_nearest(client: FlaskClient) -> None:
    for asked, told in (({"view": "mapp"}, "map"), ({"graph": "referense"}, "reference")):
        answer = client.get("/query?" + urlencode({"q": SUCCEEDED, **asked}))
        assert answer.status_code == 400
        assert f"did you mean {told}?" in answer.get_json(force=True)["detail"]


def test_raw_is_what_the_endpoint_says(client: FlaskClient) -> None:
    query = "SELECT * { VALUES ?x { id:rome 'a'@en '1943-07-25'^^xsd:date UNDEF } } ORDER BY ?x"
    page = get(client, q=query, view="raw")
    text = page.html.partition('<pre class="raw')[2].partition(">")[2].partition("</pre>")[0]
    told = json.loads(text.replace("&#34;", '"'))
    endpoint = client.get("/sparql?" + urlencode({"query": query, "format": "json"})).get_json(
        force=True
    )

    assert told["head"] == endpoint["head"]
    assert told["results"]["bindings"] == endpoint["results"]["bindings"]


# Evidence


def test_a_row_leads_to_the_claims_that_state_it(client: FlaskClient) -> None:
    page = get(client, q="SELECT ?c ?f { ?c cas:commands ?f }")

    assert "/text/italy-1943/claim/s03-1.html" in page.links
    assert any("s03-1" in found.get("data-c", "").split() for found in page.find("tr"))


@pytest.mark.parametrize("query", [SUCCEEDED, f"{TRIPLES} # view: table"])
def test_a_row_that_follows_leads_to_why(client: FlaskClient, query: str) -> None:
    page = get(client, q=query, view="table")
    proofs = [path for path in page.links if path.startswith("/fact/")]

    assert proofs
    for path in proofs:
        assert client.get(path).status_code == 200


def test_a_row_of_what_holds_in_no_text_has_no_evidence(client: FlaskClient) -> None:
    page = get(client, q="SELECT ?a { ?a rdfs:label ?b } LIMIT 3", view="table")

    assert not [path for path in page.links if path.startswith("/fact/")]


# Nothing matches


@pytest.mark.parametrize(
    ("query", "part", "line"),
    [
        (NOTHING, "?who cas:succeeded id:rome", 3),
        (
            "SELECT * { ?a a cas:City . ?a cas:commands ?b . ?b a cas:Event }",
            "?a cas:commands ?b",
            1,
        ),
        ("SELECT * { ?a a cas:City , cas:Person }", "?a a cas:Person", 1),
        (
            "SELECT * { FILTER(?d > '1990-01-01'^^xsd:date)\n ?a cas:earliestStart ?d }",
            "FILTER(?d >",
            1,
        ),
        (
            "SELECT * { ?a a cas:City ; cas:within/cas:commands ?b }",
            "?a cas:within/cas:commands ?b",
            1,
        ),
        (
            "SELECT * {\n { ?a a cas:Nothing } UNION { ?a cas:none ?b }\n}",
            "{ ?a a cas:Nothing } UNION",
            2,
        ),
        ("SELECT * { VALUES ?n { 3.5 } ?a cas:sentence ?n }", "?a cas:sentence ?n", 1),
        (
            "CONSTRUCT { ?a a cas:City } WHERE { ?a a cas:City ; cas:before ?b }",
            "?a cas:before ?b",
            1,
        ),
        (
            "SELECT * { ?a a cas:City . GRAPH ?g { ?a cas:commands ?b } }",
            "GRAPH ?g { ?a cas:commands ?b }",
            1,
        ),
        (
            "SELECT ?a FROM <https://w3id.org/cassibile/graph/view/reference> WHERE { ?a a cas:Person ; cas:quote ?b }",
            "?a cas:quote ?b",
            1,
        ),
    ],
)
def test_an_empty_answer_names_the_first_part_that_nothing_matches(
    client: FlaskClient, query: str, part: str, line: int
) -> None:
    page = get(client, q=query)
    [failing] = page.find("pre", **{"class": "failing"})

    assert "The query is right; nothing in the graph matches it." in page.words
    assert part in page.words.split("first part")[1]
    assert failing["data-line"] == str(line)


def test_an_empty_answer_of_a_pattern_that_matches_says_where_to_look(client: FlaskClient) -> None:
    page = get(client, q=f"{SUCCEEDED} OFFSET 1000")

    assert "look at LIMIT, OFFSET and HAVING" in page.words


def test_an_empty_answer_leads_to_the_nearest_example(client: FlaskClient) -> None:
    page = get(client, q="SELECT * { id:badoglio cas:precededInOffice ?x , id:rome }")

    assert "Who preceded Badoglio in his office?" in page.words.split("similar words")[1]


# Mistakes


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELEC ?x { ?x a cas:City }", "SELEC is no word of SPARQL; did you mean SELECT?"),
        ("SELECT ?x WERE { ?x a cas:City }", "did you mean WHERE?"),
        ("SELECT ?x { ?x a cas:City } ODER BY ?x", "did you mean ORDER?"),
        ("SELECT ?x { ?x a cass:City }", "The prefix cass: is not declared; did you mean cas:?"),
    ],
)
def test_a_typo_is_mended_from_its_message_alone(
    client: FlaskClient, query: str, told: str
) -> None:
    page = get(client, status=400, q=query)
    [place] = page.find("div", id="error")
    column = int(place["data-column"]) - 1
    meant = re.search(r"did you mean (\w+):?\?", page.words)
    assert meant
    mended = query[:column] + re.sub(r"^\w+", meant[1], query[column:])

    assert told in page.words
    assert place["data-line"] == "1"
    assert "6 rows" in get(client, q=mended, view="table").words


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT * { ?s ?p . ?a ?b ?c }", "A triple needs three parts; this one ends after ?p."),
        ("SELECT * { ?s a cas:City ; cas:in }", "this one ends after cas:in."),
        ("SELECT * { ?s ?p ?o ?q }", "write a full stop, or a semicolon, before ?q."),
        ("SELECT ?a, ?b { ?a ?p ?b }", "Variables stand one after the other, without commas."),
        ("SELECT * { ?s ?p ?o", "The bracket { that was opened is never closed."),
        ("SELECT * { ?s ?p 'x }", "The quotation mark that opens here is never closed."),
        ("SELECT * { ?s <a b> ?o }", "stands a whole address, without spaces"),
        ("what is this", "A query begins with SELECT, ASK, CONSTRUCT or DESCRIBE."),
        ("SELECT * { SERVICE <https://example.org/> { ?s ?p ?o } }", "answers from itself alone"),
    ],
)
def test_a_mistake_is_told_in_a_sentence_of_ours(
    client: FlaskClient, query: str, told: str
) -> None:
    assert told in get(client, status=400, q=query).words


def test_what_the_engine_says_is_at_hand_and_in_its_language(client: FlaskClient) -> None:
    page = get(client, "/query.pt.html", 400, q="SELEC ?x { ?x a cas:City }")

    assert "queria dizer SELECT?" in page.words
    assert "error at" in page.words
    assert not [text for text in page.texts if "error at" in text]  # it is marked as English


# Limits


@pytest.fixture(scope="module")
def hurried(build: Any) -> Iterator[FlaskClient]:
    app = create_app(Config(build, seconds=0.3))
    with closing(app.extensions["cassibile"]):
        yield app.test_client()


ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


@pytest.mark.parametrize(
    ("path", "told", "narrow"),
    [
        ("/query", "stopped after 0.3 s", "Nothing ties these two parts together"),
        ("/query.pt.html", "interrompida ao fim de 0.3 s", "Nada liga estas duas partes"),
        ("/query.it.html", "fermata dopo 0.3 s", "Nulla lega queste due parti"),
    ],
)
def test_a_limit_says_which_it_was_and_what_to_narrow(
    hurried: FlaskClient, path: str, told: str, narrow: str
) -> None:
    page = get(hurried, path, 504, q=ENDLESS)

    assert told in page.words
    assert narrow in page.words
    assert "?a ?b ?c" in page.words.partition(narrow)[2]
    assert ENDLESS in page.words  # so that it can be changed


# What is asked


def test_what_is_asked_about_changes_the_answer_and_is_told(client: FlaskClient) -> None:
    query = "SELECT DISTINCT ?e { ?e a cas:Event }"
    texts, one, works, everything = (
        get(client, q=query, graph=graph, view="table")
        for graph in ("", "text/italy-1943", "reference", "everything")
    )

    def rows(page: Page) -> set[str]:
        return set(re.findall(r"<code>(id:[\w-]+)</code>", page.html.partition("<tbody>")[2]))

    assert rows(texts) == rows(one)
    assert rows(works) - rows(texts)
    assert rows(everything) == rows(texts) | rows(works)
    assert "Asked: reference works g:view/reference" in " ".join(works.words.split())
    assert "Asked: the text “A rendição da Itália”" in one.words


@pytest.mark.parametrize("graph", ["", "text/italy-1943", "reference", "everything"])
@pytest.mark.parametrize(
    "query",
    [
        "SELECT DISTINCT ?e { ?e a cas:Event }",
        "SELECT DISTINCT ?e ?c { GRAPH ?c { ?e cas:tookPlaceAt ?p } ?c cas:asserted true }",
    ],
)
def test_the_downloads_have_the_rows_of_the_page(
    client: FlaskClient, query: str, graph: str
) -> None:
    page = get(client, q=query, graph=graph, view="table")
    link = next(path for path in page.links if path.endswith("format=csv"))
    lines = client.get(link).text.splitlines()[1:]

    assert lines
    assert f"{len(lines)} rows" in page.words


def test_a_query_that_names_its_graphs_is_left_to_itself(client: FlaskClient) -> None:
    page = get(
        client,
        q="SELECT ?a FROM <https://w3id.org/cassibile/graph/view/reference> { ?a a cas:Person }",
    )

    assert "the graphs that the query names itself" in page.words


# To be used elsewhere


def test_the_embedded_answer_alone_may_stand_in_other_pages(client: FlaskClient) -> None:
    whole = client.get("/query?" + urlencode({"q": DAYS}))
    alone = client.get("/query?" + urlencode({"q": DAYS, "embed": "1"}))
    own, others = (answer.headers["Content-Security-Policy"] for answer in (whole, alone))

    assert "frame-ancestors 'self'" in own
    assert others == own.replace("frame-ancestors 'self'", "frame-ancestors *")
    page = Page(alone.text)
    assert 'class="timeline' in alone.text
    assert not page.find("nav")
    assert urlsplit(page.links[-1]).path == "/query.html"


def test_the_line_that_embeds_is_text_and_leads_to_the_answer(client: FlaskClient) -> None:
    page = get(client, q=f'{DAYS} # "><script>')
    line = re.search(r'<iframe src="([^"]+)"', page.words)

    assert not page.find("iframe")
    assert line
    asked = urlsplit(line[1].replace("&amp;", "&"))
    assert client.get(f"{asked.path}?{asked.query}").status_code == 200


SPECIAL = 'SELECT ?x { ?x skos:prefLabel "L\'Aquila \\"x\\" $HOME" } # \\'


@pytest.mark.parametrize("query", [CITIES, SPECIAL, TRIPLES])
def test_the_lines_for_programs_have_the_answer(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, query: str, capsys: Any
) -> None:
    texts = {
        name: re.search(
            rf"<h3>{name}</h3>\s*<pre[^>]*>(.*?)</pre>", get(client, q=query).html, re.S
        )
        for name in ("cURL", "Python")
    }
    curl, python = (Page(f"<p>{found[1]}</p>").words for found in texts.values() if found)
    expected = client.get(
        "/sparql?" + urlencode({"query": query, "format": "turtle" if query == TRIPLES else "csv"})
    ).text

    def opened(address: str) -> BytesIO:
        asked = urlsplit(address)
        return BytesIO(client.get(f"{asked.path}?{asked.query}").data)

    words = shlex.split(curl.replace("\\\n", " "))
    given = [
        words[at + 1].partition("=") for at, word in enumerate(words) if word == "--data-urlencode"
    ]
    told = urlencode([(name, value) for name, _, value in given])
    monkeypatch.setattr("urllib.request.urlopen", opened)
    exec(compile(python, "snippet", "exec"), {})

    assert client.get(f"/sparql?{told}").text == expected
    assert capsys.readouterr().out.strip().splitlines() == expected.splitlines()


def test_a_query_is_cited_with_the_version_of_the_graph(client: FlaskClient) -> None:
    build = client.application.extensions["cassibile"].build

    assert f"version {build[:16]}" in get(client, q=CITIES).words


# Languages


STATES = [
    ("answer", DAYS, 200),
    ("table", SUCCEEDED, 200),
    ("verdict", "ASK { id:rome a cas:City }", 200),
    ("nothing", NOTHING, 200),
    ("mistake", "SELEC * { ?a ?b ?c }", 400),
    ("misspelt", "SELECT * { ?a cas:suceeded ?b }", 200),
]


@pytest.mark.parametrize(
    ("query", "status"), [state[1:] for state in STATES], ids=[s[0] for s in STATES]
)
@pytest.mark.parametrize("language", [each for each in languages() if each != "en"])
def test_a_page_is_whole_in_its_language(
    client: FlaskClient, language: str, query: str, status: int
) -> None:
    english = get(client, "/query.html", status, q=query)
    other = get(client, f"/query.{language}.html", status, q=query)
    shared = {
        text
        for text in {*english.texts} & {*other.texts}
        if len(re.findall(r"[a-z]{2,}", text)) > 2 and ":" not in text
    }

    assert shared == set()


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
@pytest.mark.parametrize("language", [each for each in languages() if each != "en"])
def test_the_page_of_a_question_is_whole_in_its_language(
    client: FlaskClient, language: str, question: questions.Question
) -> None:
    page = get(client, f"/questions/{question.name}.{language}.html")
    heads = [text for text in page.texts if text in question.columns.get(language, ())]

    assert question.titles[language] in page.texts
    assert question.titles["en"] not in page.texts
    if not question.guards:
        assert heads == [*question.columns[language]][: len(heads)]
        assert heads
    else:
        assert question.guards[language] in page.words


# Questions


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_a_question_shows_its_view_and_its_table(
    client: FlaskClient, question: questions.Question
) -> None:
    page = get(client, f"/questions/{question.name}.html")

    if question.view:
        assert f'class="{question.view}' in page.html
    assert len(page.find("table", **{"class": "answer sortable"})) == (not question.guards)


def test_a_question_can_be_asked_of_another_thing(client: FlaskClient) -> None:
    path = "/questions/who-preceded-badoglio.html"
    own, other = get(client, path), get(client, path, of="id:mussolini")
    offered = [found["value"] for found in own.find("option")]

    assert "Benito Mussolini id:mussolini" in own.words
    assert "Asked of Benito Mussolini instead of Pietro Badoglio." in other.words
    assert "Nothing in the graph matches." in other.words
    assert {"id:badoglio", "id:mussolini"} <= set(offered)
    assert "cas:precededInOffice id:mussolini" in other.words
    for value in offered:
        get(client, path, of=value)


def test_a_question_is_not_asked_of_what_it_cannot_be(client: FlaskClient) -> None:
    answer = client.get("/questions/who-preceded-badoglio.html?of=id:badolio")

    assert answer.status_code == 404
    assert "did you mean id:badoglio?" in answer.get_json(force=True)["detail"]


# The words of the graph


def test_the_words_have_names_in_every_language_and_are_those_of_the_graph(
    client: FlaskClient, graph: kg.Graph
) -> None:
    told = client.get("/terms.json").get_json()
    by_name = {term["name"]: term for term in told["terms"]}

    assert by_name["cas:succeeded"]["kind"] == "property"
    assert by_name["cas:Event"]["kind"] == "class"
    assert by_name["id:rome"]["labels"] == {"en": "Rome", "pt": "Roma", "it": "Roma"}
    assert by_name["cas:Event"]["about"].keys() == {"en", "pt", "it"}
    assert graph.names - by_name.keys() == {name for name in graph.names if "#" in name}
    assert "cas" in told["prefixes"]
