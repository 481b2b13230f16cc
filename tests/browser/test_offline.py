"""The copy in one file, opened from a disk in a real browser: it answers as the server does."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask.testing import FlaskClient

import kg
from kg import paths
from kg.questions import read_questions
from server import documents, single
from tests.browser.conftest import AXE, expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not single.is_possible(), reason="the bundle was not built"),
]
QUESTIONS = read_questions(paths.ONTOLOGY / "questions")
LARGEST = 6.5 * 2**20
# What is not shown is put aside: no one reads it, and the checker would go through all of it.
CHECK = """async (asked) => {
  const aside = [...document.querySelectorAll(".leaf")].filter((leaf) => !leaf.checkVisibility())
    .map((leaf) => { const place = new Comment(); leaf.replaceWith(place); return { leaf, place }; });
  const { violations } = await axe.run(document, asked);
  for (const { leaf, place } of aside) place.replaceWith(leaf);
  return violations;
}"""
# The cells of a table of ours as a reader sees them, but for the column of evidence.
CELLS = """table => [...table.querySelectorAll("tbody tr")].map((row) =>
  [...row.cells].slice(0, table.querySelectorAll("th:not(.fixed)").length)
    .map((cell) => cell.textContent.replace(/\\s+/g, " ").trim()))"""


@pytest.fixture(scope="module")
def file(client: FlaskClient, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file as the server gives it, on a disk."""
    found = tmp_path_factory.mktemp("offline") / "offline.html"
    with client.get("/offline.html") as answer:
        assert answer.status_code == 200
        found.write_bytes(answer.data)
    return found


@pytest.fixture(scope="module")
def page(browser: "Browser", file: Path) -> Iterator["Page"]:
    """The file in a browser without a network; when all is over, nothing may have gone wrong."""
    context = browser.new_context(locale="en", offline=True)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda said: wrong.append(said.text))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on(
        "request",
        lambda asked: (
            None if asked.url.startswith(("file:", "data:")) else wrong.append(asked.url)
        ),
    )
    opened.goto(file.as_uri())
    opened.wait_for_selector('html[data-ready=""]', timeout=60_000)
    yield opened
    context.close()
    assert wrong == []


def go(page: "Page", anchor: str) -> None:
    page.evaluate("anchor => { location.hash = anchor; }", anchor)


def ask(page: "Page", query: str, language: str = "en") -> Any:
    """Ask a query as a reader does, and return where its answer stands."""
    go(page, f"{language}-query")
    field = page.locator(f"#{language}-q")
    field.fill(query)
    field.press("Control+Enter")
    return page.locator(f"#{language}-query .answered")


def rows(table: Any) -> list[list[str]]:
    found: list[list[str]] = table.evaluate(CELLS)
    return found


def test_it_is_small_enough_to_be_sent_and_kept(file: Path) -> None:
    assert file.stat().st_size <= LARGEST


def test_nothing_in_it_leads_to_a_server(file: Path) -> None:
    html = file.read_text("utf-8")
    anchors = set(re.findall(r'(?<![\w-])id="([^"]+)"', html))
    links = re.findall(r' href="([^"]*)"', html)
    own = [link[1:] for link in links if link.startswith("#")]

    assert len(own) > 1000
    assert set(own) <= anchors
    assert not [link for link in links if not re.match(r"#|https?://|data:,$", link)]
    assert not re.search(r'\b(?:src|action)="', html)
    assert len(re.findall(r'(?<![\w-])id="', html)) == len(anchors)


@pytest.mark.parametrize("language", documents.LANGUAGES)
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda each: each.name)
def test_each_question_is_answered_as_the_server_does(
    page: "Page", question: Any, language: str
) -> None:
    go(page, f"{language}-ask-{question.name}")
    leaf = page.locator(f"#{language}-ask-{question.name}")
    written = leaf.locator("table.answer")
    by_server = rows(written) if written.count() else []
    leaf.locator("a[data-query]").click()
    found = page.locator(f"#{language}-query .answered")
    table = found.locator("table.answer")

    assert len(by_server) == len(question.answer()) - 1
    assert (rows(table) if table.count() else []) == by_server


