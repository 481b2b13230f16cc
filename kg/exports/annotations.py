"""Web Annotations: a claim each, with its words as selectors and what it states as body.

One AnnotationCollection with one AnnotationPage, a line an annotation. The targets are the quotes
of the claim, each by its words and by its place in code points, or the address of the reference
work that says it. The bodies, by purpose: `identifying` the claim, `classifying` how its words
were read, `describing` what it states (as Turtle, and in words), `commenting` what its author
supplied, and `linking` the preferred claim where this is another reading.
Source: https://www.w3.org/TR/annotation-model/
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

import pyoxigraph as ox

from kg import evidence, formats
from kg.evidence import Evidence
from kg.proof.render import Names, names_of, sentence
from kg.quotes import Quote
from kg.store import Graph
from kg.terms import BASE, CAS, DCT, PREFIXES, RDF, RDFS, expand

MEDIA_TYPE = 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"'
SUFFIX = "jsonld"

_CONTEXT = "http://www.w3.org/ns/anno.jsonld"
_COLLECTION = BASE + "annotations"


def write(graph: Graph, out: IO[bytes]) -> None:
    """Write the claims of texts and reference works, by name."""
    quads = graph.store.quads_for_pattern(None, RDF.type, CAS.Claim, expand("g:claims"))
    claims = sorted((q.subject for q in quads if isinstance(q.subject, ox.NamedNode)), key=str)
    page = f"{_COLLECTION}/1"
    head = {
        "@context": _CONTEXT,
        "id": _COLLECTION,
        "type": "AnnotationCollection",
        "label": "The claims of Cassibile, with the words that support them",
        **_credit(graph.store),
        "total": len(claims),
        "last": page,
        "first": {"id": page, "type": "AnnotationPage", "partOf": _COLLECTION, "startIndex": 0},
    }
    opening = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n }\n}")
    out.write(f'{opening},\n  "items": ['.encode())
    names = names_of(graph, "en")
    for number, claim in enumerate(claims):
        said = json.dumps(_annotation(graph.store, claim, names), ensure_ascii=False)
        out.write(f"{',' if number else ''}\n{said}".encode())
    out.write(b"\n  ]\n }\n}\n")


def _credit(store: ox.Store) -> dict[str, Any]:
    """Return whose the annotations are, and under which licence: those of the ontology."""
    ontology = ox.NamedNode(BASE + "ontology")
    said: dict[str, Any] = {}
    for creator in _values(store, ontology, DCT.creator, "g:ontology"):
        said["creator"] = {"type": "Organization", "name": creator.value}
    for licence in _values(store, ontology, DCT.license, "g:ontology"):
        said["rights"] = licence.value
    return said


def _values(
    store: ox.Store, subject: ox.NamedNode, predicate: ox.NamedNode, graph: str = "g:claims"
) -> list[ox.NamedNode | ox.Literal]:
    quads = store.quads_for_pattern(subject, predicate, None, expand(graph))
    objects = (quad.object for quad in quads)
    return sorted((o for o in objects if isinstance(o, ox.NamedNode | ox.Literal)), key=str)


def _annotation(store: ox.Store, claim: ox.NamedNode, names: Names) -> dict[str, Any]:
    known = evidence.of_claim(store, claim)
    return {
        "id": f"{claim.value}#annotation",
        "type": "Annotation",
        "motivation": "describing",
        "body": [*_bodies(store, claim, names)],
        "target": _targets(store, known),
    }


def _bodies(store: ox.Store, claim: ox.NamedNode, names: Names) -> Iterator[dict[str, str]]:
    yield _about("identifying", claim)
    for preferred in _values(store, claim, CAS.alternativeTo):
        yield _about("linking", preferred)
    for reading in _values(store, claim, CAS.reading):
        yield _about("classifying", reading)
    stated = store.quads_for_pattern(None, None, None, claim)
    triples = formats.ordered([quad.triple for quad in stated])
    yield _text("describing", "text/turtle", _turtle(triples))
    told = "\n".join(_told(triples, names))
    yield _text("describing", "text/plain", told, names.language)
    for comment in _values(store, claim, RDFS.comment):
        assert isinstance(comment, ox.Literal), "a comment is words"
        yield _text("commenting", "text/plain", comment.value, comment.language)


def _told(triples: Sequence[ox.Triple], names: Names) -> Iterator[str]:
    """Yield triples in words, with the date in the place of its interval."""
    dates = {t.subject: t.object for t in triples if t.predicate == CAS.edtf}
    for s, p, o in triples:
        if s not in dates:
            yield sentence(ox.Triple(s, p, dates.get(o, o)), names)


def _about(purpose: str, source: ox.NamedNode | ox.Literal) -> dict[str, str]:
    return {"type": "SpecificResource", "purpose": purpose, "source": source.value}


def _text(purpose: str, form: str, words: str, language: str | None = None) -> dict[str, str]:
    said = {"type": "TextualBody", "purpose": purpose, "format": form, "value": words}
    return said | ({"language": language} if language else {})


def _turtle(triples: Sequence[ox.Triple]) -> str:
    """Return triples as Turtle, with the prefixes that they use."""
    iris = "\n".join(_iris(triples))
    prefixes = {prefix: iri for prefix, iri in PREFIXES.items() if f"<{iri}" in iris}
    turtle = formats.named("turtle", formats.RDF_SYNTAXES)
    return formats.serialize(triples, turtle, prefixes).decode()


def _iris(triples: Iterable[ox.Triple]) -> Iterator[str]:
    """Yield what is written with a prefix; `rdf:type` is written `a`."""
    for term in (term for triple in triples for term in triple):
        if term != RDF.type:
            yield str(term.datatype if isinstance(term, ox.Literal) else term)


def _targets(store: ox.Store, known: Evidence) -> list[dict[str, Any]] | str:
    """Return the quotes, or the address of the reference work."""
    if known.source:
        return known.source
    (text,) = _values(store, known.claim, CAS.statedIn)
    return [
        {
            "id": f"{known.claim.value}#q{number}",
            "type": "SpecificResource",
            "source": text.value,
            "selector": _selectors(f"{known.claim.value}#q{number}", quote),
        }
        for number, quote in enumerate(known.quotes, 1)
    ]


def _selectors(name: str, quote: Quote) -> list[dict[str, str | int]]:
    return [
        {
            "id": f"{name}-quote",
            "type": "TextQuoteSelector",
            "exact": quote.exact,
            "prefix": quote.prefix,
            "suffix": quote.suffix,
        },
        {
            "id": f"{name}-position",
            "type": "TextPositionSelector",
            "start": quote.span.start,
            "end": quote.span.end,
        },
    ]
