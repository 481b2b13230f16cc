"""What a build is, for catalogues: VoID, DCAT and PROV, every figure counted, and how to cite it.

Nothing here asks a clock, and the data have no date, because no text tells when it was mapped; a
build is told apart from another by its name, the digest of all that went into it.

Source: https://www.w3.org/TR/void/, https://www.w3.org/TR/vocab-dcat-3/, https://www.w3.org/TR/prov-o/
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import metadata
from typing import NamedTuple
from urllib.parse import quote

import pyoxigraph as ox

from kg import formats
from kg.exports import Export, exports
from kg.store import Graph, Term
from kg.terms import BASE, PREFIXES, XSD, expand, shorten

DATA = ox.NamedNode(f"{BASE}data")
LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"  # of the data, see README
LICENCE_NAME = "CC0-1.0"  # as https://spdx.org/licenses/ has it
_CODE_LICENCE = "https://www.apache.org/licenses/LICENSE-2.0"
PUBLISHER = "the Cassibile project"
TITLES = {
    "en": "Cassibile: historical texts as a knowledge graph",
    "pt": "Cassibile: textos históricos como grafo de conhecimento",
    "it": "Cassibile: testi storici come grafo di conoscenza",
}
DESCRIPTIONS = {
    "en": "What historical texts tell, claim by claim, and what follows from it: every fact, the "
    "inferred ones too, opens back to the words that support it.",
    "pt": "O que textos históricos contam, afirmação por afirmação, e o que disso se segue: cada "
    "facto, também os inferidos, remete para as palavras que o sustentam.",
    "it": "Ciò che testi storici raccontano, asserzione per asserzione, e ciò che ne segue: ogni "
    "fatto, anche quelli inferiti, rimanda alle parole che lo sostengono.",
}
_NAMESPACES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "prov": "http://www.w3.org/ns/prov#",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "spdx": "http://spdx.org/rdf/terms#",
    "void": "http://rdfs.org/ns/void#",
}
DOCUMENT_PREFIXES = {**PREFIXES, **_NAMESPACES}
_LANGUAGES = "http://id.loc.gov/vocabulary/iso639-1/"  # where DCAT takes the names of languages
_MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
_SYNTAXES = frozenset(syntax.name for syntax in formats.RDF_SYNTAXES)
_EXAMPLES = 3  # enough to see what the names are like
_ELSEWHERE = {  # datasets that texts and entities link to, by how their names begin
    PREFIXES["wd"]: ("Wikidata", "http://www.wikidata.org/"),
    "https://www.geonames.org/": ("GeoNames", "https://www.geonames.org/"),
}

_TOTALS = """SELECT (COUNT(*) AS ?triples) (COUNT(DISTINCT ?s) AS ?subjects)
  (COUNT(DISTINCT ?p) AS ?properties) (COUNT(DISTINCT ?o) AS ?objects) { ?s ?p ?o }"""
_ENTITIES = """SELECT (COUNT(DISTINCT ?s) AS ?n) {
  ?s ?p ?o FILTER(STRSTARTS(STR(?s), STR(id:))) }"""
_CLASSES = """SELECT ?term (COUNT(DISTINCT ?s) AS ?n) {
  ?s a ?term FILTER(ISIRI(?term)) } GROUP BY ?term ORDER BY ?term"""
_PROPERTIES = "SELECT ?term (COUNT(*) AS ?n) { ?s ?term ?o } GROUP BY ?term ORDER BY ?term"
# HAVING looks at each graph once, where a FILTER would at each triple.
_GRAPHS = """SELECT ?term (COUNT(*) AS ?n) { GRAPH ?term { ?s ?p ?o } }
  GROUP BY ?term HAVING(STRSTARTS(STR(?term), STR(g:))) ORDER BY ?term"""
_LEADS_ELSEWHERE = " || ".join(f'STRSTARTS(STR(?o), "{begin}")' for begin in _ELSEWHERE)
_LINKS = f"SELECT ?p ?o {{ ?s ?p ?o FILTER(ISIRI(?o) && ({_LEADS_ELSEWHERE})) }}"
_EXAMPLE = f"""SELECT ?s {{ ?s ?p ?o FILTER(STRSTARTS(STR(?s), STR(id:))) }}
  GROUP BY ?s ORDER BY DESC(COUNT(*)) ?s LIMIT {_EXAMPLES}"""
_TEXTS = "SELECT ?text ?p ?o { ?text a cas:Text ; ?p ?o } ORDER BY ?text ?p ?o"
_WORKS = "SELECT ?claim ?work { GRAPH g:claims { ?claim dct:source ?work } } ORDER BY ?claim ?work"
_RULES = "SELECT DISTINCT ?rule { GRAPH g:why { ?s cas:byRule ?rule } } ORDER BY ?rule"
_ONTOLOGY = f"SELECT ?p ?o {{ <{BASE}ontology> ?p ?o }} ORDER BY ?p ?o"
_DAYS = """SELECT ?first ?last {
  { SELECT (MIN(?day) AS ?first) { ?s cas:earliestStart ?day } }
  { SELECT (MAX(?day) AS ?last) { ?s cas:latestEnd ?day } } }"""
_OF_TEXTS = ("dct:title", "dct:language", "dct:provenance", "dct:license", "dct:creator")
_OF_THE_ONTOLOGY = ("dct:title", "dct:license", "dct:modified", "owl:versionIRI")


@dataclass(frozen=True, slots=True)
class Copy:
    """Where a build is served.

    Attributes:
        here: the address of the copy, without a slash at its end.
        build: the name of the build; may be empty.
        made: of those files of `/dump/` that are made, size and digest.
    """

    here: str
    build: str = ""
    made: Mapping[str, "Made"] = field(default_factory=dict)

    def address(self, path: str) -> str:
        """Return the whole address of a path."""
        return self.here + path


class Made(NamedTuple):
    """What is known of a file that was made.

    Attributes:
        size: in bytes.
        sha256: of its bytes, in hexadecimal.
    """

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class File:
    """A file in which the whole graph can be had.

    Attributes:
        export: its form.
        name: of the file.
        packed: whether it is packed by gzip.
        made: its size and digest, if it was made.
    """

    export: Export
    name: str
    packed: bool
    made: Made | None

    @property
    def media_type(self) -> str:
        """Return the media type of the form, without parameters."""
        return self.export.media_type.partition(";")[0]


@dataclass(frozen=True, slots=True)
class Links:
    """The links to another dataset by one predicate.

    Attributes:
        title: of the other dataset.
        target: its name.
        predicate: that links.
        count: how many there are.
    """

    title: str
    target: str
    predicate: ox.NamedNode
    count: int

    @property
    def short(self) -> str:
        """Return the predicate as a reader knows it."""
        return shorten(self.predicate)


def files(copy: Copy) -> list[File]:
    """Return the files that are offered, each form by itself and packed where that helps.

    A file is named for what all of them hold; where the suffix says less than the form, as in an
    archive or in a kind of JSON-LD, it is named for the form. No name depends on other forms.
    """
    suffixes = {syntax.suffix: syntax.name for syntax in formats.RDF_SYNTAXES}
    found = []
    for form in exports():
        is_plain = suffixes.get(form.suffix, form.name) == form.name and not form.is_packed
        name = f"{'cassibile' if is_plain else form.name}.{form.suffix}"
        for packed in (False,) if form.is_packed else (False, True):
            file = f"{name}.gz" if packed else name
            found.append(File(form, file, packed, copy.made.get(file)))
    return found


def links(graph: Graph) -> list[Links]:
    """Return the links to other datasets, counted."""
    found: Counter[tuple[str, str, str]] = Counter()
    for predicate, target in _rows(graph, _LINKS):
        begin = next(begin for begin in _ELSEWHERE if _value(target).startswith(begin))
        found[(*_ELSEWHERE[begin], _value(predicate))] += 1
    return [
        Links(title, name, ox.NamedNode(predicate), count)
        for (title, name, predicate), count in sorted(found.items())
    ]


def totals(graph: Graph) -> dict[str, int]:
    """Return how many triples, subjects, properties and objects the default graph has."""
    names = ("triples", "subjects", "properties", "objects")
    row = next(_rows(graph, _TOTALS))
    return {name: int(_value(value)) for name, value in zip(names, row, strict=True)}


def describe(graph: Graph, copy: Copy) -> Iterator[ox.Triple]:
    """Yield the description of a build: what it is, how large, from what, by what, and where.

    Figures are those of the default graph, which a query asks that names no graph; each named
    graph, other than those of single claims, has its own.
    """
    yield from _document(copy)
    yield from _dataset(graph, copy)
    yield from _figures(graph)
    yield from _parts(graph)
    yield from _distributions(copy)
    yield from _service(copy)
    yield from _provenance(graph, copy)


def _document(copy: Copy) -> Iterator[ox.Triple]:
    document = ox.NamedNode(f"{BASE}.well-known/void")
    yield _triple(document, "rdf:type", "void:DatasetDescription")
    yield _triple(document, "foaf:primaryTopic", DATA)
    yield _triple(document, "dct:license", ox.NamedNode(LICENCE))
    catalogue = _part("catalogue")
    yield _triple(catalogue, "rdf:type", "dcat:Catalog")
    yield _triple(catalogue, "dcat:dataset", DATA)
    yield _triple(catalogue, "dcat:service", _part("sparql"))
    for node in (document, catalogue):
        yield from _in_words(node, "dct:title", TITLES)
        yield from _in_words(node, "dct:description", DESCRIPTIONS)
    yield _triple(catalogue, "dct:license", ox.NamedNode(LICENCE))
    yield _triple(catalogue, "dct:publisher", _part("publisher"))
    yield _triple(catalogue, "foaf:homepage", ox.NamedNode(copy.address("/")))


def _dataset(graph: Graph, copy: Copy) -> Iterator[ox.Triple]:
    for kind in ("void:Dataset", "dcat:Dataset", "prov:Entity", "sd:Dataset"):
        yield _triple(DATA, "rdf:type", kind)
    yield from _in_words(DATA, "dct:title", TITLES)
    yield from _in_words(DATA, "dct:description", DESCRIPTIONS)
    for property_ in ("dct:publisher", "dct:creator"):
        yield _triple(DATA, property_, _part("publisher"))
    yield _triple(_part("publisher"), "rdf:type", "foaf:Organization")
    yield _triple(_part("publisher"), "rdf:type", "prov:Organization")
    yield _triple(_part("publisher"), "foaf:name", ox.Literal(PUBLISHER))
    yield _triple(DATA, "dct:license", ox.NamedNode(LICENCE))
    yield _triple(DATA, "dct:identifier", ox.Literal(DATA.value))
    yield _triple(DATA, "dct:bibliographicCitation", ox.Literal(in_words(copy.build)))
    if copy.build:
        yield _triple(DATA, "dcat:version", ox.Literal(copy.build))
    for keyword in _keywords():
        yield _triple(DATA, "dcat:keyword", ox.Literal(keyword, language="en"))
    for language in sorted({*TITLES, *_languages(graph)}):
        yield _triple(DATA, "dct:language", ox.NamedNode(_LANGUAGES + language))
    yield _triple(DATA, "dct:conformsTo", ox.NamedNode(f"{BASE}ontology"))
    yield _triple(DATA, "dcat:landingPage", ox.NamedNode(copy.address("/data")))
    first, last = next(_rows(graph, _DAYS))
    if first is not None and last is not None:
        yield _triple(DATA, "dct:temporal", _part("time"))
        yield _triple(_part("time"), "rdf:type", "dct:PeriodOfTime")
        yield _triple(_part("time"), "dcat:startDate", first)
        yield _triple(_part("time"), "dcat:endDate", last)


def _figures(graph: Graph) -> Iterator[ox.Triple]:
    """Yield the counts, the parts by class and by property, and what the names are like."""
    found = totals(graph)
    classes = [(_node(term), int(_value(n))) for term, n in _rows(graph, _CLASSES)]
    properties = [(_node(term), int(_value(n))) for term, n in _rows(graph, _PROPERTIES)]
    (entities,) = next(_rows(graph, _ENTITIES))
    yield _triple(DATA, "void:triples", _integer(found["triples"]))
    yield _triple(DATA, "void:distinctSubjects", _integer(found["subjects"]))
    yield _triple(DATA, "void:distinctObjects", _integer(found["objects"]))
    yield _triple(DATA, "void:properties", _integer(found["properties"]))
    yield _triple(DATA, "void:classes", _integer(len(classes)))
    yield _triple(DATA, "void:entities", _integer(int(_value(entities))))
    for term, number in classes:
        part = _part(f"class/{_fragment(term)}")
        yield _triple(DATA, "void:classPartition", part)
        yield _triple(part, "void:class", term)
        yield _triple(part, "void:entities", _integer(number))
    for term, number in properties:
        part = _part(f"property/{_fragment(term)}")
        yield _triple(DATA, "void:propertyPartition", part)
        yield _triple(part, "void:property", term)
        yield _triple(part, "void:triples", _integer(number))
    used = {_vocabulary(term) for term, _ in (*classes, *properties)}
    for vocabulary in sorted(used):
        yield _triple(DATA, "void:vocabulary", ox.NamedNode(vocabulary))
    yield _triple(DATA, "void:uriSpace", ox.Literal(PREFIXES["id"]))
    for (example,) in _rows(graph, _EXAMPLE):
        yield _triple(DATA, "void:exampleResource", _node(example))


def _parts(graph: Graph) -> Iterator[ox.Triple]:
    """Yield the named graphs, other than those of single claims, and the links to elsewhere."""
    for term, number in _rows(graph, _GRAPHS):
        name = _node(term)
        part = _part(f"graph/{name.value.removeprefix(PREFIXES['g'])}")
        yield _triple(DATA, "sd:namedGraph", part)
        yield _triple(part, "rdf:type", "sd:NamedGraph")
        yield _triple(part, "sd:name", name)
        yield _triple(part, "sd:graph", name)
        yield _triple(name, "rdf:type", "sd:Graph")
        yield _triple(name, "rdf:type", "void:Dataset")
        yield _triple(name, "void:triples", _integer(int(_value(number))))
    for each in links(graph):
        part = _part(f"links/{each.title}/{_fragment(each.predicate)}")
        target = ox.NamedNode(each.target)
        yield _triple(target, "rdf:type", "void:Dataset")
        yield _triple(target, "dct:title", ox.Literal(each.title))
        yield _triple(DATA, "void:subset", part)
        yield _triple(part, "rdf:type", "void:Linkset")
        yield _triple(part, "dct:title", ox.Literal(f"Links to {each.title}", language="en"))
        yield _triple(part, "void:linkPredicate", each.predicate)
        yield _triple(part, "void:triples", _integer(each.count))
        yield _triple(part, "void:subjectsTarget", DATA)
        yield _triple(part, "void:objectsTarget", target)


def _distributions(copy: Copy) -> Iterator[ox.Triple]:
    """Yield the files in which the whole can be had."""
    for file in files(copy):
        part = _part(f"file/{file.name}")
        address = ox.NamedNode(copy.address(f"/dump/{file.name}"))
        yield _triple(DATA, "dcat:distribution", part)
        yield _triple(part, "rdf:type", "dcat:Distribution")
        yield _triple(part, "dct:title", ox.Literal(file.export.title))
        yield _triple(part, "dct:license", ox.NamedNode(LICENCE))
        yield _triple(part, "dcat:accessURL", ox.NamedNode(copy.address("/data")))
        yield _triple(part, "dcat:downloadURL", address)
        yield _triple(part, "dcat:mediaType", ox.NamedNode(_MEDIA_TYPES + file.media_type))
        if file.packed:
            packing = ox.NamedNode(f"{_MEDIA_TYPES}application/gzip")
            yield _triple(part, "dcat:compressFormat", packing)
        if file.made:
            size = ox.Literal(str(file.made.size), datatype=expand("xsd:nonNegativeInteger"))
            yield _triple(part, "dcat:byteSize", size)
            yield from _checksum(part, file.name, file.made.sha256)
        if file.export.name in _SYNTAXES:  # others hold nanopublications, or annotations
            yield _triple(DATA, "void:dataDump", address)


def _service(copy: Copy) -> Iterator[ox.Triple]:
    """Yield the endpoint."""
    endpoint = ox.NamedNode(copy.address("/sparql"))
    service = _part("sparql")
    yield _triple(DATA, "void:sparqlEndpoint", endpoint)
    yield _triple(service, "rdf:type", "dcat:DataService")
    yield _triple(service, "dct:title", ox.Literal("SPARQL 1.1", language="en"))
    yield _triple(service, "dcat:endpointURL", endpoint)
    yield _triple(service, "dcat:servesDataset", DATA)
    described = ox.NamedNode(copy.address("/openapi.json"))
    yield _triple(service, "dcat:endpointDescription", described)
    protocol = ox.NamedNode("https://www.w3.org/TR/sparql11-protocol/")
    yield _triple(service, "dct:conformsTo", protocol)
    yield _triple(service, "dct:license", ox.NamedNode(LICENCE))


def _provenance(graph: Graph, copy: Copy) -> Iterator[ox.Triple]:
    """Yield which texts, mappings, reference works, rules and programs made the build.

    The name of a build is the digest of all of these, so that whoever builds from the same files
    with the same programs gets a build of the same name.
    """
    build, rules, program = _part("build"), _part("rules"), _part("program")
    yield _triple(DATA, "prov:wasGeneratedBy", build)
    yield _triple(build, "rdf:type", "prov:Activity")
    yield _triple(build, "rdfs:label", ox.Literal("the build", language="en"))
    if copy.build:
        yield _triple(build, "dct:identifier", ox.Literal(copy.build))
    yield from _texts(graph, build)
    for claim, work in _rows(graph, _WORKS):
        name, _, claim_name = _value(claim).removeprefix(PREFIXES["text"]).partition("/claim/")
        file = "wikidata" if claim_name.startswith("w") else "reference"
        mapping = _part(f"{file}/{name}")
        yield _triple(build, "prov:used", mapping)
        yield _triple(mapping, "rdf:type", "prov:Entity")
        yield _triple(mapping, "rdfs:label", ox.Literal(f"seeds/{name}/{file}.trig"))
        yield _triple(mapping, "prov:wasDerivedFrom", _node(work))
        yield _triple(_node(work), "rdf:type", "prov:Entity")
    ontology = ox.NamedNode(f"{BASE}ontology")
    yield _triple(build, "prov:used", ontology)
    yield _triple(ontology, "rdf:type", "prov:Entity")
    for predicate, value in _rows(graph, _ONTOLOGY):
        if shorten(_node(predicate)) in _OF_THE_ONTOLOGY:
            yield ox.Triple(ontology, _node(predicate), value)  # type: ignore[arg-type]
    association = _part("association")
    yield _triple(build, "prov:wasAssociatedWith", program)
    yield _triple(build, "prov:qualifiedAssociation", association)
    yield _triple(association, "rdf:type", "prov:Association")
    yield _triple(association, "prov:agent", program)
    used = [_node(rule) for (rule,) in _rows(graph, _RULES)]
    if used:  # with owlrl as the engine no proof is kept, so no rule is known to have been used
        yield _triple(association, "prov:hadPlan", rules)
        yield _triple(rules, "rdf:type", "prov:Plan")
        yield _triple(rules, "rdf:type", "prov:Collection")
        yield _triple(rules, "rdfs:label", ox.Literal("the rules that concluded", language="en"))
    for rule in used:
        yield _triple(rules, "prov:hadMember", rule)
    engine = ox.Literal(f"reasoner: {graph.report['engine']}", language="en")
    yield _triple(program, "rdfs:comment", engine)
    yield _triple(program, "dct:license", ox.NamedNode(_CODE_LICENCE))
    for name, number in graph.report["libraries"].items():
        agent = program if name == "cassibile" else _part(f"program/{name}")
        yield _triple(agent, "rdf:type", "prov:SoftwareAgent")
        yield _triple(agent, "foaf:name", ox.Literal(name))
        yield _triple(agent, "owl:versionInfo", ox.Literal(number))
        if agent != program:
            yield _triple(program, "dct:requires", agent)


def _texts(graph: Graph, build: ox.NamedNode) -> Iterator[ox.Triple]:
    """Yield what the graph says of each text, and of its mapping the figures of the build."""
    figures = {text["name"]: text for text in graph.report["texts"]}
    for text, predicate, value in _rows(graph, _TEXTS):
        node, name = _node(text), _node(text).value.removeprefix(PREFIXES["text"])
        if shorten(_node(predicate)) in _OF_TEXTS:
            yield ox.Triple(node, _node(predicate), value)  # type: ignore[arg-type]
        if shorten(_node(predicate)) != "cas:sha256":
            continue
        mapping = _part(f"mapping/{name}")
        yield _triple(node, "rdf:type", "prov:Entity")
        yield from _checksum(node, name, _value(value))
        yield _triple(DATA, "prov:wasDerivedFrom", node)
        yield _triple(DATA, "dct:source", node)
        yield _triple(build, "prov:used", node)
        yield _triple(build, "prov:used", mapping)
        yield _triple(mapping, "rdf:type", "prov:Entity")
        yield _triple(mapping, "prov:wasDerivedFrom", node)
        yield _triple(mapping, "rdfs:label", ox.Literal(f"seeds/{name}/map.trig"))
        if found := figures.get(name):
            told = f"{found['claims']} claims and {found['alternatives']} other readings, by hand"
            yield _triple(mapping, "dct:description", ox.Literal(told, language="en"))


def _checksum(node: ox.NamedNode, name: str, sha256: str) -> Iterator[ox.Triple]:
    checksum = _part(f"checksum/{name}")
    yield _triple(node, "spdx:checksum", checksum)
    yield _triple(checksum, "rdf:type", "spdx:Checksum")
    yield _triple(checksum, "spdx:algorithm", "spdx:checksumAlgorithm_sha256")
    digest = ox.Literal(sha256, datatype=expand("xsd:hexBinary"))
    yield _triple(checksum, "spdx:checksumValue", digest)


# How to cite it


def in_words(build: str) -> str:
    """Return how to cite a build, as a sentence.

    >>> in_words("8f1e9f98")
    'The Cassibile project. Cassibile: historical texts as a knowledge graph. Version 8f1e9f98. https://w3id.org/cassibile/data'
    """
    told = f"Version {build}. " if build else ""
    return f"{PUBLISHER[0].upper()}{PUBLISHER[1:]}. {TITLES['en']}. {told}{DATA.value}"


def bibtex(build: str) -> str:
    """Return the entry of a bibliography.

    Source: https://ctan.org/pkg/biblatex (@dataset; older styles print it as @misc)
    """
    fields = {
        "author": f"{{{PUBLISHER[0].upper()}{PUBLISHER[1:]}}}",  # braces: it is no person's name
        "title": TITLES["en"],
        "version": build,
        "url": DATA.value,
        "note": f"Licence {LICENCE_NAME}",
    }
    return _entry("dataset", f"cassibile{build[:8]}", fields)


class Passage(NamedTuple):
    """The words of a claim, as they are cited.

    Attributes:
        iri: name of the claim.
        title: of the text.
        quotes: its words.
        places: where each begins and ends, in code points.
        digest: SHA-256 of the text.
    """

    iri: str
    title: str
    quotes: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    digest: str

    @property
    def note(self) -> str:
        """Return the words, where they stand, and of which text."""
        words = " … ".join(f"“{quote}”" for quote in self.quotes)
        places = ", ".join(f"{start}-{end}" for start, end in self.places)
        return f"{words}, characters {places} of the text with SHA-256 {self.digest}"


def passage_in_words(passage: Passage, build: str) -> str:
    """Return how to cite a claim, as a sentence."""
    return f"{passage.title}: {passage.note}. In: {in_words(build)}. {passage.iri}"


def bibtex_of(passage: Passage, build: str) -> str:
    """Return the entry of a bibliography for a claim.

    Source: https://ctan.org/pkg/biblatex (@inbook)
    """
    fields = {
        "author": f"{{{PUBLISHER[0].upper()}{PUBLISHER[1:]}}}",
        "title": _braced(passage.title),
        "booktitle": TITLES["en"],
        "version": build,
        "url": passage.iri,
        "note": _braced(passage.note),
    }
    name = re.sub(r"\W+", "-", passage.iri.removeprefix(f"{BASE}text/"))
    return _entry("inbook", f"cassibile-{name}", fields)


def csl_of(passage: Passage, build: str) -> str:
    """Return a claim as an item of CSL-JSON, which reference managers import.

    Source: https://docs.citationstyles.org/en/stable/specification.html#appendix-iii-types
    """
    item = {
        "id": passage.iri,
        "type": "chapter",
        "title": passage.title,
        "container-title": TITLES["en"],
        "author": [{"literal": f"{PUBLISHER[0].upper()}{PUBLISHER[1:]}"}],
        "version": build,
        "URL": passage.iri,
        "note": passage.note,
    }
    return json.dumps([item], ensure_ascii=False, indent=2) + "\n"


def _braced(words: str) -> str:
    r"""Return words with the characters that BibTeX reads otherwise escaped.

    >>> print(_braced("50 % {sic}"))
    50 \% \{sic\}
    """
    return re.sub(r"([{}%#&$_\\])", r"\\\1", words)


def _entry(kind: str, name: str, fields: Mapping[str, str]) -> str:
    told = ",\n".join(f"  {field} = {{{value}}}" for field, value in fields.items() if value)
    return f"@{kind}{{{name},\n{told}\n}}\n"


def citation(build: str) -> str:
    """Return a file CITATION.cff.

    Source: https://github.com/citation-file-format/citation-file-format/blob/1.2.0/schema-guide.md
    """
    lines = [
        "cff-version: 1.2.0",
        "message: If you use these data, please cite them as below.",
        "type: dataset",
        f"title: {json.dumps(TITLES['en'], ensure_ascii=False)}",
        f"abstract: {json.dumps(DESCRIPTIONS['en'], ensure_ascii=False)}",
        "authors:",
        f"  - name: {json.dumps(PUBLISHER)}",
        *([f"version: {json.dumps(build)}"] if build else []),
        f"license: {LICENCE_NAME}",
        f"url: {json.dumps(DATA.value)}",
        "keywords:",
        *(f"  - {json.dumps(keyword)}" for keyword in _keywords()),
    ]
    return "\n".join(lines) + "\n"


def _keywords() -> list[str]:
    """Return what the package says it is about."""
    told = metadata("cassibile").get_all("Keywords", [])
    return sorted(keyword for line in told for keyword in line.split(","))


# Terms and rows


def _triple(subject: ox.NamedNode, predicate: str, value: str | Term) -> ox.Triple:
    """Return a triple; a string is a prefixed name."""
    found = _iri(value) if isinstance(value, str) else value
    return ox.Triple(subject, _iri(predicate), found)


def _iri(name: str) -> ox.NamedNode:
    prefix, _, local = name.partition(":")
    return ox.NamedNode(_NAMESPACES[prefix] + local) if prefix in _NAMESPACES else expand(name)


def _part(name: str) -> ox.NamedNode:
    """Return the name of something that is told in the description alone."""
    return ox.NamedNode(f"{DATA.value}#{name}")


def _in_words(node: ox.NamedNode, predicate: str, words: dict[str, str]) -> Iterator[ox.Triple]:
    for language, value in words.items():
        yield _triple(node, predicate, ox.Literal(value, language=language))


def _fragment(term: ox.NamedNode) -> str:
    """Return a term as a part of a fragment: short, and with no character that ends it."""
    return quote(shorten(term).strip("<>"), safe=":/")


def _vocabulary(term: ox.NamedNode) -> str:
    """Return the vocabulary of a term: its namespace, without the `#`.

    >>> _vocabulary(expand("cas:Person")), _vocabulary(expand("dct:title"))
    ('https://w3id.org/cassibile/ontology', 'http://purl.org/dc/terms/')
    """
    if "#" in term.value:
        return term.value.partition("#")[0]
    return re.sub(r"[^/]*$", "", term.value)


def _languages(graph: Graph) -> Iterable[str]:
    rows = _rows(graph, _TEXTS)
    return (_value(o) for _, p, o in rows if shorten(_node(p)) == "dct:language")


def _integer(number: int) -> ox.Literal:
    return ox.Literal(str(number), datatype=XSD.integer)


def _rows(graph: Graph, query: str) -> Iterator[tuple[Term | None, ...]]:
    answer = graph.query(query)
    assert isinstance(answer, ox.QuerySolutions), "each is a SELECT"
    return (tuple(row) for row in answer)


def _node(term: Term | None) -> ox.NamedNode:
    assert isinstance(term, ox.NamedNode), "the queries above bind it to a name"
    return term


def _value(term: Term | None) -> str:
    assert isinstance(term, ox.NamedNode | ox.Literal), "the queries above bind it"
    return term.value
