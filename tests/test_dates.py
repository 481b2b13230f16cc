"""EDTF as four bounds: every example of the standard, the forms of the texts, and refusals."""

import re
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.dates import Bounds, bounds_of
from kg.errors import BadDate


def days(*iso: str) -> Bounds:
    return Bounds(*(date.fromisoformat(day) if day else None for day in iso))


def within(first: str, last: str) -> Bounds:
    """Return the bounds of what happened somewhere from the first day to the last."""
    return days(first, last, first, last)


OUTSIDE = "outside the years 1 to 9999"
SEVERAL = "several dates at once"
NO_YEAR = "every digit of the year open"
# Every example of https://www.loc.gov/standards/datetime/ (4 February 2019), in its order.
STANDARD: dict[str, dict[str, Bounds | str]] = {
    "0 date": {
        "1985-04-12": within("1985-04-12", "1985-04-12"),
        "1985-04": within("1985-04-01", "1985-04-30"),
        "1985": within("1985-01-01", "1985-12-31"),
    },
    "0 date and time": {
        "1985-04-12T23:20:30": within("1985-04-12", "1985-04-12"),
        "1985-04-12T23:20:30Z": within("1985-04-12", "1985-04-12"),
        "1985-04-12T23:20:30-04": within("1985-04-12", "1985-04-12"),
        "1985-04-12T23:20:30+04:30": within("1985-04-12", "1985-04-12"),
    },
    "0 time interval": {
        "1964/2008": days("1964-01-01", "1964-12-31", "2008-01-01", "2008-12-31"),
        "2004-06/2006-08": days("2004-06-01", "2004-06-30", "2006-08-01", "2006-08-31"),
        "2004-02-01/2005-02-08": days("2004-02-01", "2004-02-01", "2005-02-08", "2005-02-08"),
        "2004-02-01/2005-02": days("2004-02-01", "2004-02-01", "2005-02-01", "2005-02-28"),
        "2004-02-01/2005": days("2004-02-01", "2004-02-01", "2005-01-01", "2005-12-31"),
        "2005/2006-02": days("2005-01-01", "2005-12-31", "2006-02-01", "2006-02-28"),
    },
    "1 letter-prefixed calendar year": {"Y170000002": OUTSIDE, "Y-170000002": OUTSIDE},
    "1 seasons": {"2001-21": within("2001-03-01", "2001-05-31")},
    "1 qualification of a date": {
        "1984?": within("1984-01-01", "1984-12-31"),
        "2004-06~": within("2004-06-01", "2004-06-30"),
        "2004-06-11%": within("2004-06-11", "2004-06-11"),
    },
    "1 unspecified digits from the right": {
        "201X": within("2010-01-01", "2019-12-31"),
        "20XX": within("2000-01-01", "2099-12-31"),
        "2004-XX": within("2004-01-01", "2004-12-31"),
        "1985-04-XX": within("1985-04-01", "1985-04-30"),
        "1985-XX-XX": within("1985-01-01", "1985-12-31"),
    },
    "1 extended interval": {
        "1985-04-12/..": days("1985-04-12", "1985-04-12", "", ""),
        "1985-04/..": days("1985-04-01", "1985-04-30", "", ""),
        "1985/..": days("1985-01-01", "1985-12-31", "", ""),
        "../1985-04-12": days("", "", "1985-04-12", "1985-04-12"),
        "../1985-04": days("", "", "1985-04-01", "1985-04-30"),
        "../1985": days("", "", "1985-01-01", "1985-12-31"),
        "1985-04-12/": days("1985-04-12", "1985-04-12", "", ""),
        "1985-04/": days("1985-04-01", "1985-04-30", "", ""),
        "1985/": days("1985-01-01", "1985-12-31", "", ""),
        "/1985-04-12": days("", "", "1985-04-12", "1985-04-12"),
        "/1985-04": days("", "", "1985-04-01", "1985-04-30"),
        "/1985": days("", "", "1985-01-01", "1985-12-31"),
    },
    "1 negative calendar year": {"-1985": OUTSIDE},
    "2 exponential year": {"Y-17E7": OUTSIDE},
    "2 significant digits": {
        "1950S2": within("1900-01-01", "1999-12-31"),
        "Y171010000S3": OUTSIDE,
        "Y3388E2S3": OUTSIDE,
    },
    "2 sub-year groupings": {"2001-34": within("2001-04-01", "2001-06-30")},
    "2 one of a set": {
        "[1667,1668,1670..1672]": within("1667-01-01", "1672-12-31"),
        "[..1760-12-03]": within("", "1760-12-03"),
        "[1760-12..]": within("1760-12-01", ""),
        "[1760-01,1760-02,1760-12..]": within("1760-01-01", ""),
        "[1667,1760-12]": within("1667-01-01", "1760-12-31"),
        "[..1984]": within("", "1984-12-31"),
    },
    "2 all members": {
        "{1667,1668,1670..1672}": SEVERAL,
        "{1960,1961-12}": SEVERAL,
        "{..1984}": SEVERAL,
    },
    "2 qualification": {
        "2004-06-11%": within("2004-06-11", "2004-06-11"),
        "2004-06~-11": within("2004-06-11", "2004-06-11"),
        "2004?-06-11": within("2004-06-11", "2004-06-11"),
        "?2004-06-~11": within("2004-06-11", "2004-06-11"),
        "2004-%06-11": within("2004-06-11", "2004-06-11"),
    },
    "2 unspecified digit": {
        "156X-12-25": within("1560-12-25", "1569-12-25"),
        "15XX-12-25": within("1500-12-25", "1599-12-25"),
        "XXXX-12-XX": NO_YEAR,
        "1XXX-XX": within("1000-01-01", "1999-12-31"),
        "1XXX-12": within("1000-12-01", "1999-12-31"),
        "1984-1X": within("1984-10-01", "1984-12-31"),
    },
    "2 interval": {
        "2004-06-~01/2004-06-~20": days("2004-06-01", "2004-06-01", "2004-06-20", "2004-06-20"),
        "2004-06-XX/2004-07-03": days("2004-06-01", "2004-06-30", "2004-07-03", "2004-07-03"),
    },
}
EXAMPLES = [(edtf, is_) for feature in STANDARD.values() for edtf, is_ in feature.items()]


