"""GeoJSON: the places, in the Linked Places Format, with what is told to have happened there.

A place without coordinates has no geometry: it is vague, or no source gives any. Each event at a
place is a relation with the days between which it began and ended.
Source: https://github.com/LinkedPasts/linked-places-format, https://www.rfc-editor.org/rfc/rfc7946
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

import pyoxigraph as ox

from kg.store import Graph
from kg.terms import CAS, DCT, PREFIXES, RDFS
from kg.things import Thing, things

MEDIA_TYPE, SUFFIX = "application/geo+json", "geojson"
_CONTEXT = (
    "https://raw.githubusercontent.com/LinkedPasts/linked-places-format/main/"
    "linkedplaces-context-v1.1.jsonld"
)
_CITATION = {"label": "names and links in Cassibile", "@id": PREFIXES["g"] + "entities"}
_WKT = ox.NamedNode(PREFIXES["geo"] + "asWKT")
_POINT = re.compile(r"\s*POINT\s*\(\s*(\S+)\s+(\S+)\s*\)\s*", re.IGNORECASE)


def write(graph: Graph, out: IO[bytes]) -> None:
    """Write the places of the default graph; what is told of them is held in memory."""
    places: dict[str, Thing] = {}
    events: dict[str, list[Thing]] = {}
    with things(graph.store, graph.dump) as found:
        for thing in found:
            if CAS.Place.value in thing.kinds:
                places[thing.iri] = thing
            for where in thing.related(CAS.tookPlaceAt):
                events.setdefault(where, []).append(thing)
    head = {"type": "FeatureCollection", "@context": _CONTEXT}
    out.write(_encoded(head)[:-1] + b',"features":[')
    separator = b"\n"
    for place in places.values():
        feature = _feature(graph, place, events.get(place.iri, []), places)
        out.write(separator + _encoded(feature))
        separator = b",\n"
    out.write(b"\n]}\n")


def _feature(
    graph: Graph, place: Thing, events: list[Thing], places: Mapping[str, Thing]
) -> dict[str, Any]:
    kinds = [kind for kind in place.kinds if kind != CAS.Place.value] or list(place.kinds)
    geometries = [g for name in place.geometries for g in _geometry(graph.store, name)]
    links = {"exactMatch": place.exact, "closeMatch": place.close}
    wider = [iri for iri in place.related(CAS.within) if iri in places]
    return {
        "@id": place.iri,
        "type": "Feature",
        "properties": {"title": place.label},
        "geometry": _one_geometry(geometries),
        "names": [
            {"toponym": name.words, "lang": name.language, "citations": [_CITATION]}
            for name in place.names
        ],
        "types": [
            {"identifier": kind, "label": graph.label(ox.NamedNode(kind))} for kind in kinds
        ],
        "links": [
            {"type": kind, "identifier": iri} for kind, iris in links.items() for iri in iris
        ],
        "relations": [
            *(_relation("gvp:broaderPartitive", places[iri]) for iri in wider),
            *(_relation("crm:P7i_witnessed", event) for event in events),
        ],
    }


def _geometry(store: ox.Store, name: str) -> Iterator[dict[str, Any]]:
    """Yield the points of a geometry, with their source."""

    def values(predicate: ox.NamedNode) -> list[str]:
        quads = store.quads_for_pattern(ox.NamedNode(name), predicate, None, ox.DefaultGraph())
        return sorted(q.object.value for q in quads if not isinstance(q.object, ox.Triple))

    for text in values(_WKT):
        if point := _POINT.fullmatch(text):
            coordinates = [float(point[1]), float(point[2])]
            citations = [{"@id": source} for source in values(DCT.source)]
            told = {"label": "; ".join(values(RDFS.comment))}
            yield {
                "type": "Point",
                "coordinates": coordinates,
                "geo_wkt": text,
                "citations": [{**told, **citation} for citation in citations],
            }


def _one_geometry(found: list[dict[str, Any]]) -> dict[str, Any] | None:
    if len(found) > 1:
        return {"type": "GeometryCollection", "geometries": found}
    return found[0] if found else None


def _relation(kind: str, other: Thing) -> dict[str, Any]:
    told: dict[str, Any] = {
        "relationType": kind,
        "relationTo": other.iri,
        "label": other.label,
    }
    span = {
        end: bounds
        for end, earliest, latest in (
            ("start", "earliestStart", "latestStart"),
            ("end", "earliestEnd", "latestEnd"),
        )
        if (bounds := _between(other, earliest, latest))
    }
    return {**told, "when": {"timespans": [span]}} if "start" in span else told


def _between(event: Thing, earliest: str, latest: str) -> dict[str, str]:
    """Return the days of an end; where texts differ, the widest that both allow."""
    found = {}
    if event.days.get(earliest):
        found["earliest"] = min(event.days[earliest])
    if event.days.get(latest):
        found["latest"] = max(event.days[latest])
    return found


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
