"""JSON-LD: the default graph, a line a subject, under a context of plain names.

`CONTEXT` is valid for one thing and for the whole. Terms of the ontology go by their bare names
(`signedBy`), all others with their prefix (`skos:prefLabel`); what is said in languages is an
object by language, and days, numbers and truths need no type beside them.
Source: https://www.w3.org/TR/json-ld11/
"""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import IO, Any

import pyoxigraph as ox

from kg import formats, lines, paths
from kg.store import Graph
from kg.terms import PREFIXES, RDF, expand, shorten

MEDIA_TYPE, SUFFIX = "application/ld+json", "jsonld"
Object = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
# What the axioms do not say, since OWL 2 RL has no such ranges, or since the term is not ours.
_BY_LANGUAGE = (
    "cas:quote cas:verbatim dct:description dct:provenance dct:title oa:exact rdfs:comment "
    "rdfs:label skos:altLabel skos:definition skos:example skos:prefLabel"
)
_LINKS = (
    "dct:isPartOf dct:license dct:source geo:hasGeometry oa:hasSelector oa:hasSource "
    "owl:disjointWith owl:inverseOf rdf:first rdf:rest rdfs:domain rdfs:isDefinedBy rdfs:range "
    "rdfs:seeAlso rdfs:subClassOf rdfs:subPropertyOf skos:closeMatch skos:exactMatch"
)
_TYPED = {
    "xsd:date": "cas:earliestStart cas:latestStart cas:earliestEnd cas:latestEnd dct:created "
    "dct:modified",
    "xsd:integer": "oa:end oa:start",
    "xsd:yearMonthDuration": "cas:longestDuration cas:shortestDuration",
    "geo:wktLiteral": "geo:asWKT",
}
_OURS = PREFIXES["cas"]
_SUBJECT, _PREDICATE = attrgetter("subject"), attrgetter("predicate")
_MOST_DIGITS = 15  # of a number that every reader of JSON keeps


def _terms() -> dict[str, Any]:
    """Return what the context says of each term, by its IRI."""
    types: dict[str, str] = {}
    ranges = expand("rdfs:range")
    for quad in formats.read(paths.ONTOLOGY / "core.ttl"):
        if isinstance(quad.subject, ox.NamedNode) and quad.subject.value.startswith(_OURS):
            iri = quad.subject.value
            types.setdefault(iri, "")
            o = shorten(quad.object) if quad.predicate in {RDF.type, ranges} else ""
            if o == "owl:ObjectProperty":
                types[iri] = "@id"
            elif o.startswith("xsd:") and o != "xsd:string":
                types[iri] = o
    found: dict[str, Any] = {
        iri: {"@id": iri, "@type": typed} if typed else {"@id": iri}
        for iri, typed in sorted(types.items())
    }
    for typed, names in {"@id": _LINKS, **_TYPED}.items():
        found |= {iri: {"@id": iri, "@type": typed} for iri in _iris(names)}
    return found | {iri: {"@id": iri, "@container": "@language"} for iri in _iris(_BY_LANGUAGE)}


def _iris(names: str) -> list[str]:
    return [expand(name).value for name in names.split()]


@lru_cache(maxsize=1 << 14)  # properties and classes come again and again
def _compact(iri: str) -> str:
    """Return an IRI with its prefix where it has one, and where that can be read back."""
    fits = [(len(start), prefix) for prefix, start in PREFIXES.items() if iri.startswith(start)]
    length, prefix = max(fits, default=(0, ""))
    return f"{prefix}:{iri[length:]}" if fits and not iri.startswith("//", length) else iri


def _called(iri: str) -> str:
    """Return what the context calls a term."""
    local = iri.removeprefix(_OURS)
    # A bare name that is a prefix too would mean two things.
    return local if local != iri and local not in PREFIXES else _compact(iri)


_SAID = _terms()
_KEYS = {iri: _called(iri) for iri in _SAID}
CONTEXT: dict[str, Any] = {
    "@version": 1.1,
    **PREFIXES,
    **{_KEYS[iri]: said for iri, said in _SAID.items()},
}


def write(graph: Graph, out: IO[bytes]) -> None:
    """Write the default graph."""
    out.write(b'{"@context":%b,"@graph":[' % _encoded(CONTEXT))
    separator = b"\n"
    with lines.default_graph(graph.store, graph.dump) as quads:
        for subject, about in groupby(quads, key=_SUBJECT):
            out.write(separator + _encoded(_node(subject, about)))
            separator = b",\n"
    out.write(b"\n]}\n")


