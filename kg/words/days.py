"""Days that are known by their bounds, in words.

The words say as much as the bounds do: who reads them knows each bound that does not follow from
another one. Whole months and years are called by their names.
"""

from calendar import monthrange
from datetime import date

from kg import words
from kg.dates import Bounds


def in_words(
    bounds: Bounds, language: str, *, momentary: bool = False, by_order: bool = False
) -> str:
    """Return what is known of the first and the last day.

    What is momentary takes place on one day. Where only the order of things gives the days, they
    are told as limits, and not as a date.

    >>> from kg.dates import bounds_of
    >>> in_words(bounds_of("1943-07-25"), "en"), in_words(bounds_of("1943-26"), "en")
    ('25 July 1943', 'between June and August 1943')
    >>> in_words(bounds_of("1944-37/1945-04-28"), "en")
    'from between January and April 1944 to 28 April 1945'
    >>> in_words(bounds_of("1943-09"), "en", momentary=True)
    'some day in September 1943'
    """
    known = narrowed(bounds)
    first, last = known.earliest_start, known.latest_end
    # These two say nothing new, where one follows from the other.
    latest = None if known.latest_start == last else known.latest_start
    earliest = None if known.earliest_end == first else known.earliest_end
    if latest or earliest:
        return _extent(Bounds(first, known.latest_start, known.earliest_end, last), language)
    if first and first == last:
        return words.day(language, first)
    if first and last:
        if by_order:
            limits = {"first": words.day(language, first), "last": words.day(language, last)}
            return words.say(language, "when/limits", **limits)
        return _within(first, last, language, momentary=momentary)
    if first:
        return words.say(language, "when/not-before", day=words.day(language, first))
    if last:
        return words.say(language, "when/not-after", day=words.day(language, last))
    return words.say(language, "when/unknown")


def narrowed(bounds: Bounds) -> Bounds:
    """Return the bounds with what follows from this alone, that nothing ends before it begins.

    >>> from kg.dates import bounds_of
    >>> narrowed(bounds_of("1943-07/..")).earliest_end
    datetime.date(1943, 7, 1)
    """
    first, last = bounds.earliest_start, bounds.latest_end
    latest = min((day for day in (bounds.latest_start, last) if day), default=None)
    earliest = max((day for day in (bounds.earliest_end, first) if day), default=None)
    return Bounds(first, latest, earliest, last)


def _extent(known: Bounds, language: str) -> str:
    """Return what is known of the first day and of the last, one after the other."""
    first, latest, earliest, last = (
        known.earliest_start,
        known.latest_start,
        known.earliest_end,
        known.latest_end,
    )
    latest = None if latest == last and first != latest else latest
    earliest = None if earliest == first and last != earliest else earliest
    if first and last and first == latest and earliest == last:
        days = {"first": _until(first, last, language), "last": words.day(language, last)}
        return words.say(language, "when/days", **days)
    start, end = _span(first, latest, language), _span(earliest, last, language)
    if start and end:
        return words.say(language, "when/from-to", start=start, end=end)
    if start:
        return words.say(language, "when/from", start=start)
    return words.say(language, "when/to", end=end)


def _span(first: date | None, last: date | None, language: str) -> str:
    """Return which day a day may be; nothing where no bound is known."""
    if first and last:
        if first == last:
            return words.day(language, first)
        return _one_unit(first, last, language) or _between(first, last, language)
    if first:
        return words.say(language, "from-day", day=words.day(language, first))
    return words.say(language, "until-day", day=words.day(language, last)) if last else ""


def _within(first: date, last: date, language: str, *, momentary: bool) -> str:
    unit = _one_unit(first, last, language)
    if not unit:
        between = _between(first, last, language)
        return words.say(language, "when/some-day", span=between) if momentary else between
    size = "year" if _are_years(first, last) else "month"
    return words.say(language, f"when/{'some-day-' if momentary else ''}in-{size}", span=unit)


def _one_unit(first: date, last: date, language: str) -> str:
    """Return the month or the year that goes from one day to another; nothing if none does."""
    if _are_years(first, last) and first.year == last.year:
        return str(first.year)
    if _are_months(first, last) and (first.year, first.month) == (last.year, last.month):
        return _month_of_year(first, language)
    return ""


def _between(first: date, last: date, language: str) -> str:
    if _are_years(first, last):
        names = {"first": str(first.year), "last": str(last.year)}
    elif _are_months(first, last):
        same = first.year == last.year
        begin = _month(first, language) if same else _month_of_year(first, language)
        names = {"first": begin, "last": _month_of_year(last, language)}
    else:
        names = {"first": _until(first, last, language), "last": words.day(language, last)}
    return words.say(language, "between-days", **names)


def _until(first: date, last: date, language: str) -> str:
    """Return a day without the month and the year that another day after it tells too."""
    if first.year != last.year:
        return words.day(language, first)
    if first.month != last.month:
        month = _month(first, language)
        return words.say(language, "when/day-of-month", day=str(first.day), month=month)
    return str(first.day)


def _month_of_year(day: date, language: str) -> str:
    month = _month(day, language)
    return words.say(language, "when/month-of-year", month=month, year=str(day.year))


def _month(day: date, language: str) -> str:
    return words.say(language, "months").split()[day.month - 1]


def _are_years(first: date, last: date) -> bool:
    return (first.month, first.day, last.month, last.day) == (1, 1, 12, 31)


def _are_months(first: date, last: date) -> bool:
    return first.day == 1 and last.day == monthrange(last.year, last.month)[1]
