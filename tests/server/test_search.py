"""Names and words are found as people write them, and each leads to its page or its place."""

import re
from html import unescape
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from kg import paths
from kg.load import Source, read_source
from server.documents import LANGUAGES, address


@pytest.fixture(scope="module")
def source() -> Source:
    return read_source(paths.SEEDS / "italy-1943")[0]


def search(client: FlaskClient, asked: str, language: str = "en") -> str:
    answer = client.get(address("search", language=language), query_string={"q": asked})
    assert (answer.status_code, answer.headers["Content-Language"]) == (200, language)
    return unescape(answer.text)


def results(page: str) -> list[str]:
    """Return the addresses of what was found, in order."""
    return re.findall(r'<li[^>]*><a href="([^"]*)"', page[page.index("</form>") :])


@pytest.mark.parametrize(
    "asked", ["Badoglio", "badolio", "GEN. BADOGLIO", "badogl", "pietro badoglio", "id:badoglio"]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_person_is_found_by_any_writing_of_the_name(
    client: FlaskClient, asked: str, language: str
) -> None:
    assert results(search(client, asked, language))[0] == address("id/badoglio", language=language)


@pytest.mark.parametrize("asked", ["Sicily", "Sicília", "Sicilia", "sicilia", "SICÍLIA"])
def test_a_place_is_found_by_its_name_in_any_language(client: FlaskClient, asked: str) -> None:
    assert "/id/sicily.html" in results(search(client, asked))


def test_words_of_a_text_are_found_with_the_claims_that_quote_them(
    client: FlaskClient, source: Source
) -> None:
    page = search(client, "operacao de comandos")
    (found,) = re.findall(r'<p class="found".*?</p>', page)

    assert [*re.findall("<mark>(.*?)</mark>", found)] == ["operação", "de", "comandos"]
    assert 'lang="pt"' in found
    plain = re.sub("<[^>]*>", "", found)
    assert plain in source.text
    links = re.findall(r'href="/text/italy-1943\.html#([^"]*)"', page)
    assert links
    claims = {claim.name: claim for claim in source.claims}
    for name in links:
        quoted = " ".join(quote.exact for quote in claims[name].quotes)
        assert any(word in quoted for word in ("operação", "de", "comandos"))


def test_a_typing_error_in_a_word_of_a_text_is_forgiven(client: FlaskClient) -> None:
    assert "<mark>desprestígio</mark>" in search(client, "despretigio")


def test_a_term_of_the_vocabulary_is_found_in_any_language(client: FlaskClient) -> None:
    for asked in ("succeeded", "sucedeu a", "succedette a"):
        assert "/ontology.html#succeeded" in results(search(client, asked))


def test_what_was_found_is_there(client: FlaskClient) -> None:
    links = results(search(client, "Mussolini"))

    assert len(links) > 5
    for link in links:
        assert client.get(urlsplit(link).path).status_code == 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_search_and_one_that_finds_nothing_say_what_to_do(
    client: FlaskClient, language: str
) -> None:
    empty = client.get(address("search", language=language))
    assert empty.status_code == 200
    assert len(results(empty.text)) > 3
    assert results(search(client, "  ", language)) == results(empty.text)

    links = results(search(client, "zzzqqqxx", language))
    assert links == [address("read", language=language), address("questions", language=language)]


def test_what_is_asked_is_never_taken_for_a_page(client: FlaskClient) -> None:
    nasty = '"><script>alert(1)</script>'
    answer = client.get("/search", query_string={"q": nasty})

    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    for long in ("a" * 10_000, "a " * 5_000, "\x00", "%", "é" * 300):
        assert client.get("/search", query_string={"q": long}).status_code == 200
