"""Words of a text: its sentences, and where exactly a quote stands.

Offsets count code points and are half-open, as the Web Annotation model asks.
Source: https://www.w3.org/TR/annotation-model/#text-quote-selector
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from kg.errors import BadQuote

CONTEXT = 32  # code points of prefix and suffix: enough to find a quote again in an edited text


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text.

    Attributes:
        start: offset of the first code point.
        end: offset after the last one.
    """

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Quote:
    """Exact words, found.

    Attributes:
        exact: the words.
        span: where they stand: text[span.start:span.end] == exact.
        prefix: up to 32 code points before them.
        suffix: up to 32 code points after them.
    """

    exact: str
    span: Span
    prefix: str
    suffix: str


def sentences(text: str, abbreviations: Collection[str] = ()) -> list[Span]:
    """Return the sentences: each ends at `.`, `!` or `?` before white space or the end.

    A token that is an abbreviation does not end one.

    >>> text = "O Gen. Badoglio foge. Roma cai!"
    >>> [text[s.start:s.end] for s in sentences(text, ["Gen."])]
    ['O Gen. Badoglio foge.', 'Roma cai!']
    """
    spans = []
    start = len(text) - len(text.lstrip())
    for stop in re.finditer(r"[.!?](?=\s|$)", text):
        token = text[start : stop.end()].rsplit(maxsplit=1)[-1]
        if token in abbreviations:
            continue
        spans.append(Span(start, stop.end()))
        following = re.compile(r"\S").search(text, stop.end())
        start = following.start() if following else len(text)
    if start < len(text):
        spans.append(Span(start, len(text.rstrip())))
    return spans


def locate(text: str, exact: str, sentence: Span | None = None) -> Quote:
    """Return where the words stand: once in the sentence, else once in the whole text.

    Raises: BadQuote, if the words are absent (with the nearest passage) or there more than once.

    >>> locate("Roma cai. Pisa cai.", "cai", Span(10, 19)).span
    Span(start=15, end=18)
    """
    for span in (sentence, Span(0, len(text))):
        if span is None:
            continue
        found = text.count(exact, span.start, span.end) if exact else 0
        if found == 1:
            start = text.index(exact, span.start, span.end)
            end = start + len(exact)
            return Quote(
                exact,
                Span(start, end),
                text[max(0, start - CONTEXT) : start],
                text[end : end + CONTEXT],
            )
        if found > 1:
            raise BadQuote(
                f"the words “{exact}” stand there {found} times",
                hint="quote more of the sentence, so that they stand there once",
            )
    nearest = nearest_passage(text, exact)
    hint = f"the nearest passage is “{nearest}”" if nearest else "quote words of the text"
    raise BadQuote(f"the words “{exact}” are not in the text", hint=hint)


def nearest_passage(text: str, words: str) -> str:
    """Return the passage of the text most like the words, in whole words; empty if none is.

    >>> nearest_passage("Em setembro proclama-se o armistício", "proclamase o armisticio")
    'proclama-se o armistício'
    """
    if not words:
        return ""
    starts = [m.start() for m in re.finditer(r"(?<!\S)\S", text)]
    ends = [m.end() for m in re.finditer(r"\S(?!\S)", text)]
    blocks = SequenceMatcher(None, text, words, autojunk=False).get_matching_blocks()
    core = max(blocks, key=lambda b: b.size)
    if core.size < min(4, len(words)):
        return ""
    first = _nearest(starts, core.a - core.b)
    last = _nearest(ends, core.a - core.b + len(words))
    return text[first:last] if first < last else ""


def covered(length: int, spans: Sequence[Span]) -> float:
    """Return the share of the characters of a text that lie in one of the spans, 0 to 1."""
    inside = {offset for span in spans for offset in range(span.start, span.end)}
    return len(inside) / length if length else 0.0


def _nearest(offsets: Sequence[int], wanted: int) -> int:
    return min(offsets, key=lambda offset: abs(offset - wanted))
