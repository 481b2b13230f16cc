"""Literals by value: which are the same, which datatype they belong to, which are ill-typed.

Two literals are the same where lexical forms of one value space mean one value:
`"1"^^xsd:integer` and `"01"^^xsd:byte`. Values are told apart by identity, not equality: `0.0` and
`-0.0` are two values, and so is one instant told in two time zones.

Source: https://www.w3.org/TR/owl2-syntax/#Datatype_Maps and
        https://www.w3.org/TR/owl2-profiles/#Entities_3 (the datatypes of OWL 2 RL)
"""

import base64
import binascii
import math
import re
from calendar import monthrange
from collections.abc import Hashable
from decimal import Decimal

import numpy as np
import pyoxigraph as ox

from kg.terms import PREFIXES

_XSD, _RDF, _RDFS = (PREFIXES[name] for name in ("xsd", "rdf", "rdfs"))

# The integer types with their least and greatest value; none where there is no limit.
_INTEGERS: dict[str, tuple[int | None, int | None]] = {
    "integer": (None, None),
    "nonNegativeInteger": (0, None),
    "nonPositiveInteger": (None, 0),
    "positiveInteger": (1, None),
    "negativeInteger": (None, -1),
    "long": (-(2**63), 2**63 - 1),
    "int": (-(2**31), 2**31 - 1),
    "short": (-(2**15), 2**15 - 1),
    "byte": (-(2**7), 2**7 - 1),
    "unsignedLong": (0, 2**64 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedShort": (0, 2**16 - 1),
    "unsignedByte": (0, 2**8 - 1),
}
# The string types with the pattern of their values.
# https://www.w3.org/TR/xmlschema11-2/#string-derivation
_NAME = r"[:A-Z_a-z\u00c0-\ud7ff][-.:\w\u00b7]*"
_STRINGS = {
    "string": r"(?s).*",
    "normalizedString": r"[^\t\n\r]*",
    "token": r"(?! )(?:[^\t\n\r ]| (?! ))*(?<! )",
    "language": r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*",
    "NMTOKEN": r"[-.:\w\u00b7]+",
    "Name": _NAME,
    "NCName": _NAME.replace(":", ""),
}
_OTHERS = ("decimal", "double", "float", "boolean", "dateTime", "dateTimeStamp", "hexBinary",
           "base64Binary", "anyURI")  # fmt: skip

DATATYPES: tuple[ox.NamedNode, ...] = (
    *(ox.NamedNode(_XSD + name) for name in (*_INTEGERS, *_STRINGS, *_OTHERS)),
    ox.NamedNode(_RDFS + "Literal"),
    ox.NamedNode(_RDF + "PlainLiteral"),
    ox.NamedNode(_RDF + "XMLLiteral"),
)
_SUPPORTED = frozenset(DATATYPES)
_STRING = ox.NamedNode(_XSD + "string")

# Annotation properties that OWL 2 has built in (rule prp-ap).
ANNOTATION_PROPERTIES: tuple[ox.NamedNode, ...] = (
    *(ox.NamedNode(_RDFS + name) for name in ("label", "comment", "seeAlso", "isDefinedBy")),
    *(ox.NamedNode(PREFIXES["owl"] + name) for name in (
        "deprecated", "versionInfo", "priorVersion", "backwardCompatibleWith", "incompatibleWith",
    )),
)  # fmt: skip

Value = tuple[str, Hashable]  # the value space, and the value in it

_DECIMAL = r"[+-]?(\d+(\.\d*)?|\.\d+)"
_DATE_TIME = re.compile(
    r"(-?(?:[1-9]\d{3,999}|0\d{3}))-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)?",
    re.ASCII,
)


def value_of(literal: ox.Literal) -> Value | None:
    """Return the value of a literal; None for an unknown datatype, or a lexical form without one.

    >>> value_of(ox.Literal("01", datatype=ox.NamedNode(_XSD + "byte")))
    ('decimal', Decimal('1'))
    >>> value_of(ox.Literal("300", datatype=ox.NamedNode(_XSD + "byte"))) is None
    True
    """
    text, datatype = literal.value, literal.datatype
    if literal.language:
        return "langString", (text, literal.language.lower())
    if datatype == _STRING:
        return "string", text
    if datatype not in _SUPPORTED:
        return None
    name = _local(datatype)
    if name in _STRINGS:
        return ("string", text) if re.fullmatch(_STRINGS[name], text) else None
    if name == "decimal" or name in _INTEGERS:
        return _number(name, text)
    if name in {"double", "float"}:
        return _floating(name, text)
    if name in {"dateTime", "dateTimeStamp"}:
        return _instant(name, text)
    if name == "PlainLiteral":
        return _plain(text)
    if name == "boolean":
        known = {"true": True, "1": True, "false": False, "0": False}
        return (name, known[text]) if text in known else None
    if name in {"hexBinary", "base64Binary"}:
        return _binary(name, text)
    # Any string is an IRI reference to xsd:anyURI, and the value of an rdf:XMLLiteral is compared
    # as it is written. Nothing is of type rdfs:Literal by its lexical form.
    return (name, text) if name in {"anyURI", "XMLLiteral"} else None


def is_ill_typed(literal: ox.Literal) -> bool:
    """Return whether the datatype is known and the lexical form is none of its."""
    return literal.datatype in _SUPPORTED and value_of(literal) is None


def contains(datatype: ox.NamedNode, literal: ox.Literal) -> bool | None:
    """Return whether the literal's value is in the datatype; None if that is not known.

    >>> decimal, integer = (ox.NamedNode(_XSD + name) for name in ("decimal", "integer"))
    >>> contains(integer, ox.Literal("1.0", datatype=decimal))
    True
    """
    if datatype not in _SUPPORTED or not (literal.language or literal.datatype in _SUPPORTED):
        return None
    value = value_of(literal)
    if value is None:
        return False
    space, inside = value
    name = _local(datatype)
    if name == "Literal":
        return True
    if name == "PlainLiteral":
        return space in {"string", "langString"}
    if name in _STRINGS:
        return space == "string" and bool(re.fullmatch(_STRINGS[name], str(inside)))
    if name in _INTEGERS:
        return isinstance(inside, Decimal) and _fits(name, inside)
    if name == "dateTimeStamp":
        return isinstance(inside, tuple) and space == "dateTime" and inside[-1] is not None
    return space == name


def _local(datatype: ox.NamedNode) -> str:
    return datatype.value.rpartition("#")[2]


def _number(name: str, text: str) -> Value | None:
    if not re.fullmatch(_DECIMAL, text, re.ASCII) or (name != "decimal" and "." in text):
        return None
    number = Decimal(text)
    if name != "decimal" and not _fits(name, number):
        return None
    return "decimal", number


def _fits(name: str, number: Decimal) -> bool:
    least, greatest = _INTEGERS[name]
    return (
        number == number.to_integral_value()
        and (least is None or number >= least)
        and (greatest is None or number <= greatest)
    )


def _floating(name: str, text: str) -> Value | None:
    if not re.fullmatch(rf"{_DECIMAL}([eE][+-]?\d+)?|[+-]?INF|NaN", text, re.ASCII):
        return None
    number = float(text.replace("INF", "inf"))
    if name == "float":
        with np.errstate(over="ignore"):
            number = float(np.float32(number))
    return name, "NaN" if math.isnan(number) else (number, math.copysign(1, number))


def _instant(name: str, text: str) -> Value | None:
    """Return year, month, day, hour, minute, second and the offset in minutes, none if untold."""
    matched = _DATE_TIME.fullmatch(text)
    if matched is None or (name == "dateTimeStamp" and not matched[7]):
        return None
    year, month, day, hour, minute = (int(matched[place]) for place in range(1, 6))
    second = Decimal(matched[6])
    midnight = hour == 24 and minute == 0 and second == 0  # of the following day
    # The Gregorian calendar repeats itself after 400 years, and Python knows none before year 1.
    alike = year % 400 + 400
    if not 1 <= month <= 12 or not 1 <= day <= monthrange(alike, month)[1]:
        return None
    if not midnight and (hour > 23 or minute > 59 or second >= 60):
        return None
    offset = _offset(matched[7])
    if offset is not None and abs(offset) > 14 * 60:
        return None
    if midnight:
        hour, day = 0, day + 1
        if day > monthrange(alike, month)[1]:
            day, month = 1, month + 1
        if month > 12:
            month, year = 1, year + 1
    return "dateTime", (year, month, day, hour, minute, second, offset)


def _offset(text: str | None) -> int | None:
    if text is None:
        return None
    if text == "Z":
        return 0
    minutes = int(text[1:3]) * 60 + int(text[4:])
    return -minutes if text[0] == "-" else minutes


def _plain(text: str) -> Value | None:
    """Return the value of `words@language`, or of `words@`."""
    words, at, language = text.rpartition("@")
    if not at:
        return None
    return ("langString", (words, language.lower())) if language else ("string", words)


def _binary(name: str, text: str) -> Value | None:
    try:
        if name == "hexBinary":
            return (name, bytes.fromhex(text)) if re.fullmatch(r"[0-9a-fA-F]*", text) else None
        return name, base64.b64decode(text.replace(" ", ""), validate=True)
    except (binascii.Error, ValueError):
        return None
