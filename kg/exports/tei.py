"""TEI: the texts with their sentences, names, dates and claims, and the things told of.

One `teiCorpus`. Its standOff lists persons, groups, places, events and other things: names, the
items of Wikidata that are the same, coordinates, first and last days according to the texts. Each
text is a `TEI`: the words in `body` are exactly those of the text, with a `name` element where one
of a thing's names stands in a quote of a claim about it, a `date` where a claim reads a date, and
an `anchor` at both ends of each quote. Its standOff has a `span` a quote and an `annotation` a
claim, with all that the claim states: a `relation` a triple between things, a `date` an interval,
a `note` what else is stated of a thing. A claim that is another reading points to the one that is
preferred.

Claims of reference works are about no words, and are not here. In memory are one text at a
time, and the addresses of all things.
A character that XML cannot hold is written as U+FFFD.
Source: https://tei-c.org/release/doc/tei-p5-doc/en/html/index.html
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, NamedTuple
from xml.sax.saxutils import escape, quoteattr

import pyoxigraph as ox

from kg import evidence, mentions
from kg.evidence import Evidence
from kg.load import BOUNDS
from kg.quotes import Span
from kg.store import Graph, GraphName
from kg.terms import BASE, CAS, DCT, PREFIXES, RDF, RDFS, SKOS, expand, shorten

MEDIA_TYPE = "application/tei+xml"
SUFFIX = "tei.xml"

_DECLARED = ("cas", "rdf", "xsd")  # prefixes of pointers to what is not in the file
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_POINT = re.compile(r"POINT\s*\(\s*(-?[\d.]+)\s+(-?[\d.]+)\s*\)")
_HOW = (
    "Each name in the text that has a ref stands in a quote of a claim about the thing named."
    " Each span in standOff is a quote of a claim, between two anchors; each annotation is a"
    " claim: how its words were read in ana, and what it states as relations, dates and notes."
    " Days are bounds: notBefore and notAfter of a start or an end are the first and last day on"
    " which it can have been; notBefore and notAfter of an event or interval bound the whole."
)


class _Kind(NamedTuple):
    """How things of a class are listed, and called in a text."""

    term: ox.NamedNode
    list: str
    item: str
    name: str
    mention: str


_KINDS = (
    _Kind(CAS.Person, "listPerson", "person", "persName", "persName"),
    _Kind(CAS.Group, "listOrg", "org", "orgName", "orgName"),
    _Kind(CAS.Place, "listPlace", "place", "placeName", "placeName"),
    _Kind(CAS.Occurrence, "listEvent", "event", "label", "rs"),
)
_OTHER = _Kind(RDFS.label, "list", "item", "name", "rs")
Attributes = Mapping[str, str]
Days = dict[str, str]  # of the four bounds those that are known


def write(graph: Graph, out: IO[bytes]) -> None:
    """Write the texts and what they tell of as one TEI corpus."""
    xml = _Xml(out)
    told = _Told(graph.store)
    xml.raw('<?xml version="1.0" encoding="UTF-8"?>')
    with xml.element("teiCorpus", {"xmlns": "http://www.tei-c.org/ns/1.0", "version": "4.3.0"}):
        _write_header(xml, told, None)
        if told.kinds:
            with xml.element("standOff"):
                _write_things(xml, told)
        for text in told.texts():
            _write_text(xml, told, text)
    xml.raw("\n")


class _Xml:
    """Writes elements, each on a line of its own."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._depth = 0

    def raw(self, markup: str) -> None:
        """Write markup as it is."""
        self._out.write(markup.encode())

    @contextmanager
    def element(self, name: str, attributes: Attributes | None = None) -> Iterator[None]:
        """Write an element around others."""
        self._line(_start(name, attributes))
        self._depth += 1
        yield
        self._depth -= 1
        self._line(f"</{name}>")

    def leaf(self, name: str, content: str = "", attributes: Attributes | None = None) -> None:
        """Write an element with words."""
        self._line(f"{_start(name, attributes)}{_escaped(content)}</{name}>")

    def empty(self, name: str, attributes: Attributes) -> None:
        """Write an element without content."""
        self._line(_start(name, attributes)[:-1] + "/>")

    def _line(self, markup: str) -> None:
        self.raw(f"\n{'  ' * self._depth}{markup}")


