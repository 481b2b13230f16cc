"""Nanopublications: one a claim, asserted or another reading, each in four graphs of TriG.

Of a claim `<c>` the publication is `<c#nanopublication>`, its head `<c#head>`. The assertion is
the graph of the claim itself, `<c>`; `<c#provenance>` holds what is known of the claim: whether it
is asserted, how its words were read, the quotes with their places, or the reference work; and
`<c#publication>` who publishes it under which licence. They are neither signed nor dated: the
names are no trusty URIs, which whoever publishes them to a network adds.
Source: https://nanopub.net/guidelines/working_draft/
"""

from collections.abc import Iterator
from typing import IO

import pyoxigraph as ox

from kg import evidence, formats
from kg.store import Graph
from kg.terms import BASE, CAS, DCT, OA, PREFIXES, RDF, RDFS, expand

MEDIA_TYPE, SUFFIX = "application/trig", "trig"

_NP = "http://www.nanopub.org/nschema#"
_PROV = "http://www.w3.org/ns/prov#"
_PREFIXES = {**PREFIXES, "np": _NP, "prov": _PROV}
# As ontology/alignments.ttl relates them: a claim of a text is what the text is quoted for.
_FROM = {
    CAS.statedIn: ox.NamedNode(_PROV + "wasQuotedFrom"),
    DCT.source: ox.NamedNode(_PROV + "hadPrimarySource"),
}


def write(graph: Graph, out: IO[bytes]) -> None:
    """Write the claims of texts and reference works, by name."""
    ox.serialize(_quads(graph.store), out, format=ox.RdfFormat.TRIG, prefixes=_PREFIXES)


def _quads(store: ox.Store) -> Iterator[ox.Quad]:
    found = store.quads_for_pattern(None, RDF.type, CAS.Claim, expand("g:claims"))
    claims = sorted((q.subject for q in found if isinstance(q.subject, ox.NamedNode)), key=str)
    credit = [*_credit(store)]
    for claim in claims:
        yield from _publication(store, claim, credit)


def _publication(
    store: ox.Store,
    claim: ox.NamedNode,
    credit: list[tuple[ox.NamedNode, ox.NamedNode | ox.Literal]],
) -> Iterator[ox.Quad]:
    """Yield a claim as a nanopublication."""
    publication, head, provenance, about = (
        ox.NamedNode(f"{claim.value}#{part}")
        for part in ("nanopublication", "head", "provenance", "publication")
    )
    yield ox.Quad(publication, RDF.type, ox.NamedNode(_NP + "Nanopublication"), head)
    parts = {"Assertion": claim, "Provenance": provenance, "PublicationInfo": about}
    for part, graph in parts.items():
        yield ox.Quad(publication, ox.NamedNode(f"{_NP}has{part}"), graph, head)
    yield from formats.ordered(store.quads_for_pattern(None, None, None, claim))
    for s, p, o in formats.ordered(_provenance(store, claim)):
        yield ox.Quad(s, p, o, provenance)
    name = evidence.of_claim(store, claim).place("en")
    yield ox.Quad(publication, RDFS.label, ox.Literal(name, language="en"), about)
    for predicate, value in credit:
        yield ox.Quad(publication, predicate, value, about)


def _provenance(store: ox.Store, claim: ox.NamedNode) -> Iterator[ox.Triple]:
    """Yield what is known of a claim: about it, its quotes, and their selectors."""
    waiting = [claim]
    while waiting:
        node = waiting.pop()
        for quad in store.quads_for_pattern(node, None, None, expand("g:claims")):
            yield quad.triple
            if quad.predicate in _FROM:
                yield ox.Triple(node, _FROM[quad.predicate], quad.object)
            if quad.predicate in {CAS.evidence, OA.hasSelector}:
                assert isinstance(quad.object, ox.NamedNode), "evidence has a name"
                waiting.append(quad.object)


def _credit(store: ox.Store) -> Iterator[tuple[ox.NamedNode, ox.NamedNode | ox.Literal]]:
    """Yield who publishes and under which licence: as the ontology."""
    ontology = ox.NamedNode(BASE + "ontology")
    for predicate in (DCT.creator, DCT.license):
        quads = store.quads_for_pattern(ontology, predicate, None, expand("g:ontology"))
        for value in sorted((quad.object for quad in quads), key=str):
            assert isinstance(value, ox.NamedNode | ox.Literal), "a creator or licence is named"
            yield predicate, value
