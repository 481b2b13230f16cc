"""What each rule of OWL 2 RL/RDF says, as SPARQL, for whoever explains or replays a step.

These are definitions of their own: kg/reason has another table, compiled to joins, and the checker
holds one against the other. `rdf:rest*/rdf:first` reaches each member of a list. Where a rule goes
along a whole list, `each` is written once for each member, counted as the recommendation counts.

The rules of Table 8 are about literals, which SPARQL cannot have as subjects; what they rest on,
the value of a literal and the datatypes that it lies in, is worked out here.

Source: https://www.w3.org/TR/owl2-profiles/#Reasoning_in_OWL_2_RL_and_RDF_Graphs_using_Rules
"""

import base64
import math
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import pyoxigraph as ox

from kg.rules import Pattern, patterns
from kg.terms import PREFIXES

RL = "owl-rl/"  # before the W3C's name of a rule
PROLOGUE = "".join(f"PREFIX {p}: <{PREFIXES[p]}>\n" for p in ("owl", "rdf", "rdfs", "xsd"))
ZERO = '"0"^^xsd:nonNegativeInteger'
ONE = '"1"^^xsd:nonNegativeInteger'

# The two paths along a list, as predicates of a `Pattern`, which has no paths.
MEMBER = ox.NamedNode("urn:x-path:member")
NODE = ox.NamedNode("urn:x-path:node")
_PATHS = (("rdf:rest*/rdf:first", MEMBER), ("rdf:rest*", NODE))


@dataclass(frozen=True, slots=True)
class Definition:
    """A rule of the recommendation.

    Attributes:
        name: the W3C's, `prp-dom`.
        where: the premises, as a basic graph pattern with paths along a list `?l`.
        then: the conclusions; empty for false.
        each: premises for each member of the list `?l`: `{i}` counts from 1, `{j}` is the next
            and `n` after the last, and `?p{i}` is the member.
        differ: two variables that stand for different nodes of a list.
    """

    name: str
    where: str = ""
    then: str = ""
    each: str = ""
    differ: tuple[str, ...] = ()

    @property
    def query(self) -> str:
        """Return a SELECT of the ways in which the premises hold, `each` left out."""
        unless = f" FILTER(?{self.differ[0]} != ?{self.differ[1]})" if self.differ else ""
        return f"{PROLOGUE}SELECT * WHERE {{ {self.where}{unless} }}"

    @property
    def premises(self) -> tuple[Pattern, ...]:
        """Return the premises as patterns, `each` left out."""
        return read(self.where)

    @property
    def conclusions(self) -> tuple[Pattern, ...]:
        """Return the conclusions as patterns."""
        return read(self.then)

    def along(self, length: int) -> Iterator[tuple[str, tuple[Pattern, ...]]]:
        """Yield for each member of a list of some length its variable and its premises."""
        for i in range(1, length + 1):
            yield f"p{i}", read(self.each.format(i=i, j="n" if i == length else i + 1))


@cache
def read(text: str) -> tuple[Pattern, ...]:
    """Return the patterns of a text, a path along a list as `MEMBER` or `NODE`.

    >>> [pattern] = read("?l rdf:rest*/rdf:first ?c")
    >>> pattern.predicate == MEMBER
    True
    """
    for path, name in _PATHS:
        text = text.replace(path, str(name))
    return tuple(patterns(text, PROLOGUE))


_ANNOTATION_PROPERTIES = (
    "rdfs:label", "rdfs:comment", "rdfs:seeAlso", "rdfs:isDefinedBy", "owl:deprecated",
    "owl:versionInfo", "owl:priorVersion", "owl:backwardCompatibleWith", "owl:incompatibleWith",
)  # fmt: skip
_DATATYPES = (
    "rdf:PlainLiteral", "rdf:XMLLiteral", "rdfs:Literal", "xsd:decimal", "xsd:integer",
    "xsd:nonNegativeInteger", "xsd:nonPositiveInteger", "xsd:positiveInteger",
    "xsd:negativeInteger", "xsd:long", "xsd:int", "xsd:short", "xsd:byte", "xsd:unsignedLong",
    "xsd:unsignedInt", "xsd:unsignedShort", "xsd:unsignedByte", "xsd:float", "xsd:double",
    "xsd:string", "xsd:normalizedString", "xsd:token", "xsd:language", "xsd:Name", "xsd:NCName",
    "xsd:NMTOKEN", "xsd:boolean", "xsd:hexBinary", "xsd:base64Binary", "xsd:anyURI",
    "xsd:dateTime", "xsd:dateTimeStamp",
)  # fmt: skip

