"""The base maps: where a point of the earth lies on each, and which one holds what is to be drawn.

A frame is a pair of files in static/map: `<frame>.svg` has the paths, `<frame>.json` tells how
they were projected. Nothing else names it. Lengths are in units of the drawing, ten to a pixel of
its usual size, so that whole numbers are exact enough.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from math import asin, cos, log, pi, radians, sin, sqrt, tan
from pathlib import Path
from typing import Any, TypeAlias

FOLDER = Path(__file__).parent / "static" / "map"
UNITS = 10  # to a pixel

Point: TypeAlias = tuple[float, float]

# Of the polynomial of Equal Earth: https://doi.org/10.1080/13658816.2018.1504949, equation 4.
_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796


@dataclass(frozen=True, slots=True)
class Frame:
    """A base map.

    Attributes:
        name: of its files.
        bounds: west, south, east and north, in degrees; every point between them is on the map.
        width: of the drawing, in units.
        height: likewise.
        layers: ids of its paths, from below to above.
        projection: its name and parameters, in degrees.
        scale: units to a radius of the earth.
        left: units from the origin of the projection to the left edge.
        top: likewise to the top edge.
    """

    name: str
    bounds: tuple[float, float, float, float]
    width: int
    height: int
    layers: tuple[str, ...]
    projection: Mapping[str, Any]
    scale: float
    left: float
    top: float

    def holds(self, point: Point) -> bool:
        """Return whether a point, given as longitude and latitude, is on the map."""
        west, south, east, north = self.bounds
        return west <= point[0] <= east and south <= point[1] <= north

    def place(self, point: Point) -> Point:
        """Return where a point, given as longitude and latitude, lies on the drawing."""
        x, y = project(self.projection, point)
        return x * self.scale - self.left, self.top - y * self.scale


def project(projection: Mapping[str, Any], point: Point) -> Point:
    """Return where a projection puts a point of a sphere of radius 1, rightwards and upwards.

    Source: Snyder, Map Projections: A Working Manual, https://doi.org/10.3133/pp1395, section 15;
            https://doi.org/10.1080/13658816.2018.1504949

    >>> project({"name": "equal-earth", "meridian": 0}, (0, 0))
    (0.0, 0.0)
    """
    return _PROJECTIONS[projection["name"]](projection, point)


def _lambert(projection: Mapping[str, Any], point: Point) -> Point:
    """Return the conformal conic projection of Lambert with two standard parallels."""
    first, second = (radians(each) for each in projection["parallels"])
    cone = log(cos(first) / cos(second)) / log(_half(second) / _half(first))
    factor = cos(first) * _half(first) ** cone / cone
    distance = factor / _half(radians(point[1])) ** cone
    origin = factor / _half(radians(projection["latitude"])) ** cone
    angle = cone * radians(point[0] - projection["meridian"])
    return distance * sin(angle), origin - distance * cos(angle)


def _half(latitude: float) -> float:
    return tan(pi / 4 + latitude / 2)


def _equal_earth(projection: Mapping[str, Any], point: Point) -> Point:
    angle = asin(sqrt(3) / 2 * sin(radians(point[1])))
    square = angle * angle
    slope = _A1 + 3 * _A2 * square + square**3 * (7 * _A3 + 9 * _A4 * square)
    longitude = radians(point[0] - projection["meridian"])
    x = 2 * sqrt(3) * longitude * cos(angle) / (3 * slope)
    return x, angle * (_A1 + _A2 * square + square**3 * (_A3 + _A4 * square))


_PROJECTIONS = {"equal-earth": _equal_earth, "lambert-conformal-conic": _lambert}


@cache
def frames(folder: Path = FOLDER) -> tuple[Frame, ...]:
    """Return the base maps that there are, those of the smallest part of the earth first."""
    found = (_read(path) for path in sorted(folder.glob("*.json")))
    return tuple(sorted(found, key=_area))


def smallest(points: Iterable[Point]) -> Frame:
    """Return the smallest base map that holds all points; without points the smallest of all.

    If none holds them all, the largest.
    """
    wanted = list(points)
    holding = (frame for frame in frames() if all(map(frame.holds, wanted)))
    return next(holding, frames()[-1])


def _read(path: Path) -> Frame:
    told = json.loads(path.read_text(encoding="utf-8"))
    told["bounds"], told["layers"] = tuple(told["bounds"]), tuple(told["layers"])
    return Frame(path.stem, **told)


def _area(frame: Frame) -> float:
    west, south, east, north = frame.bounds
    return (east - west) * (sin(radians(north)) - sin(radians(south)))
