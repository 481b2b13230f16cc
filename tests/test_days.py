"""Days in words: who reads the words knows the bounds, and no more than these."""

import re
from datetime import date, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from kg import words
from kg.dates import Bounds
from kg.words.days import in_words, narrowed

MONTHS = words.say("en", "months").split()
DAYS = st.dates(date(1000, 1, 1), date(9999, 12, 31))
CLOSE = st.dates(date(1943, 1, 1), date(1944, 12, 31))  # they often share a month or a year
# Edges of months and years, which are called by their names.
EDGES = st.builds(
    lambda year, month, back: date(year, month, 1) - timedelta(days=back),
    st.integers(1943, 1945),
    st.integers(1, 12),
    st.integers(0, 1),
)


@st.composite
def bounds(draw: st.DrawFn) -> Bounds:
    days = sorted(
        draw(st.lists(draw(st.sampled_from([DAYS, CLOSE, EDGES])), min_size=4, max_size=4))
    )
    kept = draw(st.lists(st.booleans(), min_size=4, max_size=4))
    first, second, third, last = (
        day if keep else None for day, keep in zip(days, kept, strict=True)
    )
    return (
        Bounds(first, second, third, last)
        if draw(st.booleans())
        else Bounds(first, third, second, last)
    )


class Reader:
    """Reads English words back into bounds, by a grammar of its own."""

    day = re.compile(r"(\d+)(?: (\w+))?(?: (\d{4}))?")

    def __call__(self, text: str) -> Bounds:
        if text == "no day known":
            return Bounds()
        if found := re.fullmatch(r"not before (.*), not after (.*)", text):
            return self.whole(self.one(found[1]), self.one(found[2]))
        if text.startswith("not before "):
            return self.whole(self.one(text.removeprefix("not before ")), None)
        if text.startswith("not after "):
            return self.whole(None, self.one(text.removeprefix("not after ")))
        if found := re.fullmatch(r"from (.*); last day not known", text):
            return Bounds(*self.side(found[1]))
        if found := re.fullmatch(r"to (.*); first day not known", text):
            return Bounds(None, None, *self.side(found[1]))
        if found := re.fullmatch(r"from (.*) to (.*)", text):
            return Bounds(*self.side(found[1]), *self.side(found[2]))
        if found := re.fullmatch(r"(\d.*) to (.*)", text):
            last = self.one(found[2])
            first = self.one(found[1], last)
            return Bounds(first, first, last, last)
        return self.whole(*self.side(text.removeprefix("some day ").removeprefix("in ")))

    def whole(self, first: date | None, last: date | None) -> Bounds:
        return Bounds(first, last, first, last)

    def side(self, text: str) -> tuple[date | None, date | None]:
        if text.endswith(" or later"):
            return self.one(text.removesuffix(" or later")), None
        if text.endswith(" or earlier"):
            return None, self.one(text.removesuffix(" or earlier"))
        if found := re.fullmatch(r"between (.*) and (.*)", text):
            last = self.unit(found[2])[1]
            return self.unit(found[1], last)[0], last
        return self.unit(text)

    def unit(self, text: str, beside: date | None = None) -> tuple[date, date]:
        """Return the first and the last day of a day, a month or a year."""
        name, _, year = text.partition(" ")
        if re.fullmatch(r"\d{4}", text):
            return date(int(text), 1, 1), date(int(text), 12, 31)
        if name in MONTHS:
            number = MONTHS.index(name) + 1
            within = int(year) if year else beside.year if beside else 0
            following = (
                date(within + number // 12, number % 12 + 1, 1)
                if (within, number) != (9999, 12)
                else None
            )
            return date(within, number, 1), following - timedelta(
                days=1
            ) if following else date.max
        return self.one(text, beside), self.one(text, beside)

    def one(self, text: str, beside: date | None = None) -> date:
        found = self.day.fullmatch(text)
        assert found, text
        month = MONTHS.index(found[2]) + 1 if found[2] else beside.month if beside else 0
        year = int(found[3]) if found[3] else beside.year if beside else 0
        return date(year, month, int(found[1]))


@given(bounds(), st.booleans(), st.booleans())
def test_the_words_can_be_read_back_into_the_bounds(
    known: Bounds,
    momentary: bool,  # noqa: FBT001 drawn
    by_order: bool,  # noqa: FBT001 drawn
) -> None:
    told = in_words(known, "en", momentary=momentary, by_order=by_order)

    assert narrowed(known) == narrowed(Reader()(told)), told


@given(bounds(), bounds())
def test_other_bounds_have_other_words_in_each_language(one: Bounds, other: Bounds) -> None:
    assume(narrowed(one) != narrowed(other))
    for language in words.languages():
        assert in_words(one, language) != in_words(other, language)
