"""Entities as Wikibase writes them in RDF.

Unknown values are names below `.well-known/genid/`, not blank nodes, so that a file is the same
each time. The hashes in the names of values and references are ours: those of Wikibase come from
how PHP writes its objects.
Source: https://www.mediawiki.org/wiki/Wikibase/Indexing/RDF_Dump_Format
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha1

import pyoxigraph as ox

from kg.terms import BASE, CAS, PREFIXES, QUERY_PREFIXES, RDF, RDFS, SKOS, XSD
from kg.wikibase import dates
from kg.wikibase.model import (
    DAY,
    GREGORIAN,
    ID,
    JULIAN,
    MONTH,
    NONE,
    ONE,
    WIKIDATA,
    YEAR,
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
from kg.wikibase.tables import Property

Term = ox.NamedNode | ox.Literal
_WIKIBASE, _SCHEMA = QUERY_PREFIXES["wikibase"], QUERY_PREFIXES["schema"]
_PROV, _WKT = QUERY_PREFIXES["prov"], ox.NamedNode(PREFIXES["geo"] + "wktLiteral")
_DATETIME, _DECIMAL, _DOUBLE = (
    ox.NamedNode(PREFIXES["xsd"] + name) for name in ("dateTime", "decimal", "double")
)
_TIME = re.compile(r"([+-])([0-9]+)-([0-9]{2})-([0-9]{2})(T[0-9:]{8}Z)")
_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]")
_NOT_IN_IRI = re.compile(r'[\x00-\x20\\<>"{}|^`]')
_MEDIA = {
    "commonsMedia": "http://commons.wikimedia.org/wiki/Special:FilePath/",
    "geo-shape": "http://commons.wikimedia.org/data/main/",
    "tabular-data": "http://commons.wikimedia.org/data/main/",
}
_IN_OBJECTS = frozenset({"WikibaseItem", "WikibaseProperty", "Url", "CommonsMedia", "GeoShape"})
_WITH_NODE = (Time, Point, Quantity)


@dataclass(frozen=True, slots=True)
class Names:
    """Where the names of nodes begin.

    Attributes:
        entity: of items and properties that have a number.
        ours: of items without one.
        property: of all that properties are used as.
        node: of statements, values and references.
    """

    entity: str = WIKIDATA
    ours: str = PREFIXES["id"]
    property: str = QUERY_PREFIXES["p"]
    node: str = BASE

    def of(self, name: str) -> ox.NamedNode:
        """Return the name of an entity."""
        return ox.NamedNode((self.entity if ID.fullmatch(name) else self.ours) + name)

    def statement(self, identifier: str) -> ox.NamedNode:
        """Return the name of a statement."""
        return ox.NamedNode(f"{self.node}statement/{_IN_A_NAME.sub('-', identifier)}")

    def use(self, kind: str, pid: str) -> ox.NamedNode:
        """Return a property as it is used: `statement/value/` and so on, or nothing."""
        return ox.NamedNode(f"{self.property}{kind}{pid}")


OURS = Names()


def describe(entity: Entity, names: Names = OURS) -> Iterator[ox.Triple]:
    """Yield an entity with all that its statements lead to."""
    subject = names.of(entity.id)
    yield ox.Triple(subject, RDF.type, _wikibase(entity.kind.capitalize()))
    for language, words in entity.labels.items():
        yield ox.Triple(subject, RDFS.label, ox.Literal(words, language=language))
    for language, words in entity.descriptions.items():
        described = ox.NamedNode(_SCHEMA + "description")
        yield ox.Triple(subject, described, ox.Literal(words, language=language))
    for language, many in entity.aliases.items():
        for words in many:
            yield ox.Triple(subject, SKOS.altLabel, ox.Literal(words, language=language))
    for same in entity.exact:
        yield ox.Triple(subject, SKOS.exactMatch, ox.NamedNode(same))
    for statement in entity.statements:
        yield from _statement(subject, statement, names, best=entity.best(statement))


def counted(entity: Entity, names: Names = OURS) -> Iterator[ox.Triple]:
    """Yield how many statements, sitelinks and identifiers an item has."""
    known = {"statements": len(entity.statements), "sitelinks": 0, "identifiers": 0}
    for name, number in known.items():
        yield ox.Triple(names.of(entity.id), _wikibase(name), _integer(number))


def described_property(found: Property, names: Names = OURS) -> Iterator[ox.Triple]:
    """Yield how a property is used: which names it has where."""
    subject, pid = names.of(found.pid), found.pid
    uses = {
        "claim": "",
        "directClaim": "direct/",
        "statementProperty": "statement/",
        "statementValue": "statement/value/",
        "qualifier": "qualifier/",
        "qualifierValue": "qualifier/value/",
        "reference": "reference/",
        "referenceValue": "reference/value/",
        "novalue": "novalue/",
    }
    yield ox.Triple(subject, RDF.type, _wikibase("Property"))
    yield ox.Triple(subject, _wikibase("propertyType"), _wikibase(found.datatype))
    for name, kind in uses.items():
        yield ox.Triple(subject, _wikibase(name), names.use(kind, pid))
        if name == "novalue":
            owl = "Class"
        elif name in {"directClaim", "statementProperty", "qualifier", "reference"}:
            owl = "ObjectProperty" if found.datatype in _IN_OBJECTS else "DatatypeProperty"
        else:
            owl = "ObjectProperty"
        yield ox.Triple(names.use(kind, pid), RDF.type, ox.NamedNode(PREFIXES["owl"] + owl))


def simple(value: Value, names: Names = OURS) -> Term:
    """Return a value as one term: what `wdt:` leads to."""
    match value:
        case Item(name):
            return names.of(name)
        case Time():
            return _moment(value)
        case Point(latitude, longitude):
            point = f"Point({_number(longitude)} {_number(latitude)})"
            return ox.Literal(point, datatype=_WKT)
        case Quantity(amount):
            return ox.Literal(amount, datatype=_DECIMAL)
        case Text(text, language):
            return ox.Literal(text, language=language)
        case String(text, datatype):
            if datatype == "url":
                return ox.NamedNode(_NOT_IN_IRI.sub(_escaped, text.strip()))
            if datatype in _MEDIA:
                return ox.NamedNode(_MEDIA[datatype] + _NOT_IN_IRI.sub(_escaped, text))
            return ox.Literal(text)


def _statement(
    subject: ox.NamedNode, statement: Statement, names: Names, *, best: bool
) -> Iterator[ox.Triple]:
    node, main = names.statement(statement.id), statement.main
    yield ox.Triple(subject, names.use("", main.property), node)
    yield ox.Triple(node, RDF.type, _wikibase("Statement"))
    yield ox.Triple(node, _wikibase("rank"), _wikibase(f"{statement.rank.capitalize()}Rank"))
    if best:
        yield ox.Triple(node, RDF.type, _wikibase("BestRank"))
        yield from _said(subject, main, "direct/", "", names)
    yield from _said(node, main, "statement/", "statement/value/", names)
    for snak in statement.qualifiers:
        yield from _said(node, snak, "qualifier/", "qualifier/value/", names)
    for snaks in statement.references:
        reference = ox.NamedNode(f"{names.node}reference/{reference_hash(snaks, names)}")
        yield ox.Triple(node, ox.NamedNode(_PROV + "wasDerivedFrom"), reference)
        yield ox.Triple(reference, RDF.type, _wikibase("Reference"))
        for snak in snaks:
            yield from _said(reference, snak, "reference/", "reference/value/", names)
    if statement.inferred:
        yield ox.Triple(node, CAS.inferredBy, ox.NamedNode(statement.inferred))
    for pid in statement.inferred_qualifiers:
        yield ox.Triple(node, CAS.inferredQualifier, names.use("qualifier/", pid))


def _said(
    node: ox.NamedNode, snak: Snak, plain: str, full: str, names: Names
) -> Iterator[ox.Triple]:
    """Yield a snak, with the node of its value where `full` names how that is used."""
    pid = snak.property
    if snak.value == NONE:
        yield ox.Triple(node, RDF.type, names.use("novalue/", pid))
    elif isinstance(snak.value, str):
        yield ox.Triple(node, names.use(plain, pid), _unknown(node, plain, pid, names))
    else:
        yield ox.Triple(node, names.use(plain, pid), simple(snak.value, names))
        if full and isinstance(snak.value, _WITH_NODE):
            value, about = _node(snak.value, names)
            yield ox.Triple(node, names.use(full, pid), value)
            yield from about


def _node(value: Time | Point | Quantity, names: Names) -> tuple[ox.NamedNode, list[ox.Triple]]:
    """Return the node of a value, and what is said of it."""
    found: dict[str, Term]
    match value:
        case Time(time, precision, calendar, zone):
            parts = ["time", time, str(precision), calendar, *([str(zone)] if zone else [])]
            kind = "TimeValue"
            found = {
                "timeValue": _moment(value),
                "timePrecision": _integer(precision),
                "timeTimezone": _integer(zone),
                "timeCalendarModel": ox.NamedNode(calendar),
            }
        case Point(latitude, longitude, exact, globe):
            kind = "GlobecoordinateValue"
            numbers = {"geoLatitude": latitude, "geoLongitude": longitude, "geoPrecision": exact}
            written = {k: _number(v) for k, v in numbers.items() if v is not None}
            parts = ["globecoordinate", *written.values(), globe]
            found = {k: ox.Literal(v, datatype=_DOUBLE) for k, v in written.items()}
            found["geoGlobe"] = ox.NamedNode(globe)
        case Quantity(amount, unit, upper, lower):
            parts, kind = ["quantity", amount, unit, upper, lower], "QuantityValue"
            bounds = {
                "quantityAmount": amount,
                "quantityUpperBound": upper,
                "quantityLowerBound": lower,
            }
            found = {k: ox.Literal(v, datatype=_DECIMAL) for k, v in bounds.items() if v}
            found["quantityUnit"] = ox.NamedNode(ONE if unit == "1" else unit)
    node = ox.NamedNode(f"{names.node}value/{_digest(parts)}")
    about = [ox.Triple(node, _wikibase(name), term) for name, term in found.items()]
    return node, [ox.Triple(node, RDF.type, _wikibase(kind)), *about]


def reference_hash(snaks: Iterable[Snak], names: Names = OURS) -> str:
    """Return what the name of a reference ends in: those that say the same are one."""
    lines = sorted(
        f"{s.property} {s.value if isinstance(s.value, str) else simple(s.value, names)}"
        for s in snaks
    )
    return _digest(["reference", *lines])


def _unknown(node: ox.NamedNode, use: str, pid: str, names: Names) -> ox.NamedNode:
    digest = _digest([node.value, use, pid])
    return ox.NamedNode(f"{names.node}.well-known/genid/{digest}")


def _moment(value: Time) -> ox.Literal:
    """Return a date as xsd:dateTime; as it is written if it is none."""
    found = _TIME.fullmatch(value.time)
    if not found or not int(found[2]) or value.calendar not in {GREGORIAN, JULIAN}:
        return ox.Literal(value.time)
    year, month, day = (int(part) for part in found.groups()[1:4])
    month, day = month or 1, day or 1
    if value.precision <= YEAR:
        month, day = 1, 1
    elif value.precision == MONTH:
        day = 1
    if month > 12:
        return ox.Literal(value.time)
    year = year if found[1] == "+" else -year
    if value.precision >= YEAR and year < 0:
        year += 1  # before the year 1 is the year 0, of which Wikibase knows nothing
    if value.precision >= DAY and value.calendar == JULIAN:
        year, month, day = dates.in_gregorian(year, month, day)
    leap = 2000 + year % 400  # a year that Python knows, with as many days in February
    day = min(day, monthrange(leap, month)[1])
    sign = "-" if year < 0 else ""
    written = f"{sign}{abs(year):04}-{month:02}-{day:02}{found[5]}"
    return ox.Literal(written, datatype=_DATETIME)


def _number(value: float) -> str:
    """Return a number as PHP writes it: without a point where it is whole."""
    return f"{value:.15g}"


def _escaped(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"


def _digest(lines: Iterable[str]) -> str:
    return sha1("\n".join(lines).encode(), usedforsecurity=False).hexdigest()


def _integer(number: int) -> ox.Literal:
    return ox.Literal(str(number), datatype=XSD.integer)


def _wikibase(name: str) -> ox.NamedNode:
    return ox.NamedNode(_WIKIBASE + name)
