"""Values as Wikidata keeps them: items, times, points and words, and how two of them stand.

Source: https://doc.wikimedia.org/Wikibase/master/php/docs_topics_json.html
"""

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from kg.wikibase import dates
from kg.wikibase.model import DECADE, MONTH, YEAR

GREGORIAN, JULIAN, EARTH = "Q1985727", "Q1985786", "Q2"  # of pids and qids, see ontology/wikibase
ITEM_ID = re.compile(r"Q[1-9][0-9]*")
_TIME = re.compile(r"([+-])0*([0-9]+)-([0-9]{2})-([0-9]{2})T[0-9:]{8}Z")
_SECOND = 1 / 3600  # of arc: what a point without a precision is taken to be exact to
_LEAST = 0.01  # degrees: nearer points are one, since a town is no point


@dataclass(frozen=True, slots=True)
class Item:
    """A thing.

    Attributes:
        id: `Q220`; of ours that has no item, its IRI.
    """

    id: str

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Time:
    """A date as it is kept: without its precision it says more than is known.

    Attributes:
        time: `+1943-07-00T00:00:00Z`.
        precision: 11 a day, 10 a month, 9 a year, 8 a decade; less is coarser.
        calendar: Q1985727, Gregorian, or Q1985786, Julian, in which the digits are.
    """

    time: str
    precision: int
    calendar: str = GREGORIAN

    def __str__(self) -> str:
        """Return the date as far as it is known, `1943-07`."""
        found = _TIME.fullmatch(self.time)
        if not found:
            return self.time
        sign, year, month, day = found.groups()
        parts = [f"{'-' if sign == '-' else ''}{int(year):04}", month, day]
        written = "-".join(parts[: max(self.precision - 8, 1)])
        if self.precision == DECADE:
            written = f"{written[:-1]}X"
        return f"{written} (Julian)" if self.calendar == JULIAN else written


@dataclass(frozen=True, slots=True)
class Vague:
    """A date that no one precision tells: a summer, or some time within a period.

    Attributes:
        first: day that it can be; None where that is open.
        last: day that it can be.
        edtf: as it is written.
    """

    first: date | None
    last: date | None
    edtf: str

    def __str__(self) -> str:
        return self.edtf


@dataclass(frozen=True, slots=True)
class Point:
    """Where something lies, in degrees.

    Attributes:
        latitude: of it.
        longitude: of it.
        precision: in degrees too; None where none is kept.
        globe: the item of the planet.
    """

    latitude: float
    longitude: float
    precision: float | None = None
    globe: str = EARTH

    def __str__(self) -> str:
        return f"{self.latitude:g}, {self.longitude:g}"


@dataclass(frozen=True, slots=True)
class Words:
    """Text, with its language if it has one."""

    text: str
    language: str = ""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Other:
    """A value of a kind that is not compared: a quantity, a file."""

    written: str

    def __str__(self) -> str:
        return self.written


class Special(Enum):
    """What stands where there is no value."""

    SOME = "somevalue"
    NONE = "novalue"

    def __str__(self) -> str:
        return self.value


Value = Item | Time | Vague | Point | Words | Other | Special


class Stand(Enum):
    """How a value of ours stands to one of theirs."""

    SAME = "same"
    FINER = "finer"
    COARSER = "coarser"
    OVERLAP = "overlap"
    APART = "apart"
    UNLIKE = "not comparable"


def time_of(edtf: str) -> Time | None:
    """Return a plain EDTF date as a time; None for what no single precision tells.

    >>> time_of("1943-07"), time_of("194X"), time_of("1943-26")
    (Time(time='+1943-07-00T00:00:00Z', precision=10, calendar='Q1985727'),
     Time(time='+1940-00-00T00:00:00Z', precision=8, calendar='Q1985727'), None)
    """
    found = dates.time_of(edtf)
    return Time(found.time, found.precision) if found else None


