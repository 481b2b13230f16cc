"""The editor and the zoom in a real browser, under the pages' content security policy."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

pytestmark = pytest.mark.slow
HERE = "http://pages.test/"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:"
PAGE = """<!doctype html><html lang="en"><title>A query</title><link rel="icon" href="data:,">
<main><h1>A query</h1><div id="field"></div><a href="#after" id="after">after</a></main>
<svg id="drawing" viewBox="0 0 300 200" width="300"><g id="moved"><rect width="300" height="200"/></g></svg>
<script type="module" src="page.js"></script>"""
SCRIPT = """
import { editor } from "./editor.js";
import { zoomable } from "./zoom.js";
const terms = [
  { label: "veio depois de", detail: "ex:after", apply: "ex:after", prefixes: { ex: "http://ex/", id: "http://id/" } },
];
const seen = { ran: 0, changes: 0, asked: [] };
const shadow = document.getElementById("field").attachShadow({ mode: "open" });
const box = shadow.appendChild(document.createElement("div"));
const field = editor(box, {
  value: "# who\\nPREFIX id: <http://id/>\\nASK { ?who veio id:someone }",
  label: "Your query",
  phrases: { Find: "Procurar" },
  onRun: () => { seen.ran += 1; },
  onChange: () => { seen.changes += 1; },
  complete: async (prefix) => { seen.asked.push(prefix); return terms; },
  hover: async (word) => ({ label: word, detail: "what it means" }),
});
const moved = document.getElementById("moved");
const zoom = zoomable(document.getElementById("drawing"), moved, { min: 1, max: 4, onZoom: ({ k }) => { seen.k = k; } });
Object.assign(window, { field, seen, zoom });
document.documentElement.dataset.ready = "";
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("no Chromium here")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(browser: Any, vendor: Path) -> Iterator[Any]:
    """A page with an editor and a drawing, in which nothing may go wrong."""
    files = {"": PAGE, "page.js": SCRIPT}
    files |= {name: (vendor / name).read_text("utf-8") for name in ("editor.js", "zoom.js")}

    def answer(route: Any) -> None:
        name = route.request.url.removeprefix(HERE).partition("#")[0]
        kind = "text/javascript" if name else "text/html"
        headers = {"Content-Type": f"{kind}; charset=utf-8", "Content-Security-Policy": POLICY}
        route.fulfill(body=files[name], headers=headers)

    opened = browser.new_page()
    wrong: list[str] = []
    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.route("**/*", answer)
    opened.goto(HERE)
    opened.wait_for_selector("html[data-ready]")
    yield opened
    opened.close()
    assert wrong == []


def text(page: Any) -> str:
    said: str = page.evaluate("field.value()")
    return said


def go_to_word(page: Any) -> None:
    """Put the cursor behind `veio`."""
    page.click(".cm-content")
    page.keyboard.press("Control+Home")
    for key in ("ArrowDown", "ArrowDown", *["ArrowRight"] * len("ASK { ?who veio")):
        page.keyboard.press(key)


def test_completion_replaces_the_word_and_declares_what_was_not(page: Any) -> None:
    go_to_word(page)
    page.keyboard.press("Control+Space")
    page.wait_for_selector("[role=option]")
    page.wait_for_timeout(
        150
    )  # the editor takes no Enter sooner, lest one be meant for a new line
    page.keyboard.press("Enter")
    page.keyboard.type("+")

    assert page.evaluate("seen.asked") == ["veio"]
    assert text(page).splitlines() == [
        "# who",
        "PREFIX id: <http://id/>",
        "PREFIX ex: <http://ex/>",
        "ASK { ?who ex:after+ id:someone }",
    ]


def test_typing_over_what_is_selected_replaces_it_and_nothing_else(page: Any) -> None:
    """Chromium would write an inline style around the letter, which the policy forbids."""
    page.click(".cm-content")
    page.keyboard.press("Control+a")
    page.keyboard.type("ASK {}")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")

    assert text(page).startswith("# who")
    page.keyboard.press("Control+a")
    page.keyboard.type("ASK {}")
    assert text(page) == "ASK {}"


def test_a_first_declaration_stands_before_the_query_and_after_its_comments(page: Any) -> None:
    page.evaluate('field.set("# who\\n\\nASK { ?who ve")')
    page.click(".cm-content")
    page.keyboard.press("Control+End")
    page.keyboard.press("Control+Space")
    page.wait_for_selector("[role=option]")
    page.wait_for_timeout(150)
    page.keyboard.press("Enter")

    assert text(page).splitlines() == [
        "# who",
        "",
        "PREFIX ex: <http://ex/>",
        "PREFIX id: <http://id/>",
        "ASK { ?who ex:after",
    ]


def test_keys_run_indent_and_leave(page: Any) -> None:
    page.click(".cm-content")
    page.keyboard.press("Control+Enter")
    before = text(page)
    page.keyboard.press("Tab")
    indented = text(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")

    assert page.evaluate("seen.ran") == 1
    assert len(indented) == len(before) + 2
    assert page.evaluate("document.activeElement.id") == "after"


def test_it_has_a_name_and_its_words_are_of_the_language(page: Any) -> None:
    page.click(".cm-content")
    page.keyboard.press("Control+f")

    assert page.get_by_role("textbox", name="Your query").count() == 1
    assert page.get_by_placeholder("Procurar").count() == 1


@pytest.mark.parametrize(
    ("line", "column", "marked"),
    [
        (1, 3, "b"),
        (2, 7, "ex:café"),  # 🖋 before it is one character, and two units of JavaScript
        (2, 14, "é"),  # beyond the end: the last letter
        (9, 1, "}"),  # beyond the last line
    ],
)
def test_an_error_is_marked_where_the_engine_says(
    page: Any, line: int, column: int, marked: str
) -> None:
    page.evaluate('field.set("a b\\n\\"🖋\\" ; ex:café\\n}")')
    mark = {"line": line, "column": column, "message": "three parts are needed"}
    page.evaluate("(mark) => field.mark([mark])", mark)

    assert page.locator(".cm-lintRange-error").all_inner_texts() == [marked]

    page.evaluate("field.mark([])")

    assert page.locator(".cm-lintRange-error").count() == 0


def test_the_pointer_on_a_name_tells_what_it_means(page: Any) -> None:
    box = page.locator(".cm-line", has_text="ASK").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 300)
    name = page.locator(".cm-line span", has_text="id:someone").bounding_box()
    page.mouse.move(name["x"] + 20, name["y"] + 5)
    page.wait_for_selector(".cm-told")

    assert page.locator(".cm-told").inner_text().split("\n") == ["id:someone", "what it means"]


def test_only_the_wheel_with_ctrl_zooms_and_buttons_do(page: Any) -> None:
    page.locator("#drawing").hover()
    page.mouse.wheel(0, -100)
    scrolled = page.locator("#moved").get_attribute("transform")
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    page.wait_for_selector("#moved[transform]")
    zoomed = page.evaluate("seen.k")
    page.evaluate("for (let i = 0; i < 20; i++) zoom.zoomIn()")
    most = page.evaluate("seen.k")
    page.evaluate("zoom.reset()")

    assert scrolled is None
    assert zoomed > 1
    assert most == 4
    assert page.locator("#moved").get_attribute("transform") == "translate(0,0) scale(1)"
