"""A person, place, event, office …: what is said of it, what follows, and what others say."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyoxigraph as ox
from markupsafe import Markup

from kg import Graph, perspectives, resources
from kg.dates import Bounds
from kg.proof.tree import recorded
from kg.resources import Resource
from kg.store import Term
from kg.terms import BASE, CAS, PREFIXES, RDF, RDFS, SKOS, shorten
from server import cards, documents, layout, placing, proving, spans
from server.cards import Cell, Ground
from server.state import Served

_TEXT = "text/"  # before the name of a text in its key
_ROWS = 12  # of the small timeline
_BOUNDS = (CAS.earliestStart, CAS.latestStart, CAS.earliestEnd, CAS.latestEnd)
_NAMES = frozenset({SKOS.prefLabel, SKOS.altLabel, RDFS.label})
_LINKS = (SKOS.exactMatch, SKOS.closeMatch)
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
        claims: names of the claims of texts that it rests on.
    """

    subject: Cell
    property: Cell
    object: Cell
    why: str
    grounds: tuple[Ground, ...]
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """What the same claims say of the thing.

    Attributes:
        grounds: the claims, with their words.
        claims: their names.
        lines: what they say.
    """

    grounds: tuple[Ground, ...]
    claims: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """What follows by one property.

    Attributes:
        property: its name.
        outwards: whether the thing is the subject.
        lines: the facts.
    """

    property: Cell
    outwards: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """A first or last day of the thing.

    Attributes:
        words: of it.
        why: path of the page that tells why it is so.
        claims: names of the claims of texts that it rests on.
    """

    words: str
    why: str
    claims: tuple[str, ...]


def page(here: Served, resource: Resource, language: str) -> str:
    """Return the page of a thing."""
    graph, iri = here.graph, resource.iri
    about = _by_subject(resource.triples)
    own = about[iri]
    lines: dict[str, list[Line]] = defaultdict(list)
    days: list[tuple[int, Day]] = []
    told = set()
    near: dict[ox.NamedNode, None] = {}
    for fact in (each for each in about if each.value.startswith(PREFIXES["fact"])):
        said = about[fact]
        triple = ox.Triple(*(said[side][0] for side in (RDF.subject, RDF.predicate, RDF.object)))  # type: ignore[arg-type]
        told.add(tuple(triple))
        key = perspectives.key_of(said[CAS.perspective][0])  # type: ignore[arg-type]
        claims = sorted(said.get(CAS.statedBy, ()), key=str)
        of_text = key.startswith(_TEXT)
        if not claims and not of_text:
            continue
        place = ("says" if of_text else "reference") if claims else "follows"
        line = _line(graph, fact, triple, claims, language)
        if of_text and triple.predicate in _BOUNDS:
            words = proving.in_words(graph, triple, language)
            days.append((_BOUNDS.index(triple.predicate), Day(words, line.why, line.claims)))
        else:
            lines[place].append(line)
        if of_text:
            near |= dict.fromkeys(t for t in triple if isinstance(t, ox.NamedNode) and t != iri)
    return layout.drawn(
        "id.html",
        graph,
        resource,
        language,
        short=shorten(iri),
        title=cards.cell(graph, iri, language),
        types=_own_types(graph, resource, language),
        names=_in_languages(own.get(SKOS.prefLabel, ())),
        also=_names(own.get(SKOS.altLabel, ())),
        links=[
            (cards.cell(graph, each, language), link == SKOS.exactMatch)
            for link in _LINKS
            for each in sorted(own.get(link, ()), key=str)
        ],
        says=_passages(lines["says"]),
        days=[day for _, day in sorted(days, key=lambda item: (item[0], item[1].words))],
        follows=_relations(lines["follows"], iri, language),
        reference=sorted(lines["reference"], key=_by_property),
        map=_map(graph, iri, near, language),
        timeline=_timeline(graph, iri, near, language),
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
            if predicate not in _NAMES | {*_LINKS} | resources.relations() | {RDF.type}
            and (iri, predicate, value) not in told
        ],
    )


