"""What a new reader wants, without having read a manual: from the front page, in a few steps."""

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from kg import paths
from tests.browser.conftest import READY, Open, expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow
SUCCEEDED = re.compile("who succeeded mussolini", re.IGNORECASE)
WHY = re.compile("^why.*succeeded")


def told(page: "Page") -> None:
    """Assert that a page shows why the one succeeded the other, with words of the text."""
    page.wait_for_selector(READY)
    text = (paths.SEEDS / "italy-1943/text.txt").read_text("utf-8")
    words = page.locator("main .words [lang=pt]").all_inner_texts()

    assert re.search("Badoglio .*succeeded .*Mussolini", page.locator("h1").inner_text())
    assert words
    assert [each for each in words if each not in text] == []
    assert page.get_by_role("link", name="See it in the text").count()


def test_why_badoglio_succeeded_mussolini_is_three_clicks_away(opened: Open) -> None:
    page = opened("/")
    page.get_by_role("link", name=SUCCEEDED).click()
    page.get_by_role("link", name=WHY).first.click()
    page.wait_for_url("**/fact/*.html")
    told(page)
    page.get_by_role("link", name="See it in the text").first.click()

    expect(page.locator(".evidence .card")).to_be_visible()
    expect(page.locator(".seg.chosen").first).to_be_visible()


def test_the_same_by_keyboard_alone(opened: Open) -> None:
    page = opened("/")
    pressed = 0
    for name, there in ((SUCCEEDED, "**/questions/*.html"), (WHY, "**/fact/*.html")):
        page.wait_for_selector(READY)
        wanted = page.get_by_role("link", name=name).and_(page.locator(":focus"))
        while not wanted.count():
            page.keyboard.press("Tab")
            pressed += 1
            assert pressed <= 150
        page.keyboard.press("Enter")
        page.wait_for_url(there)
    told(page)


def test_what_the_text_gets_wrong_is_one_click_away(opened: Open) -> None:
    page = opened("/")
    page.get_by_role("link", name=re.compile("disput", re.IGNORECASE)).first.click()
    page.wait_for_url("**/disagreements.html")
    main = page.locator("main").inner_text()

    assert "Taranto" in main
    assert "Tarento" in main  # in the words of the text


@pytest.mark.parametrize("scripts", [True, False])
def test_a_typing_error_is_mended_from_its_message_alone(opened: Open, scripts: bool) -> None:  # noqa: FBT001 a parameter
    wrong = "SELECT ?who { ?who cas:succeded ?whom }"
    page = opened("/query?" + urlencode({"q": wrong}), scripts=scripts)
    message = page.locator("#answer .note.wrong").inner_text()
    written, right = re.findall(r"cas:\w+", message)[:2]
    page.goto("/query?" + urlencode({"q": wrong.replace(written, right)}))

    assert written in wrong
    assert page.locator("#answer table.answer tbody tr").count() >= 1


def test_an_error_of_syntax_is_told_in_words_at_its_place(opened: Open) -> None:
    page = opened("/query?" + urlencode({"q": "SELECT ?who {\n  ?who cas:succeeded\n}"}))
    error = page.locator("#error")

    assert error.is_visible()
    assert error.get_attribute("data-line") in {"2", "3"}
    assert not re.search(
        "Traceback|expected one of|error at", error.locator("p").first.inner_text()
    )
