"""The reading view: names and disputes marked, the evidence card, readings beside one another."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kg import paths
from kg.load import read_source
from kg.store import Graph
from server import edition
from server.app import create_app
from server.settings import Config

TEXT = "/text/italy-1943.html"
CLAIMS = "/text/italy-1943/claim"


@pytest.fixture(scope="module")
def text(graph: Graph) -> edition.Edition:
    return edition.edition(graph, "italy-1943", "en")


def named(text: edition.Edition, kind: str) -> str:
    """Return the words that name things of a kind, joined where a claim cuts them."""
    segments = [segment for paragraph in text.paragraphs for segment in paragraph]
    return "".join(s.words if s.kind == kind else "|" for s in segments)


def test_names_are_marked_by_kind(text: edition.Edition) -> None:
    assert "|General Dwight D Eisenhower|" in named(text, "person")
    assert "|Tarento|" in named(text, "place")
    assert "|VIII exército britânico|" in named(text, "group")
    assert "Sicília" not in named(text, "person")


def test_each_claim_has_one_first_marker_and_the_fewest_words_come_first(
    text: edition.Edition,
) -> None:
    segments = [segment for paragraph in text.paragraphs for segment in paragraph]
    first = [each.name for s in segments for each in s.ending if each.first]
    quotes = {
        claim.name: sum(len(quote.exact) for quote in claim.quotes)
        for claim in read_source(paths.SEEDS / "italy-1943")[0].claims
    }

    assert sorted(first) == sorted(marker.name for marker in text.claims)
    assert any(len(s.claims) > 1 for s in segments)
    for segment in segments:
        sizes = [quotes[claim] for claim in segment.claims]
        assert sizes == sorted(sizes)


def test_a_claim_is_disputed_where_it_says_what_another_source_denies(
    text: edition.Edition, client: FlaskClient
) -> None:
    disputed = {marker.name for marker in text.claims if marker.disputed}
    page = client.get(TEXT).text

    assert {"s03-4", "s04-3", "s09-1", "s13-1"} <= disputed  # Taranto, the Council, the Alps, …
    assert "s03-1" not in disputed
    assert 'aria-label="claim 3.4, disputed"' in page
    assert f"{len(disputed)} are disputed" in page
    # A date that follows from four claims together makes none of them disputed by itself.
    assert "s05-3" not in disputed


def test_the_card_of_a_claim_tells_words_place_time_dispute_and_what_follows(
    client: FlaskClient,
) -> None:
    card = client.get(f"{CLAIMS}/s03-4.html?part=card").text
    whole = client.get(f"{CLAIMS}/s03-4.html").text

    assert "<html" not in card
    assert card.strip() in whole
    for told in (
        "as principais cidades da ilha (Tarento, Palermo e Messina)",
        "430\N{EN DASH}488",
        'within <a href="/id/sicily.html">Sicily',
        "within Apulia according to reference works",
        "/disagreements.html#d-",
        "/fact/",
        f"{CLAIMS}/s03-4.ttl",
    ):
        assert told in card
    assert "12 of 64" in card


def test_a_claim_that_only_gives_a_date_says_so(client: FlaskClient) -> None:
    card = client.get(f"{CLAIMS}/s05-2b.html?part=card").text

    assert "formation of Badoglio&#39;s government" in card
    assert "“em 25 de julho”" in card


def test_what_would_fall_without_a_claim_and_which_answers_a_reading_changes(
    client: FlaskClient,
) -> None:
    preferred = client.get(f"{CLAIMS}/s01-4.html").text
    other = client.get(f"{CLAIMS}/s05-2b.html").text

    assert re.search(r"\d+ conclusions have no other support", preferred)
    assert "Answers that change" not in preferred
    assert "/questions/mussolinis-life-in-order.html" in other
    assert "/questions/who-announced-the-surrender.html" not in other


def test_readings_stand_side_by_side_and_the_text_can_be_read_the_other_way(
    client: FlaskClient,
) -> None:
    usual = client.get(TEXT).text
    other = client.get(f"{TEXT}?reading=s05-2b").text

    assert f"{TEXT}?reading=s05-2b" in usual
    assert 'id="s05-2"' in usual
    assert 'id="s05-2b"' not in usual
    assert 'id="s05-2b"' in other
    assert 'id="s05-2"' not in other
    assert "another reading" in other


def test_an_unknown_reading_is_told_with_the_nearest(client: FlaskClient) -> None:
    answer = client.get(f"{TEXT}?reading=s05-2c", headers={"Accept": "application/json"})

    assert answer.status_code == 404
    assert "did you mean s05-2b?" in answer.get_json(force=True)["detail"]


def test_a_claim_is_cited_with_words_offsets_and_digest(client: FlaskClient) -> None:
    page = client.get(f"{CLAIMS}/s03-4.html").text

    assert "characters 430-488 of the text with SHA-256" in page
    assert "@inbook{cassibile-italy-1943-claim-s03-4," in page
    assert "&#34;type&#34;: &#34;chapter&#34;" in page


def test_what_is_asked_of_the_front_page_is_not_kept_for_others(build: Path) -> None:
    app = create_app(Config(build))
    client = app.test_client()
    other = client.get("/?reading=s05-2b").text
    usual = client.get("/").text
    app.extensions["cassibile"].close()

    assert 'id="s05-2b"' in other
    assert 'id="s05-2b"' not in usual
