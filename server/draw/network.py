"""A network: things and the relations between them in, SVG out.

One thing stands in the middle, the others in one or two rings around it, half of them on either
side, each in a row of its own: so no two names of a ring can meet, however many there are. Who
stands where is worked out from the order in which they are given, in a fixed number of steps, so
that the same things make the same picture.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import combinations
from math import ceil, hypot, sqrt
from textwrap import wrap
from typing import NamedTuple

from markupsafe import Markup

SHAPES = {  # around its own middle, about 18 pixels wide
    "person": '<circle r="9"/>',
    "group": '<path d="M-10 0-5-9H5L10 0 5 9H-5z"/>',
    "place": '<path d="M-8-8H8V8H-8z"/>',
    "event": '<path d="M0-11 11 0 0 11-11 0z"/>',
    "other": '<rect x="-9" y="-5" width="18" height="10" rx="5"/>',
}
_LETTER = 7.5  # pixels, rather more than a letter of 14 pixels is wide in the fonts of the pages
_LINE = 17  # pixels from one line of a name to the next
_LETTERS = 26  # of a line of a name
_BETWEEN = 9  # pixels between two names
_BESIDE = 16  # from the middle of a shape to its name
_WIDE = (290, 150)  # pixels from the middle to the sides of one ring, and of the inner of two
_HIGH = 320  # pixels of a whole ring at least
_INNER = 20  # letters of a line of a name in the inner of two rings
_GAP = 50  # pixels between such names and the outer ring
_MARGIN = 12
_SWEEPS = 3  # over all pairs of a ring; a fourth changes next to nothing
_BEND = (
    0.35,
    0.6,
)  # how far a line of the rings bends to the middle, of the way and of its length
_CLEAR = 46  # pixels around the middle that such a line keeps out of
_APART = 26  # pixels between two lines of the same ends
_TIP = (13, 36)  # from the middle of a shape to the tip of an arrow; where many meet, the second


@dataclass(frozen=True, slots=True)
class Node:
    """A thing to be drawn.

    Attributes:
        name: by which edges refer to it.
        label: to be written.
        told: what is said of it to who does not see it.
        kind: one of `SHAPES`.
        href: where it leads.
        ring: 0 in the middle, 1 around it, 2 outside.
        claims: names of the claims that speak of it.
    """

    name: str
    label: str
    told: str
    kind: str
    href: str
    ring: int
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A relation to be drawn.

    Attributes:
        name: of the row that tells the same.
        source: name of a node, from which an arrow leads.
        target: likewise, to which it leads.
        label: to be written; may be empty.
        told: what is said of it to who does not see it.
        signs: classes: `stated` or `derived`, `reference`.
        href: where it leads; nowhere if empty.
        both: whether it holds both ways, so that there is no arrow.
        claims: names of the claims that it rests on.
    """

    name: str
    source: str
    target: str
    label: str
    told: str
    signs: tuple[str, ...]
    href: str
    both: bool = False
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a thing stands; the middle of the picture is (0, 0).

    Attributes:
        x: of the middle of its shape.
        y: likewise.
        ring: 0 in the middle, 1 around it, 2 outside.
        side: 1 if its name stands to the right, -1 to the left, 0 below.
        lines: of its name.
    """

    x: float
    y: float
    ring: int
    side: int
    lines: tuple[str, ...]

    @property
    def width(self) -> float:
        """Return how long its name is at most."""
        return _LETTER * max(map(len, self.lines), default=0)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of its name."""
        high = _LINE * len(self.lines)
        if not self.side:
            top = self.y + _BESIDE + 4
            return self.x - self.width / 2, top, self.x + self.width / 2, top + high
        near = self.x + self.side * _BESIDE
        far = near + self.side * self.width
        return min(near, far), self.y - high / 2, max(near, far), self.y + high / 2


