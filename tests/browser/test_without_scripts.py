"""Without scripts all is there: text, card, drawings, answers; and a query can be asked."""

import pytest

from tests.browser.conftest import PHONE, Open, expect

pytestmark = pytest.mark.slow


def test_the_text_its_card_and_its_map_are_read(opened: Open) -> None:
    page = opened("/", scripts=False)

    assert page.locator("p.text").first.is_visible()
    assert page.locator(".evidence .card blockquote").is_visible()
    assert page.locator(".map .mark").first.is_visible()
    assert not page.locator('button[type="button"]:visible').count()  # they need scripts

    page.locator(".ref").nth(4).click()
    page.wait_for_url("**/claim/*")

    expect(page.locator("h1")).to_be_visible()


def test_on_a_phone_the_card_stands_below_the_text(opened: Open) -> None:
    page = opened("/", scripts=False, viewport=PHONE)

    assert page.locator(".evidence .card").is_visible()
    assert (
        page.locator(".evidence").evaluate("(each) => getComputedStyle(each).position") != "fixed"
    )


@pytest.mark.parametrize(
    ("path", "marks", "listed"),
    [
        ("/timeline?perspective=text", ".timeline svg.wide .row", "table tbody tr"),
        ("/map", ".map .mark", "li[id^=place-]"),
        ("/network", ".network svg.drawing .edge", "table.network-table tbody tr"),
    ],
)
def test_a_drawing_stands_with_its_list(opened: Open, path: str, marks: str, listed: str) -> None:
    page = opened(path, scripts=False)
    box = page.locator(marks).first.bounding_box()

    assert box
    assert page.locator(marks).first.is_visible()
    assert page.locator(listed).count() >= page.locator(marks).count() > 5


def test_a_question_is_answered_with_its_words(opened: Open) -> None:
    page = opened("/questions", scripts=False)
    page.locator(".questions a").first.click()

    expect(page.locator("table.answer tbody tr").first).to_be_visible()


def test_a_query_is_asked(opened: Open) -> None:
    page = opened("/query", scripts=False)
    page.locator("textarea").fill("SELECT ?place { ?place a cas:Place }")
    page.locator("form.query button").first.click()

    expect(page.locator("table.answer tbody tr").nth(5)).to_be_visible()

    page.locator('.views a[data-view="map"]').click()

    expect(page.locator(".map .mark").first).to_be_visible()


def test_something_is_looked_for(opened: Open) -> None:
    page = opened("/", scripts=False)
    page.locator("form.search input").fill("badolio")
    page.keyboard.press("Enter")
    page.locator('main a[href*="/id/badoglio"]').first.click()

    expect(page.locator("h1")).to_have_text("Pietro Badoglio")
