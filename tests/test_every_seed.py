"""What holds of every text, and what the first one must be."""

from hashlib import sha256
from itertools import combinations

import pytest

import kg
from kg import paths
from kg.load import Source, read_source
from kg.terms import CAS, shorten

FOLDERS = sorted(p for p in paths.SEEDS.iterdir() if p.is_dir())
# S1 to S15 of the first text, in code points, half-open.
SENTENCES = [
    (0, 239), (240, 331), (332, 489), (490, 643), (644, 872), (873, 938), (939, 1098),
    (1099, 1160), (1161, 1263), (1264, 1443), (1444, 1535), (1536, 1665), (1666, 1845),
    (1846, 1913), (1914, 2024),
]  # fmt: skip


def read(name: str) -> Source:
    return read_source(paths.SEEDS / name)[0]


def test_there_are_texts() -> None:
    assert FOLDERS


def test_no_text_has_a_finding() -> None:
    assert kg.check()[1] == []


@pytest.mark.parametrize("name", [f.name for f in FOLDERS])
def test_every_quote_is_the_words_at_its_offsets(name: str) -> None:
    source = read(name)

    for claim in source.claims:
        assert claim.quotes
        for quote in claim.quotes:
            assert source.text[quote.span.start : quote.span.end] == quote.exact


@pytest.mark.parametrize("name", [f.name for f in FOLDERS])
def test_a_claim_is_literal_or_says_what_was_supplied(name: str) -> None:
    for claim in read(name).claims:
        said = {shorten(t.predicate): t.object for t in claim.about}
        assert (said["cas:reading"] == CAS.Literal) or "rdfs:comment" in said, claim.name


@pytest.mark.parametrize("name", [f.name for f in FOLDERS])
def test_no_interval_is_shared_between_claims(name: str) -> None:
    intervals = [
        {t.subject for t in claim.triples if t.predicate == CAS.edtf}
        for claim in read(name).claims
    ]

    assert any(intervals)
    assert not any(a & b for a, b in combinations(intervals, 2))


def test_the_first_text_is_the_one_received() -> None:
    content = (paths.SEEDS / "italy-1943" / "text.txt").read_bytes()

    assert sha256(content).hexdigest() == (
        "8fc0c35260a2b5936580973e6fa52aa7579fa37fd0f68428ab39088605430baa"
    )


def test_the_first_text_has_its_fifteen_sentences() -> None:
    assert [(s.start, s.end) for s in read("italy-1943").sentences] == SENTENCES


def test_every_sentence_of_the_first_text_makes_claims() -> None:
    source = read("italy-1943")

    assert {c.sentence for c in source.claims if c.asserted} == set(range(1, 16))
    assert len(source.claims) >= 60
    assert source.coverage >= 0.95


def test_every_alternative_stands_beside_an_asserted_claim_of_its_sentence() -> None:
    claims = {c.iri: c for c in read("italy-1943").claims}
    alternatives = [c for c in claims.values() if not c.asserted]

    assert {c.name for c in alternatives} >= {
        "s04-5b", "s05-2b", "s05-5b", "s06-1b", "s07-1b", "s10-1b", "s11-1b", "s13-2b",
    }  # fmt: skip
    for claim in alternatives:
        assert claim.alternative_to is not None
        assert claims[claim.alternative_to].asserted
        assert claims[claim.alternative_to].sentence == claim.sentence