@pytest.mark.parametrize(("edtf", "expected"), [e for e in EXAMPLES if isinstance(e[1], Bounds)])
def test_an_example_of_the_standard_is_read(edtf: str, expected: Bounds) -> None:
    assert bounds_of(edtf) == expected


@pytest.mark.parametrize(("edtf", "why"), [e for e in EXAMPLES if isinstance(e[1], str)])
def test_an_example_of_the_standard_without_bounds_is_refused(edtf: str, why: str) -> None:
    with pytest.raises(BadDate, match=why):
        bounds_of(edtf)


@pytest.mark.parametrize(
    ("numbers", "first", "last"),
    [
        ((21, 25, 31), 3, 5),  # spring, northern spring, southern autumn
        ((22, 26, 32), 6, 8),
        ((23, 27, 29), 9, 11),
        ((33,), 1, 3),  # quarters
        ((34,), 4, 6),
        ((35,), 7, 9),
        ((36,), 10, 12),
        ((37,), 1, 4),  # thirds
        ((38,), 5, 8),
        ((39,), 9, 12),
        ((40,), 1, 6),  # halves
        ((41,), 7, 12),
    ],
)
def test_a_part_of_a_year_has_its_months(numbers: tuple[int, ...], first: int, last: int) -> None:
    expected = bounds_of(f"[1943-{first:02}..1943-{last:02}]")

    assert [bounds_of(f"1943-{number}") for number in numbers] == [expected] * len(numbers)