def test_it_holds_every_graph_by_its_name(page: "Page", graph: kg.Graph) -> None:
    default = ask(page, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").locator("tbody").inner_text()
    named = ask(page, "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
    named.locator("tbody tr").nth(1).wait_for()
    counted = sum(int(row[1]) for row in rows(named.locator("table")))

    assert int(default) + counted == graph.report["quads"]


def test_prefixes_are_added_and_a_place_is_that_of_the_query(page: "Page") -> None:
    assert "1943" in ask(page, "SELECT ?day { ?x cas:latestEnd ?day }").inner_text()
    note = ask(page, "SELECT *\n{ ?s cas:succeeded }").locator(".mistake").inner_text()

    assert "Line 2, column 20:" in note
    note = ask(page, "SELECT * { ?s }").locator(".mistake").inner_text()
    assert re.match(r"Line 1, column 1[4-6]:", note)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT * { SERVICE <https://example.org/> { ?s ?p ?o } }", "not available in the offline copy"),
        ("SELECT * { SERVICE SILENT <https://example.org/> { ?s ?p ?o } }", "not available in the offline copy"),
        ("ASK { ?x a cas:Event FILTER(f:certainlyBefore(?x, ?x)) }", "not available in the offline copy"),
        ("DELETE WHERE { ?s ?p ?o }", "only read"),
    ],
)  # fmt: skip
def test_what_it_cannot_do_is_told(page: "Page", query: str, says: str) -> None:
    assert says in ask(page, query).locator(".mistake").inner_text()


def test_a_word_in_a_string_or_a_comment_is_no_service(page: "Page") -> None:
    found = ask(page, 'SELECT ?x { BIND("SERVICE f:x" AS ?x) } # SERVICE')

    assert rows(found.locator("table")) == [["SERVICE f:x"]]


def test_yes_and_no_and_triples_are_shown(page: "Page") -> None:
    assert ask(page, "ASK { ?a cas:succeeded ?b }", "pt").inner_text() == "Sim"
    made = ask(page, "CONSTRUCT { ?b cas:preceded ?a } WHERE { ?a cas:succeeded ?b }", "it")

    assert rows(made.locator("table"))[0][2].endswith("id:badoglio")


def test_a_claim_is_chosen_by_its_words_by_its_number_and_by_keys(page: "Page") -> None:
    go(page, "en")
    text = page.locator(".leaf:visible")
    text.locator(".ref").nth(3).click()
    chosen = text.locator(".sheet:visible")
    first = chosen.get_attribute("data-claim")
    page.keyboard.press("j")
    second = chosen.get_attribute("data-claim")

    expect(chosen).to_have_count(1)
    assert first != second
    expect(text.locator(".seg.chosen").first).to_be_attached()
    assert page.url.endswith(f"-{second}")

    words = text.locator(f'.seg[data-c~="{first}"]').first
    words.click()

    assert chosen.get_attribute("data-claim") in str(words.get_attribute("data-c")).split()


def test_a_thing_leads_to_what_the_graph_says_of_it(page: "Page") -> None:
    go(page, "en")
    page.locator(".leaf:visible .sheet:visible .says a").first.click()
    found = page.locator("#en-query .answered")

    assert found.locator("tbody tr").count() > 3
    assert "rdfs:label" in found.inner_text() or "skos:prefLabel" in found.inner_text()


def test_the_language_is_switched_and_the_part_stays(page: "Page") -> None:
    go(page, "en-query")
    page.locator('nav.languages a[lang="it"]').click()

    expect(page.locator("html")).to_have_attribute("lang", "it")
    expect(page.locator("#it-query")).to_be_visible()
    expect(page.locator("#en-query")).to_be_hidden()


def test_without_scripts_all_but_the_query_can_be_read(browser: "Browser", file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(file.as_uri())
    opened.locator(".leaf:visible .ref").nth(2).click()
    shown = opened.locator(".leaf:visible .sheet:visible")
    claims = [shown.count(), shown.get_attribute("data-claim")]
    opened.locator('nav.languages a[lang="pt"]').click()
    portuguese = opened.locator(".edition.whole:visible").get_attribute("lang")
    opened.locator(".edition:visible nav.pages a").nth(-2).click()
    opened.locator(".leaf:visible .questions a").first.click()
    answers = opened.locator(".leaf:visible table.answer").count()
    context.close()

    assert claims[0] == 1
    assert portuguese == "pt"
    assert answers == 1


# In the dark only colours differ.
@pytest.mark.parametrize(("scheme", "rules"), [("light", None), ("dark", ["color-contrast"])])
def test_axe_finds_nothing_wrong(
    browser: "Browser", file: Path, scheme: Any, rules: list[str] | None
) -> None:
    # Read by a page without the policy, which would keep the checker out.
    html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", file.read_text("utf-8"))
    context = browser.new_context(color_scheme=scheme)
    opened = context.new_page()
    opened.set_content(html)
    opened.wait_for_selector('html[data-ready=""]', timeout=60_000)
    opened.evaluate(AXE.read_text("utf-8"))
    asked = {"resultTypes": ["violations"], "preload": False}
    asked |= {"runOnly": rules} if rules else {}
    found = {}
    for anchor in ("en", "pt-query", "it-questions", "en-timeline", "pt-map"):
        go(opened, anchor)
        assert opened.locator(".leaf:visible").count() == 1
        violations = opened.evaluate(CHECK, asked)
        for each in violations:
            found[anchor, each["id"]] = [node["html"][:100] for node in each["nodes"]][:3]
    context.close()

    assert found == {}
