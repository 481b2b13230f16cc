"""The query page: typed, mended, shared, and every question of the gallery in every view."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from kg import paths, questions
from tests.browser.conftest import READY, Open, expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow
QUESTIONS = questions.read_questions(paths.ONTOLOGY / "questions")
EVENTS = "SELECT ?event { ?event a cas:Event }"


def field(page: "Page") -> "Page":
    """Go into the field by the keyboard, and choose all that is in it."""
    page.locator("textarea:visible, .cm-content").first.wait_for()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.locator("#q:focus, .cm-content:focus").count():
            page.keyboard.press("Control+a")
            return page
    pytest.fail("the Tab key does not reach the field")


def answered(page: "Page") -> None:
    page.wait_for_selector("#answer:not([aria-busy])")


def rows(page: "Page") -> int:
    return page.locator("#answer table.answer tbody tr").count()


def test_a_query_is_typed_run_and_left_by_keyboard(opened: Open) -> None:
    page = field(opened("/query"))
    page.keyboard.press("Delete")
    page.keyboard.type(EVENTS)
    page.keyboard.press("Escape")  # closes what it proposes, if it does
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/query*?*")
    answered(page)
    asked = parse_qs(urlsplit(page.url).query)
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")

    assert EVENTS in asked["q"][0]
    assert rows(page) > 5
    assert not page.locator(".cm-content:focus, #q:focus").count()
    assert page.locator(":focus").count()


@pytest.mark.parametrize("view", ["timeline", "table", "raw"])
def test_an_address_gives_back_its_query_its_view_and_its_selection(
    opened: Open, view: str
) -> None:
    address = "/query?" + urlencode({"q": EVENTS, "view": view})
    page = opened(address)
    claims = page.locator("#answer [data-c]").evaluate_all("(all) => all.map((a) => a.dataset.c)")
    claim = claims[0].split()[0] if claims else "s01-1"
    page.goto("about:blank")
    page.goto(f"{address}#{claim}")
    page.wait_for_selector(READY)

    assert page.locator("#q").input_value().strip() == EVENTS
    assert page.locator(".views [aria-current]").get_attribute("data-view") == view
    assert page.locator(f"#answer .{view}-view").is_visible()
    assert bool(claims) == (view != "raw")
    expect(page.locator(f'#answer [data-c~="{claim}"].chosen')).to_have_count(
        len([each for each in claims if claim in each.split()])
    )


def test_another_language_is_of_the_same_query(opened: Open) -> None:
    page = opened("/query?" + urlencode({"q": EVENTS, "view": "timeline"}))
    page.locator('nav.languages a[lang="it"]').click()
    page.wait_for_selector("html[lang=it][data-ready]")

    assert page.locator("#q").input_value().strip() == EVENTS
    assert page.locator(".views [aria-current]").get_attribute("data-view") == "timeline"


@pytest.mark.parametrize(
    "path",
    [
        "/timeline?perspective=text",
        "/map?perspective=both",
        "/network?focus=sicily",
        "/id/sicily.html",
    ],
)
def test_another_language_is_of_the_same_page(opened: Open, path: str) -> None:
    page = opened(path)
    before = urlsplit(page.url)
    page.locator('nav.languages a[lang="pt"]').click()
    page.wait_for_selector("html[lang=pt][data-ready]")
    after = urlsplit(page.url)

    assert after.path == before.path.removesuffix(".html") + ".pt.html"
    assert after.query == before.query


def test_every_question_is_answered_in_every_view_that_it_has(opened: Open) -> None:
    """Each is clicked among the examples, and then each of its views."""
    page = opened("/query")
    links = page.locator(".examples a")
    empty, views = [], set()
    for title in links.all_inner_texts():
        page.locator(".examples a", has_text=title).first.click()
        answered(page)
        for name in page.locator(".views a").evaluate_all(
            "(all) => all.map((a) => a.dataset.view)"
        ):
            page.locator(f'.views a[data-view="{name}"]').click()
            answered(page)
            assert page.locator(f'.views a[data-view="{name}"][aria-current]').count()
            drawn = page.locator(f"#answer .{name}-view")
            box = drawn.bounding_box()
            if not box or box["height"] < 20 or not drawn.inner_text().strip():
                empty.append((title, name))
            views.add(name)

    assert len(QUESTIONS) > 20
    assert links.count() == len([each for each in QUESTIONS if not each.guards])
    assert views >= {"table", "timeline", "map", "network", "raw"}
    assert empty == []


def test_of_two_that_are_asked_for_at_once_the_last_is_shown(opened: Open) -> None:
    page = opened("/query?" + urlencode({"q": EVENTS, "view": "table"}))
    page.evaluate(
        "for (const name of ['timeline', 'raw'])"
        " document.querySelector(`.views a[data-view=${name}]`).click()"
    )
    page.wait_for_selector("#answer .raw-view")
    page.wait_for_load_state("networkidle")
    answered(page)

    expect(page.locator(".views [aria-current]")).to_have_attribute("data-view", "raw")
    assert "view=raw" in page.url


def test_a_column_is_sorted_by_its_heading(opened: Open) -> None:
    page = opened("/query?" + urlencode({"q": EVENTS, "view": "table"}))
    heading = page.locator("th button").first
    cells = page.locator("#answer tbody td:first-child")
    heading.click()
    up = cells.all_inner_texts()
    heading.click()

    assert cells.all_inner_texts() == up[::-1]
    assert up == sorted(up, key=str.casefold)


def test_what_was_asked_before_comes_back(opened: Open) -> None:
    page = opened("/query")
    before = page.locator("#q").input_value()
    page.locator(".examples a").nth(3).click()
    page.wait_for_url("**/query*?*")
    answered(page)
    page.go_back()
    expect(page.locator("#q")).to_have_value(before)
    answered(page)

    assert rows(page) >= 1