def draw(nodes: Sequence[Node], edges: Sequence[Edge], name: str) -> Markup:
    """Return a network as SVG.

    Args:
        nodes: the one in the middle first, the others as they shall be gone through.
        edges: between them.
        name: of the picture, for who does not see it.
    """
    spots = lay(nodes, edges)
    boxes = [spot.box for spot in spots.values()]
    # As wide on the left as on the right, so that what is in the middle is seen first.
    half = max(max(-box[0], box[2]) for box in boxes) + _MARGIN
    curves = list(_curves(edges, spots))
    # The names of lines lie above their middles, which may be beyond all that they join.
    middles = [y for curve in curves for y in (curve.middle[1] - 18, curve.middle[1] + 4)]
    shapes = [y for spot in spots.values() for y in (spot.y - 18, spot.y + 18)]
    top = min(*middles, *shapes, *(box[1] for box in boxes))
    low = max(*middles, *shapes, *(box[3] for box in boxes))
    high = low - top + 2 * _MARGIN
    view = f"{-half:.0f} {top - _MARGIN:.0f} {2 * half:.0f} {high:.0f}"
    lines = "".join(_edge(curve, spots, half) for curve in curves)
    things = "".join(_node(node, spots[node.name]) for node in nodes)
    return Markup(  # noqa: S704 what is not ours is escaped
        f'<svg class="drawing" width="{2 * half:.0f}" height="{high:.0f}" viewBox="{view}" '
        f'role="group" aria-label="{escape(name)}"><g class="moved">{lines}{things}</g></svg>'
    )


def shape(kind: str) -> Markup:
    """Return the shape of a kind by itself, for a legend."""
    return Markup(  # noqa: S704 it is ours
        '<svg class="key" width="24" height="24" viewBox="-12 -12 24 24" aria-hidden="true">'
        f'<g class="node {kind}">{SHAPES[kind]}</g></svg>'
    )


# Where


def lay(nodes: Sequence[Node], edges: Iterable[Edge]) -> dict[str, Spot]:
    """Return where each thing stands, by its name: linked things near each other."""
    rings = [[node.name for node in nodes if node.ring == ring] for ring in (1, 2)]
    two = bool(rings[1])
    names = {
        node.name: tuple(
            wrap(
                node.label,
                _INNER if two and node.ring == 1 else _LETTERS,
                break_long_words=False,
            )
        )
        for node in nodes
    }
    lines = max((len(names[node.name]) for node in nodes if node.ring), default=1)
    least = max(lines * _LINE + _BETWEEN, 2 * _TIP[0])
    high = max(_HIGH, least * max(ceil(len(ring) / 2) for ring in rings))
    inner = max((_LETTER * len(line) for name in rings[0] for line in names[name]), default=0)
    spots = {node.name: Spot(0, 0, 0, 0, names[node.name]) for node in nodes if not node.ring}
    linked = _linked(edges)
    for ring, offset in ((1, 0.0), (2, _BESIDE + inner + _GAP)):
        own = rings[ring - 1]
        slots = _slots(len(own), _WIDE[two], high, offset)
        around = {name: (spot.x, spot.y) for name, spot in spots.items()}
        for name, (x, y) in zip(_nearer(own, slots, linked, around), slots, strict=True):
            spots[name] = Spot(x, y, ring, 1 if x > 0 else -1, names[name])
    return {node.name: spots[node.name] for node in nodes}


