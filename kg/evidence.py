"""Claims as data: where their words stand, how they are read, which sentence they belong to.

Source: https://www.w3.org/TR/annotation-model/#selectors
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import pyoxigraph as ox

from kg.errors import UnknownName
from kg.load import Claim, Source
from kg.quotes import Quote, Span
from kg.terms import CAS, DCT, OA, PREFIXES, RDF, RDFS, XSD, expand, shorten
from kg.words import say


def describe(source: Source) -> Iterator[ox.Triple]:
    """Yield what the graph says of a text, its sentences and its claims.

    Writes: of the text its words (rdf:value), `cas:sha256` and `cas:codePoints`; of each sentence
            `cas:start` and `cas:end`; of each claim its type, text, perspective, sentence,
            whether it is asserted, what the author wrote, and for each quote an
            oa:SpecificResource with both selectors. Offsets are code points, half-open
            (xsd:integer).
    """
    text = source.iri
    yield from source.about
    yield ox.Triple(text, RDF.value, ox.Literal(source.text))
    yield ox.Triple(text, CAS.sha256, ox.Literal(sha256(source.text.encode()).hexdigest()))
    yield ox.Triple(text, CAS.codePoints, _integer(len(source.text)))
    for number, span in enumerate(source.sentences, 1):
        sentence = _sentence(text, number)
        yield ox.Triple(sentence, RDF.type, CAS.Sentence)
        yield ox.Triple(sentence, DCT.isPartOf, text)
        yield ox.Triple(sentence, CAS.start, _integer(span.start))
        yield ox.Triple(sentence, CAS.end, _integer(span.end))
    for claim in source.claims:
        yield from _text_claim(source, claim)


def describe_reference(source: Source) -> Iterator[ox.Triple]:
    """Yield what the graph says of the claims of reference works, and of Wikidata.

    Writes: of each claim its type, perspective, that it is asserted, and what the author wrote.
    """
    for claim in source.reference:
        yield from _claim(claim, claim.file)


def _text_claim(source: Source, claim: Claim) -> Iterator[ox.Triple]:
    yield from _claim(claim, f"text/{source.name}")
    yield ox.Triple(claim.iri, CAS.statedIn, source.iri)
    yield ox.Triple(claim.iri, CAS.inSentence, _sentence(source.iri, claim.sentence))
    written = [t.object for t in claim.about if t.predicate == CAS.quote]
    for number, quote in enumerate(claim.quotes, 1):
        resource = ox.NamedNode(f"{claim.iri.value}#q{number}")
        exact = next(w for w in written if isinstance(w, ox.Literal) and w.value == quote.exact)
        yield ox.Triple(claim.iri, CAS.evidence, resource)
        yield from _selectors(source.iri, resource, quote, exact)


def _claim(claim: Claim, perspective: str) -> Iterator[ox.Triple]:
    asserted = ox.Literal("true" if claim.asserted else "false", datatype=XSD.boolean)
    yield from claim.about
    yield ox.Triple(claim.iri, RDF.type, CAS.Claim)
    yield ox.Triple(claim.iri, CAS.perspective, expand(f"g:view/{perspective}"))
    yield ox.Triple(claim.iri, CAS.asserted, asserted)


def _selectors(
    text: ox.NamedNode, resource: ox.NamedNode, quote: Quote, exact: ox.Literal
) -> Iterator[ox.Triple]:
    words = ox.NamedNode(f"{resource.value}-quote")
    position = ox.NamedNode(f"{resource.value}-position")
    yield ox.Triple(resource, RDF.type, OA.SpecificResource)
    yield ox.Triple(resource, OA.hasSource, text)
    yield ox.Triple(resource, OA.hasSelector, words)
    yield ox.Triple(resource, OA.hasSelector, position)
    yield ox.Triple(words, RDF.type, OA.TextQuoteSelector)
    yield ox.Triple(words, OA.exact, exact)
    yield ox.Triple(words, OA.prefix, ox.Literal(quote.prefix))
    yield ox.Triple(words, OA.suffix, ox.Literal(quote.suffix))
    yield ox.Triple(position, RDF.type, OA.TextPositionSelector)
    yield ox.Triple(position, OA.start, _integer(quote.span.start))
    yield ox.Triple(position, OA.end, _integer(quote.span.end))


def _sentence(text: ox.NamedNode, number: int) -> ox.NamedNode:
    return ox.NamedNode(f"{text.value}/sentence/s{number:02}")


def _integer(value: int) -> ox.Literal:
    return ox.Literal(str(value), datatype=XSD.integer)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The words of a claim, read back from a store.

    Attributes:
        claim: its name.
        text: name of its text.
        sentence: number of its sentence, from 1; 0 of a reference work.
        quotes: in the order of the text; none of a reference work.
        reading: how the words were read.
        comment: what was supplied; may be empty.
        source: the address of the reference work; empty of a text.
    """

    claim: ox.NamedNode
    text: str
    sentence: int
    quotes: tuple[Quote, ...]
    reading: ox.NamedNode
    comment: str
    source: str = ""

    @property
    def words(self) -> str:
        """Return the words, or the address of the reference work."""
        return " … ".join(f"“{quote.exact}”" for quote in self.quotes) or f"<{self.source}>"

    @property
    def name(self) -> str:
        """Return the name of the claim in its text: `s05-2`."""
        return self.claim.value.rpartition("/")[2]

    def place(self, language: str) -> str:
        """Return where the words stand, for a reader.

        >>> claim = ox.NamedNode("urn:claim/s05-2")
        >>> quote = Quote("25 de julho", Span(673, 684), "", "")
        >>> Evidence(claim, "italy-1943", 5, (quote,), CAS.Literal, "").place("en")
        'italy-1943 s05-2, sentence 5, 673-684'
        """
        if self.source:
            return f"{self.text} {self.name}"
        spans = ", ".join(f"{quote.span.start}-{quote.span.end}" for quote in self.quotes)
        sentence = say(language, "sentence", number=str(self.sentence))
        return f"{self.text} {self.name}, {sentence}, {spans}"