@pytest.mark.parametrize(
    ("edtf", "expected"),
    [
        # The forms of the texts.
        ("1943-09-03", within("1943-09-03", "1943-09-03")),
        ("1944-02", within("1944-02-01", "1944-02-29")),
        ("1943-26", within("1943-06-01", "1943-08-31")),
        ("1944-37", within("1944-01-01", "1944-04-30")),
        ("1943-07/..", days("1943-07-01", "1943-07-31", "", "")),
        ("1944-02/1944-05", days("1944-02-01", "1944-02-29", "1944-05-01", "1944-05-31")),
        ("[1944-02..1944-05]", within("1944-02-01", "1944-05-31")),
        # Seasons and thirds on a side, in a set, qualified, in a decade.
        ("1944-37/..", days("1944-01-01", "1944-04-30", "", "")),
        ("../1944-37", days("", "", "1944-01-01", "1944-04-30")),
        ("1943-25/1943-26", days("1943-03-01", "1943-05-31", "1943-06-01", "1943-08-31")),
        ("1943-25~/1943-26?", days("1943-03-01", "1943-05-31", "1943-06-01", "1943-08-31")),
        ("1943-07-25/1944-37", days("1943-07-25", "1943-07-25", "1944-01-01", "1944-04-30")),
        ("[1943-26,1944-37]", within("1943-06-01", "1944-04-30")),
        ("1944-37~", within("1944-01-01", "1944-04-30")),
        ("?1944-~37", within("1944-01-01", "1944-04-30")),
        ("194X-26", within("1940-06-01", "1949-08-31")),
        # Marks on a side and in a set.
        ("1943-07~/1945?", days("1943-07-01", "1943-07-31", "1945-01-01", "1945-12-31")),
        ("~1943-07/..", days("1943-07-01", "1943-07-31", "", "")),
        ("[1943~,1944-05?]", within("1943-01-01", "1944-05-31")),
        # Missing digits.
        ("194X", within("1940-01-01", "1949-12-31")),
        ("194X~", within("1940-01-01", "1949-12-31")),
        ("1943-0X", within("1943-01-01", "1943-09-30")),
        ("1943-07-XX", within("1943-07-01", "1943-07-31")),
        ("1943-07-2X/194X", days("1943-07-20", "1943-07-29", "1940-01-01", "1949-12-31")),
        ("1943-0X-31", within("1943-01-31", "1943-08-31")),
        ("194X-02-29", within("1940-02-29", "1948-02-29")),
        ("[194X-05..]", within("1940-05-01", "")),
        ("X943", within("0943-01-01", "9943-12-31")),
        # Significant digits and exponents that stay within four digits.
        ("1953S3", within("1950-01-01", "1959-12-31")),
        ("1953S4", within("1953-01-01", "1953-12-31")),
        ("0012S1", within("0010-01-01", "0019-12-31")),
        ("1953S9", within("1953-01-01", "1953-12-31")),
        ("1950S2~", within("1900-01-01", "1999-12-31")),
        ("0195S2", within("0190-01-01", "0199-12-31")),
        ("Y19E2", within("1900-01-01", "1900-12-31")),
        ("Y195E1S2", within("1900-01-01", "1999-12-31")),
        # The ends of the calendar, and of the day.
        ("0001", within("0001-01-01", "0001-12-31")),
        ("9999-12", within("9999-12-01", "9999-12-31")),
        ("1943-07-25T24:00:00", within("1943-07-25", "1943-07-25")),
        # Sets.
        ("[1943]", within("1943-01-01", "1943-12-31")),
        ("[..1943-07,1943-09]", within("", "1943-09-30")),
        ("[1943-07,1943-09..1943-10]", within("1943-07-01", "1943-10-31")),
    ],
)
def test_a_date_is_read_by_its_form(edtf: str, expected: Bounds) -> None:
    assert bounds_of(edtf) == expected


