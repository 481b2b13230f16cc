"""Where what is told of took place: the places of a perspective, drawn on a map and listed.

A place has coordinates of its own, or stands where it must be: a hollow mark at the place that it
lies somewhere within, or its name amid the places that lie within it. What can be placed in
neither way is listed alone.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import dist

import pyoxigraph as ox
from flask import request
from markupsafe import Markup

from kg import Graph, disagree, resources
from kg.errors import BadQuery, UnknownName, did_you_mean
from kg.proof.record import fact_of
from kg.store import kept
from kg.terms import CAS, DCT, PREFIXES, RDF, RDFS, expand
from kg.words import say
from server import cards, disputing, documents, frames
from server.cards import Cell, Ground
from server.draw import map as drawing
from server.draw.map import Mark
from server.frames import Frame, Point
from server.state import Served

KINDS = drawing.KINDS
REFERENCE = "reference"
PERSPECTIVES = ("text", REFERENCE, "both")
_CLASSES = {  # how a place of a class is drawn; any other is a point
    CAS.DefensiveLine: "line",
    CAS.MountainRange: "vague",
    CAS.Country: "region",
    CAS.Island: "region",
    CAS.Region: "region",
}
_AT = (CAS.tookPlaceAt, CAS.plannedPlace)
_GEOMETRY, _WKT = (ox.NamedNode(PREFIXES["geo"] + each) for each in ("hasGeometry", "asWKT"))
_ENTITIES, _WHY = expand("g:entities"), expand("g:why")
_SHAPE = re.compile(
    r"\s*(?:<http://www\.opengis\.net/def/crs/OGC/1\.3/CRS84>)?\s*(MULTI)?"
    r"(POINT|LINESTRING|POLYGON)\s*(?:ZM?|M)?\s*(\([-+.,()\seE\d]+\))\s*",
    re.IGNORECASE,
)
_PART = re.compile(r"\(([^()]+)\)")


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where a place lies.

    Attributes:
        at: its point, or the middle of its extent.
        lines: of its extent; none of a point.
        closed: whether they are closed.
    """

    at: Point
    lines: tuple[tuple[Point, ...], ...] = ()
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A fact about a place.

    Attributes:
        subject: of the fact, as the other two.
        property: of the fact.
        object: of the fact.
        why: path of the page that tells why it holds.
        grounds: the claims that state it; none where it follows.
        disputed: whether it clashes with what another source says, or the same one.
    """

    subject: Cell
    property: Cell
    object: Cell
    why: str
    grounds: tuple[Ground, ...]
    disputed: bool


@dataclass(frozen=True, slots=True)
class Row:
    """What a map and its list tell of a place.

    Attributes:
        name: of the place, the last part of its IRI.
        cell: its name and page.
        kind: one of `KINDS`.
        reference: whether reference works alone speak of it, of those that were asked for.
        geometry: where it is drawn; None if nowhere.
        placed: how that is known: `own`, `within`, `amid`, `odd` or `none`.
        other: the place that it lies somewhere within.
        why: path of the page that tells why it lies there.
        odd: coordinates that cannot be read.
        source: address of the source of its coordinates; may be empty.
        comment: on them; may be empty.
        disputes: each disagreement about it in words, with the path to it.
        lines: what each perspective says of it, by the key of the perspective.
    """

    name: str
    cell: Cell
    kind: str
    reference: bool
    geometry: Geometry | None
    placed: str
    other: Cell | None
    why: str
    odd: str
    source: str
    comment: str
    disputes: tuple[tuple[str, str], ...]
    lines: tuple[tuple[str, tuple[Line, ...]], ...]

    @property
    def anchor(self) -> str:
        """Return where it stands on the page of the map."""
        return f"place-{self.name}"

    @property
    def claims(self) -> tuple[str, ...]:
        """Return the names of the claims of texts that speak of it, in the order of the rows."""
        return tuple(
            dict.fromkeys(
                ground.told.name
                for _, lines in self.lines
                for line in lines
                for ground in line.grounds
                if not ground.told.source
            )
        )


def asked(graph: Graph) -> tuple[str, ...]:
    """Return the keys of the perspectives that a request asks for, the texts' first.

    Raises: UnknownName, if there is no such text; BadQuery, if there is no such perspective.
    """
    known = cards.texts(graph)
    names = request.args.getlist("text") or known
    for name in names:
        if name not in known:
            raise UnknownName(f"there is no text {name!r}", hint=did_you_mean(name, known))
    wanted = request.args.get("perspective", PERSPECTIVES[0])
    if wanted not in PERSPECTIVES:
        hint = did_you_mean(wanted, PERSPECTIVES) or f"choose one of {', '.join(PERSPECTIVES)}"
        raise BadQuery(f"there is no perspective {wanted!r}", hint=hint)
    texts = tuple(f"text/{name}" for name in dict.fromkeys(names))
    return {"text": texts, REFERENCE: (REFERENCE,), "both": (*texts, REFERENCE)}[wanted]


@kept(20)
def rows(graph: Graph, keys: tuple[str, ...], language: str) -> tuple[Row, ...]:
    """Return the places of perspectives, those of each kind together, by their names."""
    found = _Places(graph, keys, language)
    told = (found.row(place) for place in found.places)
    return tuple(sorted(told, key=lambda row: (KINDS.index(row.kind), row.cell.label, row.name)))


def drawn(
    here: Served, text: str, language: str, *, small: bool = True, focus: str = ""
) -> Markup:
    """Return a map of the places of a text, or of one place of it; empty if none can be drawn."""
    found = rows(here.graph, (f"text/{text}",), language)
    if focus:
        found = tuple(row for row in found if row.name == focus)
    return sheet(found, language, focus=focus, small=small)


def sheet(found: Sequence[Row], language: str, *, focus: str = "", small: bool = False) -> Markup:
    """Return the map of some places; empty if none of them can be drawn.

    The marks of a large map lead to its list, which stands beside it, those of a small one to the
    pages of the places.
    """
    shown = [row for row in found if row.geometry]
    if not shown:
        return Markup()
    frame = frame_of(shown)
    count = len(shown)
    name = say(language, "page/map-of" if count > 1 else "page/map-of-one", count=str(count))
    marks = [
        _mark(
            row,
            language,
            focus,
            request.script_root + row.cell.path if small else f"#{row.anchor}",
        )
        for row in shown
    ]
    svg = drawing.draw(frame, marks, name, request.script_root)
    size = " small" if small else ""
    return Markup(f'<div class="map{size}">{svg}</div>')  # noqa: S704 draw escapes what it is given


def frame_of(found: Iterable[Row]) -> Frame:
    """Return the smallest base map that holds all that is drawn."""
    shapes = [row.geometry for row in found if row.geometry]
    points = [each.at for each in shapes]
    return frames.smallest([*points, *(p for each in shapes for line in each.lines for p in line)])


def told(row: Row, language: str) -> str:
    """Return what a mark says to who does not see it: name, kind, and what is uncertain."""
    parts = [row.cell.label]
    if row.kind != "point":
        parts.append(say(language, f"page/map-{row.kind}"))
    if row.placed == "within" and row.other:
        parts.append(say(language, "page/map-within", place=row.other.label))
    if row.placed == "amid":
        parts.append(say(language, "page/map-amid"))
    if row.disputes:
        parts.append(say(language, "page/map-disputed"))
    if row.reference:
        parts.append(say(language, "page/map-of-reference"))
    return ", ".join(parts)


def _mark(row: Row, language: str, focus: str, href: str) -> Mark:
    assert row.geometry, "rows without one are not drawn"
    signs = {
        "disputed": row.disputes,
        "hollow": row.placed == "within",
        "amid": row.placed == "amid",
        "reference": row.reference,
        "focus": row.name == focus,
    }
    return Mark(
        row.cell.label,
        told(row, language),
        href,
        row.kind,
        row.geometry.at,
        row.geometry.lines,
        row.claims,
        tuple(sign for sign, given in signs.items() if given),
        row.geometry.closed,
    )


class _Places:
    """The places of some perspectives of a graph."""

    def __init__(self, graph: Graph, keys: Sequence[str], language: str) -> None:
        self._graph = graph
        self._keys = keys
        self._language = language
        self._views = {key: expand(f"g:view/{key}") for key in keys}
        self._of = {key: self._subjects(view) for key, view in self._views.items()}
        self.places = sorted(set().union(*self._of.values()), key=str)
        self._shapes = {place: self._geometry(place) for place in self.places}
        self._within = {
            place: {
                quad.object
                for view in self._views.values()
                for quad in graph.store.quads_for_pattern(place, CAS.within, None, view)
                if isinstance(quad.object, ox.NamedNode) and quad.object != place
            }
            for place in self.places
        }
        self._disputes: dict[ox.NamedNode, list[disagree.Disagreement]] = {}
        for each in disagree.read(graph.store):
            if each.under is None and {each.here, each.there} & {*keys}:
                self._disputes.setdefault(each.subject, []).append(each)

    def row(self, place: ox.NamedNode) -> Row:
        """Return what is told of a place."""
        kind = self._kind(place)
        geometry, odd, source, comment = self._shapes[place]
        placed, other, why = ("own" if geometry else "odd" if odd else "none"), None, ""
        if not geometry and (middle := self._amid(place)) and kind != "point":
            placed, geometry = "amid", Geometry(middle)
        elif not geometry and (host := self._host(place)):
            placed, other = "within", cards.cell(self._graph, host, self._language)
            geometry, why = self._at(host), self._why_within(place, host)
        if geometry and geometry.lines and kind in {"point", "region"}:
            kind = "region" if geometry.closed else "line"
        return Row(
            place.value.removeprefix(PREFIXES["id"]),
            cards.cell(self._graph, place, self._language),
            kind,
            not any(place in found for key, found in self._of.items() if key != REFERENCE),
            geometry,
            placed,
            other,
            why,
            odd,
            source,
            comment,
            tuple(self._disputed(place)),
            tuple((key, tuple(self._lines(place, key))) for key in self._keys),
        )

    def _subjects(self, view: ox.NamedNode) -> set[ox.NamedNode]:
        quads = self._graph.store.quads_for_pattern(None, RDF.type, CAS.Place, view)
        return {quad.subject for quad in quads if isinstance(quad.subject, ox.NamedNode)}

    def _kind(self, place: ox.NamedNode) -> str:
        for view in self._views.values():
            for quad in self._graph.store.quads_for_pattern(place, RDF.type, None, view):
                if isinstance(quad.object, ox.NamedNode) and quad.object in _CLASSES:
                    return _CLASSES[quad.object]
        return KINDS[0]

    # Where

    def _geometry(self, place: ox.NamedNode) -> tuple[Geometry | None, str, str, str]:
        """Return where a place lies, or what cannot be read; the source, and a comment on it."""
        odd = ""
        for geometry in self._values(place, _GEOMETRY):
            node = ox.NamedNode(geometry)
            for wkt in self._values(node, _WKT):
                if found := read_wkt(wkt):
                    sources, comments = (
                        self._values(node, each) for each in (DCT.source, RDFS.comment)
                    )
                    return found, "", "".join(sources[:1]), "".join(comments[:1])
                odd = wkt
        return None, odd, "", ""

    def _values(self, subject: ox.NamedNode, predicate: ox.NamedNode) -> list[str]:
        """Return the values that the paragraphs of names of the texts and references give."""
        quads = self._graph.store.quads_for_pattern(subject, predicate, None, _ENTITIES)
        return sorted(
            quad.object.value
            for quad in quads
            if isinstance(quad.object, ox.NamedNode | ox.Literal)
        )

    def _at(self, place: ox.NamedNode) -> Geometry | None:
        found = self._shapes[place][0] if place in self._shapes else None
        return found and Geometry(found.at)

    def _host(self, place: ox.NamedNode) -> ox.NamedNode | None:
        """Return the narrowest place with coordinates that a place lies within."""
        known = [each for each in self._within[place] if self._at(each)]
        return min(self._narrowest(known), key=str, default=None)

    def _narrowest(self, known: Collection[ox.NamedNode]) -> list[ox.NamedNode]:
        """Return the places that no other of them lies within."""
        wider = {each for one in known for each in self._within.get(one, ())}
        return [each for each in known if each not in wider]

    def _amid(self, place: ox.NamedNode) -> Point | None:
        """Return where that one of the places within a place lies that is most in their middle.

        Their middle itself may lie outside, as in a bay. One place is not enough: the name would
        stand for it.
        """
        inside = [each for each in self.places if place in self._within[each]]
        points = [at.at for each in inside if (at := self._at(each))]
        if len(points) < 2:
            return None
        x, y = _middle(points)
        return min(points, key=lambda point: (dist(point, (x, y)), point))

    def _why_within(self, place: ox.NamedNode, host: ox.NamedNode) -> str:
        triple = ox.Triple(place, CAS.within, host)
        for key, view in self._views.items():
            if ox.Quad(place, CAS.within, host, view) in self._graph.store:
                return documents.page_of(fact_of(key, triple).value, self._language)
        return ""

    # What is said

    def _disputed(self, place: ox.NamedNode) -> Iterator[tuple[str, str]]:
        for each in self._disputes.get(place, ()):
            label = self._graph.label(each.name, self._language)
            yield label, disputing.place(each, self._language)

    def _lines(self, place: ox.NamedNode, key: str) -> Iterator[Line]:
        """Yield what a perspective says of a place, and what follows it took place there.

        What took place at a narrower place is told of that.
        """
        stated, follows = [], []
        for fact in resources.facts_about(self._graph, place):
            about = {
                predicate: [
                    quad.object
                    for quad in self._graph.store.quads_for_pattern(fact, predicate, None, _WHY)
                ]
                for predicate in (CAS.perspective, CAS.statedBy, RDF.predicate)
            }
            predicate = about[RDF.predicate][0]
            if self._views[key] not in about[CAS.perspective] or predicate == RDF.type:
                continue
            line = self._line(
                fact, [c for c in about[CAS.statedBy] if isinstance(c, ox.NamedNode)]
            )
            if line.grounds:
                stated.append(line)
            elif predicate in _AT and self._is_narrowest(fact, place, key):
                follows.append(line)
        yield from sorted(stated, key=_order)
        yield from sorted(follows, key=lambda line: (line.subject.label, line.property.label))

    def _is_narrowest(self, fact: ox.NamedNode, place: ox.NamedNode, key: str) -> bool:
        subject, predicate, value = self._parts(fact)
        others = {
            quad.object
            for quad in self._graph.store.quads_for_pattern(
                subject, predicate, None, self._views[key]
            )
            if isinstance(quad.object, ox.NamedNode)
        }
        return value == place and not any(place in self._within.get(one, ()) for one in others)

    def _parts(self, fact: ox.NamedNode) -> tuple[ox.NamedNode, ...]:
        parts = (
            next(self._graph.store.quads_for_pattern(fact, side, None, _WHY)).object
            for side in (RDF.subject, RDF.predicate, RDF.object)
        )
        return tuple(parts)  # type: ignore[arg-type]

    def _line(self, fact: ox.NamedNode, claims: Iterable[ox.NamedNode]) -> Line:
        parts = self._parts(fact)
        subject, predicate, value = (
            cards.cell(self._graph, each, self._language) for each in parts
        )
        grounds = tuple(
            cards.ground(self._graph, claim, self._language) for claim in sorted(claims, key=str)
        )
        why = documents.page_of(fact.value, self._language)
        triple = ox.Triple(*parts)
        disputed = any(
            triple in (*each.here_triples, *each.there_triples)
            for each in self._disputes.get(parts[0], ())
        )
        return Line(subject, predicate, value, why, grounds, disputed)


def _order(line: Line) -> tuple[list[int], str, str]:
    """Return where a line stands: in the order of the words that it rests on."""
    numbers = [int(each) for each in re.findall(r"\d+", line.grounds[0].told.name)]
    return numbers, line.subject.label, line.property.label


def read_wkt(text: str) -> Geometry | None:
    """Return where a text in WKT lies; None if it is none of those that are drawn.

    Longitude first, as in CRS84, which is meant where no other system is named.
    Source: https://www.ogc.org/standard/geosparql/, section 8.5

    >>> read_wkt("POINT(17.25 40.46)").at
    (17.25, 40.46)
    >>> read_wkt("POINT EMPTY"), read_wkt("POINT(200 0)")
    (None, None)
    """
    found = _SHAPE.fullmatch(text)
    if not found:
        return None
    kind = found[2].upper()
    try:
        lines = tuple(tuple(map(_point, part.split(","))) for part in _PART.findall(found[3]))
    except ValueError:
        return None
    points = [point for line in lines for point in line]
    if not points or not all(abs(x) <= 180 and abs(y) <= 90 for x, y in points):
        return None
    if kind == "POINT":
        return Geometry(_middle(points))
    if any(len(line) < 2 for line in lines):
        return None
    if kind == "POLYGON":
        return Geometry(_centre(lines[0]), lines, closed=True)
    return Geometry(_halfway(lines[0]), lines)


def _point(words: str) -> Point:
    """Return the first two numbers; a height is not drawn."""
    x, y, *_ = map(float, words.split())
    return x, y


def _middle(points: Sequence[Point]) -> Point:
    xs, ys = zip(*points, strict=True)
    return sum(xs) / len(xs), sum(ys) / len(ys)


def _halfway(line: Sequence[Point]) -> Point:
    return line[len(line) // 2]


def _centre(ring: Sequence[Point]) -> Point:
    """Return the centroid of a ring; the middle of its corners if it has no area.

    >>> _centre([(0, 0), (2, 0), (2, 2), (0, 2), (0, 0)])
    (1.0, 1.0)
    """
    around = [(a, b, a[0] * b[1] - b[0] * a[1]) for a, b in pairwise([*ring, ring[0]])]
    area = sum(cross for _, _, cross in around) * 3
    if not area:
        return _middle(ring)
    return (
        sum((a[0] + b[0]) * cross for a, b, cross in around) / area,
        sum((a[1] + b[1]) * cross for a, b, cross in around) / area,
    )
