"""Every type of page, in every language and both themes: for all who read, on whatever they have.

`make screenshots` keeps a picture of each in build/screenshots, to be looked at before a change.
"""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kg import paths, questions
from server import documents, overviews, pages
from tests.browser.conftest import AXE, READY, ROOT, watch

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = pytest.mark.slow
NAMES = {
    "any": "shape/Actor",
    "claim": "text/italy-1943/claim/s03-4",
    "disagreement": "disagreements",  # the first that is listed there
    "fact": "why?s=id:badoglio&p=cas:succeeded&o=id:mussolini",
    "graph": "graph/why",
    "id": "id/sicily",
    "ontology": "ontology",
    "rule": "rule/office/shared-handover",
    "text": "text/italy-1943",
}
FIRST = {"disagreement": 'main a[href*="/disagreement/"]'}  # what is clicked to be there
VIEWS = {
    question.view or ("guard" if question.guards else "table"): f"questions/{question.name}"
    for question in questions.read_questions(paths.ONTOLOGY / "questions")
}
MORE = {
    "data": "data",
    "missing": "no/such/page",
    "thing-person": "id/mussolini",
}
ASKED = {  # the same pages, asked for something
    "network-wide": "network?focus=mussolini&steps=2",
    "query-nothing": "query?q=SELECT%20?a%20{%20?a%20a%20id:rome%20}",
    "query-wrong": "query?q=SELECT%20*%20{%20?who%20cas:succeded%20}",
    "search-found": "search?q=badolio",
    "search-nothing": "search?q=xyzzyx",
    "text-otherwise": "text/italy-1943?reading=s05-2b",
    "timeline-focus": "timeline?perspective=text&from=1943&to=1943",
    "why-not": "why?s=id:mussolini&p=cas:succeeded&o=id:badoglio",
}
ANSWERED = {"missing": 404, "query-wrong": 400}  # the others: 200
TYPES = {
    **{name: name for name in overviews.NAMES if name != "read"},  # it is that of the text
    **NAMES,
    **{f"question-{view}": name for view, name in VIEWS.items()},
    **MORE,
}
PAGES = TYPES | ASKED
EACH = [*product(TYPES, documents.LANGUAGES), *((page, "en") for page in ASKED)]
THEMES = ("light", "dark")
WIDTHS = (640, 320)  # 1280 at 200 %, and the narrowest phone
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
COLOURS = ("color-contrast", "link-in-text-block")
SHIFTS = """
  window.shift = 0;
  new PerformanceObserver((list) => {
    for (const each of list.getEntries()) window.shift += each.value;
  }).observe({ type: "layout-shift", buffered: true });
"""
CHECK = """async (runOnly) => {
  const { violations } = await axe.run(document, { runOnly, resultTypes: ["violations"], preload: false });
  return violations.flatMap(({ id, nodes }) => nodes.slice(0, 3).map((node) =>
    `${id}: ${node.html.slice(0, 200)} (${node.failureSummary.split("\\n").slice(1).join(";")})`));
}"""
WIDE = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  const wide = [...document.body.querySelectorAll("*")]
    .filter((each) => each.getBoundingClientRect().right > room + 1);
  return ["page", ...wide.slice(-3).map((each) => each.outerHTML.slice(0, 150))];
}"""
# What can be focused and does not show it: neither it nor what is in it looks different.
UNSEEN = """() => {
  const look = (node) => [node, ...node.querySelectorAll("*")].map((each) => {
    const { outlineStyle, outlineWidth, outlineColor, stroke, strokeWidth, fill, boxShadow } = getComputedStyle(each);
    return [outlineStyle, outlineStyle === "none" ? "" : outlineWidth + outlineColor, stroke, strokeWidth, fill, boxShadow].join();
  }).join("|");
  const found = [];
  for (const node of document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")) {
    if (!node.checkVisibility() || node.disabled || node.type === "hidden") continue;
    document.activeElement.blur();
    const before = look(node);
    node.focus({ preventScroll: true });
    if (document.activeElement !== node) continue;
    const { width, height } = node.getBoundingClientRect();
    if (before === look(node) || width < 1 || height < 1) found.push(node.outerHTML.slice(0, 150));
  }
  return found.slice(0, 5);
}"""


@dataclass
class Seen:
    """What was seen of one page in one language."""

    wrong: list[str] = field(default_factory=list)
    shift: float = 0.0
    violations: dict[str, list[str]] = field(default_factory=dict)
    wide: dict[int, list[str]] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def seen(
    request: pytest.FixtureRequest, chromium: str, address: str
) -> dict[tuple[str, str], Seen]:
    """What was seen of the pages that tests are about, each opened once, two at a time."""
    about = (
        getattr(item, "callspec").params  # noqa: B009 not every item has it
        for item in request.session.items
        if item.path == Path(__file__) and hasattr(item, "callspec")
    )
    wanted = dict.fromkeys((each["page"], each["language"]) for each in about)
    return asyncio.run(_look_at_all(chromium, address, iter(wanted)))


async def _look_at_all(
    chromium: str, address: str, wanted: Iterator[tuple[str, str]]
) -> dict[tuple[str, str], Seen]:
    from playwright.async_api import async_playwright

    found: dict[tuple[str, str], Seen] = {}

    async def look(browser: "Browser") -> None:
        context = await browser.new_context(base_url=address, locale="en")
        await context.add_init_script(SHIFTS + AXE.read_text("utf-8"))
        page = await context.new_page()
        wrong: list[str] = []
        watch(page, address, wrong.append)
        for name, language in wanted:
            wrong.clear()
            found[name, language] = await _look(page, name, language)
            found[name, language].wrong += wrong
        await context.close()

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        await asyncio.gather(look(browser), look(browser))
        await browser.close()
    return found


async def _look(page: "Page", name: str, language: str) -> Seen:
    seen = Seen()
    path, mark, asked = PAGES[name].partition("?")
    await page.set_viewport_size({"width": 1280, "height": 900})
    await page.emulate_media(color_scheme="light")
    answer = await page.goto(documents.address(path, language=language) + mark + asked)
    if answer and answer.status != (expected := ANSWERED.get(name, 200)):
        seen.wrong.append(f"{answer.status} and not {expected}: {answer.url}")
    if name in FIRST:
        await page.click(FIRST[name])
    await page.wait_for_selector(READY)
    seen.shift = await page.evaluate("window.shift")
    everything: dict[str, Any] = {"type": "tag", "values": RULES}
    seen.violations["light"] = await page.evaluate(CHECK, everything)
    await page.emulate_media(color_scheme="dark")  # what else there is, is the same
    seen.violations["dark"] = await page.evaluate(CHECK, {"type": "rule", "values": COLOURS})
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        seen.wide[width] = await page.evaluate(WIDE)
    if language == documents.LANGUAGES[0]:
        await _keep(page, name)
        await page.keyboard.press("Tab")
        seen.unseen = await page.evaluate(UNSEEN)
    return seen


async def _keep(page: "Page", name: str) -> None:
    if folder := os.environ.get("CASSIBILE_SCREENSHOTS"):
        for theme, (width, height) in product(THEMES, ((1440, 900), (390, 844))):
            await page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            await page.set_viewport_size({"width": width, "height": height})
            path = ROOT / folder / f"{name}-{theme}-{width}.png"
            await page.screenshot(path=path, full_page=False)


def test_every_kind_of_page_is_among_them() -> None:
    kinds = {path.stem for path in Path(pages.__path__[0]).glob("[!_]*.py")} - {"questions"}

    assert kinds == NAMES.keys()


@pytest.mark.parametrize(("page", "language"), EACH)
def test_nothing_stands_in_the_way_of_anyone(
    seen: dict[tuple[str, str], Seen], page: str, language: str
) -> None:
    assert seen[page, language].violations == {theme: [] for theme in THEMES}


@pytest.mark.parametrize(("page", "language"), EACH)
def test_nothing_goes_wrong_nor_leaves_the_host(
    seen: dict[tuple[str, str], Seen], page: str, language: str
) -> None:
    assert seen[page, language].wrong == []


@pytest.mark.parametrize(("page", "language"), EACH)
def test_nothing_is_wider_than_the_window(
    seen: dict[tuple[str, str], Seen], page: str, language: str
) -> None:
    assert seen[page, language].wide == {width: [] for width in WIDTHS}


@pytest.mark.parametrize(("page", "language"), EACH)
def test_nothing_moves_when_it_has_been_drawn(
    seen: dict[tuple[str, str], Seen], page: str, language: str
) -> None:
    assert seen[page, language].shift <= 0.02


@pytest.mark.parametrize(("page", "language"), [(page, "en") for page in PAGES])
def test_what_has_the_focus_is_seen(
    seen: dict[tuple[str, str], Seen], page: str, language: str
) -> None:
    assert seen[page, language].unseen == []
