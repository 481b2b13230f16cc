"""The base maps: each is there whole, and a point lies where the projection puts it."""

import re
from math import cos, pi, radians
from pathlib import Path

import pytest

from server import frames
from server.frames import Frame, Point

RECIPES = Path(__file__).parents[1] / "web" / "basemap"
FRAMES = frames.frames()
LAND: dict[str, list[Point]] = {
    "italy": [(12.5, 41.9), (14.2, 37.6), (9.1, 40.1)],
    "world": [(25, 0), (-100, 40)],
}
SEA: dict[str, list[Point]] = {
    "italy": [(12.0, 40.0), (15.5, 43.0)],
    "world": [(-30, 30), (80, -20)],
}
ALL = pytest.mark.parametrize("frame", FRAMES, ids=[frame.name for frame in FRAMES])


def rings(frame: Frame, layer: str) -> list[list[Point]]:
    """Return the lines of a layer, in units of the drawing."""
    svg = (frames.FOLDER / f"{frame.name}.svg").read_text(encoding="utf-8")
    found = re.search(rf'<path id="{layer}"[^>]* d="([^"]*)"', svg)
    assert found, f"{frame.name} has no {layer}"
    lines = []
    for part in found[1].split("M")[1:]:
        start, _, steps = part.rstrip("z").partition("l")
        x, y = map(int, re.findall(r"-?\d+", start))
        line: list[Point] = [(x, y)]
        numbers = [int(each) for each in re.findall(r"-?\d+", steps)]
        for right, down in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + right, y + down
            line.append((x, y))
        lines.append(line)
    return lines


def on_land(frame: Frame, point: Point) -> bool:
    x, y = frame.place(point)
    inside = False
    for ring in rings(frame, "land"):
        for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True):
            if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
                inside = not inside
    return inside


def test_every_recipe_was_made_and_nothing_else_is_there() -> None:
    made = sorted(path.name for path in frames.FOLDER.iterdir())
    recipes = [path.stem for path in RECIPES.glob("*.json")]

    assert recipes
    assert made == sorted(f"{name}.{suffix}" for name in recipes for suffix in ("json", "svg"))


def test_the_smallest_part_of_the_earth_comes_first() -> None:
    assert [frame.name for frame in FRAMES] == ["italy", "world"]


@ALL
def test_every_layer_has_lines_that_fill_the_drawing_and_do_not_leave_it(frame: Frame) -> None:
    for layer in frame.layers:
        points = [point for line in rings(frame, layer) for point in line]
        margin = 50
        assert points
        assert all(-margin <= x <= frame.width + margin for x, _ in points)
        assert all(-margin <= y <= frame.height + margin for _, y in points)


@ALL
def test_every_point_between_the_bounds_is_on_the_drawing(frame: Frame) -> None:
    west, south, east, north = frame.bounds
    steps = range(21)
    for across in steps:
        for up in steps:
            point = (west + (east - west) * across / 20, south + (north - south) * up / 20)
            x, y = frame.place(point)
            assert frame.holds(point)
            assert -1 <= x <= frame.width + 1
            assert -1 <= y <= frame.height + 1
    assert not frame.holds((west - 1, south))


@ALL
def test_land_is_where_land_is(frame: Frame) -> None:
    assert all(on_land(frame, point) for point in LAND[frame.name])
    assert not any(on_land(frame, point) for point in SEA[frame.name])


def test_a_page_takes_the_smallest_map_that_holds_its_points() -> None:
    rome, berlin = (12.5, 41.9), (13.4, 52.5)

    assert frames.smallest([rome]).name == "italy"
    assert frames.smallest([rome, berlin]).name == "world"
    assert frames.smallest([]).name == "italy"


def test_the_conic_projection_gives_the_numbers_of_its_source() -> None:
    """Snyder, Map Projections: A Working Manual, page 295."""
    us = {
        "name": "lambert-conformal-conic",
        "parallels": [33, 45],
        "meridian": -96,
        "latitude": 23,
    }
    x, y = frames.project(us, (-75, 35))

    assert (round(x, 7), round(y, 7)) == (0.2966785, 0.2462112)


def test_the_map_of_the_world_shows_equal_areas_as_equal() -> None:
    earth = {"name": "equal-earth", "meridian": 0}
    step = 0.01
    for longitude, latitude in ((0, 0), (100, 45), (-170, -70), (30, 80)):
        x, y = frames.project(earth, (longitude, latitude))
        right = frames.project(earth, (longitude + step, latitude))[0] - x
        up = frames.project(earth, (longitude, latitude + step))[1] - y
        true = radians(step) ** 2 * cos(radians(latitude + step / 2))
        assert right * up == pytest.approx(true, rel=1e-3)
    assert frames.project(earth, (180, 0))[0] == pytest.approx(2 * 3**0.5 * pi / (3 * 1.340264))


def test_the_origin_names_what_the_maps_were_made_of() -> None:
    told = (RECIPES / "ORIGIN.md").read_text(encoding="utf-8")
    files = re.findall(
        r"^\| `(ne_10m_\w+)\.(\w+)` \|.*\| `([0-9a-f]{64})` \|$", told, re.MULTILINE
    )

    assert {suffix for _, suffix, _ in files} == {"shp", "dbf", "shx"}
    assert len({name for name, _, _ in files}) == len(FRAMES[0].layers)
    assert "public domain" in told