def of_claim(store: ox.Store, claim: ox.NamedNode) -> Evidence:
    """Return the words of a claim of a built store.

    Raises: UnknownName, if the store has no such claim.
    """

    def values(subject: object, predicate: ox.NamedNode) -> list[ox.NamedNode | ox.Literal]:
        quads = store.quads_for_pattern(subject, predicate, None, expand("g:claims"))  # type: ignore[arg-type]
        return [q.object for q in quads if isinstance(q.object, ox.NamedNode | ox.Literal)]

    if not values(claim, CAS.asserted):
        raise UnknownName(f"there is no claim {shorten(claim)}", hint="`kg check` counts them")
    quotes = []
    for resource in values(claim, CAS.evidence):
        said: dict[ox.NamedNode, str] = {}
        for selector in values(resource, OA.hasSelector):
            for predicate in (OA.exact, OA.prefix, OA.suffix, OA.start, OA.end):
                for value in values(selector, predicate):
                    said[predicate] = value.value
        span = Span(int(said[OA.start]), int(said[OA.end]))
        quotes.append(Quote(said[OA.exact], span, said[OA.prefix], said[OA.suffix]))
    sentence = next((s.value.rpartition("/s")[2] for s in values(claim, CAS.inSentence)), "0")
    readings = (r for r in values(claim, CAS.reading) if isinstance(r, ox.NamedNode))
    return Evidence(
        claim,
        claim.value.removeprefix(PREFIXES["text"]).partition("/")[0],
        int(sentence),
        tuple(sorted(quotes, key=lambda quote: (quote.span.start, quote.span.end))),
        next(readings, CAS.Literal),
        next((comment.value for comment in values(claim, RDFS.comment)), ""),
        next((source.value for source in values(claim, DCT.source)), ""),
    )