def _line(
    graph: Graph, fact: ox.NamedNode, triple: ox.Triple, claims: Sequence[Term], language: str
) -> Line:
    leaves = (cards.ground(graph, claim, language) for claim in recorded(graph).best(fact).leaves)
    subject, predicate, value = (cards.cell(graph, each, language) for each in triple)
    return Line(
        subject,
        predicate,
        value,
        documents.page_of(fact.value, language),
        tuple(cards.ground(graph, claim, language) for claim in claims),  # type: ignore[arg-type]
        tuple(each.told.name for each in leaves if each.told.quotes),
    )


def _passages(lines: Iterable[Line]) -> list[Passage]:
    """Return what texts say, the facts of the same claims together, in the order of the text."""
    found: dict[tuple[str, ...], list[Line]] = {}
    for line in lines:
        found.setdefault(tuple(g.told.claim.value for g in line.grounds), []).append(line)
    return [
        Passage(each[0].grounds, each[0].claims, tuple(sorted(each, key=_by_property)))
        for each in sorted(found.values(), key=_by_place)
    ]


def _by_place(lines: Sequence[Line]) -> list[tuple[str, list[int], str]]:
    """Return where the claims of facts stand: s03-2 before s03-10."""
    told = (ground.told for ground in lines[0].grounds)
    return [(each.text, spans.place_of(each.name), each.name) for each in told]


def _relations(lines: Iterable[Line], iri: ox.NamedNode, language: str) -> list[Relation]:
    """Return what follows, property by property: first of the thing, then of others with it."""
    page = documents.page_of(iri.value, language)
    found: dict[tuple[bool, str, str], list[Line]] = {}
    for line in lines:
        outwards = line.subject.path == page
        key = (not outwards, line.property.label, line.property.short)
        found.setdefault(key, []).append(line)
    return [
        Relation(each[0].property, not key[0], tuple(sorted(each, key=_by_property)))
        for key, each in sorted(found.items(), key=lambda item: item[0])
    ]


def _own_types(graph: Graph, resource: Resource, language: str) -> list[Cell]:
    """Return the kinds of a thing that no other of its kinds implies."""
    implied = {
        quad.object
        for each in resource.types
        for quad in graph.store.quads_for_pattern(each, RDFS.subClassOf, None, ox.DefaultGraph())
        if quad.object != each
    }
    own = [each for each in resource.types if each not in implied] or resource.types
    return [cards.cell(graph, each, language) for each in own]


def _map(graph: Graph, iri: ox.NamedNode, near: Iterable[ox.NamedNode], language: str) -> Markup:
    """Return a small map of a place, or of the places that are told of with the thing."""
    keys = tuple(key for key in perspectives.keys_of(graph) if key.startswith(_TEXT))
    rows = {row.name: row for row in placing.rows(graph, keys, language)}
    names = [each.value.removeprefix(PREFIXES["id"]) for each in (iri, *near)]
    if names[0] in rows:
        return placing.sheet([rows[names[0]]], language, focus=names[0], small=True)
    return placing.sheet([row for row in rows.values() if row.name in names], language, small=True)


def _timeline(
    graph: Graph, iri: ox.NamedNode, near: Iterable[ox.NamedNode], language: str
) -> Markup:
    """Return a small timeline of the thing and of what is told of with it."""
    rows = [row for row in spans.rows_for(graph, (iri, *near), language) if row.bounds != Bounds()]
    return spans.drawn(rows[:_ROWS], language, small=True) if rows else Markup()


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


def _in_languages(labels: Iterable[Term]) -> list[tuple[str, str]]:
    """Return the name in each language that has one, in the order of the languages."""
    found = {each.language or "": each.value for each in labels if isinstance(each, ox.Literal)}
    known = [code for code in documents.LANGUAGES if code in found]
    return [(code, found[code]) for code in [*known, *sorted(found.keys() - {*known})]]


def _by_property(line: Line) -> tuple[str, str, str]:
    return line.property.label, line.subject.label, line.object.label


def _disagreements(
    about: dict[ox.NamedNode, _About], iri: ox.NamedNode, language: str
) -> list[tuple[str, str]]:
    """Return what is disputed in words, each with the path of its page."""
    found = []
    for name in sorted(about, key=str):
        if iri in about[name].get(CAS.disputes, ()):
            labels = {
                label.language: label.value
                for label in about[name][RDFS.label]
                if isinstance(label, ox.Literal)
            }
            found.append((labels[language], documents.page_of(name.value, language)))
    return found