def _escaped(text: str) -> str:
    return escape(_UNWRITABLE.sub("\ufffd", text), {"\r": "&#13;"})


def _start(name: str, attributes: Attributes | None) -> str:
    said = (
        f" {key}={quoteattr(_UNWRITABLE.sub('�', v))}" for key, v in (attributes or {}).items()
    )
    return f"<{name}{''.join(said)}>"


class _Told:
    """What is asked of a store.

    Attributes:
        kinds: of each thing that has a name, by address.
    """

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self._parents: dict[object, set[object]] = defaultdict(set)
        for quad in store.quads_for_pattern(None, RDFS.subClassOf, None, expand("g:ontology")):
            self._parents[quad.subject].add(quad.object)
        named = store.quads_for_pattern(None, SKOS.prefLabel, None, expand("g:entities"))
        things = {quad.subject for quad in named}
        self.kinds = {
            thing: self._kind(thing)
            for thing in sorted((t for t in things if isinstance(t, ox.NamedNode)), key=str)
        }

    def values(
        self, subject: ox.NamedNode, predicate: ox.NamedNode, graph: GraphName
    ) -> list[ox.NamedNode | ox.Literal]:
        """Return the objects, sorted."""
        quads = self._store.quads_for_pattern(subject, predicate, None, graph)
        objects = (quad.object for quad in quads)
        return sorted((o for o in objects if isinstance(o, ox.NamedNode | ox.Literal)), key=str)

    def literals(
        self, subject: ox.NamedNode, predicate: ox.NamedNode, graph: GraphName
    ) -> list[ox.Literal]:
        """Return the objects that are literals, sorted."""
        return [v for v in self.values(subject, predicate, graph) if isinstance(v, ox.Literal)]

    def texts(self) -> list[ox.NamedNode]:
        """Return the texts, by address."""
        quads = self._store.quads_for_pattern(None, RDF.type, CAS.Text, expand("g:claims"))
        return sorted((q.subject for q in quads if isinstance(q.subject, ox.NamedNode)), key=str)

    def sentences(self, text: ox.NamedNode) -> list[tuple[str, Span]]:
        """Return the sentences of a text in order, each with its name."""
        graph = expand("g:claims")
        found = []
        for quad in self._store.quads_for_pattern(None, DCT.isPartOf, text, graph):
            sentence = quad.subject
            assert isinstance(sentence, ox.NamedNode), "a sentence has a name"
            start, end = (
                int(self.values(sentence, edge, graph)[0].value) for edge in (CAS.start, CAS.end)
            )
            found.append((sentence.value.rpartition("/")[2], Span(start, end)))
        return sorted(found, key=lambda each: each[1].start)

    def claims(self, text: ox.NamedNode) -> list[Evidence]:
        """Return the claims of a text, asserted or not, by name."""
        quads = self._store.quads_for_pattern(None, CAS.statedIn, text, expand("g:claims"))
        claims = (q.subject for q in quads if isinstance(q.subject, ox.NamedNode))
        return [evidence.of_claim(self._store, claim) for claim in sorted(claims, key=str)]

    def stated(self, claim: ox.NamedNode) -> list[ox.Triple]:
        """Return the triples of a claim, sorted."""
        quads = self._store.quads_for_pattern(None, None, None, claim)
        return sorted((quad.triple for quad in quads), key=str)

    def classes(self, thing: ox.NamedNode) -> list[ox.NamedNode]:
        """Return the classes of a thing as the texts have it, else others, else any reading."""
        for graph in (ox.DefaultGraph(), expand("g:view/reference"), None):
            quads = self._store.quads_for_pattern(thing, RDF.type, None, graph)
            found = {q.object for q in quads if isinstance(q.object, ox.NamedNode)}
            if found := {c for c in found if c.value.startswith(PREFIXES["cas"])}:
                return sorted(found, key=str)
        return []

    def days(self, thing: ox.NamedNode, graph: GraphName) -> Days:
        """Return the bounds of a thing: the widest, where texts differ."""
        found = {}
        for bound in BOUNDS:
            widest = min if bound.startswith("earliest") else max
            if days := self.literals(thing, getattr(CAS, bound), graph):
                found[bound] = widest(day.value for day in days)
        return found

    def _kind(self, thing: ox.NamedNode) -> _Kind:
        above: set[object] = set()
        waiting: list[object] = [*self.classes(thing)]
        while waiting:
            if (term := waiting.pop()) not in above:
                above.add(term)
                waiting += self._parents.get(term, ())
        return next((kind for kind in _KINDS if kind.term in above), _OTHER)


