"""A map: places in, SVG out.

Two drawings lie over each other. The lower one has the base map and is stretched; the upper one
is not, and has the marks at shares of its width and height, so that marks and names keep their
size however wide the map is, without a script. Where a name stands beside its mark is worked out
here, once for each of three ranges of width, and is a class; the style sheet does the rest.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple

from server.frames import UNITS, Frame, Point

KINDS = ("point", "region", "line", "vague")

# Pixels of width at which no two names may touch, by the letter of the class that says where
# names stand on a map as wide: narrow, of middle width from 440 on, wide from 640 on.
_WIDTHS = {
    "n": (280, 310, 340, 370, 400, 430),
    "m": (440, 480, 520, 560, 600, 630),
    "w": (640, 720, 800, 900, 1000),
}
_HEIGHT = 16  # pixels of a name, and half as much to its middle
_NEAR = 12  # pixels from the middle of a mark to its name
_APART = 20  # from the middle of a mark to the middle of a name above or below it
_RADIUS = 7  # of a mark with its white edge
_BESIDE = 13  # from a place to what lies somewhere within it
_LIFT = 22  # a line of names, for what is named in its middle
_WIDE, _NARROW = frozenset("mwMW—@%&"), frozenset("ijltfrI.,:;'·()-[]| ")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place to be drawn.

    Attributes:
        name: to be written.
        told: the whole of what is said of it to who does not see it; begins with the name.
        href: where it leads.
        kind: one of `KINDS`.
        at: where its mark or its name stands, longitude and latitude.
        lines: of its extent; empty where it has none, of one point each or more.
        claims: names of the claims that speak of it.
        signs: further classes: `disputed`, `hollow`, `amid`, `reference`, `focus`.
        closed: whether the lines of its extent are closed.
    """

    name: str
    told: str
    href: str
    kind: str
    at: Point
    lines: tuple[tuple[Point, ...], ...] = ()
    claims: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    closed: bool = False


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "_Box") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def draw(frame: Frame, marks: Sequence[Mark], name: str, root: str = "") -> str:
    """Return a map as SVG in HTML.

    Args:
        frame: the base map.
        marks: in the order in which they are reached by keyboard.
        name: of the map, for who does not see it.
        root: what addresses of the server begin with.
    """
    places = [_share(frame, mark, at) for mark, at in zip(marks, _spread(marks), strict=True)]
    sides = {each: _sides(frame, marks, places, widths) for each, widths in _WIDTHS.items()}
    drawn = "".join(
        _mark(frame, mark, place, [f"{width}-{side[index]}" for width, side in sides.items()])
        for index, (mark, place) in enumerate(zip(marks, places, strict=True))
    )
    layers = "".join(
        f'<use class="{layer}" href="{escape(root)}/static/map/{frame.name}.svg#{layer}"/>'
        for layer in frame.layers
    )
    return (
        f'<div class="map-sheet" data-frame="{frame.name}">'
        f'<svg class="base" {_view(frame)} aria-hidden="true" focusable="false">'
        f"<g>{layers}</g></svg>"
        f'<svg class="marks" role="group" aria-label="{escape(name)}">{drawn}</svg>'
        "</div>"
    )


def _view(frame: Frame) -> str:
    return f'viewBox="0 0 {frame.width} {frame.height}"'


class _Placed(NamedTuple):
    """Shares of the width and height, and pixels from there."""

    x: float
    y: float
    right: int
    down: int


def _spread(marks: Sequence[Mark]) -> list[tuple[int, int]]:
    """Return by how many pixels each mark is moved: what lies somewhere within a place, aside."""
    seen: dict[Point, int] = {}
    found = []
    corners = [(-1, 1), (1, 1), (-1, -1), (1, -1)]
    for mark in marks:
        if "hollow" not in mark.signs:
            found.append((0, 0))
            continue
        count = seen[mark.at] = seen.get(mark.at, -1) + 1
        ring, corner = divmod(count, len(corners))
        right, down = corners[corner]
        found.append((right * _BESIDE * (ring + 1), down * _BESIDE * (ring + 1)))
    return found


def _share(frame: Frame, mark: Mark, moved: tuple[int, int]) -> _Placed:
    x, y = frame.place(mark.at)
    return _Placed(x / frame.width, y / frame.height, *moved)


def _mark(frame: Frame, mark: Mark, place: _Placed, sides: Sequence[str]) -> str:
    classes = " ".join(["mark", mark.kind, *mark.signs, *sides])
    claims = f' data-c="{escape(" ".join(mark.claims))}"' if mark.claims else ""
    inside = _ellipse(frame, mark) + _symbol(mark)
    return (
        f'<a class="{classes}" href="{escape(mark.href)}" '
        f'aria-label="{escape(mark.told)}"{claims}>{_shape(frame, mark)}'
        f'<svg class="at" x="{place.x:.3%}" y="{place.y:.3%}">'
        f"<g{_moved(place)}>{inside}<text>{escape(mark.name)}</text></g></svg></a>"
    )


