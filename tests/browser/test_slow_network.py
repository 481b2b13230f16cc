"""Pages that come slowly are drawn while they come, and those that stay have nothing to complain of."""

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import DESK, READY, Open
from tests.browser.test_every_page import SHIFTS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow
SLOW = {"offline": False, "latency": 20, "downloadThroughput": 40_000, "uploadThroughput": 40_000}


@pytest.mark.parametrize("path", ["/network.pt.html", "/id/mussolini.html"])
def test_nothing_moves_while_a_page_comes(browser: "Browser", address: str, path: str) -> None:
    context = browser.new_context(base_url=address, viewport=DESK)  # type: ignore[arg-type]
    context.add_init_script(SHIFTS)
    page = context.new_page()
    context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOW)
    page.goto(path)
    page.wait_for_selector(READY)
    page.wait_for_load_state("networkidle")
    shift = page.evaluate("window.shift")
    context.close()

    assert shift <= 0.02


def test_nothing_is_loaded_for_nothing_on_the_second_page(opened: Open) -> None:
    """Chromium says so in the console, five seconds later."""
    page = opened("/id/badoglio.html")
    page.goto("/ontology.html")
    page.wait_for_selector(READY)
    page.wait_for_timeout(7000)