def _slots(count: int, wide: float, high: float, offset: float) -> list[tuple[float, float]]:
    """Return the places of a ring, clockwise from the top."""
    right = [(offset + x, y) for x, y in _column(ceil(count / 2), wide, high)]
    left = [(-offset - x, y) for x, y in _column(count // 2, wide, high)]
    return [*right, *reversed(left)]


def _column(rows: int, wide: float, high: float) -> list[tuple[float, float]]:
    """Return the places of one side, from the top: even rows on the half of an ellipse."""
    ys = [high * ((row + 0.5) / rows - 0.5) for row in range(rows)]
    return [(wide * sqrt(1 - (2 * y / high) ** 2 * 0.9), y) for y in ys]


def _linked(edges: Iterable[Edge]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        found[edge.source].append(edge.target)
        found[edge.target].append(edge.source)
    return found


def _nearer(
    ring: Sequence[str],
    slots: Sequence[tuple[float, float]],
    linked: Mapping[str, Sequence[str]],
    around: Mapping[str, tuple[float, float]],
) -> list[str]:
    """Return what stands in each place of a ring, when two have changed places where that helped.

    What helps is that the lines of a ring, and those to what is placed already, become shorter.
    """
    order = list(ring)
    slot = {name: index for index, name in enumerate(order)}
    apart = [[hypot(a - x, b - y) for x, y in slots] for a, b in slots]
    inside = {name: [each for each in linked.get(name, ()) if each in slot] for name in order}
    outside = {
        name: [
            sum(hypot(x - a, y - b) for each in linked.get(name, ()) if each in around
                for a, b in (around[each],))
            for x, y in slots
        ]
        for name in order
    }  # fmt: skip

    def length(name: str, other: str) -> float:
        """Return how long the lines of a thing are but for those to one other."""
        own = apart[slot[name]]
        near = sum(own[slot[each]] for each in inside[name] if each != other)
        return near + outside[name][slot[name]]

    for _ in range(_SWEEPS):
        for one, other in combinations(sorted(order), 2):
            before = length(one, other) + length(other, one)
            slot[one], slot[other] = slot[other], slot[one]
            if length(one, other) + length(other, one) >= before - 0.01:
                slot[one], slot[other] = slot[other], slot[one]
    return sorted(order, key=lambda name: slot[name])


# What is drawn


def _node(node: Node, spot: Spot) -> str:
    x, y = ("middle", spot.y) if not spot.side else ("start" if spot.side > 0 else "end", spot.y)
    at = spot.x + spot.side * _BESIDE
    first = y + _BESIDE + 4 + 12 if not spot.side else y - _LINE * (len(spot.lines) - 1) / 2 + 4.5
    words = "".join(
        f'<tspan x="{at:.1f}" y="{first + _LINE * row:.1f}">{escape(line)} </tspan>'
        for row, line in enumerate(spot.lines)
    )
    classes = f"node {node.kind}" + ("" if node.ring else " focus")
    move = f"translate({spot.x:.1f} {spot.y:.1f})" + ("" if node.ring else " scale(1.5)")
    return (
        f'<a class="{classes}" href="{escape(node.href)}" data-node="{escape(node.name)}" '
        f'aria-label="{escape(node.told)}" tabindex="{-1 if node.ring else 0}"'
        f"{_rests(node.claims)}>"
        f'<circle class="hit" cx="{spot.x:.1f}" cy="{spot.y:.1f}" r="14"/>'
        f'<g class="shape" transform="{move}">{SHAPES[node.kind]}</g>'
        f'<text text-anchor="{x}">{words}</text></a>'
    )


def _rests(claims: Iterable[str]) -> str:
    names = " ".join(claims)
    return f' data-c="{escape(names)}"' if names else ""


class _Curve(NamedTuple):
    """An edge as it is bent: from one point to another, drawn towards a third."""

    edge: Edge
    start: tuple[float, float]
    control: tuple[float, float]
    end: tuple[float, float]

    @property
    def middle(self) -> tuple[float, float]:
        (ax, ay), (cx, cy), (bx, by) = self.start, self.control, self.end
        return (ax + 2 * cx + bx) / 4, (ay + 2 * cy + by) / 4


def _curves(edges: Sequence[Edge], spots: Mapping[str, Spot]) -> Iterator[_Curve]:
    """Yield the lines; several between the same two lie side by side."""
    together: dict[tuple[str, str], list[Edge]] = defaultdict(list)
    for edge in edges:
        low, high = sorted((edge.source, edge.target))
        together[low, high].append(edge)
    for edge in edges:
        low, high = sorted((edge.source, edge.target))
        beside = together[low, high]
        aside = _APART * (beside.index(edge) - (len(beside) - 1) / 2)
        source, target = spots[edge.source], spots[edge.target]
        a, b = _end(source, target), _end(target, source)
        control = _control(a, b, aside if edge.source == low else -aside, source, target)
        yield _Curve(edge, a, control, b)


def _edge(curve: _Curve, spots: Mapping[str, Spot], half: float) -> str:
    edge, (ax, ay), (cx, cy), (bx, by) = curve
    target = spots[edge.target]
    x, y = curve.middle
    path = f"M{ax:.1f} {ay:.1f}Q{cx:.1f} {cy:.1f} {bx:.1f} {by:.1f}"
    long = _LETTER * len(edge.label) / 2 + _MARGIN
    middle = max(long - half, min(half - long, x))
    label = f'<text x="{middle:.1f}" y="{y - 5:.1f}">{escape(edge.label)}</text>'
    arrow = "" if edge.both else _arrow((cx, cy), (bx, by), _tip(target, (cx, cy), (bx, by)))
    drawn = (
        f'<path class="hit" d="{path}"/><path class="line" d="{path}"/>'
        f"{arrow}{label if edge.label else ''}"
    )
    about = (
        f'class="{" ".join(("edge", *edge.signs))}" data-row="{escape(edge.name)}" '
        f'data-ends="{escape(edge.source)} {escape(edge.target)}" '
        f'aria-label="{escape(edge.told)}"{_rests(edge.claims)}'
    )
    if not edge.href:
        return f'<g {about} role="img" tabindex="-1">{drawn}</g>'
    return f'<a {about} href="{escape(edge.href)}" tabindex="-1">{drawn}</a>'


def _end(spot: Spot, other: Spot) -> tuple[float, float]:
    """Return where a line ends: at the shape, or beyond the name if it leads outwards from there.

    A line straight through its own name could not be read, nor could the name.
    """
    if spot.side == other.side and 0 < spot.ring < other.ring:
        return spot.x + spot.side * (_BESIDE + spot.width), spot.y
    return spot.x, spot.y


def _control(
    a: tuple[float, float], b: tuple[float, float], aside: float, source: Spot, target: Spot
) -> tuple[float, float]:
    """Return the point that bends a line: between two of the rings to the middle, not over it."""
    x, y = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
    long = hypot(b[0] - a[0], b[1] - a[1]) or 1
    across = (-(b[1] - a[1]) / long, (b[0] - a[0]) / long)
    if source.ring == target.ring == 2 and source.side == target.side:
        x -= source.side * min(_BEND[1] * long, 1.5 * _GAP)  # names of the inner ring lie beyond
    elif source.ring == target.ring or (source.side != target.side and source.ring * target.ring):
        bend = min(_BEND[0], _BEND[1] * long / (hypot(x, y) or 1))
        x, y = x * (1 - bend), y * (1 - bend)
        # How far the line passes from the middle, and on which side of it.
        passing = x * across[0] + y * across[1]
        if abs(passing) < _CLEAR and source.side != target.side:
            push = (_CLEAR if passing >= 0 else -_CLEAR) * 2 - passing
            x, y = x + across[0] * push, y + across[1] * push
    return x + across[0] * aside * 2, y + across[1] * aside * 2


def _tip(spot: Spot, control: tuple[float, float], end: tuple[float, float]) -> float:
    """Return how far from the end of a line the tip of its arrow is: not under a name."""
    if end != (spot.x, spot.y):
        return 2  # it ends beyond the name
    if spot.ring:
        return _TIP[0]
    x, y = abs(control[0] - end[0]), control[1] - end[1]
    if y <= 0:
        return _TIP[1]
    half, low = spot.width * 0.57, spot.box[3] - spot.y  # its name is bold
    beyond = hypot(x, y) * min(half / x if x else low / y, low / y)
    return max(_TIP[1], beyond + 3)


def _arrow(control: tuple[float, float], end: tuple[float, float], apart: float) -> str:
    """Return the head of an arrow, so far from the middle of the shape that a line ends in."""
    long = hypot(end[0] - control[0], end[1] - control[1]) or 1
    x, y = (end[0] - control[0]) / long, (end[1] - control[1]) / long
    tip = (end[0] - x * apart, end[1] - y * apart)
    back = (tip[0] - x * 9, tip[1] - y * 9)
    corners = (tip, (back[0] - y * 4, back[1] + x * 4), (back[0] + y * 4, back[1] - x * 4))
    return '<path class="head" d="M' + "L".join(f"{a:.1f} {b:.1f}" for a, b in corners) + 'z"/>'
