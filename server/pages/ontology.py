"""The vocabulary: each term with its definition, axioms in words, example, use and questions."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from kg import Graph, paths, questions, words
from kg.questions import Question
from kg.resources import Resource
from kg.store import kept
from kg.terms import DCT, PREFIXES, RDF
from server import cards, documents, layout
from server.cards import Cell
from server.state import Served

_KINDS = (
    ("classes", frozenset({f"{PREFIXES['owl']}Class"})),
    (
        "properties",
        frozenset(
            PREFIXES["owl"] + kind
            for kind in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")
        ),
    ),
)
_DEFINITION = ox.NamedNode(PREFIXES["skos"] + "definition")
_EXAMPLE = ox.NamedNode(PREFIXES["skos"] + "example")
_DESCRIPTION = ox.NamedNode(PREFIXES["dct"] + "description")
_Object = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
_About = dict[_Object, dict[ox.NamedNode, list[_Object]]]


@dataclass(frozen=True, slots=True)
class Term:
    """What the page says of one term.

    Attributes:
        name: local name, the place on the page.
        cell: its name.
        definition: in the language of the page.
        axioms: each in words.
        examples: words of a text, with their language.
        used: how often it is predicate or class.
        questions: titles and addresses of the questions that need it.
    """

    name: str
    cell: Cell
    definition: str
    axioms: tuple[str, ...]
    examples: tuple[tuple[str, str], ...]
    used: int
    questions: tuple[tuple[str, str], ...]


def page(here: Served, resource: Resource, language: str) -> str:
    """Return the page of the ontology."""
    about: _About = defaultdict(lambda: defaultdict(list))
    for triple in resource.triples:
        about[triple.subject][triple.predicate].append(triple.object)
    asking = _asking()
    groups: dict[str, list[Term]] = {"classes": [], "properties": [], "individuals": []}
    for subject, said in list(about.items()):
        if isinstance(subject, ox.NamedNode) and subject.value.startswith(PREFIXES["cas"]):
            types = {t.value for t in said[RDF.type] if isinstance(t, ox.NamedNode)}
            kind = next((name for name, owl in _KINDS if owl & types), "individuals")
            groups[kind].append(_term(here, subject, about, language, asking))
    own = about[resource.iri]
    return layout.drawn(
        "ontology.html",
        here.graph,
        resource,
        language,
        title=_in(own[DCT.title], language),
        description=_in(own[_DESCRIPTION], language),
        groups={kind: sorted(terms, key=lambda t: t.name) for kind, terms in groups.items()},
    )


def _term(
    here: Served,
    term: ox.NamedNode,
    about: _About,
    language: str,
    asking: dict[str, list[Question]],
) -> Term:
    name = term.value.removeprefix(PREFIXES["cas"])
    said = about[term]
    return Term(
        name,
        cards.cell(here.graph, term, language),
        _in(said[_DEFINITION], language),
        tuple(_axioms(here.graph, said, about, language)),
        tuple((e.value, e.language or "") for e in said[_EXAMPLE] if isinstance(e, ox.Literal)),
        _used(here.graph, term),
        tuple(
            (each.titles[language], documents.address(f"questions/{each.name}", language=language))
            for each in asking.get(f"cas:{name}", ())
        ),
    )


@kept(1_000)
def _used(graph: Graph, term: ox.NamedNode) -> int:
    """Return how many triples have a term as their property or as their class."""
    store, default = graph.store, ox.DefaultGraph()
    uses = (
        store.quads_for_pattern(None, term, None, default),
        store.quads_for_pattern(None, RDF.type, term, default),
    )
    return sum(1 for quads in uses for _ in quads)


def _asking() -> dict[str, list[Question]]:
    """Return the questions in which each term stands."""
    found = defaultdict(list)
    for question in questions.read_questions(paths.ONTOLOGY / "questions"):
        for term in sorted(set(re.findall(r"\bcas:\w+", question.query))):
            found[term].append(question)
    return found


def _axioms(
    graph: Graph, said: dict[ox.NamedNode, list[_Object]], about: _About, language: str
) -> Iterator[str]:
    """Yield what the axioms of a term say, those that the catalogue has words for."""
    for predicate, values in sorted(said.items(), key=lambda item: item[0].value):
        for value in values:
            named = value if predicate == RDF.type else predicate
            if not isinstance(named, ox.NamedNode):
                continue
            key = f"axiom/{re.sub(r'.*[#/]', '', named.value)}"
            if not words.has(language, key):
                continue
            listed = " · ".join(graph.label(each, language) for each in _members(value, about))
            name = graph.label(value, language)
            yield words.say(language, key, subject="", object=name, list=listed)


def _members(node: _Object, about: _About) -> Iterator[_Object]:
    """Yield the members of an RDF list."""
    first, rest = (ox.NamedNode(PREFIXES["rdf"] + name) for name in ("first", "rest"))
    while about[node][first]:
        yield about[node][first][0]
        node = about[node][rest][0]


def _in(values: Iterable[_Object], language: str) -> str:
    """Return the words in a language, empty where there are none."""
    return next(
        (v.value for v in values if isinstance(v, ox.Literal) and v.language == language), ""
    )
