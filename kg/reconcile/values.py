"""What is told of an entity, beside what a client says of it: things, words, and days.

A date is an interval of days, so that a year agrees with each of its days. Days are counted
without a calendar of Python's, which has none before the year 1.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple

from kg import dates
from kg.errors import BadDate

CONTRADICTED = 50.0  # a value that is less like than this says another thing
_WIDER = 90.0  # for a day that is told less exactly than it is asked
_CROSSING = 70.0  # for days of which only some are the same
_PLAIN = re.compile(r"([+-]?\d{4,7})(?:-(\d{1,2})(?:-(\d{1,2})(?:T.*)?)?)?")
_ABOUT = re.compile(r"^\s*(?:c\.|ca\.?|circa|about|cerca de|verso il)\s*", re.IGNORECASE)
_OPEN = 10**12  # days: later than any date


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a property.

    Attributes:
        kind: what it is.
        text: the id of a thing, the words, or a date in EDTF.
        language: of words; may be empty.
    """

    kind: Literal["thing", "words", "date"]
    text: str
    language: str = ""


class Days(NamedTuple):
    """The first and the last day of an interval, counted from 1970-01-01."""

    first: int
    last: int


def likeness(
    asked: str, values: Iterable[Value], *, alike: Callable[[str, Value], float]
) -> float:
    """Return how like the best of some values is to what is asked, from 0 to 100."""
    return max((_likeness(asked, value, alike) for value in values), default=0.0)


def _likeness(asked: str, value: Value, alike: Callable[[str, Value], float]) -> float:
    if value.kind == "date":
        here, there = days(value.text), days(asked)
        return agreement(there, here) if here and there else alike(asked, value)
    return alike(asked, value)


def agreement(asked: Days, told: Days) -> float:
    """Return how well two intervals agree, from 0 to 100.

    >>> agreement(days("1943"), days("1943-07-25")), agreement(days("1943-07-25"), days("1943"))
    (100.0, 90.0)
    >>> agreement(days("1943-07"), days("1943-08-01"))
    0.0
    """
    if asked.first <= told.first and told.last <= asked.last:
        return 100.0
    if told.first <= asked.first and asked.last <= told.last:
        return _WIDER
    return _CROSSING if asked.first <= told.last and told.first <= asked.last else 0.0


@lru_cache(maxsize=10_000)
def days(written: str) -> Days | None:
    """Return the days that a date can mean: EDTF, a date-time, a year of any size; None if none.

    A date that is only about right (`1943~`, `circa 1943`) is twice its length wider on each side.

    >>> days("-0043") < days("0001") < days("1943-07-25T00:00Z")
    True
    >>> days("c. 1943") == days("1943~"), days("1943/1945") == days("1943-XX/1945")
    (True, True)
    """
    text = written.strip()
    bare = _ABOUT.sub("", text)
    about = bare != text or "~" in bare or "%" in bare
    found = _plain(bare.rstrip("~%?")) or _edtf(bare)
    if found and about:
        more = 2 * (found.last - found.first + 1)
        return Days(found.first - more, found.last + more)
    return found


def _plain(text: str) -> Days | None:
    """Return the days of a year, a month or a day; those of a calendar that goes on before it."""
    found = _PLAIN.fullmatch(text)
    if not found:
        return None
    year, month, day = int(found[1]), int(found[2] or 0), int(found[3] or 0)
    if (found[2] and not 1 <= month <= 12) or (found[3] and not 1 <= day <= 31):
        return None
    if day:
        return Days(_number(year, month, day), _number(year, month, day))
    if month:
        after = (year + 1, 1) if month == 12 else (year, month + 1)
        return Days(_number(year, month, 1), _number(*after, 1) - 1)
    return Days(_number(year, 1, 1), _number(year + 1, 1, 1) - 1)


def _edtf(text: str) -> Days | None:
    try:
        bounds = dates.bounds_of(text)
    except BadDate:
        return None
    ends = (bounds.earliest_start, bounds.latest_end)
    first, last = (_number(each.year, each.month, each.day) if each else None for each in ends)
    return Days(-_OPEN if first is None else first, _OPEN if last is None else last)


def _number(year: int, month: int, day: int) -> int:
    """Return the number of a day of the proleptic Gregorian calendar.

    Source: https://howardhinnant.github.io/date_algorithms.html#days_from_civil

    >>> _number(1970, 1, 1), _number(2000, 3, 1) - date(2000, 2, 28).toordinal() + 719163
    (0, 2)
    """
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def whole_day(edtf: str) -> date | None:
    """Return the day of a date that is known to the day; None for any other.

    >>> whole_day("1943-09-03"), whole_day("1943-09"), whole_day("1943-09-03~")
    (datetime.date(1943, 9, 3), None, None)
    """
    try:
        return date.fromisoformat(edtf) if re.fullmatch(r"\d{4}-\d\d-\d\d", edtf) else None
    except ValueError:
        return None
