"""What the endpoint says of itself, as RDF.

Source: https://www.w3.org/TR/sparql11-service-description/
"""

from collections.abc import Iterator
from http import HTTPStatus

import pyoxigraph as ox

from kg import formats
from kg.terms import PREFIXES, RDF
from server import negotiate
from server.exchange import Exchange
from server.service import Service

_SD = "http://www.w3.org/ns/sparql-service-description#"
_FORMATS = "http://www.w3.org/ns/formats/"
_OF_W3C = {  # https://www.w3.org/ns/formats/: the names that the W3C gives to forms
    "turtle": "Turtle",
    "ntriples": "N-Triples",
    "rdfxml": "RDF_XML",
    "jsonld": "JSON-LD",
    "trig": "TriG",
    "nquads": "N-Quads",
    "json": "SPARQL_Results_JSON",
    "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV",
}


async def answer(exchange: Exchange, service: Service) -> None:
    """Describe the service in the syntax that is asked for."""
    name = exchange.arguments().get("format", "")
    accept = exchange.negotiating(b"accept")
    syntax = negotiate.wanted(name, accept, formats.RDF_SYNTAXES)
    prefixes = {"sd": _SD, "rdf": PREFIXES["rdf"]}
    body = formats.write(_triples(service), syntax, prefixes)
    await exchange.answer(HTTPStatus.OK, syntax.content_type, body, [("vary", "Accept")])


def _triples(service: Service) -> Iterator[ox.Triple]:
    """Yield the description: one service with its endpoint, languages, features and forms."""
    described = ox.NamedNode(service.address("/sparql"))
    dataset, default = ox.BlankNode("dataset"), ox.BlankNode("default")
    languages = ["SPARQL10Query", "SPARQL11Query"]
    features = ["BasicFederatedQuery"] if service.config.hosts else []
    if service.config.union:
        features.append("UnionDefaultGraph")
    if service.dataset.writable:
        languages.append("SPARQL11Update")
    yield ox.Triple(described, RDF.type, _sd("Service"))
    yield ox.Triple(described, _sd("endpoint"), described)
    for language in languages:
        yield ox.Triple(described, _sd("supportedLanguage"), _sd(language))
    for feature in features:
        yield ox.Triple(described, _sd("feature"), _sd(feature))
    for iri in _OF_W3C.values():
        yield ox.Triple(described, _sd("resultFormat"), ox.NamedNode(_FORMATS + iri))
    for form in formats.RDF_SYNTAXES if service.dataset.writable else ():
        read = ox.NamedNode(_FORMATS + _OF_W3C[form.name])
        yield ox.Triple(described, _sd("inputFormat"), read)
    yield ox.Triple(described, _sd("defaultDataset"), dataset)
    yield ox.Triple(dataset, RDF.type, _sd("Dataset"))
    yield ox.Triple(dataset, _sd("defaultGraph"), default)
    yield ox.Triple(default, RDF.type, _sd("Graph"))


def _sd(name: str) -> ox.NamedNode:
    return ox.NamedNode(_SD + name)
