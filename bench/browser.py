"""What a reader waits for: the front page in a browser, pages on the server, and a long text.

    python bench/browser.py

Serves the built graph, opens its front page in Chromium each time anew, and asks for pages that
were not drawn before. Then makes up a text of 500 claims on 300 events, builds and serves it, and
scrolls through it. Prints medians; frames are counted while two screens a second go by.
"""

import http.client
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter
from urllib.parse import quote

from playwright.sync_api import Browser, Page, sync_playwright

from kg import open_graph, paths, resources
from kg.terms import PREFIXES
from server import documents, overviews

PORT = 8669
TIMES = 7
MOST = 40  # pages of a kind
SENTENCES, CLAIMS, EVENTS = 250, 500, 300
READY = """
  new MutationObserver(() => {
    if ("ready" in document.documentElement.dataset) window.readyAt ??= performance.now();
  }).observe(document, { attributes: true, subtree: true, attributeFilter: ["data-ready"] });
"""
FRAMES = """async () => {
  const frames = [];
  const next = () => new Promise(requestAnimationFrame);
  let before = await next();
  for (let count = 0; count < 180; count += 1) {
    scrollBy({ top: innerHeight / 30, behavior: "instant" });
    if (scrollY + innerHeight >= document.documentElement.scrollHeight - 2) scrollTo(0, 0);
    const now = await next();
    frames.push(now - before);
    before = now;
  }
  return frames;
}"""


def main() -> None:  # noqa: D103 told above
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    print(f"{os.cpu_count()} cores\n")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with served(paths.BUILD):
            front(browser)
            drawn(paths.BUILD)
        seeds, build = Path(folder) / "seeds", Path(folder) / "build"
        write(seeds / "chronicle")
        command = [
            sys.executable,
            "-m",
            "kg",
            "build",
            "--seeds",
            str(seeds),
            "--build",
            str(build),
        ]
        started = perf_counter()
        subprocess.run([*command, "--quiet"], check=True)
        took_it = perf_counter() - started
        print(f"\na text of {CLAIMS} claims on {EVENTS} events, built in {took_it:.1f} s")
        with served(build):
            for name in ("read", "timeline", "network", "map"):
                first, again = took(name) or 0, took(f"{name}?drawn=again") or 0
                print(f"{name + ', on the server':44}{again:8.1f} ms, at first {first:.1f}")
            for name in ("read", "timeline"):
                scrolled(browser, name)
        browser.close()


@contextmanager
def served(build: Path) -> Iterator[None]:
    """Serve a build until it has been measured."""
    command = [sys.executable, "-m", "kg", "serve", "--port", str(PORT), "--build", str(build)]
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, "--no-log"], stdout=pipe) as process:
        assert process.stdout
        process.stdout.readline()  # when it listens
        try:
            yield
        finally:
            process.terminate()


def front(browser: Browser) -> None:
    """Print when the front page is first seen and when it can be used, and what it weighs."""
    seen, ready, weights = [], [], []
    for _ in range(TIMES):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_init_script(READY)
        page = context.new_page()
        sizes: list[int] = []
        page.on("response", lambda answer, sizes=sizes: sizes.append(len(answer.body())))
        page.goto(f"http://127.0.0.1:{PORT}/", wait_until="networkidle")
        seen.append(
            page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        )
        ready.append(page.evaluate("window.readyAt"))
        weights.append(sum(sizes))
        context.close()
    for what, taken in (("first seen", seen), ("usable", ready)):
        print(f"front page: {what} after {statistics.median(taken[1:]):.0f} ms", end="")
        print(f" (in a browser that has just been started {taken[0]:.0f})")
    print(f"front page: {weights[0]:,} bytes, before compression")


