"""Reads the folder of a text: the source, and the mapping by hand, claim by claim.

A folder `seeds/<text>/` holds `text.txt`, the source byte for byte, `map.trig`, and optionally
`reference.trig`, what reference works say of the same events, and `wikidata.trig`, what Wikidata
says, as `kg compare --trig` writes it. In a map the
author writes, in the default graph, a paragraph on the text, one on each claim (`cas:quote`,
`cas:reading`, `rdfs:comment`, `cas:alternativeTo`) and one on each entity (names, links,
coordinates); and in a named graph a claim its triples. Everything else is computed.

Faults of the author are findings, all collected; only an unreadable file raises.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox

from kg import dates, formats, quotes
from kg.errors import BadDate, BadQuote, Finding, Place, UnreadableInput, did_you_mean
from kg.positions import Positions
from kg.quotes import Quote, Span
from kg.terms import CAS, PREFIXES, SKOS, expand, shorten

TEXT_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")  # it becomes part of IRIs
CLAIM_NAME = re.compile(r"s(\d{2,})-(\d+)([a-z]?)")
REFERENCE_NAMES = {"reference": re.compile(r"r\d{2,}"), "wikidata": re.compile(r"w\d{2,}")}
BOUNDS = ("earliestStart", "latestStart", "earliestEnd", "latestEnd")
# What an author may write outside our vocabulary; anything else is probably a slip.
_FOREIGN = frozenset(
    expand(name)
    for name in (
        "rdf:type",
        "rdfs:comment",
        "rdfs:seeAlso",
        "skos:prefLabel",
        "skos:altLabel",
        "skos:exactMatch",
        "skos:closeMatch",
        "skos:broadMatch",
        "skos:narrowMatch",
        "skos:note",
        "dct:title",
        "dct:language",
        "dct:source",
        "dct:provenance",
        "dct:creator",
        "dct:date",
        "dct:license",
        "dct:description",
        "geo:hasGeometry",
        "geo:asWKT",
    )
)
_COMPUTED = (
    *BOUNDS,
    "start",
    "end",
    "statedIn",
    "perspective",
    "inSentence",
    "evidence",
    "asserted",
    "sha256",
    "codePoints",
)
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_LEAST_COVERAGE = 0.9  # of the characters of a text, under an asserted quote


_Subjects = dict[ox.NamedNode | ox.BlankNode, list[ox.Triple]]  # of the default graph
_Graphs = dict[ox.NamedNode, list[ox.Triple]]


@dataclass(frozen=True, slots=True)
class Claim:
    """Triples that stand or fall together, tied to exact words.

    Attributes:
        name: `s05-2b`: sentence 5, claim 2, its second reading; `r05` of a reference work, `w05`
            of Wikidata.
        iri: of the claim, and of its named graph.
        sentence: number of the sentence, from 1; 0 of a reference work.
        quotes: in the order of the text; none of a reference work.
        triples: as stated, and the bounds of its time intervals.
        about: what the author wrote about the claim.
        alternative_to: the preferred claim, if this is a rejected reading of it.
        place: its paragraph in the map.
    """

    name: str
    iri: ox.NamedNode
    sentence: int
    quotes: tuple[Quote, ...]
    triples: tuple[ox.Triple, ...]
    about: tuple[ox.Triple, ...]
    alternative_to: ox.NamedNode | None
    place: Place

    @property
    def asserted(self) -> bool:
        """Return whether the claim stands in the preferred reading of its text."""
        return self.alternative_to is None

    @property
    def file(self) -> str:
        """Return the file of its folder in which it stands, without `.trig`."""
        files = (file for file, names in REFERENCE_NAMES.items() if names.fullmatch(self.name))
        return next(files, "map")

    @property
    def reading(self) -> ox.NamedNode:
        """Return how its words were read; the weakest reading where the map does not say.

        What a reference work says is taken as said.
        """
        found = (t.object for t in self.about if t.predicate == CAS.reading)
        otherwise = CAS.Interpretive if self.sentence else CAS.Literal
        return next((r for r in found if isinstance(r, ox.NamedNode)), otherwise)


@dataclass(frozen=True, slots=True)
class Source:
    """A text with its mapping.

    Attributes:
        name: of its folder.
        iri: of the text.
        text: the words.
        sentences: in order.
        claims: asserted and alternative, in the order of their names.
        reference: what reference works and Wikidata say, in the order of names.
        about: the paragraph on the text.
        entities: names, links and coordinates of the entities of the text.
        others: the same of what only the reference speaks of.
        stated: all quads of all maps as written, for validation.
        positions: where they are written, in one map after the other.
    """

    name: str
    iri: ox.NamedNode
    text: str
    sentences: tuple[Span, ...]
    claims: tuple[Claim, ...]
    reference: tuple[Claim, ...]
    about: tuple[ox.Triple, ...]
    entities: tuple[ox.Triple, ...]
    others: tuple[ox.Triple, ...]
    stated: tuple[ox.Quad, ...]
    positions: tuple[Positions, ...]

    def place(self, *terms: str, graph: str = "") -> Place:
        """Return where a term stands in the maps, see `Positions.of`; first that of the text."""
        places = [positions.of(*terms, graph=graph) for positions in self.positions]
        return next((place for place in places if place.line), places[0])

    @property
    def coverage(self) -> float:
        """Return the share of the characters that lie under a quote of an asserted claim."""
        spans = [q.span for claim in self.claims if claim.asserted for q in claim.quotes]
        return quotes.covered(len(self.text), spans)


@dataclass(slots=True)
class _Reading:
    """One map while it is read: what is known so far, and what was found."""

    name: str
    path: Path
    text: str
    positions: Positions
    stated: tuple[ox.Quad, ...]
    sentences: tuple[Span, ...] = ()
    reference: str = ""  # the name of its file, where it is no map of the text
    findings: list[Finding] = field(default_factory=list)

    def parts(self) -> tuple[_Subjects, _Graphs]:
        """Return the triples of the default graph by subject, and the named graphs."""
        subjects: _Subjects = defaultdict(list)
        graphs: _Graphs = defaultdict(list)
        for quad in self.stated:
            if isinstance(quad.graph_name, ox.NamedNode):
                graphs[quad.graph_name].append(quad.triple)
            elif isinstance(quad.subject, ox.NamedNode | ox.BlankNode):
                subjects[quad.subject].append(quad.triple)
        return subjects, graphs

    def fault(self, code: str, place: Place, message: str, hint: str = "") -> None:
        self.findings.append(Finding("error", code, place, message, hint))

    def advice(self, code: str, place: Place, message: str, hint: str = "") -> None:
        self.findings.append(Finding("warning", code, place, message, hint))


def folders(seeds: Path) -> list[Path]:
    """Return the folders of the texts, sorted by name.

    Raises: UnreadableInput, if there is no such folder or no text in it.
    """
    if not seeds.is_dir():
        raise UnreadableInput("there is no such folder", Place(seeds))
    found = sorted(p for p in seeds.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not found:
        raise UnreadableInput(
            "no text in this folder", Place(seeds), "add a folder with text.txt and map.trig"
        )
    return found


def read_source(folder: Path) -> tuple[Source, list[Finding]]:
    """Return the text of a folder with its mapping, and the faults found in it.

    Reads:  both maps, as the module says; `cas:edtf` of each interval of a claim.
    Writes: the four bounds of each interval (xsd:date, inclusive days) into its claim's triples.
    Raises: UnreadableInput and BrokenSyntax, if a file cannot be read at all.
    """
    if not TEXT_NAME.fullmatch(folder.name):
        raise UnreadableInput(
            f"{folder.name!r} is no name of a text",
            Place(folder),
            "name the folder in lower-case letters, digits and hyphens",
        )
    text = formats.read_text(folder / "text.txt")
    reading = _open(folder, "map.trig", text)
    subjects, graphs = reading.parts()
    iri = ox.NamedNode(f"{PREFIXES['text']}{folder.name}")
    about = tuple(subjects.pop(iri, ()))
    if not about:
        reading.fault(
            "text",
            Place(reading.path),
            f"no paragraph describes {shorten(iri)}",
            f"write: {shorten(iri)} a cas:Text ; dct:title … ; dct:language … .",
        )
    abbreviations = [_words(t.object) for t in about if t.predicate == CAS.abbreviation]
    reading.sentences = tuple(quotes.sentences(text, abbreviations))
    claims = tuple(_read_claims(reading, subjects, graphs))
    entities = _entities(subjects, claims)
    readings = [reading]
    reference: tuple[Claim, ...] = ()
    others: tuple[ox.Triple, ...] = ()
    for file in REFERENCE_NAMES:
        if (folder / f"{file}.trig").is_file():
            second = _open(folder, f"{file}.trig", text)
            second.reference = file
            subjects, graphs = second.parts()
            told = tuple(_read_claims(second, subjects, graphs))
            reference += told
            others += _entities(subjects, told)
            readings.append(second)
    source = Source(
        folder.name,
        iri,
        text,
        reading.sentences,
        claims,
        reference,
        about,
        entities,
        others,
        tuple(quad for each in readings for quad in each.stated),
        tuple(each.positions for each in readings),
    )
    for each in readings:
        _check_terms(each, each.stated)
    _check_entities(readings, source)
    _check_alternatives(reading, claims)
    _check_years(reading, claims)
    if source.coverage < _LEAST_COVERAGE:
        reading.advice(
            "coverage",
            Place(folder / "text.txt"),
            f"claims cover {source.coverage:.0%} of the text, and {_LEAST_COVERAGE:.0%} is asked",
            "map what no claim covers, or say in the seed's README why it says nothing",
        )
    return source, [finding for each in readings for finding in each.findings]


def _open(folder: Path, name: str, text: str) -> _Reading:
    path = folder / name
    written = formats.read_text(path)
    stated = tuple(formats.parse(written, path))
    return _Reading(folder.name, path, text, Positions(written, path), stated)


def _entities(subjects: _Subjects, claims: Iterable[Claim]) -> tuple[ox.Triple, ...]:
    """Return what a map says of anything but its text and its claims."""
    described = {claim.iri for claim in claims}
    return tuple(t for s, ts in subjects.items() if s not in described for t in ts)


def _read_claims(reading: _Reading, subjects: _Subjects, graphs: _Graphs) -> Iterator[Claim]:
    """Yield each claim that is well named, sorted, and find what is left over."""
    start = f"{PREFIXES['text']}{reading.name}/claim/"
    signs = {CAS.quote, CAS.reading, CAS.alternativeTo}
    described = {
        subject
        for subject, triples in subjects.items()
        if any(t.predicate in signs for t in triples) or subject.value.startswith(start)
    }
    pattern = REFERENCE_NAMES.get(reading.reference, CLAIM_NAME)
    for node in sorted(described | set(graphs), key=str):
        name = node.value.removeprefix(start)
        place = reading.positions.of(node.value)
        number = pattern.fullmatch(name)
        if not isinstance(node, ox.NamedNode) or not number or not node.value.startswith(start):
            form = f"{reading.reference[0]}NN>: NN its number" if reading.reference else (
                "sNN-k>: NN the sentence, k a number, then a letter if it is another reading"
            )  # fmt: skip
            reading.fault(
                "claim-name",
                place,
                f"{shorten(node)} is no name of a claim of this map",
                f"name it <{start}{form}",
            )
            continue
        if node not in described:
            evidence = "dct:source <…>" if reading.reference else "cas:quote … ; cas:reading …"
            reading.fault(
                "graph-without-claim",
                reading.positions.of(node.value, graph=node.value),
                f"the graph {name} has no claim",
                f"write above it: c:{name} {evidence} .",
            )
        if node not in graphs:
            reading.fault(
                "claim-without-graph",
                place,
                f"the claim {name} has no triples",
                f"write below it: c:{name} {{ … }}",
            )
        sentence = 0 if reading.reference else int(number[1])
        if not reading.reference and not 1 <= sentence <= len(reading.sentences):
            reading.fault(
                "claim-name",
                place,
                f"{name}: the text has no sentence {sentence}",
                f"its sentences are 1 to {len(reading.sentences)}",
            )
            continue
        about = subjects.get(node, [])
        triples = graphs.get(node, [])
        found: tuple[Quote, ...] = ()
        if not reading.reference:
            found = _read_quotes(reading, name, place, about, reading.sentences[sentence - 1])
            _check_verbatim(reading, node, triples, found)
        targets = [t.object for t in about if t.predicate == CAS.alternativeTo]
        yield Claim(
            name,
            node,
            sentence,
            found,
            (*triples, *_read_dates(reading, node, triples)),
            tuple(about),
            next((t for t in targets if isinstance(t, ox.NamedNode)), None),
            place,
        )


def _read_quotes(
    reading: _Reading, name: str, place: Place, about: Sequence[ox.Triple], sentence: Span
) -> tuple[Quote, ...]:
    found = []
    for triple in about:
        if triple.predicate != CAS.quote:
            continue
        words = _words(triple.object)
        try:
            found.append(quotes.locate(reading.text, words, sentence))
        except BadQuote as error:
            at = reading.positions.of(words) if words else place
            reading.fault("quote", at, f"{name}: {error.message}", error.hint)
    return tuple(sorted(found, key=lambda quote: (quote.span.start, quote.span.end)))


def _read_dates(
    reading: _Reading, claim: ox.NamedNode, triples: Sequence[ox.Triple]
) -> Iterator[ox.Triple]:
    for triple in triples:
        if triple.predicate != CAS.edtf:
            continue
        edtf = _words(triple.object)
        try:
            bounds = dates.bounds_of(edtf)
        except BadDate as error:
            place = reading.positions.of(edtf, graph=claim.value)
            reading.fault("date", place, error.message, error.hint)
            continue
        days = (bounds.earliest_start, bounds.latest_start, bounds.earliest_end, bounds.latest_end)
        for name, day in zip(BOUNDS, days, strict=True):
            if day is not None:
                value = ox.Literal(day.isoformat(), datatype=expand("xsd:date"))
                yield ox.Triple(triple.subject, getattr(CAS, name), value)


def _check_verbatim(
    reading: _Reading,
    claim: ox.NamedNode,
    triples: Sequence[ox.Triple],
    found: Sequence[Quote],
) -> None:
    for triple in triples:
        words = _words(triple.object)
        if triple.predicate == CAS.verbatim and not any(words in q.exact for q in found):
            reading.fault(
                "verbatim",
                reading.positions.of(words, graph=claim.value),
                f"“{words}” stands in no quote of its claim",
                "give the words of the time phrase as the claim quotes them",
            )


def _check_terms(reading: _Reading, stated: Iterable[ox.Quad]) -> None:
    """Find terms that nothing declares, terms that the build computes, and blank nodes."""
    seen: set[tuple[str, str]] = set()
    computed = {getattr(CAS, name) for name in _COMPUTED}
    known = {f"cas:{name}" for name in CAS.names}
    for quad in stated:
        graph = quad.graph_name.value if isinstance(quad.graph_name, ox.NamedNode) else ""
        for term in (quad.subject, quad.predicate, quad.object):
            key = graph, str(term)
            if key in seen or isinstance(term, ox.Literal | ox.Triple):
                continue
            seen.add(key)
            place = reading.positions.of(term.value, graph=graph)
            short = shorten(term)
            if isinstance(term, ox.BlankNode):
                beside = (
                    (quad.predicate, quad.object) if term == quad.subject else (quad.predicate,)
                )
                near = (t.value for t in beside if not isinstance(t, ox.Triple))
                reading.fault(
                    "blank-node",
                    reading.positions.of(*near, graph, graph=graph),
                    "a blank node, to which nothing can lead",
                    "give it a name",
                )
            elif short.startswith("cas:") and short not in known:
                reading.fault(
                    "undeclared", place, f"{short} is not declared", did_you_mean(short, known)
                )
            elif term in computed:
                reading.fault(
                    "computed", place, f"{short} is computed by the build", "leave it out"
                )
        if not shorten(quad.predicate).startswith("cas:") and quad.predicate not in _FOREIGN:
            short = shorten(quad.predicate)
            reading.advice(
                "foreign",
                reading.positions.of(quad.predicate.value, graph=graph),
                f"the build does nothing with {short}",
                did_you_mean(short, map(shorten, _FOREIGN)),
            )


def _check_entities(readings: Sequence[_Reading], source: Source) -> None:
    """Find entities that a claim uses and nothing names: probably a slip of the pen.

    The reference speaks of what the text's map names; the text not of what the reference adds.
    """
    for reading in readings:
        named = [*source.entities, *(source.others if reading.reference else ())]
        claims = [c for c in (*source.claims, *source.reference) if c.file == reading.path.stem]
        _check_named(reading, named, claims)


def _check_named(
    reading: _Reading, entities: Iterable[ox.Triple], claims: Iterable[Claim]
) -> None:
    prefix = PREFIXES["id"]
    named = {t.subject for t in entities if t.predicate == SKOS.prefLabel}
    known = [shorten(s) for s in named if isinstance(s, ox.NamedNode)]
    seen = set()
    for claim in claims:
        for term in (t for triple in claim.triples for t in (triple.subject, triple.object)):
            if not isinstance(term, ox.NamedNode) or not term.value.startswith(prefix):
                continue
            if term not in named and term not in seen:
                seen.add(term)
                reading.fault(
                    "unnamed",
                    reading.positions.of(term.value, graph=claim.iri.value),
                    f"{shorten(term)} has no name in this map",
                    did_you_mean(shorten(term), known)
                    or f"write: {shorten(term)} skos:prefLabel … , … , … .",
                )


def _check_alternatives(reading: _Reading, claims: Sequence[Claim]) -> None:
    by_iri = {claim.iri: claim for claim in claims}
    start = f"{PREFIXES['text']}{reading.name}/claim/"
    for claim in claims:
        if claim.alternative_to is None:
            continue
        preferred = by_iri.get(claim.alternative_to)
        if preferred is None or not preferred.asserted or preferred.sentence != claim.sentence:
            target = claim.alternative_to.value.removeprefix(start)
            choices = (c.name for c in claims if c.asserted and c.sentence == claim.sentence)
            reading.fault(
                "alternative",
                claim.place,
                f"{claim.name} replaces {target}, which is no preferred claim of its sentence",
                did_you_mean(f"c:{target}", (f"c:{name}" for name in choices))
                or "cas:alternativeTo points to the claim that stands by default",
            )


def _check_years(reading: _Reading, claims: Iterable[Claim]) -> None:
    """Find years that the words do not give and that were not filled in as the rule says.

    A date without a year takes that of the nearest earlier phrase with one, and its claim says
    that something was filled in.
    """
    phrases = sorted(_phrases(claims), key=lambda phrase: phrase[0])
    for offset, words, edtf, claim in phrases:
        years = set(_YEAR.findall(edtf))
        if not years or _YEAR.search(words):
            continue
        place = reading.positions.of(words, graph=claim.iri.value)
        if claim.reading == CAS.Literal:
            reading.fault(
                "year",
                place,
                f"{claim.name}: “{words}” gives no year, and the claim is read as literal",
                "the year is filled in: write cas:reading cas:ContextResolved",
            )
        dated = [_YEAR.findall(w) for o, w, _, _ in phrases if o < offset and _YEAR.search(w)]
        if dated and not years & set(dated[-1]):
            reading.advice(
                "year",
                place,
                f"{claim.name}: “{words}” is read as {edtf}, and the phrase before it says "
                f"{dated[-1][-1]}",
                "take the year of the nearest phrase before, or say in rdfs:comment why not",
            )


def _phrases(claims: Iterable[Claim]) -> Iterator[tuple[int, str, str, Claim]]:
    """Yield each time phrase: its offset in the text, its words, their reading, its claim."""
    for claim in claims:
        edtf = {t.subject: _words(t.object) for t in claim.triples if t.predicate == CAS.edtf}
        for triple in claim.triples:
            words = _words(triple.object)
            if triple.predicate != CAS.verbatim or triple.subject not in edtf:
                continue
            for quote in claim.quotes:
                if words in quote.exact:
                    offset = quote.span.start + quote.exact.index(words)
                    yield offset, words, edtf[triple.subject], claim
                    break


def _words(term: "ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple") -> str:
    return term.value if isinstance(term, ox.Literal) else ""
