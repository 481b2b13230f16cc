"""The page of disagreements: both sides, their words and their sources."""

import re
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import kg
from kg import disagree
from kg.evidence import Evidence, of_claim
from kg.proof.tree import Proofs
from server import documents
from server.app import create_app
from server.settings import Config
from tests.helpers import write_seed

TEXT = "/text/italy-1943"


@pytest.fixture(scope="module")
def page(client: FlaskClient) -> str:
    answer = client.get("/disagreements")
    assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
    return unescape(answer.text)


def evidence(graph: kg.Graph) -> list[Evidence]:
    """Return the claims on which some side of a disagreement rests."""
    proofs = Proofs(graph.store)
    claims = {
        claim
        for found in disagree.read(graph.store)
        for side in disagree.sides(found, proofs)
        for claim in side.claims
    }
    return [of_claim(graph.store, claim) for claim in claims]


def section(page: str, subject: str, kind: str) -> str:
    """Return the part of the page on one disagreement."""
    (found,) = (
        part
        for part in page.split("<section ")
        if f"<code>{subject}</code>" in part and kind in part
    )
    return found


def test_every_disagreement_has_its_place_on_the_page(graph: kg.Graph, page: str) -> None:
    found = disagree.read(graph.store)
    names = [f"d-{each.name.value.rpartition('/')[2]}" for each in found]

    assert found
    assert re.findall(r'<section id="([^"]*)"', page) == names


def test_both_sides_stand_beside_each_other_with_what_they_say(page: str) -> None:
    taranto = section(page, "id:occupation-of-taranto", "disagreement on a date")

    assert re.findall('data-name="source">(.*?)</td>', taranto) == [
        "the text “The surrender of Italy”",
        "reference works",
    ]
    assert re.findall('data-name="says">(.*?)</td>', taranto) == [
        "between 1 June 1943 and 31 August 1943",
        "9 September 1943",
    ]
    assert taranto.count("weakest reading: ") == 1
    assert "weakest reading: reading by context" in taranto


def test_the_words_of_the_text_lead_to_their_claims_and_works_to_their_addresses(
    graph: kg.Graph, page: str
) -> None:
    told = evidence(graph)

    assert {bool(each.source) for each in told} == {True, False}
    for each in told:
        if each.source:
            assert f'<a href="{each.source}">' in page
            assert each.comment in page
        else:
            assert f'<a href="{TEXT}/claim/{each.name}.html">' in page
        for quote in each.quotes:
            assert f'“<span lang="pt">{quote.exact}</span>”' in page


def test_a_contradiction_that_no_proof_tells_is_told_in_one_clause(
    graph: kg.Graph, page: str
) -> None:
    bare = [each for each in disagree.read(graph.store) if each.claims]

    assert bare
    for each in bare:
        assert f"<p>{graph.label(each.name)}</p>" in page


def test_every_page_leads_to_the_page_and_it_to_each_disagreement(
    client: FlaskClient, graph: kg.Graph, page: str
) -> None:
    assert '<a href="/disagreements.html">Disagreements</a>' in client.get("/").text
    for found in disagree.read(graph.store):
        path = f"/disagreement/{found.name.value.rpartition('/')[2]}"
        assert f'href="{path}.html"' in page
        for language in ("en", "pt", "it"):
            own = unescape(client.get(documents.address(path[1:], language=language)).text)
            assert f"<h1>{graph.label(found.name, language)}</h1>" in own


def test_the_page_of_a_text_that_nothing_contradicts_says_so(tmp_path: Path) -> None:
    kg.build(tmp_path / "build", write_seed(tmp_path))
    page = create_app(Config(tmp_path / "build")).test_client().get("/disagreements").text

    assert "The sources agree." in page
    assert "<section" not in page
