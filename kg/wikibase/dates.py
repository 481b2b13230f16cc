"""EDTF dates as Wikidata keeps dates: a time with its precision, or an unknown one in bounds."""

import re
from calendar import monthrange
from datetime import date, timedelta

from kg.dates import bounds_of
from kg.wikibase.model import DAY, DECADE, MONTH, SOME, YEAR, Snak, Time

POINT, START, END = "P585", "P580", "P582"
EARLIEST, LATEST = "P1319", "P1326"
_PLAIN = re.compile(r"([0-9]{3})X|([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_WRITTEN = re.compile(r"\+([0-9]{4})-([0-9]{2})-([0-9]{2})T.*")
_OPEN = {"", ".."}

Dated = tuple[Snak, tuple[Snak, ...]]


def time_of(edtf: str) -> Time | None:
    """Return a plain date as a time; None for what no single precision tells.

    >>> time_of("1943-07"), time_of("194X"), time_of("1943-26")
    (Time(time='+1943-07-00T00:00:00Z', precision=10, ...),
     Time(time='+1940-00-00T00:00:00Z', precision=8, ...), None)
    """
    found = _PLAIN.fullmatch(edtf)
    if not found:
        return None
    decade, year, month, day = found.groups()
    if decade:
        return Time(f"+{decade}0-00-00T00:00:00Z", DECADE)
    if month and int(month) > 12:  # a season
        return None
    precision = DAY if day else MONTH if month else YEAR
    return Time(f"+{year}-{month or '00'}-{day or '00'}T00:00:00Z", precision)


def of_event(edtf: str) -> list[Dated]:
    """Return when something was: its time, or its start and its end, each with qualifiers.

    >>> [(snak.property, snak.value.time) for snak, _ in of_event("1943-07-25/1943-09")]
    [('P580', '+1943-07-25T00:00:00Z'), ('P582', '+1943-09-00T00:00:00Z')]
    """
    left, slash, right = edtf.partition("/")
    if not slash:
        return [of_moment(POINT, edtf)]
    sides = ((START, left), (END, right))
    return [of_moment(pid, side) for pid, side in sides if side not in _OPEN]


def of_moment(pid: str, edtf: str) -> Dated:
    """Return a date of a property: a time, or an unknown one between two days.

    >>> [snak.value.time for snak in of_moment("P585", "1943-26")[1]]
    ['+1943-06-01T00:00:00Z', '+1943-08-31T00:00:00Z']
    """
    time = time_of(edtf)
    if time:
        return Snak(pid, time), ()
    bounds = bounds_of(edtf)
    days = ((EARLIEST, bounds.earliest_start), (LATEST, bounds.latest_end))
    return Snak(pid, SOME), tuple(Snak(each, on(day)) for each, day in days if day)


def on(day: date) -> Time:
    """Return a day as a time."""
    return Time(f"+{day.isoformat()}T00:00:00Z", DAY)


def span(time: Time) -> tuple[date, date] | None:
    """Return the first and the last day of a time that this module wrote."""
    found = _WRITTEN.fullmatch(time.time)
    if not found:
        return None
    year, month, day = map(int, found.groups())
    if time.precision == DECADE:
        return date(max(year, 1), 1, 1), date(year + 9, 12, 31)
    if time.precision == YEAR:
        return date(year, 1, 1), date(year, 12, 31)
    if time.precision == MONTH:
        return date(year, month, 1), date(year, month, monthrange(year, month)[1])
    return date(year, month, day), date(year, month, day)


def in_gregorian(year: int, month: int, day: int) -> tuple[int, int, int]:
    """Return a day of the Julian calendar in the Gregorian.

    Source: https://aa.usno.navy.mil/faq/JD_formula
    """
    before = (14 - month) // 12
    years, months = year + 4800 - before, month + 12 * before - 3
    number = day + (153 * months + 2) // 5 + 365 * years + years // 4 - 32083
    ages, days = divmod(number - 1_721_426, 146_097)  # since 1 January of the year 1; 400 years
    found = date.min + timedelta(days=days)
    return found.year + 400 * ages, found.month, found.day
