"""Literals by value: which are the same, which datatype they belong to, which are ill-typed.

Two literals are the same where lexical forms of one value space mean one value: `"1"^^xsd:integer`
and `"01"^^xsd:byte`. rdflib reads the lexical forms.

Source: https://www.w3.org/TR/owl2-syntax/#Datatype_Maps and
        https://www.w3.org/TR/owl2-profiles/#Entities_3 (the datatypes of OWL 2 RL)
"""

import math
import re
from collections.abc import Hashable, Iterable
from decimal import Decimal
from functools import cache

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


@cache
def value_of(literal: ox.Literal) -> Value | None:
    """Return the value of a literal; None for an unknown datatype, or a lexical form without one.

    >>> value_of(ox.Literal("01", datatype=ox.NamedNode(_XSD + "byte")))
    ('decimal', Decimal('1'))
    >>> value_of(ox.Literal("300", datatype=ox.NamedNode(_XSD + "byte"))) is None
    True
    """
    if literal.language:
        return "langString", (literal.value, literal.language.lower())
    if literal.datatype == _STRING:
        return "string", literal.value
    name = literal.datatype.value.removeprefix(_XSD)
    if literal.datatype not in _SUPPORTED:
        return None
    if name in _STRINGS:
        matched = re.fullmatch(_STRINGS[name], literal.value)
        return ("string", literal.value) if matched else None
    return _parsed(name, literal)


def is_ill_typed(literal: ox.Literal) -> bool:
    """Return whether the datatype is known and the lexical form is none of its."""
    return literal.datatype in _SUPPORTED and value_of(literal) is None


def contains(datatype: ox.NamedNode, literal: ox.Literal) -> bool | None:
    """Return whether the literal's value is in the datatype; None if that is not known.

    >>> decimal, integer = (ox.NamedNode(_XSD + name) for name in ("decimal", "integer"))
    >>> contains(integer, ox.Literal("1.0", datatype=decimal))
    True
    """
    value = value_of(literal)
    if datatype not in _SUPPORTED or literal.datatype not in {
        *_SUPPORTED,
        ox.NamedNode(_RDF + "langString"),
    }:
        return None
    if value is None:
        return False
    space, inside = value
    name = datatype.value.rpartition("#")[2]
    if name == "Literal":
        return True
    if name == "PlainLiteral":
        return space in {"string", "langString"}
    if name in _INTEGERS:
        least, greatest = _INTEGERS[name]
        return (
            isinstance(inside, Decimal)
            and inside == inside.to_integral_value()
            and (least is None or inside >= least)
            and (greatest is None or inside <= greatest)
        )
    if name in _STRINGS:
        return (
            isinstance(inside, str)
            and space == "string"
            and bool(re.fullmatch(_STRINGS[name], inside))
        )
    if name == "dateTimeStamp":
        return space == "dateTime" and literal.datatype.value.endswith("dateTimeStamp")
    return space == name


def classes_of_equal(literals: Iterable[ox.Literal]) -> list[list[ox.Literal]]:
    """Return the literals that share a value with another, in groups (rule dt-eq)."""
    groups: dict[Value, list[ox.Literal]] = {}
    for literal in literals:
        value = None if literal.language else value_of(literal)
        if value is not None:
            groups.setdefault(value, []).append(literal)
    return [group for group in groups.values() if len(group) > 1]


def _parsed(name: str, literal: ox.Literal) -> Value | None:
    from rdflib import Literal, URIRef  # noqa: PLC0415 only graphs with typed literals pay for it

    read = Literal(literal.value, datatype=URIRef(literal.datatype.value))
    if read.ill_typed or read.value is None:
        return None
    if name in _INTEGERS or name == "decimal":
        number = Decimal(read.value)
        if name == "decimal":
            return "decimal", number
        least, greatest = _INTEGERS[name]
        fits = (least is None or number >= least) and (greatest is None or number <= greatest)
        return ("decimal", number) if fits else None
    if name in {"float", "double"}:
        real = float(read.value)
        return name, "NaN" if math.isnan(real) else (real, math.copysign(1, real))
    if name in {"dateTime", "dateTimeStamp"}:
        if name == "dateTimeStamp" and read.value.tzinfo is None:
            return None
        return "dateTime", (read.value, read.value.tzinfo is None)
    if name == "XMLLiteral":
        return name, literal.value
    return name, read.value if isinstance(read.value, Hashable) else str(read.value)