# The name of a rule, its premises, and after => what follows.
_RULES = """
# Table 4: the semantics of equality
eq-ref: ?s ?p ?o
    => ?s owl:sameAs ?s . ?p owl:sameAs ?p . ?o owl:sameAs ?o
eq-sym: ?x owl:sameAs ?y
    => ?y owl:sameAs ?x
eq-trans: ?x owl:sameAs ?y . ?y owl:sameAs ?z
    => ?x owl:sameAs ?z
eq-rep-s: ?s owl:sameAs ?s2 . ?s ?p ?o
    => ?s2 ?p ?o
eq-rep-p: ?p owl:sameAs ?p2 . ?s ?p ?o
    => ?s ?p2 ?o
eq-rep-o: ?o owl:sameAs ?o2 . ?s ?p ?o
    => ?s ?p ?o2
eq-diff1: ?x owl:sameAs ?y . ?x owl:differentFrom ?y
    => false
eq-diff2: ?x a owl:AllDifferent . ?x owl:members ?l . ?l rdf:rest* ?m , ?n .
    ?m rdf:first ?y . ?n rdf:first ?z . ?y owl:sameAs ?z FILTER(?m != ?n)
    => false
eq-diff3: ?x a owl:AllDifferent . ?x owl:distinctMembers ?l . ?l rdf:rest* ?m , ?n .
    ?m rdf:first ?y . ?n rdf:first ?z . ?y owl:sameAs ?z FILTER(?m != ?n)
    => false

# Table 5: the semantics of axioms about properties
prp-ap:
    => [annotation properties]
prp-dom: ?p rdfs:domain ?c . ?x ?p ?y
    => ?x a ?c
prp-rng: ?p rdfs:range ?c . ?x ?p ?y
    => ?y a ?c
prp-fp: ?p a owl:FunctionalProperty . ?x ?p ?y1 . ?x ?p ?y2
    => ?y1 owl:sameAs ?y2
prp-ifp: ?p a owl:InverseFunctionalProperty . ?x1 ?p ?y . ?x2 ?p ?y
    => ?x1 owl:sameAs ?x2
prp-irp: ?p a owl:IrreflexiveProperty . ?x ?p ?x
    => false
prp-symp: ?p a owl:SymmetricProperty . ?x ?p ?y
    => ?y ?p ?x
prp-asyp: ?p a owl:AsymmetricProperty . ?x ?p ?y . ?y ?p ?x
    => false
prp-trp: ?p a owl:TransitiveProperty . ?x ?p ?y . ?y ?p ?z
    => ?x ?p ?z
prp-spo1: ?p1 rdfs:subPropertyOf ?p2 . ?x ?p1 ?y
    => ?x ?p2 ?y
prp-spo2: ?p owl:propertyChainAxiom ?l EACH ?u{i} ?p{i} ?u{j}
    => ?u1 ?p ?un
prp-eqp1: ?p1 owl:equivalentProperty ?p2 . ?x ?p1 ?y
    => ?x ?p2 ?y
prp-eqp2: ?p1 owl:equivalentProperty ?p2 . ?x ?p2 ?y
    => ?x ?p1 ?y
prp-pdw: ?p1 owl:propertyDisjointWith ?p2 . ?x ?p1 ?y . ?x ?p2 ?y
    => false
prp-adp: ?x a owl:AllDisjointProperties . ?x owl:members ?l . ?l rdf:rest* ?m , ?n .
    ?m rdf:first ?p1 . ?n rdf:first ?p2 . ?u ?p1 ?v . ?u ?p2 ?v FILTER(?m != ?n)
    => false
prp-inv1: ?p1 owl:inverseOf ?p2 . ?x ?p1 ?y
    => ?y ?p2 ?x
prp-inv2: ?p1 owl:inverseOf ?p2 . ?x ?p2 ?y
    => ?y ?p1 ?x
prp-key: ?c owl:hasKey ?l . ?x a ?c . ?y a ?c EACH ?x ?p{i} ?z{i} . ?y ?p{i} ?z{i}
    => ?x owl:sameAs ?y
prp-npa1: ?x owl:sourceIndividual ?i1 . ?x owl:assertionProperty ?p .
    ?x owl:targetIndividual ?i2 . ?i1 ?p ?i2
    => false
prp-npa2: ?x owl:sourceIndividual ?i . ?x owl:assertionProperty ?p .
    ?x owl:targetValue ?lt . ?i ?p ?lt
    => false

# Table 6: the semantics of classes
cls-thing:
    => owl:Thing a owl:Class
cls-nothing1:
    => owl:Nothing a owl:Class
cls-nothing2: ?x a owl:Nothing
    => false
cls-int1: ?c owl:intersectionOf ?l EACH ?y a ?p{i}
    => ?y a ?c
cls-int2: ?c owl:intersectionOf ?l . ?l rdf:rest*/rdf:first ?ci . ?y a ?c
    => ?y a ?ci
cls-uni: ?c owl:unionOf ?l . ?l rdf:rest*/rdf:first ?ci . ?y a ?ci
    => ?y a ?c
cls-com: ?c1 owl:complementOf ?c2 . ?x a ?c1 . ?x a ?c2
    => false
cls-svf1: ?x owl:someValuesFrom ?y . ?x owl:onProperty ?p . ?u ?p ?v . ?v a ?y
    => ?u a ?x
cls-svf2: ?x owl:someValuesFrom owl:Thing . ?x owl:onProperty ?p . ?u ?p ?v
    => ?u a ?x
cls-avf: ?x owl:allValuesFrom ?y . ?x owl:onProperty ?p . ?u a ?x . ?u ?p ?v
    => ?v a ?y
cls-hv1: ?x owl:hasValue ?y . ?x owl:onProperty ?p . ?u a ?x
    => ?u ?p ?y
cls-hv2: ?x owl:hasValue ?y . ?x owl:onProperty ?p . ?u ?p ?y
    => ?u a ?x
cls-maxc1: ?x owl:maxCardinality [0] . ?x owl:onProperty ?p . ?u a ?x . ?u ?p ?y
    => false
cls-maxc2: ?x owl:maxCardinality [1] . ?x owl:onProperty ?p . ?u a ?x . ?u ?p ?y1 . ?u ?p ?y2
    => ?y1 owl:sameAs ?y2
cls-maxqc1: ?x owl:maxQualifiedCardinality [0] . ?x owl:onProperty ?p . ?x owl:onClass ?c .
    ?u a ?x . ?u ?p ?y . ?y a ?c
    => false
cls-maxqc2: ?x owl:maxQualifiedCardinality [0] . ?x owl:onProperty ?p .
    ?x owl:onClass owl:Thing . ?u a ?x . ?u ?p ?y
    => false
cls-maxqc3: ?x owl:maxQualifiedCardinality [1] . ?x owl:onProperty ?p . ?x owl:onClass ?c .
    ?u a ?x . ?u ?p ?y1 . ?y1 a ?c . ?u ?p ?y2 . ?y2 a ?c
    => ?y1 owl:sameAs ?y2
cls-maxqc4: ?x owl:maxQualifiedCardinality [1] . ?x owl:onProperty ?p .
    ?x owl:onClass owl:Thing . ?u a ?x . ?u ?p ?y1 . ?u ?p ?y2
    => ?y1 owl:sameAs ?y2
cls-oo: ?c owl:oneOf ?l . ?l rdf:rest*/rdf:first ?yi
    => ?yi a ?c

# Table 7: the semantics of class axioms
cax-sco: ?c1 rdfs:subClassOf ?c2 . ?x a ?c1
    => ?x a ?c2
cax-eqc1: ?c1 owl:equivalentClass ?c2 . ?x a ?c1
    => ?x a ?c2
cax-eqc2: ?c1 owl:equivalentClass ?c2 . ?x a ?c2
    => ?x a ?c1
cax-dw: ?c1 owl:disjointWith ?c2 . ?x a ?c1 . ?x a ?c2
    => false
cax-adc: ?x a owl:AllDisjointClasses . ?x owl:members ?l . ?l rdf:rest* ?m , ?n .
    ?m rdf:first ?c1 . ?n rdf:first ?c2 . ?z a ?c1 . ?z a ?c2 FILTER(?m != ?n)
    => false

# Table 8: the semantics of datatypes; the others have a literal as their subject
dt-type1:
    => [datatypes]

# Table 9: the semantics of schema vocabulary
scm-cls: ?c a owl:Class
    => ?c rdfs:subClassOf ?c . ?c owl:equivalentClass ?c .
       ?c rdfs:subClassOf owl:Thing . owl:Nothing rdfs:subClassOf ?c
scm-sco: ?c1 rdfs:subClassOf ?c2 . ?c2 rdfs:subClassOf ?c3
    => ?c1 rdfs:subClassOf ?c3
scm-eqc1: ?c1 owl:equivalentClass ?c2
    => ?c1 rdfs:subClassOf ?c2 . ?c2 rdfs:subClassOf ?c1
scm-eqc2: ?c1 rdfs:subClassOf ?c2 . ?c2 rdfs:subClassOf ?c1
    => ?c1 owl:equivalentClass ?c2
scm-op: ?p a owl:ObjectProperty
    => ?p rdfs:subPropertyOf ?p . ?p owl:equivalentProperty ?p
scm-dp: ?p a owl:DatatypeProperty
    => ?p rdfs:subPropertyOf ?p . ?p owl:equivalentProperty ?p
scm-spo: ?p1 rdfs:subPropertyOf ?p2 . ?p2 rdfs:subPropertyOf ?p3
    => ?p1 rdfs:subPropertyOf ?p3
scm-eqp1: ?p1 owl:equivalentProperty ?p2
    => ?p1 rdfs:subPropertyOf ?p2 . ?p2 rdfs:subPropertyOf ?p1
scm-eqp2: ?p1 rdfs:subPropertyOf ?p2 . ?p2 rdfs:subPropertyOf ?p1
    => ?p1 owl:equivalentProperty ?p2
scm-dom1: ?p rdfs:domain ?c1 . ?c1 rdfs:subClassOf ?c2
    => ?p rdfs:domain ?c2
scm-dom2: ?p2 rdfs:domain ?c . ?p1 rdfs:subPropertyOf ?p2
    => ?p1 rdfs:domain ?c
scm-rng1: ?p rdfs:range ?c1 . ?c1 rdfs:subClassOf ?c2
    => ?p rdfs:range ?c2
scm-rng2: ?p2 rdfs:range ?c . ?p1 rdfs:subPropertyOf ?p2
    => ?p1 rdfs:range ?c
scm-hv: ?c1 owl:hasValue ?i . ?c1 owl:onProperty ?p1 . ?c2 owl:hasValue ?i .
    ?c2 owl:onProperty ?p2 . ?p1 rdfs:subPropertyOf ?p2
    => ?c1 rdfs:subClassOf ?c2
scm-svf1: ?c1 owl:someValuesFrom ?y1 . ?c1 owl:onProperty ?p . ?c2 owl:someValuesFrom ?y2 .
    ?c2 owl:onProperty ?p . ?y1 rdfs:subClassOf ?y2
    => ?c1 rdfs:subClassOf ?c2
scm-svf2: ?c1 owl:someValuesFrom ?y . ?c1 owl:onProperty ?p1 . ?c2 owl:someValuesFrom ?y .
    ?c2 owl:onProperty ?p2 . ?p1 rdfs:subPropertyOf ?p2
    => ?c1 rdfs:subClassOf ?c2
scm-avf1: ?c1 owl:allValuesFrom ?y1 . ?c1 owl:onProperty ?p . ?c2 owl:allValuesFrom ?y2 .
    ?c2 owl:onProperty ?p . ?y1 rdfs:subClassOf ?y2
    => ?c1 rdfs:subClassOf ?c2
scm-avf2: ?c1 owl:allValuesFrom ?y . ?c1 owl:onProperty ?p1 . ?c2 owl:allValuesFrom ?y .
    ?c2 owl:onProperty ?p2 . ?p1 rdfs:subPropertyOf ?p2
    => ?c2 rdfs:subClassOf ?c1
scm-int: ?c owl:intersectionOf ?l . ?l rdf:rest*/rdf:first ?ci
    => ?c rdfs:subClassOf ?ci
scm-uni: ?c owl:unionOf ?l . ?l rdf:rest*/rdf:first ?ci
    => ?ci rdfs:subClassOf ?c
"""
_WRITTEN_OUT = {
    "[0]": ZERO,
    "[1]": ONE,
    "[annotation properties]": " . ".join(
        f"{each} a owl:AnnotationProperty" for each in _ANNOTATION_PROPERTIES
    ),
    "[datatypes]": " . ".join(f"{each} a rdfs:Datatype" for each in _DATATYPES),
}
_RULE = re.compile(
    r"^(?P<name>[\w-]+):(?P<where>.*?)(?:EACH (?P<each>.*?))?"
    r"(?:FILTER\((?P<differ>.*?)\)\s*)?=> (?P<then>.*?)(?=^\S|\Z)",
    re.MULTILINE | re.DOTALL,
)
# Literals have these types, and are or are not the same, without any premise.
_OF_LITERALS = ("dt-type2", "dt-eq", "dt-diff", "dt-not-type")


