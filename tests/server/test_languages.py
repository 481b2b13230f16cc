"""The pages of a language are in that language: nothing of another is left in them."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from jinja2 import Environment

import kg
from kg import resources, words
from kg.exports import exports
from server import documents, overviews

TEMPLATES = sorted((Path(documents.__file__).parent / "templates").glob("*.html"))
# What is the same in every language: names, forms, addresses and commands.
SAME = re.compile(
    r"· |Cassibile|Turtle|BibTeX|CSL-JSON|OpenAPI|CITATION\.cff|CC0 1\.0|kg export|/[\w/-]+|noindex|offline\.html"
)
SPOKEN = re.compile(r'(?:aria-label|title|placeholder|alt|data-name)="([^"]*)"')
EMPTY = {
    "br",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "path",
    "rect",
    "circle",
    "line",
    "use",
    "stop",
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_says_nothing_but_messages(path: Path) -> None:
    tokens = Environment(autoescape=True).lex(path.read_text(encoding="utf-8"))
    text = "".join(value for _, kind, value in tokens if kind == "data")
    text = re.sub(r"<(style|script|kbd)\b.*?</\1>", "", text, flags=re.DOTALL)
    bare = re.sub(r' [\w-]+="[^"]*"', "", re.sub(r"<[^>]*>", "\n", text))  # those of macros
    shown = [*SPOKEN.findall(text), *bare.split("\n")]
    left = [line.strip() for line in shown if re.search(r"[^\W\d_]", SAME.sub("", line))]

    assert left == []


class Page(HTMLParser):
    """The words of a page that are in its own language, each run of them by itself."""

    def __init__(self, html: str, language: str) -> None:
        super().__init__()
        self.runs: list[str] = []
        self._language = language
        self._spoken: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        before = self._spoken[-1] if self._spoken else ""
        spoken = about.get("lang") or before
        if tag in {"script", "style", "code", "pre", "datalist", "textarea"}:
            spoken = "none"
        if spoken == self._language:
            self.runs += [about[name] or "" for name in ("aria-label", "title") if name in about]
        if tag not in EMPTY:
            self._spoken.append(spoken)

    def handle_endtag(self, tag: str) -> None:
        if tag not in EMPTY and self._spoken:
            self._spoken.pop()

    def handle_data(self, data: str) -> None:
        if self._spoken and self._spoken[-1] == self._language and data.strip():
            self.runs.append(" ".join(data.split()))


@pytest.fixture(scope="module")
def names(graph: kg.Graph) -> list[str]:
    """A name of every kind, one of each folder of rules, and the pages over the whole graph."""
    kinds: dict[str, str] = {}
    for name in resources.names(graph):
        kind = resources.kind_of(name)
        kinds.setdefault(name.rpartition("/")[0] if kind == "rule" else kind, name)
    return [*kinds.values(), *overviews.NAMES, "data"]


@pytest.mark.parametrize("language", [each for each in documents.LANGUAGES if each != "en"])
def test_no_page_has_english_left(client: FlaskClient, names: list[str], language: str) -> None:
    ours, english = (
        {" ".join(said.split()) for said in words.catalogue(each).values()}
        for each in (language, "en")
    )
    wrong = {said for said in english - ours if len(said) > 3 and "{" not in said}
    assert len(wrong) > 200
    for name in names:
        answer = client.get(documents.address(name, language=language))
        assert answer.status_code == 200, name
        runs = Page(answer.text, language).runs
        assert len(runs) > 10, name
        assert {run.rstrip(":.") for run in runs} & {w.rstrip(":.") for w in wrong} == set(), name


def test_the_forms_of_the_data_are_told_alike_by_the_page_and_by_the_command() -> None:
    for each in exports():
        assert words.say("en", f"export/{each.name}") == each.title