def _write_header(xml: _Xml, told: _Told, text: ox.NamedNode | None) -> None:
    """Write what is known of a text, or of the corpus."""
    claims = expand("g:claims")
    with xml.element("teiHeader"):
        with xml.element("fileDesc"):
            with xml.element("titleStmt"):
                for title in told.literals(text, DCT.title, claims) if text else ():
                    xml.leaf("title", title.value, {"xml:lang": title.language or "und"})
                if not text:
                    xml.leaf("title", "Cassibile: texts with their claims", {"xml:lang": "en"})
            _write_publication(xml, told, text)
            with xml.element("sourceDesc"):
                source = told.literals(text, DCT.provenance, claims) if text else ()
                for words in source:
                    xml.leaf("p", words.value, {"xml:lang": words.language or "und"})
                if not source:
                    xml.leaf("p", "The source of each text is told in its own header.")
        if text:
            with xml.element("profileDesc"), xml.element("langUsage"):
                for language in told.literals(text, DCT.language, claims):
                    xml.empty("language", {"ident": language.value})
        else:
            with xml.element("encodingDesc"):
                with xml.element("editorialDecl"):
                    xml.leaf("p", _HOW, {"xml:lang": "en"})
                with xml.element("listPrefixDef"):
                    for prefix in _DECLARED:
                        xml.empty("prefixDef", _prefix_definition(prefix))


def _prefix_definition(prefix: str) -> Attributes:
    return {
        "ident": prefix,
        "matchPattern": "(.+)",
        "replacementPattern": PREFIXES[prefix] + "$1",
    }


def _write_publication(xml: _Xml, told: _Told, text: ox.NamedNode | None) -> None:
    ontology = ox.NamedNode(BASE + "ontology")
    with xml.element("publicationStmt"):
        for creator in told.values(ontology, DCT.creator, expand("g:ontology")):
            xml.leaf("publisher", creator.value)
        xml.leaf("idno", text.value if text else BASE, {"type": "URI"})
        with xml.element("availability"):
            for licence in told.values(ontology, DCT.license, expand("g:ontology")):
                xml.leaf("licence", "the claims and the annotation", {"target": licence.value})
            for licence in told.values(text, DCT.license, expand("g:claims")) if text else ():
                xml.leaf("licence", "the text", {"target": licence.value})


def _write_things(xml: _Xml, told: _Told) -> None:
    """Write what has a name, in a list a kind."""
    for kind in (*_KINDS, _OTHER):
        things = [thing for thing, of in told.kinds.items() if of is kind]
        if things:
            with xml.element(kind.list):
                for thing in things:
                    _write_thing(xml, told, thing, kind)


def _write_thing(xml: _Xml, told: _Told, thing: ox.NamedNode, kind: _Kind) -> None:
    days = told.days(thing, ox.DefaultGraph()) if kind.list == "listEvent" else {}
    classes = " ".join(map(shorten, told.classes(thing)))
    attributes = {"xml:id": _id(thing)} | ({"ana": classes} if classes else {}) | _whole(days)
    with xml.element(kind.item, attributes):
        if kind.list == "listEvent":  # in an event the numbers come first
            _write_numbers(xml, told, thing)
        for predicate, written in ((SKOS.prefLabel, "preferred"), (SKOS.altLabel, "alternative")):
            for name in told.literals(thing, predicate, expand("g:entities")):
                xml.leaf(
                    kind.name, name.value, {"type": written, "xml:lang": name.language or "und"}
                )
        if days:
            with xml.element("desc"):
                _write_ends(xml, days)
        if kind.list == "listPlace":
            _write_location(xml, told, thing)
        if kind.list != "listEvent":
            _write_numbers(xml, told, thing)