def days_of(value: Value) -> tuple[date | None, date | None] | None:
    """Return the first and the last day that a date can mean, proleptic Gregorian.

    None for what is no date, is coarser than a decade, lies outside the years 1 to 9999, or is in
    a calendar that is not known. A day in the Julian calendar is converted; of a month or a year
    that would say too much.

    >>> days_of(Time("+1943-07-00T00:00:00Z", 10))
    (datetime.date(1943, 7, 1), datetime.date(1943, 7, 31))
    >>> days_of(Time("+1582-10-05T00:00:00Z", 11, JULIAN))
    (datetime.date(1582, 10, 15), datetime.date(1582, 10, 15))
    """
    if isinstance(value, Vague):
        return value.first, value.last
    if not isinstance(value, Time) or value.precision < DECADE:
        return None
    found = _TIME.fullmatch(value.time)
    if not found or value.calendar not in {GREGORIAN, JULIAN} or found[1] == "-":
        return None
    year, month, day = map(int, found.groups()[1:])
    if not 1 <= year <= 9989 or month > 12:  # a decade later must still be a date
        return None
    if value.precision == DECADE:
        first = max(year // 10 * 10, 1)
        return date(first, 1, 1), date(year // 10 * 10 + 9, 12, 31)
    if value.precision == YEAR or month == 0:
        return date(year, 1, 1), date(year, 12, 31)
    if value.precision == MONTH or day == 0:
        return date(year, month, 1), date(year, month, monthrange(year, month)[1])
    if value.calendar == JULIAN:
        converted = _of_julian(year, month, day)
        return converted, converted
    whole = date(year, month, min(day, monthrange(year, month)[1]))  # the 31st of June is its last
    return whole, whole


def compare(ours: Value, theirs: Value) -> Stand:
    """Return how a value of ours stands to one of theirs, things taken as what they are called.

    A date is finer than another if it lies within it. Points are the same if they differ by no
    more than the coarser precision, or a hundredth of a degree.
    """
    if isinstance(ours, Special) or isinstance(theirs, Special | Other):
        return Stand.UNLIKE
    if isinstance(ours, Time | Vague) and isinstance(theirs, Time | Vague):
        mine, other = days_of(ours), days_of(theirs)
        return _of_days(mine, other) if mine and other else Stand.UNLIKE
    if isinstance(ours, Point) and isinstance(theirs, Point):
        return _of_points(ours, theirs)
    if isinstance(ours, Words) and isinstance(theirs, Words):
        if ours.language.lower() != theirs.language.lower():
            return Stand.UNLIKE
        return Stand.SAME if plain(ours.text) == plain(theirs.text) else Stand.APART
    if isinstance(ours, Item) and isinstance(theirs, Item):
        return Stand.SAME if ours == theirs else Stand.APART
    return Stand.UNLIKE


def plain(text: str) -> str:
    """Return words as they are compared: composed, and each run of spaces one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def read(snak: Any) -> Value:
    """Return the value of a snak of entity JSON.

    Raises: ValueError, for what is no snak.
    """
    if not isinstance(snak, dict):
        raise ValueError("a snak that is no object")  # noqa: TRY004 it is said of data
    kind = snak.get("snaktype")
    if kind in {"somevalue", "novalue"}:
        return Special(kind)
    if kind != "value":
        raise ValueError(f"a snak of the unknown type {kind!r}")
    try:
        return _read_value(snak["datavalue"]["type"], snak["datavalue"]["value"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"a value without what it needs: {error}") from error


def id_of(iri: str) -> str:
    """Return the id at the end of an address, `Q2`."""
    return iri.rpartition("/")[2]


def _read_value(kind: str, value: Any) -> Value:
    if kind == "wikibase-entityid":
        letter = {"item": "Q", "property": "P"}.get(value.get("entity-type"), "")
        found = value.get("id") or (f"{letter}{value['numeric-id']}" if letter else "")
        if not found:
            raise ValueError("an entity without an id")
        return Item(str(found).upper())
    if kind == "time":
        calendar = id_of(str(value["calendarmodel"]))
        return Time(str(value["time"]), int(value["precision"]), calendar)
    if kind == "globecoordinate":
        precision = value.get("precision")
        return Point(
            float(value["latitude"]),
            float(value["longitude"]),
            None if precision is None else float(precision),
            id_of(str(value.get("globe") or EARTH)),
        )
    if kind == "monolingualtext":
        return Words(str(value["text"]), str(value["language"]))
    if kind == "string":
        return Words(str(value))
    return Other(str(value["amount"]) if kind == "quantity" else str(value))


def _of_days(
    ours: tuple[date | None, date | None], theirs: tuple[date | None, date | None]
) -> Stand:
    first, last = ours[0] or date.min, ours[1] or date.max
    start, end = theirs[0] or date.min, theirs[1] or date.max
    if (first, last) == (start, end):
        return Stand.SAME
    if start <= first and last <= end:
        return Stand.FINER
    if first <= start and end <= last:
        return Stand.COARSER
    return Stand.OVERLAP if first <= end and start <= last else Stand.APART


def _of_points(ours: Point, theirs: Point) -> Stand:
    if ours.globe != theirs.globe:
        return Stand.APART
    allowed = max(ours.precision or _SECOND, theirs.precision or _SECOND, _LEAST)
    east = abs(ours.longitude - theirs.longitude)
    east = min(east, 360 - east)  # on both sides of the 180th meridian
    near = max(abs(ours.latitude - theirs.latitude), east) <= allowed + 1e-9
    return Stand.SAME if near else Stand.APART


def _of_julian(year: int, month: int, day: int) -> date | None:
    """Return a day of the Julian calendar in the Gregorian; None before the year 1."""
    year, month, day = dates.in_gregorian(year, month, day)
    return date(year, month, day) if year >= 1 else None
