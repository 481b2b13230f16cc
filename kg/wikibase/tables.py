"""The tables of ontology/wikibase: properties and items of Wikidata, each with its source."""

import csv
from functools import cache
from typing import NamedTuple

from kg import formats, paths

FOLDER = paths.ONTOLOGY / "wikibase"
# Of `wikibase:propertyType` and of entity JSON.
DATATYPES = {
    "WikibaseItem": "wikibase-item",
    "Time": "time",
    "GlobeCoordinate": "globe-coordinate",
    "Monolingualtext": "monolingualtext",
    "String": "string",
    "Url": "url",
    "ExternalId": "external-id",
    "Quantity": "quantity",
    "CommonsMedia": "commonsMedia",
    "GeoShape": "geo-shape",
}


class Property(NamedTuple):
    """A property of Wikidata.

    Attributes:
        pid: `P39`.
        label: in English.
        datatype: a key of `DATATYPES`.
    """

    pid: str
    label: str
    datatype: str


@cache
def properties() -> dict[str, Property]:
    """Return the properties that are known, by id."""
    return {
        row["pid"]: Property(row["pid"], row["label"], row["datatype"]) for row in _rows("pids")
    }


def property_of(pid: str, datatype: str) -> Property:
    """Return a property; one that is not in the table has no label, and this datatype."""
    return properties().get(pid) or Property(pid, "", datatype)


@cache
def items() -> dict[str, str]:
    """Return the English labels of classes and units, by id."""
    return {row["qid"]: row["label"] for row in _rows("qids")}


def _rows(name: str) -> list[dict[str, str]]:
    text = formats.read_text(FOLDER / f"{name}.tsv")
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
