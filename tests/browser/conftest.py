"""Fixtures: the pages of the built graph as they are served, and a browser that looks at them."""

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.helpers import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
READY = "html[data-ready]"
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE = 10_000  # milliseconds that a page is waited for
Open = Callable[..., "Page"]


def expect(found: "Locator") -> Any:
    """Return assertions that wait for what the page is on its way to."""
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    return expect(found)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is.

    What is absent is a reason to skip, but a failure where the parts of others are required.
    """
    found = shutil.which("chromium") or shutil.which("google-chrome")
    absent = [
        what
        for what, there in (
            ("Playwright", find_spec("playwright")),
            ("Chromium", found),
            ("axe-core in web/node_modules", AXE.is_file()),
        )
        if not there
    ]
    if absent:
        told = f"not installed here: {', '.join(absent)}"
        required = os.environ.get("CASSIBILE_WEB") == "require" or os.environ.get("CI") == "true"
        (pytest.fail if required else pytest.skip)(told)
    assert found
    return found


@pytest.fixture(scope="session")
def address(build: Path) -> Iterator[str]:
    """Where the pages are served, in a process of its own."""
    with serving("--build", str(build), "--no-log") as (_, found):
        yield found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator["Browser"]:
    """A browser for one file of tests: while it runs, no other loop of asyncio may in its thread."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def opened(browser: "Browser", address: str) -> Iterator[Open]:
    """Open a page in a context of its own; when the test is over, nothing may have gone wrong."""
    contexts = []
    wrong: list[str] = []

    def opened(path: str, *, scripts: bool = True, **about: Any) -> "Page":
        about.setdefault("viewport", DESK)
        context = browser.new_context(
            base_url=address, java_script_enabled=scripts, locale="en", **about
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        watch(page, address, wrong.append)
        page.goto(path)
        if scripts:
            page.wait_for_selector(READY)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def watch(page: Any, address: str, tell: Callable[[str], None]) -> None:
    """Tell what the console of a page says, and which requests fail or leave the host."""
    host = urlsplit(address).netloc
    # An answer that is an error page, as that to a wrong query, is no fault of the page.
    page.on(
        "console",
        lambda said: (
            None
            if said.location["url"] == page.url and "the server responded with" in said.text
            else tell(f"{said.type}: {said.text} ({said.location['url']})")
        ),
    )
    page.on("pageerror", lambda error: tell(f"error: {error}"))
    # What is still on its way when a reader goes on is given up.
    page.on(
        "requestfailed",
        lambda asked: (
            None
            if asked.failure == "net::ERR_ABORTED"
            else tell(f"failed: {asked.url} ({asked.failure})")
        ),
    )
    page.on(
        "request",
        lambda asked: (
            None
            if urlsplit(asked.url).netloc in {host, ""}
            else tell(f"another host: {asked.url}")
        ),
    )
    page.on(
        "response",
        lambda answer: (
            tell(f"{answer.status}: {answer.url}")
            if answer.status >= 400 and not answer.request.is_navigation_request()
            else None
        ),
    )
