"""The frozen site is the server's, as files: the same bytes but for links, which lead to files."""

import gzip
import posixpath
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from urllib.request import urlopen

import pytest
from flask.testing import FlaskClient

import kg
from kg import resources
from kg.words import say
from server import documents, overviews, single
from server.freeze import file_of
from tests.helpers import hosting

_LINK = re.compile(r'\b(?:href|src|action)="([^"]*)"')
_INSTEAD = "|".join(say(each, "page/frozen-form") for each in documents.LANGUAGES)
_FORM = re.compile(
    rf'<form\b.*?</form>|<p class="note">(?:{_INSTEAD}).*?</p>', re.DOTALL
)  # and what a copy has in the place of one
OVERVIEWS = [
    documents.address(name, language=language)
    for name in (*overviews.NAMES, "data")
    for language in documents.LANGUAGES
]


@pytest.fixture(scope="module")
def site(client: FlaskClient, tmp_path_factory: pytest.TempPathFactory) -> Path:
    build = client.application.extensions["cassibile"].config.build
    out = tmp_path_factory.mktemp("frozen") / "site"
    done = freeze(out, build)
    assert done.returncode == 0, done.stderr
    assert f"{out}/index.html" in done.stdout
    return out


def freeze(out: Path, build: Path, *options: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "kg", "freeze", str(out), "--build", str(build), *options]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def sample(graph: kg.Graph) -> list[str]:
    """The names of every kind but facts, and one fact in fifty."""
    names = resources.names(graph)
    facts = [name for name in names if resources.kind_of(name) == "fact"]
    return [name for name in names if resources.kind_of(name) != "fact"] + facts[::50]


def told(html: str) -> str:
    """Return a page without its links and forms, and without what a copy has in their place."""
    return re.sub(r"\s+", " ", _LINK.sub("", _FORM.sub("", html)))


@pytest.mark.slow
def test_every_document_of_every_name_is_there(site: Path, graph: kg.Graph) -> None:
    missing = [
        address
        for name in resources.names(graph)
        for address in (
            *(documents.address(name, form) for form in documents.FORMS[1:]),
            *(documents.address(name, language=each) for each in documents.LANGUAGES),
        )
        if not (site / file_of(address)).is_file()
    ]

    assert missing == []


@pytest.mark.slow
def test_the_files_are_what_the_server_answers(
    site: Path, client: FlaskClient, sample: list[str]
) -> None:
    for name in sample[::5]:
        for form in documents.FORMS[1:]:
            address = documents.address(name, form)
            assert (site / file_of(address)).read_bytes() == client.get(address).data, address
        for language in documents.LANGUAGES:
            address = documents.address(name, language=language)
            assert told((site / file_of(address)).read_text()) == told(client.get(address).text)
    for address in ("/", "/questions", "/data", "/robots.txt", "/sitemap.xml"):
        assert told((site / file_of(address)).read_text()) == told(client.get(address).text)
    assert (site / "style.css").read_bytes() == client.get("/style.css").data
    assert (site / "terms.json").read_bytes() == client.get("/terms.json").data


@pytest.mark.slow
@pytest.mark.parametrize("address", OVERVIEWS)
def test_a_page_over_the_whole_graph_is_the_servers(
    site: Path, client: FlaskClient, address: str
) -> None:
    sizes = re.compile(r' <span class="soft">[\d.]+ \w+</span>')  # of dumps, made or not
    here, there = ((site / file_of(address)).read_text(), client.get(address).text)

    assert sizes.sub("", told(here)) == sizes.sub("", told(there))


@pytest.mark.slow
@pytest.mark.parametrize("address", OVERVIEWS)
def test_a_copy_has_no_form_that_nothing_would_answer(site: Path, address: str) -> None:
    page = (site / file_of(address)).read_text()

    assert "<form" not in page
    assert "<textarea" not in page


@pytest.mark.slow
def test_static_files_are_there_with_the_parts_of_others(site: Path) -> None:
    static = Path(documents.__file__).with_name("static")
    files = [path for path in static.rglob("*") if path.is_file()]

    assert files
    for path in files:
        assert (site / "static" / path.relative_to(static)).read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_the_copy_in_one_file_is_the_servers(site: Path, client: FlaskClient) -> None:
    if not single.is_possible():
        assert not (site / "offline.html").exists()
        pytest.skip("the bundle was not built")
    with client.get("/offline.html") as answer:
        assert (site / "offline.html").read_bytes() == answer.data
    assert 'href="offline.html"' in (site / "data.pt.html").read_text()
    assert 'href="offline.html#it-query"' in (site / "query.it.html").read_text()


@pytest.mark.slow
def test_every_link_is_relative_and_leads_to_a_file(site: Path, sample: list[str]) -> None:
    for name in [
        *(documents.address(each) for each in sample),
        "/",
        "/questions",
        "/data",
        *OVERVIEWS,
    ]:
        file = file_of(name)
        for link in _LINK.findall((site / file).read_text()):
            if re.match(r"https?://|#", link):
                continue
            assert not link.startswith("/"), link
            path = link.partition("#")[0].partition("?")[0]
            target = posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
            assert (site / target).is_file(), (file, link)


@pytest.mark.slow
def test_the_dumps_are_those_of_the_export(site: Path, graph: kg.Graph) -> None:
    plain = (site / "dump/cassibile.nq").read_bytes()

    assert gzip.decompress((site / "dump/cassibile.nq.gz").read_bytes()) == plain
    assert plain.count(b"\n") == graph.report["quads"]
    assert (site / "dump/rocrate.zip").stat().st_size > 0


@pytest.fixture
def served(site: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with hosting(partial(Quiet, directory=str(site))) as address:
        yield address


@pytest.mark.slow
def test_any_server_of_files_serves_it(served: str) -> None:
    for path in ("/", "/questions/", "/id/badoglio.html", "/id/badoglio.ttl", "/.well-known/void"):
        with urlopen(served + path) as answer:
            assert answer.status == 200
            assert answer.read()


def test_a_folder_with_other_files_is_left_alone(build: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = freeze(tmp_path, build)

    assert done.returncode == 2
    assert "the folder holds other files" in done.stderr
    assert "give a new folder, or one that kg freeze made" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_without_a_build_it_says_how_to_make_one(tmp_path: Path) -> None:
    done = freeze(tmp_path / "site", tmp_path / "none")

    assert done.returncode == 2
    assert "there is no graph here yet" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(not single.is_possible(), reason="the bundle was not built")
def test_one_file_is_written_and_only_such_a_file_is_replaced(build: Path, tmp_path: Path) -> None:
    out, mine = tmp_path / "italy.html", tmp_path / "mine.html"
    mine.write_text("mine")
    first, again = freeze(out, build, "--single"), freeze(out, build, "--single")
    refused = freeze(mine, build, "--single")

    assert (first.returncode, again.returncode) == (0, 0)
    assert out.read_bytes().startswith(b"<!doctype html>")
    assert refused.returncode == 2
    assert "there is something else of that name" in refused.stderr
    assert mine.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["italy.html", "mine.html"]


def test_a_folder_is_not_written_over_a_file(build: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    done = freeze(tmp_path / "mine", build)

    assert done.returncode == 2
    assert "give a folder, or --single to write one file" in done.stderr
