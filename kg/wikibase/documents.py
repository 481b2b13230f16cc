"""Entity JSON, read and written.

Source: https://doc.wikimedia.org/Wikibase/master/php/docs_topics_json.html
"""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha1
from typing import Any

from kg.wikibase import tables
from kg.wikibase.model import (
    EARTH,
    ID,
    NONE,
    SOME,
    Entity,
    Item,
    Point,
    Quantity,
    Snak,
    Statement,
    String,
    Text,
    Time,
    Value,
)
from kg.wikibase.rdf import reference_hash

_LETTERS = {"item": "Q", "property": "P"}
_TYPES = {
    Item: ("wikibase-entityid", "wikibase-item"),
    Time: ("time", "time"),
    Point: ("globecoordinate", "globe-coordinate"),
    Quantity: ("quantity", "quantity"),
    Text: ("monolingualtext", "monolingualtext"),
}


def read(document: Mapping[str, Any]) -> Entity:
    """Return the entity of a document, as it stands under its id in an answer.

    Raises: KeyError, TypeError, ValueError, for what is none.
    """
    statements = _mapping(document.get("claims", document.get("statements")))
    return Entity(
        document["id"],
        document.get("type", "item"),
        _terms(document.get("labels")),
        _terms(document.get("descriptions")),
        {
            language: tuple(each["value"] for each in many)
            for language, many in _mapping(document.get("aliases")).items()
        },
        tuple(_statement(each) for many in statements.values() for each in many),
        document.get("datatype", ""),
    )


def written(entity: Entity) -> dict[str, Any]:
    """Return the document of an entity, with what is sorted in it sorted."""
    document: dict[str, Any] = {"type": entity.kind, "id": entity.id}
    if entity.kind == "property":
        document["datatype"] = entity.datatype
    document["labels"] = _written_terms(entity.labels)
    document["descriptions"] = _written_terms(entity.descriptions)
    document["aliases"] = {
        language: [{"language": language, "value": each} for each in many]
        for language, many in sorted(entity.aliases.items())
    }
    claims: dict[str, list[Any]] = {}
    for each in entity.statements:
        claims.setdefault(each.main.property, []).append(_written_statement(each))
    document["claims"] = claims
    if entity.kind == "item":
        document["sitelinks"] = {}
    return document


def _statement(document: Mapping[str, Any]) -> Statement:
    return Statement(
        document["id"],
        _snak(document["mainsnak"]),
        document.get("rank", "normal"),
        _snaks(document.get("qualifiers"), document.get("qualifiers-order")),
        tuple(
            _snaks(each["snaks"], each.get("snaks-order"))
            for each in document.get("references", ())
        ),
    )


def _snaks(found: Any, order: Iterable[str] | None = None) -> tuple[Snak, ...]:
    by_property = _mapping(found)
    return tuple(_snak(each) for pid in order or by_property for each in by_property[pid])


def _snak(document: Mapping[str, Any]) -> Snak:
    kind, pid = document["snaktype"], document["property"]
    if kind in {SOME, NONE}:
        return Snak(pid, kind)
    found = document["datavalue"]
    return Snak(pid, _value(found["type"], found["value"], document.get("datatype", "")))


def _value(kind: str, found: Any, datatype: str) -> Value:
    match kind:
        case "wikibase-entityid":
            letter = _LETTERS.get(found.get("entity-type", ""), "")
            return Item(found.get("id") or f"{letter}{found['numeric-id']}")
        case "time":
            zone = found.get("timezone", 0)
            return Time(found["time"], found["precision"], found["calendarmodel"], zone)
        case "globecoordinate":
            precision = found.get("precision")
            globe = found.get("globe") or EARTH
            return Point(found["latitude"], found["longitude"], precision, globe)
        case "quantity":
            bounds = found.get("upperBound", ""), found.get("lowerBound", "")
            return Quantity(found["amount"], found.get("unit", "1"), *bounds)
        case "monolingualtext":
            return Text(found["text"], found["language"])
        case "string":
            return String(found, datatype or "string")
    raise ValueError(f"{kind} is no kind of value")


def _written_statement(statement: Statement) -> dict[str, Any]:
    document: dict[str, Any] = {
        "mainsnak": _written_snak(statement.main),
        "type": "statement",
        "id": statement.id,
        "rank": statement.rank,
    }
    if statement.qualifiers:
        document["qualifiers"] = _hashed(_written_snaks(statement.qualifiers))
        document["qualifiers-order"] = list(document["qualifiers"])
    if statement.references:
        document["references"] = [
            {
                "hash": reference_hash(each),
                "snaks": (snaks := _written_snaks(each)),
                "snaks-order": list(snaks),
            }
            for each in statement.references
        ]
    return document


def _written_snaks(snaks: Iterable[Snak]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for each in snaks:
        found.setdefault(each.property, []).append(_written_snak(each))
    return found


def _hashed(snaks: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return qualifiers with their hashes, which are ours: clients only look that they differ."""
    for many in snaks.values():
        for each in many:
            text = json.dumps(each, sort_keys=True).encode()
            each["hash"] = sha1(text, usedforsecurity=False).hexdigest()
    return snaks


def _written_snak(snak: Snak) -> dict[str, Any]:
    known = tables.properties().get(snak.property)
    if isinstance(snak.value, str):
        document = {"snaktype": snak.value, "property": snak.property}
        if known:
            document["datatype"] = tables.DATATYPES[known.datatype]
        return document
    if isinstance(snak.value, String):
        kind, datatype = "string", snak.value.datatype
    else:
        kind, datatype = _TYPES[type(snak.value)]
    return {
        "snaktype": "value",
        "property": snak.property,
        "datavalue": {"value": _written_value(snak.value), "type": kind},
        "datatype": datatype,
    }


def _written_value(value: Value) -> Any:
    match value:
        case Item(name):
            return _written_item(name)
        case Time(time, precision, calendar, zone):
            return {
                "time": time,
                "timezone": zone,
                "before": 0,
                "after": 0,
                "precision": precision,
                "calendarmodel": calendar,
            }
        case Point(latitude, longitude, precision, globe):
            return {
                "latitude": latitude,
                "longitude": longitude,
                "altitude": None,
                "precision": precision,
                "globe": globe,
            }
        case Quantity(amount, unit, upper, lower):
            bounds = {"upperBound": upper, "lowerBound": lower}
            return {"amount": amount, "unit": unit, **{k: v for k, v in bounds.items() if v}}
        case Text(text, language):
            return {"text": text, "language": language}
        case String(text):
            return text


def _written_item(name: str) -> dict[str, Any]:
    """Return an item; one of ours without a number at Wikidata has none here either."""
    kind = "property" if ID.fullmatch(name) and name.startswith("P") else "item"
    number = {"numeric-id": int(name[1:])} if ID.fullmatch(name) else {}
    return {"entity-type": kind, **number, "id": name}


def _terms(found: Any) -> dict[str, str]:
    return {language: each["value"] for language, each in _mapping(found).items()}


def _written_terms(terms: Mapping[str, str]) -> dict[str, Any]:
    return {
        language: {"language": language, "value": words}
        for language, words in sorted(terms.items())
    }


def _mapping(found: Any) -> Mapping[str, Any]:
    return found or {}  # PHP writes an empty map as a list
