"""The reading view: by keyboard, by its address, on a phone, on paper, without colours."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from kg import paths
from kg.load import Source, read_source
from tests.browser.conftest import PHONE, READY, ROOT, Open, expect

if TYPE_CHECKING:
    from playwright.sync_api import Page, Response

pytestmark = pytest.mark.slow
MOST_STOPS = 75
CARD = ".evidence .card"
FOCUSED = "document.activeElement"


@pytest.fixture(scope="module")
def source() -> Source:
    return read_source(paths.SEEDS / "italy-1943")[0]


@pytest.fixture(scope="module")
def told(source: Source) -> list[str]:
    """The claims that have a number in the text."""
    return [claim.name for claim in source.claims if claim.asserted]


def stops(page: "Page") -> Iterator[str]:
    """Press Tab until all that it reaches was reached; yield the class of each stop."""
    page.evaluate("document.activeElement.blur()")
    while True:
        page.keyboard.press("Tab")
        where: str = page.evaluate(
            f"{FOCUSED} === document.body || {FOCUSED}.seen ? '' :"
            f" ({FOCUSED}.seen = true, `${{{FOCUSED}.tagName}} ${{{FOCUSED}.getAttribute('class')}}`)"
        )
        if not where:
            return
        yield where


def shown(page: "Page") -> str:
    """Return the claim that is selected, when its card is there and its words are marked."""
    name: str = page.evaluate("location.hash.slice(1)")
    page.wait_for_selector(f'{CARD}[data-claim="{name}"]')
    expect(page.locator(f'.seg[data-c~="{name}"].chosen').first).to_be_attached()
    return name


def go_to_numbers(page: "Page") -> None:
    for where in stops(page):
        if where.startswith("A ref"):
            return
    pytest.fail("the Tab key reaches no number")


def test_the_tab_key_has_few_stops_and_one_for_all_numbers(opened: Open) -> None:
    found = list(stops(opened("/")))

    assert len(found) <= MOST_STOPS
    assert len([where for where in found if where.startswith("A ref")]) == 1
    assert len([where for where in found if where.startswith("a mark")]) == 1


def test_arrows_and_letters_go_from_claim_to_claim_and_the_card_follows(
    opened: Open, told: list[str]
) -> None:
    page = opened("/")
    go_to_numbers(page)
    page.keyboard.press("ArrowRight")
    first = shown(page)
    page.keyboard.press("j")
    second = shown(page)
    page.keyboard.press("j")
    third = shown(page)
    page.keyboard.press("k")

    assert shown(page) == second
    assert page.evaluate(f"{FOCUSED}.id") == second
    numbers = page.locator(".text .ref[id]").evaluate_all("(all) => all.map((each) => each.id)")
    at = numbers.index(first)
    assert numbers[at : at + 3] == [first, second, third]
    assert sorted(numbers) == sorted(told)


def test_j_goes_through_every_claim(opened: Open, told: list[str]) -> None:
    page = opened(f"/#{told[0]}")
    gone = [shown(page)]
    for _ in told[1:]:
        page.keyboard.press("j")
        gone.append(page.evaluate("location.hash.slice(1)"))

    assert sorted(gone) == sorted(told)
    assert shown(page) == gone[-1]


def test_a_click_on_words_goes_through_the_claims_they_lie_under(opened: Open) -> None:
    page = opened("/")
    words = page.locator('.seg[data-c*=" "]').first
    claims = (words.get_attribute("data-c") or "").split()
    gone = []
    for _ in claims:
        words.click()
        gone.append(shown(page))

    assert gone == claims


def test_on_a_phone_the_card_is_a_sheet_that_gives_the_focus_back(opened: Open) -> None:
    page = opened("/", viewport=PHONE, has_touch=True)
    sheet = page.locator(".evidence.open")
    assert not sheet.count()
    page.locator(".ref").nth(3).tap()
    name = shown(page)
    box = sheet.bounding_box()
    page.keyboard.press("Escape")

    assert box
    assert box["height"] <= 0.46 * PHONE["height"]
    assert box["y"] + box["height"] == pytest.approx(PHONE["height"], abs=1)
    assert not sheet.count()
    assert page.evaluate(f"{FOCUSED}.id") == name

    page.keyboard.press("j")
    other = shown(page)
    sheet.get_by_role("button", name="Close").tap()

    assert not sheet.count()
    assert page.evaluate(f"{FOCUSED}.id") == other != name


def test_an_address_with_a_claim_shows_it(opened: Open, told: list[str]) -> None:
    page = opened(f"/text/italy-1943.html#{told[-1]}")

    assert shown(page) == told[-1]
    assert page.locator(f'[id="{told[-1]}"]').evaluate(
        "(each) => { const { top, bottom } = each.getBoundingClientRect();"
        " return top >= 0 && bottom <= innerHeight; }"
    )


def test_the_same_claim_is_selected_in_every_drawing(opened: Open, told: list[str]) -> None:
    """In the address, so that it can be shared."""
    for path in ("/timeline.html", "/map.html", "/network.html"):
        found: list[list[int]] = opened(path).evaluate(
            """async (names) => {
              const found = [];
              for (const name of names) {
                const changed = new Promise((done) => addEventListener("hashchange", done, { once: true }));
                location.hash = name;
                await changed;
                const marked = [...document.querySelectorAll(".chosen")];
                const right = marked.filter((each) => each.dataset.c.split(" ").includes(name));
                const all = document.querySelectorAll(`[data-c~="${name}"]`);
                found.push([all.length, right.length, marked.length]);
              }
              return found;
            }""",
            told,
        )

        assert sum(every for every, _, _ in found) > 10
        assert [each for each in found if len(set(each)) > 1] == []


def test_what_is_selected_goes_along_to_other_pages_and_languages(opened: Open) -> None:
    page = opened("/#s03-5")
    for link, there in (
        ("nav.pages a[data-key=t]", "timeline.html"),
        ("nav.languages a[hreflang=it]", "timeline.it.html"),
        ("nav.pages a[data-key=m]", "map.it.html"),
    ):
        page.click(link)
        page.wait_for_url(f"**/{there}#s03-5")

        expect(page.locator("[data-c~=s03-5].chosen").first).to_be_attached()


def test_what_no_claim_covers_can_be_seen(opened: Open, source: Source) -> None:
    page = opened("/")
    page.get_by_role("link", name=f"{source.coverage:.0%}").click()

    expect(page.locator("#marks-uncovered")).to_be_checked()
    assert page.locator(".text :is(.bare, .seg:not(.claimed))").first.evaluate(
        "(each) => getComputedStyle(each).backgroundColor !== getComputedStyle(document.body).backgroundColor"
    )


@pytest.mark.parametrize("sign", ["chosen", "disputed"])
def test_what_colour_tells_is_told_without_colours(opened: Open, sign: str) -> None:
    page = opened("/", forced_colors="active")
    words = page.locator(".seg.disputed").first
    clip: Any = words.bounding_box()
    page.mouse.move(0, 0)
    with_it = page.screenshot(clip=clip)
    if sign == "chosen":
        page.evaluate(
            "location.hash = document.querySelector('.seg.disputed').dataset.c.split(' ')[0]"
        )
        page.wait_for_selector(".seg.disputed.chosen")
        page.evaluate("scrollTo(0, 0)")
    else:
        words.evaluate("(each) => each.classList.remove('disputed')")

    page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )

    assert page.screenshot(clip=clip) != with_it


@pytest.mark.parametrize("chosen", ["by the system", "by the button"])
def test_it_is_printed_on_few_sheets_dark_on_white(opened: Open, chosen: str) -> None:
    page = opened("/", color_scheme="dark")
    if chosen == "by the button":
        while page.evaluate("document.documentElement.dataset.theme") != "dark":
            page.click("button.theme")
    dark = page.evaluate("getComputedStyle(document.body).color")
    sheets = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))
    page.emulate_media(media="print")
    ink = page.locator("body, .seg, .ref, h1, .text").evaluate_all(
        "(all) => all.map((each) => getComputedStyle(each).color)"
    )
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert brightness(dark) > 0.6
    assert sheets <= 4
    assert max(map(brightness, ink)) < 0.45
    assert brightness(paper) > 0.9


def brightness(colour: str) -> float:
    red, green, blue, *_ = map(float, re.findall(r"[\d.]+", colour))
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


def test_the_theme_is_chosen_by_a_button_and_kept(opened: Open) -> None:
    page = opened("/")
    button = page.get_by_role("button", name="heme")
    paper = "getComputedStyle(document.body).backgroundColor"
    seen = []
    for _ in range(3):
        button.click()
        seen.append(page.evaluate("document.documentElement.dataset.theme ?? 'system'"))
        if seen[-1] == "dark":
            assert brightness(page.evaluate(paper)) < 0.2
            page.goto("/timeline")
            page.wait_for_selector(READY)
            assert brightness(page.evaluate(paper)) < 0.2

    assert sorted(seen) == ["dark", "light", "system"]


def test_keys_lead_to_the_pages_and_the_search(opened: Open) -> None:
    page = opened("/")
    for key, path in (("t", "timeline"), ("m", "map"), ("n", "network"), ("q", "query")):
        page.keyboard.press(key)
        page.wait_for_url(f"**/{path}.html")
        page.wait_for_selector(READY)
        page.evaluate("document.activeElement.blur()")
    page.goto("/")
    page.wait_for_selector(READY)
    page.keyboard.press("/")
    page.keyboard.type("tm")

    assert page.locator("form.search input").input_value() == "tm"


def test_the_front_page_is_light(opened: Open, address: str) -> None:
    """Bytes as they are before compression, with fonts and map; see ui.md for the limits."""
    page = opened("about:blank", scripts=False)
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 it must be a function
    page.goto(address, wait_until="networkidle")
    sizes = {answer.url.removeprefix(address): len(answer.body()) for answer in answers}
    scripts = sum(path.stat().st_size for path in (ROOT / "server/static/js").rglob("*.js"))
    (styles,) = [size for path, size in sizes.items() if path == "/style.css"]

    assert sum(sizes.values()) <= 500_000, sizes
    assert scripts <= 40 * 1024
    assert styles <= 40 * 1024