def document(triples: Iterable[ox.Triple], context: str = "") -> dict[str, Any]:
    """Return triples as a document, with the address of a context, or with as much as it needs.

    What is told of one subject is that object; of several, they are in `@graph`.
    """
    ordered = sorted(triples, key=str)
    nodes = [_node(s, about) for s, about in groupby(ordered, key=_SUBJECT)]
    body = nodes[0] if len(nodes) == 1 else {"@graph": nodes}
    return {"@context": context or _needed(nodes), **body}


def _needed(nodes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what of the context some nodes need: their terms, and the prefixes of their names."""
    written = json.dumps(nodes, ensure_ascii=False)
    keys = {key for node in nodes for key in node} | {
        kind for node in nodes for kind in _all(node.get("@type", ()))
    }
    terms = {key: said for key, said in CONTEXT.items() if key in keys}
    types = [said["@type"] for said in terms.values() if ":" in said.get("@type", "")]
    prefixes = {
        prefix: iri
        for prefix, iri in PREFIXES.items()
        if f'"{prefix}:' in written or any(each.startswith(f"{prefix}:") for each in types)
    }
    return {"@version": 1.1, **prefixes, **terms}


def _all(values: str | Iterable[str]) -> Iterable[str]:
    return [values] if isinstance(values, str) else values


def _node(
    subject: ox.NamedNode | ox.BlankNode, about: Iterable[ox.Quad | ox.Triple]
) -> dict[str, Any]:
    """Return what is told of a subject, its predicates in the order that they come."""
    kinds: dict[str, Any] = {}
    node: dict[str, Any] = {}
    for predicate, said in groupby(about, key=_PREDICATE):
        objects = [triple.object for triple in said]
        if predicate == RDF.type and all(isinstance(o, ox.NamedNode) for o in objects):
            kinds["@type"] = _one_or_all([_key(_iri(o)) for o in objects])
        else:
            node |= _property(predicate.value, objects)
    return {"@id": _name(subject), **kinds, **node}


def _property(iri: str, objects: Sequence[Object]) -> dict[str, Any]:
    """Return a predicate with its objects, those by language apart from those without one."""
    key = _key(iri)
    said = _SAID.get(iri, {})
    if said.get("@container") != "@language":
        return {key: _one_or_all([_value(o, said.get("@type", "")) for o in objects])}
    by_language: dict[str, list[str]] = {}
    others = []
    for o in objects:
        if isinstance(o, ox.Literal) and o.language:
            by_language.setdefault(o.language, []).append(o.value)
        else:
            others.append(_value(o, ""))
    found: dict[str, Any] = {}
    if by_language:
        found[key] = {
            language: _one_or_all(words) for language, words in sorted(by_language.items())
        }
    if others:
        found[iri] = _one_or_all(others)  # the whole IRI is no term, so no language is looked for
    return found


def _value(o: Object, typed: str) -> Any:
    """Return an object, bare where the type that its key has says the rest."""
    if not isinstance(o, ox.Literal):
        name = _name(o)
        return name if typed == "@id" else {"@id": name}
    if o.language:
        return {"@value": o.value, "@language": o.language}
    datatype = _compact(o.datatype.value)
    if datatype == "xsd:string":
        return {"@value": o.value} if typed else o.value
    bare = _bare(o.value, datatype)
    if datatype == typed or (not isinstance(bare, str) and not typed):
        return bare
    return {"@value": o.value, "@type": datatype}


def _bare(value: str, datatype: str) -> str | int | bool:
    """Return a number or truth as JSON has it, where nothing of how it is written gets lost."""
    if datatype == "xsd:integer" and len(value) <= _MOST_DIGITS and value == str(_number(value)):
        return int(value)
    if datatype == "xsd:boolean" and value in {"true", "false"}:
        return value == "true"
    return value


def _number(value: str) -> int | None:
    try:
        return int(value)
    except ValueError:
        return None


def _name(term: Object) -> str:
    return f"_:{term.value}" if isinstance(term, ox.BlankNode) else _compact(_iri(term))


def _key(iri: str) -> str:
    """Return a property or a class as the context calls it; one that it does not know, compact."""
    return _KEYS.get(iri) or _compact(iri)


def _iri(term: Object) -> str:
    assert isinstance(term, ox.NamedNode), "JSON-LD 1.1 has no triples in triples"
    return term.value


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
