"""The timeline: a row for each occurrence, its days drawn as vague as they are.

Pure: rows in, SVG out. Lengths along the time are shares of the width, so that one drawing fits
every width, with letters of one size. There are two of them, for wide columns and for narrow ones,
where the name of a row stands above its bar; styles/timeline.css shows the one that fits.

Days are numbers, 1 for the first of January of the year 1 of the proleptic Gregorian calendar, and
may lie as far off as they like. A mark goes from the beginning of its first day to the end of its
last, which is the beginning of the day after.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal, NamedTuple

from markupsafe import Markup, escape

Kind = Literal[
    "day",
    "solid",
    "fade-in",
    "fade-out",
    "outline",
    "unknown",
    "loose",
    "reference",
    "open-start",
    "open-end",
]

_PITCH = 15  # pixels from one line of a name to the next
_CYCLE, _CYCLE_YEARS = 146_097, 400  # days and years, after which the calendar is the same again
_FEW = 8  # so few days are all shown, however far apart
_TAIL = 0.05  # of the days, which may lie far off on either side
_WIDE, _LEAST, _NARROW = 1000, 390, 270  # pixels of the axis that a drawing is made for
_APART, _APART_NARROW = 36, 60  # pixels at least between labels of the axis
_THIN = 0.4  # percent of the width that a bar must have to be seen on all screens
_YEAR_LABEL = 46  # pixels that the label of a year takes
# Of an axis, each with the fewest days that it may have; a name of a month stands beside a 1.
_STEPS = (
    ("day", 1, 0.75),
    ("day", 5, 5),
    ("day", 10, 10),
    ("month", 1, 28),
    ("month", 3, 89),
    ("month", 6, 181),
)
_LINE, _LINE_NARROW = (
    28,
    34,
)  # letters of a name on one line, in a wide drawing and in a narrow one


@dataclass(frozen=True, slots=True)
class Days:
    """The bounds of a first and a last day, as numbers; None where they are open."""

    earliest_start: int | None = None
    latest_start: int | None = None
    earliest_end: int | None = None
    latest_end: int | None = None

    @property
    def known(self) -> list[int]:
        """Return those that are not open."""
        found = (self.earliest_start, self.latest_start, self.earliest_end, self.latest_end)
        return [day for day in found if day is not None]


@dataclass(frozen=True, slots=True)
class Because:
    """A link from a bound to what made it tighter than the words of a date.

    Attributes:
        href: of the proof.
        name: for those who do not see the drawing.
        of_start: whether it bounds the first day.
    """

    href: str
    name: str
    of_start: bool


@dataclass(frozen=True, slots=True)
class Row:
    """An occurrence to be drawn.

    Attributes:
        name: of its row in the table, as a part of an address.
        label: its name.
        href: of its page.
        said: what the row is called, in full.
        days: as they are known.
        stated: what the words of a date alone allow; None where no date is given.
        by_order: whether only the order of things gives the days.
        reference: what reference works say; None if nothing is drawn of it.
        disputed: whether they clash with it.
        claims: names of the claims that it rests on.
        because: at most one for each end.
    """

    name: str
    label: str
    href: str
    said: str
    days: Days
    stated: Days | None = None
    by_order: bool = False
    reference: Days | None = None
    disputed: bool = False
    claims: tuple[str, ...] = ()
    because: tuple[Because, ...] = ()


class Mark(NamedTuple):
    """A part of a row: from the beginning of a day to that of another, or to the edge if None."""

    kind: Kind
    first: int | None
    after: int | None


class Axis(NamedTuple):
    """The time that is drawn: its first day, and the day after its last."""

    first: int
    after: int

    def at(self, day: int | None, *, start: bool) -> float:
        """Return where a day begins, in percent; what lies beyond is drawn at the edge."""
        if day is None:
            return 0.0 if start else 100.0
        return min(max(100 * (day - self.first) / (self.after - self.first), 0.0), 100.0)


class _Tick(NamedTuple):
    day: int
    label: str
    year: str
    fine: bool
    fine_year: bool


def marks(row: Row) -> Iterator[Mark]:
    """Yield what is drawn of a row, by the bounds of its days."""
    days = row.days
    first, latest, earliest = days.earliest_start, days.latest_start, days.earliest_end
    after = _next(days.latest_end)
    if not days.known:
        yield Mark("unknown", None, None)
    elif len(days.known) == 4 and len(set(days.known)) == 1:
        yield Mark("day", first, after)
    elif row.by_order:
        yield Mark("outline", first, after)
        if _overlap(latest, earliest):
            yield Mark("solid", latest, _next(earliest))
    elif _overlap(latest, earliest):
        yield from _fade("fade-in", first, latest)
        yield Mark("solid", latest, _next(earliest))
        yield from _fade("fade-out", _next(earliest), after)
    else:
        peak = _peak(days)
        yield from _fade("fade-in", first, peak)
        yield from _fade("fade-out", peak, after)
    if first is None:
        yield Mark("open-start", None, None)
    if after is None:
        yield Mark("open-end", None, None)
    if row.stated:
        yield from _loose(row.stated, first, after)
    if row.reference:
        start, end = row.reference.earliest_start, _next(row.reference.latest_end)
        if start is not None or end is not None:
            yield Mark("reference", start, end)


def _overlap(latest: int | None, earliest: int | None) -> bool:
    """Return whether some day is certain: it has begun by then, and not ended."""
    return latest is not None and earliest is not None and latest <= earliest


def _fade(kind: Kind, first: int | None, after: int | None) -> Iterator[Mark]:
    if first is None or after is None or first < after:
        yield Mark(kind, first, after)


def _peak(days: Days) -> int:
    """Return where what has no certain day is darkest: in the middle, as far as there is one."""
    first, after = days.earliest_start, _next(days.latest_end)
    if first is not None and after is not None:
        return (first + after) // 2
    inner = [day for day in (days.latest_start, days.earliest_end) if day is not None]
    return max(inner) if inner else days.known[0]


def _loose(stated: Days, first: int | None, after: int | None) -> Iterator[Mark]:
    """Yield what the words of a date allow, and is ruled out."""
    start, end = stated.earliest_start, _next(stated.latest_end)
    if first is not None and start is not None and start < first:
        yield Mark("loose", start, first)
    if after is not None and end is not None and end > after:
        yield Mark("loose", after, end)


def _next(day: int | None) -> int | None:
    return None if day is None else day + 1


def axis_of(rows: Iterable[Row]) -> Axis | None:
    """Return the time to be drawn, in whole months or years; None if no day is known.

    A day that lies far from all others does not squeeze these, and reference works move the edges
    only a little: what goes on beyond is drawn up to the edge.
    """
    rows = list(rows)
    known = sorted(
        day for row in rows for days in (row.days, row.stated) if days for day in days.known
    )
    beside = sorted(day for row in rows if row.reference for day in row.reference.known)
    if not known:
        known, beside = beside, []
    if not known:
        return None
    first, last = known[0], known[-1]
    if len(known) > _FEW:
        tail = round(len(known) * _TAIL)
        low, high = known[tail], known[-1 - tail]
        far = max(high - low, 1)
        first = next(day for day in known if day >= low - far)
        last = next(day for day in reversed(known) if day <= high + far)
    reach = (last - first) // 4 + 31
    first = min([day for day in beside if first - reach <= day] + [first])
    last = max([day for day in beside if day <= last + reach] + [last])
    return _rounded(first, last)


def whole(rows: Iterable[Row]) -> Axis | None:
    """Return the time from the first day that is known of any row to the last, and no more."""
    known = [
        day
        for row in rows
        for days in (row.days, row.stated, row.reference)
        if days
        for day in days.known
    ]
    return Axis(min(known), max(known) + 1) if known else None


def years(first: int, last: int) -> Axis:
    """Return the time from the first day of a year to the last of another one."""
    return Axis(day_of(first), day_of(last + 1))


def _rounded(first: int, last: int) -> Axis:
    """Return whole months around two days, or years where they are far apart, and some room."""
    room = (last - first) // 40 + 1
    first, last = first - room, last + room
    (year, month, _), (until, ending, _) = date_of(first), date_of(last)
    if last - first > 3660:
        return years(year, until)
    return Axis(day_of(year, month), day_of(until + ending // 12, ending % 12 + 1))


def day_of(year: int, month: int = 1, day: int = 1) -> int:
    """Return the number of a day.

    Source: https://howardhinnant.github.io/date_algorithms.html, where years begin in March

    >>> day_of(1), day_of(1943, 7, 25), day_of(-44, 3, 15)
    (1, 709506, -16362)
    """
    year -= month < 3
    cycle, of_cycle = divmod(year, _CYCLE_YEARS)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return cycle * _CYCLE + of_cycle * 365 + of_cycle // 4 - of_cycle // 100 + of_year - 305


def date_of(number: int) -> tuple[int, int, int]:
    """Return year, month and day of a number.

    >>> date_of(1), date_of(709506), date_of(-16362)
    ((1, 1, 1), (1943, 7, 25), (-44, 3, 15))
    """
    cycle, rest = divmod(number + 305, _CYCLE)
    of_cycle = (rest - rest // 1460 + rest // 36524 - rest // 146096) // 365
    of_year = rest - (365 * of_cycle + of_cycle // 4 - of_cycle // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    return cycle * _CYCLE_YEARS + of_cycle + (month < 3), month, day


def drawn(
    rows: Sequence[Row],
    title: str,
    months: Sequence[str],
    *,
    narrow: bool = False,
    axis: Axis | None = None,
    name: str = "timeline",
) -> Markup:
    """Return the drawing as SVG, one link a row, under a title for those who do not see it.

    `months` are the short names of the twelve; without an axis the rows make it. Names of parts
    begin with `name`, and two drawings on one page need two.
    """
    axis = axis or axis_of(rows) or Axis(0, 1)
    name = f"{name}-narrow" if narrow else name
    tops = [44 if narrow else 46]
    for row in rows:
        tops.append(tops[-1] + _height(row, narrow=narrow) + 2)
    height = tops[-1] + 6
    form = "narrow" if narrow else "wide"
    body = [
        f'<svg class="{form}" height="{height}" role="group" aria-label="{escape(title)}">',
        _fades(name),
    ]
    if any(row.days.known or (row.reference and row.reference.known) for row in rows):
        body += _axis(axis, months, height, narrow=narrow)
    for row, top in zip(rows, tops, strict=False):
        body += _row(row, axis, top, name, narrow=narrow)
    body.append("</svg>")
    return Markup("\n".join(body))  # noqa: S704 what is not ours is escaped


def _fades(name: str) -> str:
    fades = {"in": f"{_stop(0, 4)}{_stop(1, 100)}", "out": f"{_stop(0, 100)}{_stop(1, 4)}"}
    drawn = (
        f'<linearGradient id="{name}-{fade}">{fades[fade]}</linearGradient>' for fade in fades
    )
    return f"<defs>{''.join(drawn)}</defs>"


def _stop(offset: int, percent: int) -> str:
    return f'<stop offset="{offset}" stop-opacity="{percent}%"/>'


def _axis(axis: Axis, months: Sequence[str], height: int, *, narrow: bool) -> Iterator[str]:
    """Yield the lines and labels of the axis, away from those who hear the page."""
    yield '<g class="axis" aria-hidden="true">'
    for tick in _ticks(axis, months, narrow=narrow):
        at = _share(axis.at(tick.day, start=True))
        fine = " fine" if tick.fine else ""
        kind = f"year{fine}" if tick.year else f"part{fine}"
        yield f'<line class="{kind}" x1="{at}" x2="{at}" y1="38" y2="{height}"/>'
        if tick.year:
            name = "year fine" if tick.fine_year else "year"
            yield f'<text class="{name}" x="{at}" dx="3" y="14">{tick.year}</text>'
        if tick.label:
            yield f'<text class="part{fine}" x="{at}" dx="3" y="32">{escape(tick.label)}</text>'
    yield "</g>"


def _ticks(axis: Axis, months: Sequence[str], *, narrow: bool) -> Iterator[_Tick]:
    """Yield where the axis is labelled; what is fine has no room in a column of middle width."""
    apart = _APART_NARROW if narrow else _APART
    widths = (_NARROW, _NARROW) if narrow else (_WIDE, _LEAST)
    unit, size = _step(axis, widths[0], apart)
    coarse = set(_starts(axis, *_step(axis, widths[1], apart, size if unit == "year" else 1)))
    found = list(_starts(axis, unit, size))
    first = next(iter(found), None)
    begins = [day for day in found if date_of(day)[1:] == (1, 1)]
    for day in found:
        year, month, number = date_of(day)
        tells = day in begins
        if day == first:  # the first label tells its year too, where that of the next leaves room
            shown = (begins, [each for each in begins if each in coarse])
            tells = tells or not any(
                nexts and _pixels(axis, width) * (nexts[0] - day) < max(apart, _YEAR_LABEL)
                for nexts, width in zip(shown, widths, strict=True)
            )
        label = ""
        if unit == "month":
            label = months[month - 1]
        elif unit == "day":
            names_month = number == 1 or day == first
            label = f"{number} {months[month - 1]}" if names_month else str(number)
        is_fine = day not in coarse
        yield _Tick(day, label, str(year) if tells else "", is_fine, is_fine and day in begins)


def _step(axis: Axis, width: int, apart: int, multiple: int = 1) -> tuple[str, int]:
    """Return the smallest step whose labels are far enough apart: of days, months or years.

    Of years, a multiple of a number.
    """
    pixels = _pixels(axis, width)
    for unit, size, days in _STEPS if multiple == 1 else ():
        if days * pixels >= apart:
            return unit, size
    sizes = (size * 10**power for power in count() for size in (1, 2, 5))
    least = max(apart, _YEAR_LABEL)
    return "year", next(n for n in sizes if n % multiple == 0 and 365 * n * pixels >= least)


def _pixels(axis: Axis, width: int) -> float:
    return width / (axis.after - axis.first)


def _starts(axis: Axis, unit: str, size: int) -> Iterator[int]:
    """Yield the days of the axis on which a step begins."""
    first, last = date_of(axis.first), date_of(axis.after - 1)
    if unit == "year":
        for year in range(-(-first[0] // size) * size, last[0] + 1, size):
            if day_of(year) >= axis.first:
                yield day_of(year)
        return
    for months in range(first[0] * 12 + first[1] - 1, last[0] * 12 + last[1]):
        year, month = months // 12, months % 12 + 1
        if unit == "month":
            if (month - 1) % size == 0 and day_of(year, month) >= axis.first:
                yield day_of(year, month)
            continue
        following = day_of(year + month // 12, month % 12 + 1)
        for number in range(1, 32, size):
            day = day_of(year, month) + number - 1
            # The last of a month is left out where the next month follows close upon it.
            if axis.first <= day < axis.after and (number == 1 or day + size <= following):
                yield day


def _row(row: Row, axis: Axis, top: int, name: str, *, narrow: bool) -> Iterator[str]:
    disputed = " disputed" if row.disputed else ""
    claims = f' data-c="{escape(" ".join(row.claims))}"' if row.claims else ""
    height = _height(row, narrow=narrow)
    middle = height - 17 if narrow else height // 2
    at = f'transform="translate(0 {top})" data-row="{escape(row.name)}"'
    yield f'<g class="row{disputed}" {at}{claims}>'
    yield f'<a href="{escape(row.href)}" aria-label="{escape(row.said)}">'
    yield f'<rect class="band" width="100%" height="{height}" rx="6"/>'
    yield from _label(row.label, middle, narrow=narrow)
    found = list(marks(row))
    for mark in found:
        if _is_seen(mark, axis):
            yield from _mark(mark, row, axis, middle, name)
    yield from _beyond(found, axis, middle)
    yield "</a>"
    for because in row.because:
        yield _because(because, row, axis, middle)
    yield "</g>"


def _height(row: Row, *, narrow: bool) -> int:
    if not narrow:
        return 32
    return 34 + _PITCH * len(_folded(row.label, _LINE_NARROW))


def _label(label: str, middle: int, *, narrow: bool) -> Iterator[str]:
    """Yield the name of a row, on two lines where it is long."""
    lines = _folded(label, _LINE_NARROW if narrow else _LINE)
    x, first = (0, 16) if narrow else (-12, middle + 5 - (len(lines) - 1) * _PITCH // 2)
    for index, line in enumerate(lines):
        y = first + _PITCH * index
        yield f'<text class="label" x="{x}" y="{y}">{escape(line)}</text>'


def _folded(label: str, most: int) -> list[str]:
    if len(label) <= most or " " not in label:
        return [label]
    spaces = [index for index, letter in enumerate(label) if letter == " "]
    middle = min(spaces, key=lambda index: abs(2 * index - len(label)))
    return [label[:middle], label[middle + 1 :]]


def _mark(mark: Mark, row: Row, axis: Axis, middle: int, name: str) -> Iterator[str]:
    """Yield the SVG of one mark."""
    x, end = axis.at(mark.first, start=True), axis.at(mark.after, start=False)
    width, kind = _share(end - x), mark.kind
    at = f'x="{_share(x)}" width="{width}"'
    if kind == "open-start":
        yield f'<svg x="0%" y="{middle}"><path class="open" d="M5-5 0 0 5 5"/></svg>'
    elif kind == "open-end":
        yield f'<svg x="100%" y="{middle}"><path class="open" d="M-5-5 0 0-5 5"/></svg>'
    elif kind == "day":
        of = "day by-order" if row.by_order else "day"
        path = f'<path class="{of}" d="M0-7 7 0 0 7-7 0z"/>'
        yield f'<svg x="{_share((x + end) / 2)}" y="{middle}">{path}</svg>'
    elif kind in {"solid", "fade-in", "fade-out"}:
        fill = "" if kind == "solid" else f' fill="url(#{name}-{kind.removeprefix("fade-")})"'
        yield f'<rect class="{kind}" {at} y="{middle - 6}" height="12"{fill}/>'
        too_thin = kind == "solid" and end - x < _THIN
        if too_thin or (kind == "fade-in" and mark.first is not None):
            yield _tick(x, middle)
        if kind == "fade-out" and mark.after is not None:
            yield _tick(end, middle)
    elif kind == "outline":
        yield f'<rect class="{kind}" {at} y="{middle - 6}" height="12" rx="6"/>'
    else:
        y = middle + 11 if kind == "reference" else middle
        yield f'<line class="{kind}" x1="{_share(x)}" x2="{_share(end)}" y1="{y}" y2="{y}"/>'


def _is_seen(mark: Mark, axis: Axis) -> bool:
    after = mark.after is None or axis.first < mark.after
    return after and (mark.first is None or mark.first < axis.after)


def _beyond(found: Sequence[Mark], axis: Axis, middle: int) -> Iterator[str]:
    """Yield an arrow where marks go on beyond an edge, one of their own for reference works."""
    for of_reference, y in ((False, middle), (True, middle + 11)):
        beside = [each for each in found if (each.kind == "reference") == of_reference]
        kind = "beyond reference" if of_reference else "beyond"
        if any(day is not None and day < axis.first for each in beside for day in each[1:]):
            yield f'<svg x="0%" y="{y}"><path class="{kind}" d="M-7 0 0-5v10z"/></svg>'
        if any(day is not None and day > axis.after for each in beside for day in each[1:]):
            yield f'<svg x="100%" y="{y}"><path class="{kind}" d="M7 0 0-5v10z"/></svg>'


def _tick(x: float, middle: int) -> str:
    at = _share(x)
    return f'<line class="tick" x1="{at}" x2="{at}" y1="{middle - 6}" y2="{middle + 6}"/>'


def _because(because: Because, row: Row, axis: Axis, middle: int) -> str:
    """Return the link at the end that was made tighter, beside the bar where there is room."""
    days = row.days
    if because.of_start:
        x = axis.at(days.earliest_start, start=True)
        shift = -12 if x > 2 else 12
    else:
        x = axis.at(_next(days.latest_end), start=False)
        shift = 12 if x < 98 else -12
    sign = (
        f'<rect x="{shift - 12}" y="-12" width="24" height="24"/><text x="{shift}" y="5">∵</text>'
    )
    return (
        f'<a class="because" href="{escape(because.href)}" aria-label="{escape(because.name)}">'
        f'<svg x="{_share(x)}" y="{middle}">{sign}</svg></a>'
    )


def _share(percent: float) -> str:
    return f"{percent:.2f}".rstrip("0").rstrip(".") + "%"


_SAMPLES = {
    "day": Row("", "", "", "", Days(20, 20, 20, 20)),
    "day-by-order": Row("", "", "", "", Days(20, 20, 20, 20), by_order=True),
    "certain": Row("", "", "", "", Days(0, 15, 25, 39)),
    "vague": Row("", "", "", "", Days(0, 39, 0, 39)),
    "by-order": Row("", "", "", "", Days(0, 39, 0, 39), by_order=True),
    "open": Row("", "", "", "", Days(0, 10, 25, None)),
    "loose": Row("", "", "", "", Days(20, 20, 39, 39), Days(0, 20, 39, 39)),
    "reference": Row("", "", "", "", Days(), reference=Days(0, 0, 39, 39)),
    "because": Row("", "", "", "", Days()),
    "disputed": Row("", "", "", "", Days()),
}
SIGNS = tuple(_SAMPLES)


def signs(rows: Iterable[Row]) -> list[str]:
    """Return the signs that a drawing of the rows has, in the order of `SIGNS`."""
    found = set()
    for row in rows:
        kinds = {mark.kind for mark in marks(row)}
        by_order = "-by-order" if row.by_order else ""
        found |= {f"day{by_order}"} if "day" in kinds else set()
        found |= {"certain"} if kinds >= {"solid"} and not row.by_order else set()
        found |= {"vague"} if kinds & {"fade-in", "fade-out"} and "solid" not in kinds else set()
        found |= {"by-order"} if "outline" in kinds else set()
        found |= {"open"} if kinds & {"open-start", "open-end"} else set()
        found |= kinds & {"loose", "reference"}
        found |= {"because"} if row.because else set()
        found |= {"disputed"} if row.disputed else set()
    return [sign for sign in SIGNS if sign in found]


def sample(sign: str) -> Markup:
    """Return a sign as it is drawn, for a legend; what it means stands beside it."""
    row, name = _SAMPLES[sign], f"sign-{sign}"
    body = [f'<svg class="sign" width="46" height="24" aria-hidden="true">{_fades(name)}']
    if sign == "disputed":
        body.append(
            '<g class="row disputed"><rect class="band" width="100%" height="24" rx="6"/></g>'
        )
    elif sign == "because":
        body.append('<text class="because" x="50%" y="17">∵</text>')
    else:
        axis = Axis(0, 40)
        kept = [mark for mark in marks(row) if sign != "reference" or mark.kind == "reference"]
        for mark in kept:
            body += _mark(mark, row, axis, 1 if sign == "reference" else 12, name)
    return Markup("".join([*body, "</svg>"]))  # noqa: S704 nothing in it is of others