def _write_numbers(xml: _Xml, told: _Told, thing: ox.NamedNode) -> None:
    xml.leaf("idno", thing.value, {"type": "URI"})
    for predicate in (SKOS.exactMatch, SKOS.closeMatch):
        for item in told.values(thing, predicate, expand("g:entities")):
            kind = "Wikidata" if item.value.startswith(PREFIXES["wd"]) else "URI"
            match = shorten(predicate).partition(":")[2]
            xml.leaf("idno", item.value, {"type": kind, "subtype": match})


def _write_location(xml: _Xml, told: _Told, place: ox.NamedNode) -> None:
    """Write where a place is: latitude, then longitude."""
    graph = expand("g:entities")
    for geometry in told.values(place, expand("geo:hasGeometry"), graph):
        assert isinstance(geometry, ox.NamedNode), "a geometry has a name"
        for written in told.values(geometry, expand("geo:asWKT"), graph):
            if point := _POINT.fullmatch(written.value):
                with xml.element("location"):
                    xml.leaf("geo", f"{point[2]} {point[1]}")


def _whole(days: Days) -> dict[str, str]:
    """Return the days within which something lies as a whole."""
    bounds = {"notBefore": days.get("earliestStart"), "notAfter": days.get("latestEnd")}
    return {name: day for name, day in bounds.items() if day}


def _write_ends(xml: _Xml, days: Days) -> None:
    """Write within which days something began and ended."""
    for end in ("Start", "End"):
        bounds = {"notBefore": days.get(f"earliest{end}"), "notAfter": days.get(f"latest{end}")}
        known = {name: day for name, day in bounds.items() if day}
        if known:
            xml.empty("date", {"type": end.lower(), **known})


def _id(term: ox.NamedNode) -> str:
    """Return a name in the file of what has an address of ours.

    >>> _id(ox.NamedNode(BASE + "text/italy-1943/claim/s05-2#q1"))
    'text.italy-1943.claim.s05-2.q1'
    """
    return re.sub(r"[^\w.-]", ".", term.value.removeprefix(BASE))


def _write_text(xml: _Xml, told: _Told, text: ox.NamedNode) -> None:
    claims = told.claims(text)
    with xml.element("TEI", {"xml:id": _id(text)}):
        _write_header(xml, told, text)
        if claims:
            with xml.element("standOff"):
                _write_claims(xml, told, claims)
        language = told.literals(text, DCT.language, expand("g:claims"))
        attributes = {"xml:lang": language[0].value} if language else {}
        with xml.element("text", attributes):
            words = told.literals(text, RDF.value, expand("g:claims"))[0].value
            xml.raw(f"\n<body>{_marked(told, text, words, claims)}</body>")


def _write_claims(xml: _Xml, told: _Told, claims: list[Evidence]) -> None:
    with xml.element("spanGrp", {"type": "quotes"}):
        for claim in claims:
            for number, quote in enumerate(claim.quotes, 1):
                ends = _ends(claim, quote.span)
                name = f"{_id(claim.claim)}.q{number}"
                attributes = {"xml:id": name, "from": f"#{ends[0]}", "to": f"#{ends[1]}"}
                xml.leaf("span", quote.exact, attributes)
    with xml.element("listAnnotation", {"type": "claims"}):
        for claim in claims:
            _write_claim(xml, told, claim)


def _ends(claim: Evidence, span: Span) -> tuple[str, str]:
    """Return the names of the anchors at both ends of a quote."""
    return f"from.{claim.text}.{span.start}", f"to.{claim.text}.{span.end}"


