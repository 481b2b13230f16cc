"""A person, place, event, office …: what is said of it, what follows, and what others say."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import pyoxigraph as ox

from kg import Graph, resources
from kg.resources import Resource
from kg.store import Term
from kg.terms import BASE, CAS, PREFIXES, RDF, RDFS, SKOS, shorten
from server import cards, documents, layout
from server.cards import Cell, Ground
from server.state import Served

_TEXTS = f"{PREFIXES['g']}view/text/"
_NAMES = frozenset({SKOS.prefLabel, SKOS.altLabel, RDFS.label})
_LINKS = frozenset({SKOS.exactMatch, SKOS.closeMatch})
_TELLING = (PREFIXES["id"], f"{BASE}handover/")


@dataclass(frozen=True, slots=True)
class Line:
    """A fact about the thing.

    Attributes:
        subject: of the fact, as the other two.
        property: of the fact.
        object: of the fact.
        why: path of the page that tells why it holds.
        grounds: the claims that state it; none where it follows.
    """

    subject: Cell
    property: Cell
    object: Cell
    why: str
    grounds: tuple[Ground, ...]


def page(here: Served, resource: Resource, language: str) -> str:
    """Return the page of a thing."""
    graph, iri = here.graph, resource.iri
    about = _by_subject(resource.triples)
    own = about[iri]
    facts = [each for each in about if each.value.startswith(PREFIXES["fact"])]
    lines: dict[str, list[Line]] = defaultdict(list)
    told = set()
    for fact in facts:
        said = about[fact]
        triple = tuple(said[side][0] for side in (RDF.subject, RDF.predicate, RDF.object))
        told.add(triple)
        claims = sorted(said.get(CAS.statedBy, ()), key=str)
        of_reference = not said[CAS.perspective][0].value.startswith(_TEXTS)  # type: ignore[union-attr]
        place = ("reference" if of_reference else "says") if claims else "follows"
        if claims or not of_reference:
            subject, predicate, value = (cards.cell(graph, each, language) for each in triple)
            grounds = (cards.ground(graph, claim, language) for claim in claims)  # type: ignore[arg-type]
            why = documents.page_of(fact.value, language)
            lines[place].append(Line(subject, predicate, value, why, tuple(grounds)))
    return layout.drawn(
        "id.html",
        graph,
        resource,
        language,
        short=shorten(iri),
        title=cards.cell(graph, iri, language),
        types=[cards.cell(graph, each, language) for each in resource.types],
        names=_names(own.get(SKOS.prefLabel, ())),
        also=_names(own.get(SKOS.altLabel, ())),
        links=[cell for link in _LINKS for cell in _cells(graph, own.get(link, ()), language)],
        says=sorted(lines["says"], key=lambda line: [g.told.claim.value for g in line.grounds]),
        follows=sorted(lines["follows"], key=_by_property),
        reference=sorted(lines["reference"], key=_by_property),
        disagreements=_disagreements(about, iri, language),
        readings=[
            cards.ground(graph, claim, language) for claim in resources.readings_about(graph, iri)
        ],
        relations=sum(len(own.get(relation, ())) for relation in resources.relations()),
        pointing=[
            (cards.cell(graph, subject, language), cards.cell(graph, predicate, language))
            for subject, said in about.items()
            for predicate, values in said.items()
            if subject.value.startswith(_TELLING)
            and subject != iri
            and iri in values
            and predicate not in resources.relations()
            and (subject, predicate, iri) not in told
        ],
        more=[
            (
                cards.cell(graph, predicate, language),
                cards.cell(graph, value, language),
                _inside(graph, about, iri, value, language),
            )
            for predicate, values in own.items()
            for value in values
            if predicate not in _NAMES | _LINKS | resources.relations() | {RDF.type}
            and (iri, predicate, value) not in told
        ],
    )


_About = dict[ox.NamedNode, list[ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple]]


def _by_subject(triples: Iterable[ox.Triple]) -> dict[ox.NamedNode, _About]:
    found: dict[ox.NamedNode, _About] = defaultdict(lambda: defaultdict(list))
    for triple in triples:
        if isinstance(triple.subject, ox.NamedNode):
            found[triple.subject][triple.predicate].append(triple.object)
    return found


def _inside(
    graph: Graph, about: dict[ox.NamedNode, _About], iri: ox.NamedNode, value: Term, language: str
) -> list[tuple[Cell, Cell]]:
    """Return what is told of a value that is named after the thing, such as its point."""
    if not isinstance(value, ox.NamedNode) or not value.value.startswith(f"{iri.value}#"):
        return []
    return [
        (cards.cell(graph, predicate, language), cards.cell(graph, each, language))
        for predicate, values in about[value].items()
        for each in values
    ]


def _names(labels: Iterable[Term]) -> list[tuple[str, list[str]]]:
    """Return names with the languages that have them, sorted."""
    found: dict[str, list[str]] = {}
    for label in labels:
        if isinstance(label, ox.Literal):
            found.setdefault(label.value, []).append(label.language or "")
    return [(name, sorted(languages)) for name, languages in sorted(found.items())]


def _cells(graph: Graph, terms: Iterable[Term], language: str) -> list[Cell]:
    return [cards.cell(graph, term, language) for term in terms]


def _by_property(line: Line) -> tuple[str, str, str]:
    return line.property.label, line.subject.label, line.object.label


def _disagreements(
    about: dict[ox.NamedNode, _About], iri: ox.NamedNode, language: str
) -> list[tuple[str, str]]:
    """Return what is disputed in words, each with its place on the page of disagreements."""
    found = []
    for name in sorted(about, key=str):
        if iri in about[name].get(CAS.disputes, ()):
            labels = {
                label.language: label.value
                for label in about[name][RDFS.label]
                if isinstance(label, ox.Literal)
            }
            found.append((labels[language], f"d-{name.value.rpartition('/')[2]}"))
    return found
