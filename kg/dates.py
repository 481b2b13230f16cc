"""EDTF, the standard for vague dates, read as four day bounds.

What the parts mean together is decided here: without a slash the occurrence lies somewhere
within, with a slash it extends from left to right. The library edtf reads a single date. It has
gaps, which are closed here: seasons on a side of an interval or in a set, marks within a date or
after a season, missing digits, open ends, spaces, and text after what it knows.
Source: https://www.loc.gov/standards/datetime/ (ISO 8601-2:2019, levels 0 to 2)
"""

import re
import warnings
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

from kg.errors import BadDate

with warnings.catch_warnings():  # edtf 5.0.2 is written for an older pyparsing, which warns of it
    warnings.simplefilter("ignore")
    from edtf import Date, DateAndTime, ExponentialYear, LongYear
    from edtf.appsettings import SEASON_L2_MONTHS_RANGE
    from pyparsing import ParseException

_EXAMPLES = "1943-07-25, 1943-07, 1943-26 (summer), 194X, 1943-07/.., [1944-02..1944-05], 1943~"
_NO_EDTF = "is not an EDTF date"
_NO_DAY = "names no day of the calendar"

# `?`, `~` and `%` stand just before a year, month or day, or just after one.
_MARK = re.compile(r"(?:^|(?<=-))[?~%](?=[0-9X])|(?<=[0-9X])[?~%](?=-|$)")
_MASKED = re.compile(r"[0-9X]{4}(?:-[0-9X]{2}){0,2}")
_SEASON = re.compile(r"(-?[0-9X]{4})-(2[1-9]|3[0-9]|4[01])")
# They begin in December (30 is the southern summer); the library takes December alone.
_WINTERS = {"24", "28", "30"}
_ROUNDED = re.compile(r"([0-9]{4}|Y.+)S([1-9][0-9]{0,8})")
_YEARS, _MONTHS, _DAYS = range(10_000), range(1, 13), range(1, 32)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is known of the first and the last day of something.

    Attributes:
        earliest_start: the first day is not before it; None where it is open, as with the others.
        latest_start: the first day is not after it.
        earliest_end: the last day is not before it.
        latest_end: the last day is not after it.
    """

    earliest_start: date | None = None
    latest_start: date | None = None
    earliest_end: date | None = None
    latest_end: date | None = None


def bounds_of(edtf: str) -> Bounds:
    """Return the four bounds that an EDTF date allows: inclusive days, proleptic Gregorian.

    `?`, `~` and `%` stay in the literal and do not widen; `..` or nothing leaves a bound open.
    Of a time of day the day is taken as written, whatever the zone. Seasons without a hemisphere
    (21 to 23) are the northern ones.

    Raises: BadDate, for what is no EDTF, names no day of the calendar, has no bounds (`XXXX`,
            `{…}`, a season over the turn of the year), is reversed, or lies outside the years
            1 to 9999.

    >>> bounds_of("1944-37").latest_end
    datetime.date(1944, 4, 30)
    >>> bounds_of("1943-07/..").latest_start, bounds_of("1943-07/..").latest_end
    (datetime.date(1943, 7, 31), None)
    >>> bounds_of("1944-1X").earliest_start, bounds_of("1950S2").latest_end
    (datetime.date(1944, 10, 1), datetime.date(1999, 12, 31))
    """
    left, slash, right = edtf.partition("/")
    starts = _side(left, edtf) if slash else _whole(edtf)
    ends = _side(right, edtf) if slash else starts
    if starts == (None, None) == ends:
        raise _refusal(edtf, "leaves every bound open")
    first, last = starts[0], ends[1]
    if first and last and first > last:
        raise _refusal(edtf, "ends before it begins")
    return Bounds(*starts, *ends)


def _side(part: str, edtf: str) -> tuple[date | None, date | None]:
    """Return the first and the last day that one side of an interval can mean."""
    return (None, None) if part in {"", ".."} else _days(part, edtf)


def _whole(edtf: str) -> tuple[date | None, date | None]:
    """Return the first and the last day that a date without a slash can mean."""
    if edtf in {"", ".."}:
        return None, None
    if edtf.startswith("{"):
        raise _refusal(edtf, "names several dates at once, which has no bounds")
    if edtf.startswith("[") and edtf.endswith("]"):
        return _set(edtf)
    if "T" in edtf:
        moment = _read(DateAndTime, edtf, edtf).date
        return _days(str(moment), edtf)
    return _days(edtf, edtf)


def _set(edtf: str) -> tuple[date | None, date | None]:
    """Return the first and the last day that one of a set can mean."""
    members = edtf[1:-1].split(",")
    if any(m.startswith("..") for m in members[1:]) or any(m.endswith("..") for m in members[:-1]):
        raise _refusal(edtf, "has an open end in the middle of a set")
    firsts, lasts = zip(*(_member(member, edtf) for member in members), strict=True)
    return (
        None if None in firsts else min(first for first in firsts if first),
        None if None in lasts else max(last for last in lasts if last),
    )


def _member(member: str, edtf: str) -> tuple[date | None, date | None]:
    """Return the first and the last day of a member of a set: a date, or a range of dates."""
    left, dots, right = member.partition("..")
    if not dots:
        return _days(member, edtf)
    first = _days(left, edtf)[0] if left else None
    last = _days(right, edtf)[1] if right else None
    if first and last and first > last:
        raise _refusal(edtf, "ends before it begins")
    return first, last


def _days(part: str, edtf: str) -> tuple[date, date]:
    """Return the first and the last day that a single date can mean."""
    bare = _MARK.sub("", part)
    if season := _SEASON.fullmatch(bare):
        return _season(*season.groups(), edtf=edtf)
    if rounded := _ROUNDED.fullmatch(bare):
        estimate = _year(rounded[1], edtf)
        # Zeros on the left are not significant.
        step = 10 ** max(len(str(estimate)) - int(rounded[2]), 0)
        least = estimate // step * step
        return _first_and_last(range(least, least + step), _MONTHS, _DAYS, edtf)
    if bare.startswith("Y"):
        return _first_and_last([_year(bare, edtf)], _MONTHS, _DAYS, edtf)
    if not _MASKED.fullmatch(bare.removeprefix("-")):
        raise _refusal(edtf, _NO_EDTF)
    if bare.startswith("XXXX"):
        raise _refusal(edtf, "leaves every digit of the year open, which has no bounds")
    if "X" not in bare:  # of missing digits the library fails on some, like `1984-1X`
        _read(Date, bare, edtf, _NO_DAY)
    if bare.startswith("-"):
        raise _outside(edtf)
    year, month, day = (*bare.split("-"), "XX", "XX")[:3]
    return _first_and_last(
        _numbers(year, _YEARS), _numbers(month, _MONTHS), _numbers(day, _DAYS), edtf
    )


def _season(year: str, number: str, *, edtf: str) -> tuple[date, date]:
    if number in _WINTERS:
        raise _refusal(
            edtf,
            "is a season over the turn of the year, and EDTF leaves open of which",
            "write its months, like [1943-12..1944-02]",
        )
    first, last = SEASON_L2_MONTHS_RANGE[int(number)]
    return _days(f"{year}-{first:02}", edtf)[0], _days(f"{year}-{last:02}", edtf)[1]


def _year(written: str, edtf: str) -> int:
    """Return the year of `1950`, `Y17E2` or `Y170000002`."""
    if not written.startswith("Y"):
        return int(written)
    if "E" not in written:
        _read(LongYear, written, edtf)
        raise _outside(edtf)  # it has five digits, or more
    read = _read(ExponentialYear, written, edtf)
    base, exponent = str(read.base), str(read.exponent)
    # Not calculated before it is known to be small: `Y1E999999999` is EDTF.
    if base.startswith("-") or len(exponent) > 1 or len(base) + int(exponent) > 4:
        raise _outside(edtf)
    return int(base + "0" * int(exponent))


def _read(kind: Any, written: str, edtf: str, why: str = _NO_EDTF) -> Any:
    """Return what a class of the library reads, where that is all that is written."""
    try:
        read = kind.parse(written)
    except ParseException as error:
        raise _refusal(edtf, why) from error
    if str(read) != written:  # the library skips spaces, and stops where it is at a loss
        raise _refusal(edtf, why)
    return read


def _numbers(mask: str, allowed: range) -> list[int]:
    """Return, ascending, the allowed numbers that a mask like `19X4` can mean."""
    digits = (range(10) if digit == "X" else [int(digit)] for digit in mask)
    numbers = (int("".join(map(str, chosen))) for chosen in product(*digits))
    return [number for number in numbers if number in allowed]


def _first_and_last(
    years: Sequence[int], months: Sequence[int], days: Sequence[int], edtf: str
) -> tuple[date, date]:
    if years[0] < 1:
        raise _outside(edtf)
    first = next(_calendar(years, months, days), None)
    last = next(_calendar(years[::-1], months[::-1], days[::-1]), None)
    if first is None or last is None:
        raise _refusal(edtf, _NO_DAY)
    return first, last


def _calendar(years: Sequence[int], months: Sequence[int], days: Sequence[int]) -> Iterator[date]:
    for year, month, day in product(years, months, days):
        if day <= monthrange(year, month)[1]:
            yield date(year, month, day)


def _outside(edtf: str) -> BadDate:
    # More than xsd:date need hold (https://www.w3.org/TR/xmlschema11-2/, "Partial Implementation
    # of Infinite Datatypes"), and than Python's dates can.
    return _refusal(edtf, "lies outside the years 1 to 9999")


def _refusal(edtf: str, why: str, hint: str = f"dates are written like {_EXAMPLES}") -> BadDate:
    return BadDate(f"the date “{edtf}” {why}", hint=hint)