def _write_claim(xml: _Xml, told: _Told, claim: Evidence) -> None:
    name = _id(claim.claim)
    targets = " ".join(f"#{name}.q{number}" for number in range(1, len(claim.quotes) + 1))
    head = {"xml:id": name, "motivation": "describing", "target": targets}
    graph = expand("g:claims")
    with xml.element("annotation", head | {"ana": shorten(claim.reading)}):
        xml.empty("ref", {"type": "claim", "target": claim.claim.value})
        for preferred in told.values(claim.claim, CAS.alternativeTo, graph):
            assert isinstance(preferred, ox.NamedNode), "a claim has a name"
            xml.empty("ref", {"type": "alternativeTo", "target": f"#{_id(preferred)}"})
        for comment in told.literals(claim.claim, RDFS.comment, graph):
            language = {"xml:lang": comment.language} if comment.language else {}
            xml.leaf("note", comment.value, {"type": "comment", **language})
        with xml.element("note", {"type": "statements"}):
            _write_statements(xml, told, claim.claim)


def _write_statements(xml: _Xml, told: _Told, claim: ox.NamedNode) -> None:
    triples = told.stated(claim)
    intervals = _intervals(triples)
    about = [t for t in triples if t.subject not in intervals]
    between = [t for t in about if isinstance(t.object, ox.NamedNode)]
    if between:
        with xml.element("listRelation"):
            for s, p, o in between:
                ends = {"active": _pointer(told, s), "passive": _pointer(told, o)}
                xml.empty("relation", {"ref": shorten(p), **ends})
    for interval in intervals:
        days = told.days(interval, claim)
        attributes = {"xml:id": _id(interval)} | _whole(days)
        for edtf in told.literals(interval, CAS.edtf, claim)[:1]:
            attributes["when-custom"] = edtf.value
        words = ""
        for verbatim in told.literals(interval, CAS.verbatim, claim)[:1]:
            words = verbatim.value
            attributes["xml:lang"] = verbatim.language or "und"
        with xml.element("note", {"type": "interval"}):
            xml.leaf("date", words, attributes)
            _write_ends(xml, days)
    for s, p, o in about:
        if isinstance(o, ox.Literal):
            kind = {"xml:lang": o.language} if o.language else {"subtype": shorten(o.datatype)}
            target = {"type": shorten(p), "target": _pointer(told, s)}
            xml.leaf("note", o.value, target | kind)


def _intervals(triples: Iterable[ox.Triple]) -> list[ox.NamedNode]:
    """Return the intervals of time that a claim speaks of, sorted."""
    found = (
        t.subject for t in triples if t.predicate == RDF.type and t.object == CAS.TimeInterval
    )
    return sorted((t for t in found if isinstance(t, ox.NamedNode)), key=str)


def _pointer(told: _Told, term: object) -> str:
    """Return a pointer to what is in the file, else a short address, else the whole."""
    assert isinstance(term, ox.NamedNode), "a claim names what it is about"
    short = shorten(term)
    if term in told.kinds or term.value.startswith(PREFIXES["text"]):
        return f"#{_id(term)}"
    return short if short.partition(":")[0] in _DECLARED else term.value


class _Mark(NamedTuple):
    """An element around some words.

    Attributes:
        start: offset of the first code point.
        end: offset after the last one.
        rank: of two around the same words, the one with the lower rank is outside.
        name: of the element.
        attributes: of the element.
        things: that the words name, if that is what they are marked for.
    """

    start: int
    end: int
    rank: int
    name: str
    attributes: Attributes
    things: frozenset[ox.NamedNode] = frozenset()


def _marked(told: _Told, text: ox.NamedNode, words: str, claims: list[Evidence]) -> str:
    """Return the words of a text with all its elements, nothing else added or left out."""
    sentences = told.sentences(text)
    marks = [*_paragraphs(words, sentences)]
    for name, span in sentences:
        attributes = {"xml:id": f"{_id(text)}.sentence.{name}", "n": name.lstrip("s0")}
        marks.append(_Mark(span.start, span.end, 1, "s", attributes))
    starts = [span.start for _, span in sentences]
    for mark in (*_mentions(told, text, words, claims), *_dates(told, claims)):
        number = bisect_right(starts, mark.start) - 1
        if number >= 0 and mark.end <= sentences[number][1].end:  # within one sentence
            marks.append(mark)
    # In one place: the ends of quotes, then of elements, inner first; starts, outer first.
    pieces: list[tuple[int, int, int, str]] = []
    for depth, mark in enumerate(_nested(told, marks)):
        pieces.append((mark.end, 1, -depth, f"</{mark.name}>"))
        pieces.append((mark.start, 2, depth, _start(mark.name, mark.attributes)))
    for claim in claims:
        for quote in claim.quotes:
            start, end = (_start("anchor", {"xml:id": e}) for e in _ends(claim, quote.span))
            pieces.append((quote.span.start, 3, 0, f"{start[:-1]}/>"))
            pieces.append((quote.span.end, 0, 0, f"{end[:-1]}/>"))
    done, parts = 0, []
    for place, _, _, markup in sorted(set(pieces)):
        parts += [_escaped(words[done:place]), markup]
        done = place
    return "".join([*parts, _escaped(words[done:])])