def drawn(build: Path) -> None:
    """Print how long the pages of each kind take when they are drawn for the first time."""
    by_kind: dict[str, list[str]] = {name: [name] for name in overviews.NAMES}
    for name in resources.names(open_graph(build)):
        by_kind.setdefault(resources.kind_of(name), []).append(name)
    of_all = []
    for kind, names in by_kind.items():
        some = names[:: max(1, len(names) // MOST)]
        taken = [took(name, language) for name in some for language in documents.LANGUAGES]
        known = sorted(each for each in taken if each is not None)
        of_all += known
        median, worst = statistics.median(known), known[-1]
        print(f"{kind:44}{median:8.1f} ms, at most {worst:.1f}, of {len(known)}")
    print(f"{'all of them':44}{statistics.median(of_all):8.1f} ms")


def took(name: str, language: str = "en") -> float | None:
    """Return the milliseconds that a page takes, and None if there is none of it."""
    path, mark, asked = name.partition("?")
    connection = http.client.HTTPConnection("127.0.0.1", PORT)
    started = perf_counter()
    connection.request("GET", quote(documents.address(path, language=language)) + mark + asked)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return 1000 * (perf_counter() - started) if answer.status == 200 else None


def scrolled(browser: Browser, name: str) -> None:
    """Print how long the frames of a page are while it is scrolled through."""
    page: Page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"http://127.0.0.1:{PORT}{documents.address(name)}", wait_until="networkidle")
    frames = sorted(page.evaluate(FRAMES))
    late = sum(frame > 1.5 * 1000 / 60 for frame in frames) / len(frames)
    median, most = statistics.median(frames), frames[int(0.95 * len(frames))]
    print(f"{name + ', scrolled':44}{median:8.1f} ms a frame, p95 {most:.1f}, {late:.0%} late")
    page.close()


def write(folder: Path) -> None:
    """Write a text that is made up, with its map."""
    folder.mkdir(parents=True)
    text, claims, things = [], [], set()
    for number in range(1, SENTENCES + 1):
        words, told = _sentence(number)
        text.append(f"{', and '.join(words)}.")
        for count, (quoted, triples) in enumerate(zip(words, told, strict=True), 1):
            name = f"c:s{number:02}-{count}"
            claims.append(f'{name} cas:quote "{quoted}"@en ; cas:reading cas:Literal .\n')
            claims.append(f"{name} {{ {triples} }}\n")
            things |= set(re.findall(r"id:\S+", triples))
    head = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items())
    for prefix, part in (("c", "claim"), ("t", "time")):
        head += f"PREFIX {prefix}: <{PREFIXES['text']}{folder.name}/{part}/>\n"
    head += f'text:{folder.name} a cas:Text ; dct:title "A chronicle"@en ; dct:language "en" .\n'
    for thing in sorted(things):
        name = thing.removeprefix("id:").replace("-", " ")
        named = " , ".join(f'"{name}"@{language}' for language in documents.LANGUAGES)
        claims.append(f"{thing} skos:prefLabel {named} .\n")
    paragraphs = [" ".join(text[at : at + 10]) for at in range(0, len(text), 10)]
    (folder / "text.txt").write_text("\n".join(paragraphs) + "\n", encoding="utf-8")
    (folder / "map.trig").write_text(head + "".join(claims), encoding="utf-8")


def _sentence(number: int) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the words of two claims, and their triples: one event, or two in the first ones."""
    day = date(1612, 1, 3) + timedelta(days=17 * number)
    when = f"{day.day} {day:%B} {day.year}"
    column, leader, town = f"column-{number:03}", f"general-{number % 40:02}", f"town-{number:03}"
    interval = f"t:s{number:02}-1"
    taken = (
        f"id:taking-of-{town} a cas:Occupation ; cas:carriedOutBy id:{column} ; "
        f"cas:tookPlaceAt id:{town} ; cas:hasInterval {interval} . "
        f"id:{column} a cas:ArmedForce . id:{town} a cas:City . "
        f'{interval} a cas:TimeInterval ; cas:verbatim "{when}"@en ; cas:edtf "{day}" .'
    )
    led = f"id:{leader} a cas:Person ; cas:commands id:{column} . id:{column} a cas:ArmedForce ."
    if number <= EVENTS - SENTENCES:
        led += f" id:march-from-{town} a cas:Advance ; cas:carriedOutBy id:{column} ; "
        led += f"cas:after id:taking-of-{town} ."
    words = f"On {when} the {column} took the {town}", f"the {leader} led the {column} on"
    return (words[0].replace("-", " "), words[1].replace("-", " ")), (taken, led)


if __name__ == "__main__":
    main()
