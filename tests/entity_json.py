"""Entity JSON for tests: items with made-up statement ids and, where said, made-up values."""

import json
from pathlib import Path
from typing import Any

Snak = dict[str, Any]


def item(qid: str) -> Snak:
    value = {"entity-type": "item", "numeric-id": int(qid[1:]), "id": qid}
    return _value("wikibase-entityid", value)


def time(written: str, precision: int = 11, calendar: str = "Q1985727") -> Snak:
    """Return a date, `1943-07-25` or `1943-07-00`."""
    model = f"http://www.wikidata.org/entity/{calendar}"
    value = {"time": f"+{written}T00:00:00Z", "precision": precision, "calendarmodel": model}
    return _value("time", value)


def point(latitude: float, longitude: float, globe: str = "Q2") -> Snak:
    place = {"latitude": latitude, "longitude": longitude, "precision": 0.0001}
    return _value("globecoordinate", place | {"globe": f"http://www.wikidata.org/entity/{globe}"})


SOME: Snak = {"snaktype": "somevalue"}
NONE: Snak = {"snaktype": "novalue"}


def statement(pid: str, snak: Snak, rank: str = "normal", **qualifiers: Snak) -> dict[str, Any]:
    return {
        "mainsnak": {**snak, "property": pid},
        "type": "statement",
        "rank": rank,
        "qualifiers": {name: [{**each, "property": name}] for name, each in qualifiers.items()},
    }


def entity(
    qid: str, *statements: dict[str, Any], labels: dict[str, str] | None = None
) -> dict[str, Any]:
    """Return an item; its statements are numbered, `Q1$…0001` and on."""
    claims: dict[str, list[dict[str, Any]]] = {}
    for number, each in enumerate(statements, 1):
        numbered = {**each, "id": guid(qid, number)}
        claims.setdefault(each["mainsnak"]["property"], []).append(numbered)
    named = {lang: {"language": lang, "value": name} for lang, name in (labels or {}).items()}
    return {"type": "item", "id": qid, "labels": named, "aliases": {}, "claims": claims}


def guid(qid: str, number: int) -> str:
    return f"{qid}$00000000-0000-4000-8000-{number:012}"


def answer(*found: dict[str, Any]) -> str:
    """Return what Special:EntityData and wbgetentities give."""
    return json.dumps({"entities": {each["id"]: each for each in found}})


def write(folder: Path, *found: dict[str, Any]) -> Path:
    """Write a file for each item; return the folder."""
    folder.mkdir(exist_ok=True)
    for each in found:
        (folder / f"{each['id']}.json").write_text(answer(each), encoding="utf-8")
    return folder


def _value(kind: str, value: Any) -> Snak:
    return {"snaktype": "value", "datavalue": {"type": kind, "value": value}}