@pytest.mark.parametrize(
    ("edtf", "why"),
    [
        ("25 de julho", "is not an EDTF date"),
        ("1943-13", "names no day of the calendar"),
        ("1943-42", "names no day of the calendar"),
        ("1943-7", "is not an EDTF date"),
        ("43-07-25", "is not an EDTF date"),
        ("19430725", "is not an EDTF date"),
        ("1943-02-30", "names no day of the calendar"),
        ("1943-02-29", "names no day of the calendar"),
        ("1943-02-3X", "names no day of the calendar"),
        ("1943-2X", "names no day of the calendar"),
        ("1943-21-05", "names no day of the calendar"),
        ("1943-21^north", "is not an EDTF date"),
        ("1943??", "is not an EDTF date"),
        ("19?43", "is not an EDTF date"),
        ("1943-07-", "is not an EDTF date"),
        ("\u0661\u0669\u0664\u0663", "is not an EDTF date"),  # the digits of 1943 in Arabic script
        # The library would skip these spaces.
        (" 1943", "is not an EDTF date"),
        ("1943-07-25 ", "is not an EDTF date"),
        ("1943\n", "is not an EDTF date"),
        ("[1943, 1944]", "is not an EDTF date"),
        # Nor does it mind these.
        ("1943/1944/1945", "is not an EDTF date"),
        ("[1943,1944]/1945", "is not an EDTF date"),
        ("1943/{1944,1945}", "is not an EDTF date"),
        ("1943-07-25T10:00:00/1943-07-26", "is not an EDTF date"),
        ("1943T10:00:00", "is not an EDTF date"),
        ("1943-07-25T25:00:00", "is not an EDTF date"),
        ("1943-07-25T10:00:00?", "is not an EDTF date"),
        ("[1943-07-25T10:00:00]", "is not an EDTF date"),
        ("1950S0", "is not an EDTF date"),
        ("1950S2-07", "is not an EDTF date"),
        ("195XS2", "is not an EDTF date"),
        ("Y1943", "is not an EDTF date"),
        ("Y1943S2", "is not an EDTF date"),
        ("..1943", "is not an EDTF date"),
        ("[]", "is not an EDTF date"),
        ("[1944-021", "is not an EDTF date"),
        ("[1943..1944..1945]", "is not an EDTF date"),
        ("[1943,..1944]", "open end in the middle of a set"),
        ("[1943..,1944]", "open end in the middle of a set"),
        ("1943-07-25/1943-07-01", "ends before it begins"),
        ("1944-37/1943-26", "ends before it begins"),
        ("[1944-05..1944-02]", "ends before it begins"),
        ("[1943,1944-05..1944-02]", "ends before it begins"),
        ("XXXX", "every digit of the year open"),
        ("XXXX-07", "every digit of the year open"),
        ("XXXX-26/1943", "every digit of the year open"),
        ("1943-24", "over the turn of the year"),
        ("1943-28", "over the turn of the year"),
        ("1943-30~/..", "over the turn of the year"),
        ("{1943,1944}", "several dates at once"),
        ("Y17000", "outside the years 1 to 9999"),
        ("Y17000S2", "outside the years 1 to 9999"),
        ("Y1E4", "outside the years 1 to 9999"),
        ("Y1E97", "outside the years 1 to 9999"),
        ("Y1E999999999", "outside the years 1 to 9999"),  # without calculating it
        (f"Y1E{'9' * 5000}", "outside the years 1 to 9999"),
        (f"Y{'9' * 5000}", "outside the years 1 to 9999"),
        ("Y-1E2", "outside the years 1 to 9999"),
        ("-0000", "names no day of the calendar"),
        ("0000", "outside the years 1 to 9999"),
        ("000X", "outside the years 1 to 9999"),
        ("0000S1/..", "outside the years 1 to 9999"),
        ("-0044-03-15", "outside the years 1 to 9999"),
        ("-004X", "outside the years 1 to 9999"),
        ("-0100/1943", "outside the years 1 to 9999"),
        ("-0044-26", "outside the years 1 to 9999"),
        ("[-0044,1943]", "outside the years 1 to 9999"),
        ("", "leaves every bound open"),
        ("..", "leaves every bound open"),
        ("/", "leaves every bound open"),
        ("../..", "leaves every bound open"),
        ("[..]", "leaves every bound open"),
    ],
)
def test_a_date_without_bounds_is_refused_with_the_reason(edtf: str, why: str) -> None:
    with pytest.raises(BadDate, match=f"the date “{re.escape(edtf)}” .*{why}"):
        bounds_of(edtf)


def test_the_refusal_of_a_winter_says_what_to_write() -> None:
    with pytest.raises(BadDate) as raised:
        bounds_of("1943-28")

    assert "[1943-12..1944-02]" in raised.value.hint
    assert bounds_of("[1943-12..1944-02]") == within("1943-12-01", "1944-02-29")


def test_what_the_library_cannot_read_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """It prints a line of its own before it fails on some missing digits."""
    bounds_of("1984-1X")
    for edtf in ["1943-0X-45", "1943-0X-AA", "1943-0X/1943-X9-99"]:
        with pytest.raises(BadDate):
            bounds_of(edtf)

    assert capsys.readouterr() == ("", "")


CENTURY = np.array(
    [
        list((date(1900, 1, 1) + timedelta(day)).strftime("%Y%m%d"))
        for day in range((date(2000, 1, 1) - date(1900, 1, 1)).days)
    ]
)


@settings(max_examples=200)
@given(st.integers(0, len(CENTURY) - 1), st.sets(st.integers(2, 7)))
def test_missing_digits_reach_from_the_first_day_that_fits_to_the_last(
    day: int, missing: set[int]
) -> None:
    """Against every day of a century whose digits are the ones that are there."""
    known = [place for place in range(8) if place not in missing]
    fitting = CENTURY[(CENTURY[:, known] == CENTURY[day, known]).all(axis=1)]
    mask = "".join("X" if place in missing else CENTURY[day, place] for place in range(8))
    first, last = ("{}{}{}{}-{}{}-{}{}".format(*fitting[k]) for k in (0, -1))

    assert bounds_of(f"{mask[:4]}-{mask[4:6]}-{mask[6:]}") == within(first, last)
