"""The names that the project may use: prefixes, and namespaces that know their members.

`CAS.signedBy` is the property; `CAS.signdBy` raises, because `ontology/core.ttl` declares no such
term. Outside vocabularies list the few terms that the code needs.
"""

import re
from collections.abc import Iterable
from functools import cached_property

import pyoxigraph as ox

from kg import formats, paths
from kg.errors import UnknownName, did_you_mean

_TRIPLE = "write subject, property and object, e.g. id:badoglio cas:succeeded id:mussolini"
BASE = paths.BASE
PREFIXES = {
    "cas": BASE + "ontology#",
    "dct": "http://purl.org/dc/terms/",
    "f": BASE + "function/",
    "fact": BASE + "fact/",
    "g": BASE + "graph/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "id": BASE + "id/",
    "oa": "http://www.w3.org/ns/oa#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "rule": BASE + "rule/",
    "shape": BASE + "shape/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "text": BASE + "text/",
    "time": "http://www.w3.org/2006/time#",
    "wd": "http://www.wikidata.org/entity/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
# What a query may use without declaring it: ours, and those that Wikidata's query service knows.
# Some are of features that only that service has, so that an error can name the feature.
# Source: https://www.mediawiki.org/wiki/Wikibase/Indexing/RDF_Dump_Format#Full_list_of_prefixes
QUERY_PREFIXES = {
    **PREFIXES,
    "wds": "http://www.wikidata.org/entity/statement/",
    "wdv": "http://www.wikidata.org/value/",
    "wdref": "http://www.wikidata.org/reference/",
    "wdata": "http://www.wikidata.org/wiki/Special:EntityData/",
    "p": "http://www.wikidata.org/prop/",
    "wdt": "http://www.wikidata.org/prop/direct/",
    "wdtn": "http://www.wikidata.org/prop/direct-normalized/",
    "ps": "http://www.wikidata.org/prop/statement/",
    "psv": "http://www.wikidata.org/prop/statement/value/",
    "psn": "http://www.wikidata.org/prop/statement/value-normalized/",
    "pq": "http://www.wikidata.org/prop/qualifier/",
    "pqv": "http://www.wikidata.org/prop/qualifier/value/",
    "pqn": "http://www.wikidata.org/prop/qualifier/value-normalized/",
    "pr": "http://www.wikidata.org/prop/reference/",
    "prv": "http://www.wikidata.org/prop/reference/value/",
    "prn": "http://www.wikidata.org/prop/reference/value-normalized/",
    "wdno": "http://www.wikidata.org/prop/novalue/",
    "wikibase": "http://wikiba.se/ontology#",
    "wikibaseqs": "http://wikiba.se/queryService#",
    "bd": "http://www.bigdata.com/rdf#",
    "bds": "http://www.bigdata.com/rdf/search#",
    "gas": "http://www.bigdata.com/rdf/gas#",
    "hint": "http://www.bigdata.com/queryHints#",
    "schema": "http://schema.org/",
    "prov": "http://www.w3.org/ns/prov#",
    "geof": "http://www.opengis.net/def/geosparql/function/",
    "ontolex": "http://www.w3.org/ns/lemon/ontolex#",
    "mediawiki": "https://www.mediawiki.org/ontology#",
    "mwapi": "https://www.mediawiki.org/ontology#API/",
}


class Vocabulary:
    """A namespace whose members are known: an unknown one raises.

    >>> Vocabulary("rdfs", ["label"]).label
    <NamedNode value=http://www.w3.org/2000/01/rdf-schema#label>
    >>> Vocabulary("rdfs", ["label"]).lable
    Traceback (most recent call last):
    ...
    kg.errors.UnknownName: rdfs:lable is not declared
      hint: did you mean rdfs:label?
    """

    def __init__(self, prefix: str, members: Iterable[str] | None = None) -> None:
        self._prefix = prefix
        self._iri = PREFIXES[prefix]
        self._members = None if members is None else frozenset(members)

    @cached_property
    def names(self) -> frozenset[str]:
        """Return the local names; those of `cas:` are read from the ontology on first use."""
        if self._members is not None:
            return self._members
        quads = formats.read(paths.ONTOLOGY / "core.ttl")
        subjects = {q.subject.value for q in quads if isinstance(q.subject, ox.NamedNode)}
        return frozenset(s.removeprefix(self._iri) for s in subjects if s.startswith(self._iri))

    def __getattr__(self, name: str) -> ox.NamedNode:
        if name.startswith("__"):
            raise AttributeError(name)
        name = name.removesuffix("_")  # CAS.from_: a word of Python
        if name not in self.names:
            known = (f"{self._prefix}:{member}" for member in self.names)
            term = f"{self._prefix}:{name}"
            raise UnknownName(f"{term} is not declared", hint=did_you_mean(term, known))
        found = ox.NamedNode(self._iri + name)
        vars(self)[name] = found  # so the next time Python finds it without asking here
        return found


CAS = Vocabulary("cas")
DCT = Vocabulary(
    "dct", ["title", "language", "isPartOf", "provenance", "source", "creator", "license"]
)
OA = Vocabulary(
    "oa",
    [
        "SpecificResource",
        "TextQuoteSelector",
        "TextPositionSelector",
        "hasSource",
        "hasSelector",
        "exact",
        "prefix",
        "suffix",
        "start",
        "end",
    ],
)
OWL = Vocabulary("owl", ["Thing", "Nothing", "sameAs"])
RDF = Vocabulary(
    "rdf",
    ["type", "value", "first", "rest", "nil", "Statement", "subject", "predicate", "object"],
)
RDFS = Vocabulary("rdfs", ["label", "comment", "isDefinedBy", "seeAlso", "subClassOf"])
TIME = Vocabulary(
    "time",
    [
        "hasTime",
        "ProperInterval",
        "intervalBefore",
        "intervalAfter",
        "intervalMeets",
        "intervalMetBy",
        "intervalOverlaps",
        "intervalOverlappedBy",
        "intervalStarts",
        "intervalStartedBy",
        "intervalDuring",
        "intervalContains",
        "intervalFinishes",
        "intervalFinishedBy",
        "intervalEquals",
    ],
)
SKOS = Vocabulary("skos", ["prefLabel", "altLabel", "exactMatch", "closeMatch"])
XSD = Vocabulary("xsd", ["date", "integer", "boolean", "string"])


def expand(name: str) -> ox.NamedNode:
    """Return the term of a prefixed name, or of an IRI in angle brackets or bare.

    Raises: UnknownName, if the prefix is not one of `PREFIXES`.

    >>> expand("id:badoglio")
    <NamedNode value=https://w3id.org/cassibile/id/badoglio>
    """
    if name.startswith("<") and name.endswith(">"):
        return ox.NamedNode(name[1:-1])
    prefix, colon, local = name.partition(":")
    if colon and local.startswith("//"):
        return ox.NamedNode(name)
    if prefix not in PREFIXES or not colon:
        hint = did_you_mean(prefix, PREFIXES) or "known prefixes are " + ", ".join(PREFIXES)
        raise UnknownName(f"{name} has no known prefix", hint=hint)
    return ox.NamedNode(PREFIXES[prefix] + re.sub(r"\\(.)", r"\1", local))


def read_triple(text: str) -> ox.Triple:
    """Return a triple written as in Turtle; the canonical prefixes need not be declared.

    Raises: UnknownName, if it is none, or a prefix is not known.

    >>> read_triple("id:badoglio a cas:Person").predicate
    <NamedNode value=http://www.w3.org/1999/02/22-rdf-syntax-ns#type>
    """
    declared = " ".join(f"PREFIX {prefix}: <{iri}>" for prefix, iri in PREFIXES.items())
    try:
        quads: list[ox.Quad] = list(ox.parse(f"{declared} {text} .", format=ox.RdfFormat.TURTLE))
    except SyntaxError as error:
        for prefix in re.findall(r"(?<![\w:])([a-zA-Z]\w*):", text):
            expand(f"{prefix}:")
        detail = str(error.msg).partition(": ")[2] or str(error.msg)
        raise UnknownName(f"“{text}” is no triple: {detail}", hint=_TRIPLE) from error
    if len(quads) != 1:
        raise UnknownName(f"“{text}” is {len(quads)} triples", hint=_TRIPLE)
    return quads[0].triple


def shorten(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | ox.DefaultGraph) -> str:
    """Return the term for a reader: a prefixed name, an IRI in brackets, or the bare words.

    A slash in a local name is left as it is, although Turtle wants it escaped.

    >>> shorten(ox.NamedNode(BASE + "text/italy-1943/claim/s01-4"))
    'text:italy-1943/claim/s01-4'
    >>> shorten(ox.Literal("25 de julho", language="pt"))
    '25 de julho'
    """
    if isinstance(term, ox.Literal | ox.BlankNode):
        return term.value
    if not isinstance(term, ox.NamedNode):
        return str(term)
    prefix, iri = max(PREFIXES.items(), key=lambda item: _fit(item[1], term.value))
    if not term.value.startswith(iri) or term.value == iri:
        return str(term)
    return f"{prefix}:{term.value.removeprefix(iri)}"


def _fit(iri: str, value: str) -> int:
    return len(iri) if value.startswith(iri) else 0
