"""Timeline, map and network by the keyboard alone, and how two rows stand in time."""

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import READY, Open, expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.slow
MARKS = {
    "timeline": ".timeline > svg.wide .row > a:first-child",
    "map": ".map .mark",
    "network": ".network svg.drawing .node",
}


def enter(page: "Page", marks: "Locator") -> None:
    """Press Tab until one of the marks has the focus."""
    for _ in range(75):
        page.keyboard.press("Tab")
        if marks.and_(page.locator(":focus")).count():
            return
    pytest.fail("the Tab key does not reach the drawing")


@pytest.mark.parametrize("name", MARKS)
def test_a_drawing_is_one_stop_and_arrows_reach_every_mark(opened: Open, name: str) -> None:
    page = opened(f"/{name}")
    marks = page.locator(MARKS[name])
    every = marks.count()
    enter(page, marks)
    step = "ArrowRight" if name == "network" else "ArrowDown"
    gone = set()
    for _ in range(every):
        gone.add(page.evaluate("document.activeElement.outerHTML"))
        page.keyboard.press(step)
    page.keyboard.press("Shift+Tab")
    assert not marks.and_(page.locator(":focus")).count()
    page.keyboard.press("Tab")
    assert page.locator("svg :focus").count()
    page.keyboard.press("Tab")

    assert every > 5
    assert len(gone) == every
    assert not page.locator("svg :focus").count()


@pytest.mark.parametrize("name", MARKS)
def test_a_mark_leads_to_what_it_stands_for(opened: Open, name: str) -> None:
    page = opened(f"/{name}")
    marks = page.locator(MARKS[name])
    enter(page, marks)
    before = page.url
    page.keyboard.press("Enter")
    if name == "timeline":  # the first time chooses the row, the second goes to its page
        page.wait_for_selector(".row.picked")
        page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != before)

    assert page.url.startswith(before.removesuffix(f"/{name}"))


def test_two_rows_of_the_timeline_are_compared_in_words(opened: Open) -> None:
    page = opened("/timeline")
    enter(page, page.locator(MARKS["timeline"]))
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.wait_for_selector("#relation .timeline-answer .verdict")

    assert page.locator(".timeline > svg.wide .row.picked").count() == 2
    assert len(page.locator("#relation .timeline-answer li").all_inner_texts()) >= 2

    page.keyboard.press("Escape")

    expect(page.locator(".picked")).to_have_count(0)


def test_the_network_tells_the_relations_of_what_has_the_focus(opened: Open) -> None:
    page = opened("/network")
    enter(page, page.locator(MARKS["network"]))
    page.keyboard.press("ArrowRight")  # beside what is in the middle, where all are
    page.keyboard.press("ArrowDown")

    expect(page.locator(".edge:focus.lit")).to_have_count(1)
    expect(page.locator("tr.lit").first).to_be_attached()


@pytest.mark.parametrize(
    "path", ["/network", "/network?steps=2", "/questions/who-commanded-what-in-sicily.html"]
)
def test_no_line_of_the_network_is_cut_off(opened: Open, path: str) -> None:
    page = opened(path)
    beyond = page.locator("svg.drawing .line").evaluate_all(
        """(all) => all.filter((line) => {
          const { top, bottom } = line.getBoundingClientRect();
          const room = line.closest("svg").getBoundingClientRect();
          return top < room.top || bottom > room.bottom;
        }).length"""
    )

    assert beyond == 0
    assert page.locator("svg.drawing .line").count()


@pytest.mark.parametrize("name", ["map", "network"])
def test_drawings_are_zoomed_by_buttons(opened: Open, name: str) -> None:
    page = opened(f"/{name}")
    if not page.locator("html[data-bundle]").count():
        pytest.skip("the parts of others are not built")
    moved = page.locator(".map .base > g, .network .moved").first
    page.wait_for_selector(".map-buttons:visible, .zoom:visible")
    plus, reset = ("In", "Reset") if name == "map" else ("in", "reset")
    page.locator(f'[data-do="zoom{plus}"], [data-zoom="zoom{plus.title()}"]').first.click()
    nearer = moved.get_attribute("transform") or ""
    page.locator(f'[data-do="{reset.lower()}"], [data-zoom="{reset.lower()}"]').first.click()

    assert "scale(1)" not in nearer
    assert "scale" in nearer
    assert "scale(1)" in (moved.get_attribute("transform") or "")


@pytest.mark.parametrize("name", [*MARKS, "query"])
def test_without_the_parts_of_others_none_is_asked_for(opened: Open, name: str) -> None:
    page = opened("/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route(
        f"**/{name}",
        lambda route: route.fulfill(
            response=(answer := route.fetch()), body=answer.text().replace(" data-bundle>", ">")
        ),
    )
    page.goto(f"/{name}")
    page.wait_for_selector(READY)
    page.wait_for_load_state("networkidle")

    assert not [url for url in asked if "/vendor/" in url and not url.endswith(("css", "woff2"))]
    assert page.locator(MARKS.get(name, "textarea")).first.is_visible()