def _definitions() -> Iterator[Definition]:
    text = _RULES
    for short, long in _WRITTEN_OUT.items():
        text = text.replace(short, long)
    for rule in _RULE.finditer(text):
        name, where, then = (" ".join(rule[part].split()) for part in ("name", "where", "then"))
        differ = re.findall(r"\w+", rule["differ"] or "")
        concluded = "" if then == "false" else then
        yield Definition(name, where, concluded, (rule["each"] or "").strip(), tuple(differ))
    for name in _OF_LITERALS:
        yield Definition(name)


DEFINITIONS: dict[str, Definition] = {RL + each.name: each for each in _definitions()}


def _iri(name: str) -> ox.NamedNode:
    prefix, _, local = name.partition(":")
    return ox.NamedNode(PREFIXES[prefix] + local)


DATATYPES: dict[ox.NamedNode, str] = {_iri(n): n.partition(":")[2] for n in _DATATYPES}
_LANG_STRING = _iri("rdf:langString")

# What the integer types of XML Schema admit, both ends included; None is no limit.
# https://www.w3.org/TR/xmlschema11-2/#ordinary-built-ins
_LIMITS: dict[str, tuple[int | None, int | None]] = {
    "integer": (None, None),
    "nonNegativeInteger": (0, None),
    "positiveInteger": (1, None),
    "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1),
    **{
        name: (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        for name, bits in (("long", 64), ("int", 32), ("short", 16), ("byte", 8))
    },
    **{
        f"unsigned{name}": (0, 2**bits - 1)
        for name, bits in (("Long", 64), ("Int", 32), ("Short", 16), ("Byte", 8))
    },
}
# https://www.w3.org/TR/xml/#NT-NameStartChar
_START = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_REST = rf"{_START}\-.0-9\u00b7\u0300-\u036f\u203f-\u2040"
_TEXTS = {
    "string": r"(?s:.*)",
    "normalizedString": r"[^\t\n\r]*",
    "token": r"(?:[^\t\n\r ]+(?: [^\t\n\r ]+)*)?",
    "language": r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*",
    "NMTOKEN": f"[:{_REST}]+",
    "Name": f"[:{_START}][:{_REST}]*",
    "NCName": f"[{_START}][{_REST}]*",
}
_DECIMAL = re.compile(r"([+-]?)0*(\d*)(?:\.(\d*?)0*)?")
_FLOAT = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?INF|NaN", re.ASCII)
_TIME = re.compile(
    r"(-?(?:[1-9]\d{3,}|0\d{3}))-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
    r"T(?:([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d*?)0*)?|24:00:00(?:\.0+)?)"
    r"(Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))?",
    re.ASCII,
)

Value = tuple[str, str]  # the value space, and a canonical text of the value in it


@cache
def value_of(literal: ox.Literal) -> Value | None:
    """Return the value of a literal; None for a datatype outside the rules, or if ill-typed.

    Two literals with the same value are identical in the sense of XML Schema: of two times of
    day that are one instant in two zones, of 0 and -0 as xsd:double, this does not hold.

    >>> value_of(ox.Literal("+01.50", datatype=_iri("xsd:decimal")))
    ('decimal', '1.5')
    """
    if literal.language:
        return "langString", f"{literal.language.lower()} {literal.value}"
    name, text = DATATYPES.get(literal.datatype, ""), literal.value
    if name in _LIMITS:
        number = None if "." in text else _decimal(text)
        return ("decimal", number) if number and _within(name, number) else None
    if name in _TEXTS:
        return ("string", text) if re.fullmatch(_TEXTS[name], text) else None
    if name == "PlainLiteral" and "@" in text:
        words, _, language = text.rpartition("@")
        return ("langString", f"{language.lower()} {words}") if language else ("string", words)
    value = _READ[name](text) if name in _READ else None
    if value is None or (name == "dateTimeStamp" and value.endswith("?")):
        return None
    return ("dateTime" if name == "dateTimeStamp" else name), value


def is_in(datatype: ox.NamedNode, literal: ox.Literal) -> bool | None:
    """Return whether a literal's value lies in a datatype; None where the rules cannot tell.

    >>> is_in(_iri("xsd:integer"), ox.Literal("1.0", datatype=_iri("xsd:decimal")))
    True
    """
    name = DATATYPES.get(datatype)
    if name is None or not (literal.datatype in DATATYPES or literal.datatype == _LANG_STRING):
        return None
    value = value_of(literal)
    if value is None:
        return False
    space, text = value
    if name in _LIMITS:
        return space == "decimal" and "." not in text and _within(name, text)
    if name in _TEXTS:
        return space == "string" and re.fullmatch(_TEXTS[name], text) is not None
    if name == "dateTimeStamp":
        return space == "dateTime" and not text.endswith("?")
    if name == "PlainLiteral":
        return space in {"string", "langString"}
    return name in {"Literal", space}


def _decimal(text: str) -> str | None:
    found = _DECIMAL.fullmatch(text)
    if found is None or not re.search(r"[0-9]", text) or not text.isascii():
        return None
    sign, whole, part = found.groups()
    number = (whole or "0") + (f".{part}" if part else "")
    return f"-{number}" if sign == "-" and number != "0" else number


def _within(name: str, number: str) -> bool:
    least, greatest = _LIMITS[name]
    value = Decimal(number)
    return (least is None or value >= least) and (greatest is None or value <= greatest)


def _double(text: str) -> str | None:
    return float(text).hex() if _FLOAT.fullmatch(text) else None


def _single(text: str) -> str | None:
    if not _FLOAT.fullmatch(text):
        return None
    try:
        (value,) = struct.unpack("f", struct.pack("f", float(text)))
    except OverflowError:  # what is too large for 32 bits rounds to infinity
        value = math.copysign(math.inf, float(text))
    return float(value).hex()


def _boolean(text: str) -> str | None:
    return {"true": "true", "1": "true", "false": "false", "0": "false"}.get(text)


def _hex(text: str) -> str | None:
    return text.upper() if re.fullmatch(r"(?:[0-9a-fA-F]{2})*", text) else None


def _base64(text: str) -> str | None:
    try:
        return base64.b64decode(text.replace(" ", ""), validate=True).hex()
    except ValueError:  # no ASCII, no base64, or cut off
        return None


def _time(text: str) -> str | None:
    """Return the seven properties of a time of day; one without a zone ends in a question mark."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups()[:3])
    if day > _days(year, month):
        return None
    if found[4] is None:  # 24:00:00 is the first moment of the next day
        day += 1
        if day > _days(year, month):
            day, month = 1, month + 1
        if month > 12:
            year, month = year + 1, 1
    hour, minute, second = (found[number] or "00" for number in (4, 5, 6))
    zone = "?" if found[8] is None else re.sub(r"^(?:Z|[+-]00:00)$", "+00:00", found[8])
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}.{found[7] or '0'}{zone}"


def _days(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in {4, 6, 9, 11} else 31


_READ: dict[str, Callable[[str], str | None]] = {
    "decimal": _decimal,
    "float": _single,
    "double": _double,
    "boolean": _boolean,
    "dateTime": _time,
    "dateTimeStamp": _time,
    "hexBinary": _hex,
    "base64Binary": _base64,
    "anyURI": str,
    "XMLLiteral": str,
}