def _moved(place: _Placed) -> str:
    moved = place.right or place.down
    return f' transform="translate({place.right} {place.down})"' if moved else ""


def _shape(frame: Frame, mark: Mark) -> str:
    """Return the extent of a place, stretched as the base map is."""
    if not mark.lines:
        return ""
    end = "z" if mark.closed else ""
    path = "".join(
        "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in map(frame.place, line)) + end
        for line in mark.lines
    )
    return f'<svg class="shape" {_view(frame)} preserveAspectRatio="none"><path d="{path}"/></svg>'


def _ellipse(frame: Frame, mark: Mark) -> str:
    """Return the soft ellipse of a vague place that has a middle and no lines."""
    if mark.kind != "vague" or mark.lines:
        return ""
    width = frame.width / UNITS / 20
    return f'<ellipse rx="{width:.0f}" ry="{width / 2:.0f}"/>'


def _symbol(mark: Mark) -> str:
    if mark.kind == "point" or "hollow" in mark.signs:
        return '<circle class="hit" r="12"/><circle class="dot" r="5"/>'
    return ""


# Names


def _sides(
    frame: Frame, marks: Sequence[Mark], places: Sequence[_Placed], widths: Sequence[int]
) -> list[str]:
    """Return on which side each name stands: `r`, `l`, `a`, `b` or `c`; `x` where none is free.

    Who has more to tell comes first, so that the same marks have the same names in any order of
    the graph. A side is free if it is at every width.
    """
    taken: list[list[_Box]] = [[] for _ in widths]
    for boxes, width in zip(taken, widths, strict=True):
        boxes.extend(_dots(frame, marks, places, width))
    order = sorted(range(len(marks)), key=lambda i: (_rank(marks[i]), marks[i].name, i))
    found = ["x"] * len(marks)
    for index in order:
        mark = marks[index]
        for side in "rlab" if _symbol(mark) else "cba":
            boxes = [_box(frame, mark, places[index], side, width) for width in widths]
            free = all(
                _inside(frame, box, width) and not any(box.meets(each) for each in others)
                for box, width, others in zip(boxes, widths, taken, strict=True)
            )
            if free:
                found[index] = side
                for box, others in zip(boxes, taken, strict=True):
                    others.append(box)
                break
    return found


def _rank(mark: Mark) -> tuple[Any, ...]:
    first = "focus" not in mark.signs
    return first, "reference" in mark.signs, KINDS.index(mark.kind), -len(mark.claims)


def _dots(
    frame: Frame, marks: Iterable[Mark], places: Iterable[_Placed], width: int
) -> Iterator[_Box]:
    for mark, place in zip(marks, places, strict=True):
        if _symbol(mark):
            x, y = _pixels(frame, place, width)
            yield _Box(x - _RADIUS, y - _RADIUS, x + _RADIUS, y + _RADIUS)


def _pixels(frame: Frame, place: _Placed, width: int) -> Point:
    height = width * frame.height / frame.width
    return place.x * width + place.right, place.y * height + place.down


def _box(frame: Frame, mark: Mark, place: _Placed, side: str, width: int) -> _Box:
    """Return where a name is on a map that is so many pixels wide."""
    x, y = _pixels(frame, place, width)
    long = _length(mark)
    apart = _APART if _symbol(mark) else _LIFT
    left = {"r": x + _NEAR, "l": x - _NEAR - long}.get(side, x - long / 2)
    middle = y + {"a": -apart, "b": apart}.get(side, 0)
    return _Box(left, middle - _HEIGHT / 2, left + long, middle + _HEIGHT / 2)


def _inside(frame: Frame, box: _Box, width: int) -> bool:
    height = width * frame.height / frame.width
    return box.left >= 2 and box.top >= 2 and box.right <= width - 2 and box.bottom <= height - 2


def _length(mark: Mark) -> float:
    """Return how many pixels long a name is in the widest fonts that a page may be shown in."""
    if _symbol(mark):
        return sum(_advance(letter) for letter in mark.name) * 14
    # In capitals of 12 pixels, spaced by 0.14 em: see styles/map.css.
    return sum(_advance(letter) + 0.14 for letter in mark.name.upper()) * 12


def _advance(letter: str) -> float:
    """Return the width of a letter in em, as DejaVu Sans has it in bold; ours are narrower."""
    if letter in _WIDE:
        return 1.02
    if letter in _NARROW:
        return 0.42
    return 0.76 if letter.isupper() else 0.67