def _nested(told: _Told, marks: Iterable[_Mark]) -> Iterator[_Mark]:
    """Yield the marks in order, the outer first.

    Left out is what begins inside of a mark and ends after it, and what names only things that
    longer words around it name.
    """
    around: list[_Mark] = []
    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end, mark.rank)):
        while around and around[-1].end <= mark.start:
            around.pop()
        if around and around[-1].end < mark.end:
            continue
        if mark.things:
            things = mark.things.difference(*(outer.things for outer in around))
            if not things:
                continue
            kinds = {told.kinds[thing] for thing in things}
            kind = kinds.pop() if len(kinds) == 1 else _OTHER
            target = " ".join(f"#{_id(thing)}" for thing in sorted(things, key=str))
            mark = mark._replace(name=kind.mention, attributes={"ref": target})  # noqa: PLW2901
        around.append(mark)
        yield mark


def _paragraphs(words: str, sentences: list[tuple[str, Span]]) -> Iterator[_Mark]:
    """Yield the paragraphs: between their sentences no line ends."""
    start = None
    for number, (_, span) in enumerate(sentences):
        start = span.start if start is None else start
        following = sentences[number + 1][1].start if number + 1 < len(sentences) else None
        if following is None or "\n" in words[span.end : following]:
            yield _Mark(start, span.end, 0, "p", {})
            start = None


def _mentions(
    told: _Told, text: ox.NamedNode, words: str, claims: list[Evidence]
) -> Iterator[_Mark]:
    """Yield where a thing is named by one of its names, in a quote of a claim about it."""
    languages = {v.value for v in told.literals(text, DCT.language, expand("g:claims"))}

    def about(claim: ox.NamedNode) -> list[ox.NamedNode]:
        terms = {t for s, _, o in told.stated(claim) for t in (s, o)}
        return sorted((t for t in terms if t in told.kinds), key=str)

    def names(thing: ox.NamedNode) -> Iterator[str]:
        for predicate in (SKOS.prefLabel, SKOS.altLabel):
            for name in told.literals(thing, predicate, expand("g:entities")):
                if name.language in languages:
                    yield name.value

    for place, things in mentions.find(words, claims, about, names).items():
        yield _Mark(place.start, place.end, 2, _OTHER.mention, {}, things)


def _dates(told: _Told, claims: list[Evidence]) -> Iterator[_Mark]:
    """Yield where a claim reads a date, with the intervals that it is read as."""
    found: dict[tuple[int, int], dict[ox.NamedNode, Days]] = defaultdict(dict)
    for claim in claims:
        for interval in _intervals(told.stated(claim.claim)):
            for verbatim in told.literals(interval, CAS.verbatim, claim.claim):
                for quote in claim.quotes:
                    start = quote.exact.find(verbatim.value)
                    if start >= 0:
                        start += quote.span.start
                        place = (start, start + len(verbatim.value))
                        found[place][interval] = told.days(interval, claim.claim)
                        break
    for place, intervals in sorted(found.items()):
        pointers = " ".join(f"#{_id(interval)}" for interval in sorted(intervals, key=str))
        wholes = [_whole(days) for days in intervals.values()]
        bounds = {}
        for bound, widest in (("notBefore", min), ("notAfter", max)):
            if all(bound in whole for whole in wholes):
                bounds[bound] = widest(whole[bound] for whole in wholes)
        yield _Mark(*place, 3, "date", {"corresp": pointers, **bounds})
