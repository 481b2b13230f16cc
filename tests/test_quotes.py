"""Sentences, and quotes found exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import BadQuote
from kg.quotes import CONTEXT, Span, locate, sentences

WORDS = st.text("ab .!?\nGen", max_size=60)


def test_a_quote_of_another_sentence_stands_once_in_the_text() -> None:
    assert locate("Roma cai. Pisa foge.", "cai", Span(10, 20)).span == Span(5, 8)


def test_a_doubled_quote_is_refused_even_where_another_sentence_has_it_once() -> None:
    with pytest.raises(BadQuote, match="stand there 2 times"):
        locate("Pisa e Pisa. Pisa.", "Pisa", Span(0, 12))


def test_an_absent_quote_names_the_nearest_passage() -> None:
    with pytest.raises(BadQuote, match="proclama-se o armistício"):
        locate("Em setembro proclama-se o armistício.", "proclamase o armistício")


def test_no_words_are_no_quote() -> None:
    with pytest.raises(BadQuote):
        locate("Roma", "")


def test_offsets_count_code_points() -> None:
    assert locate("\N{MATHEMATICAL BOLD CAPITAL R}oma cai", "cai").span == Span(5, 8)


@given(text=WORDS, start=st.integers(0, 60), length=st.integers(1, 9))
def test_a_located_quote_slices_back_with_its_context(text: str, start: int, length: int) -> None:
    exact = text[start : start + length]
    try:
        quote = locate(text, exact)
    except BadQuote:
        assert not exact or text.count(exact) != 1
        return

    a, b = quote.span.start, quote.span.end
    assert text[a:b] == exact
    assert text[max(0, a - CONTEXT) : b + CONTEXT] == quote.prefix + exact + quote.suffix


@given(WORDS)
def test_sentences_hold_every_word_once_and_in_order(text: str) -> None:
    spans = sentences(text, ["Gen."])

    assert (
        "".join(text[s.start : s.end] for s in spans).split()
        == "".join(text[s.start : s.end] for s in sorted(spans, key=lambda s: s.start)).split()
    )
    assert sum(len(text[s.start : s.end].split()) for s in spans) == len(text.split())
