"""Who did what with whom, where and under whom: the relations around a thing, drawn and listed.

Of the thing in the middle all relations are told, of the others to each other what is stated. What
a more exact relation implies is left out, as is the same relation seen from the other side.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import pyoxigraph as ox
from flask import request
from markupsafe import Markup

from kg import Graph, perspectives, resources, things
from kg.errors import UnknownName, did_you_mean
from kg.proof.record import fact_of
from kg.proof.tree import recorded
from kg.store import Term, kept
from kg.terms import BASE, CAS, PREFIXES, RDF, expand
from kg.words import say
from server import cards, documents
from server.cards import Cell, Ground
from server.draw import network as drawing
from server.draw.network import Edge, Node
from server.state import Served

MOST = 60  # things around the one in the middle
_KINDS = (  # the first that a thing is of
    ("person", CAS.Person),
    ("group", CAS.Group),
    ("place", CAS.Place),
    ("event", CAS.Event),
)
_OTHER = "other"
# When is what the timeline shows: of order in time only what a text says itself is told here. Each
# of these follows between hundreds of pairs.
_ORDER = frozenset(
    {
        CAS.after,
        CAS.before,
        CAS.beganAfter,
        CAS.beganBefore,
        CAS.beganBeforeEndOf,
        CAS.contains,
        CAS.during,
        CAS.endedAfter,
        CAS.endedAfterStartOf,
        CAS.endedBefore,
        CAS.sameDayAs,
        CAS.simultaneousWith,
    }
)
_AXIOMS, _VIEWS = expand("g:ontology"), "g:view/"
_OWL, _RDFS = PREFIXES["owl"], PREFIXES["rdfs"]
_PROPERTY = ox.NamedNode(_OWL + "ObjectProperty")
_SYMMETRIC = ox.NamedNode(_OWL + "SymmetricProperty")
_INVERSE = ox.NamedNode(_OWL + "inverseOf")
_SUB = ox.NamedNode(_RDFS + "subPropertyOf")

_Fact: TypeAlias = tuple[ox.NamedNode, ox.NamedNode | None, ox.NamedNode]
# What a property implies, and whether of its object and its subject the other way round.
_Implied: TypeAlias = frozenset[tuple[ox.NamedNode, bool]]


@dataclass(frozen=True, slots=True)
class Relation:
    """That one thing stands in a relation to another.

    Attributes:
        subject: of the fact.
        predicate: of the fact; None in an answer that does not tell it.
        object: of the fact.
        key: the perspective in which it holds; empty if it is in none.
        claims: that state it, sorted; none where it follows.
        words: for the predicate, where it is not told.
    """

    subject: ox.NamedNode
    predicate: ox.NamedNode | None
    object: ox.NamedNode
    key: str = ""
    claims: tuple[ox.NamedNode, ...] = ()
    words: str = ""

    @property
    def fact(self) -> _Fact:
        """Return what it says."""
        return self.subject, self.predicate, self.object

    @property
    def ends(self) -> tuple[ox.NamedNode, ox.NamedNode]:
        """Return the two things."""
        return self.subject, self.object

    def other(self, thing: ox.NamedNode) -> ox.NamedNode:
        """Return the thing at the other end."""
        return self.object if thing == self.subject else self.subject


@dataclass(frozen=True, slots=True)
class Row:
    """What a network and its table tell of a relation.

    Attributes:
        name: of the row.
        subject: of the fact, as the other two.
        predicate: of the fact.
        object: of the fact.
        why: path of the page that tells why it holds; empty if it is no fact here.
        grounds: the claims that state it; none where it follows.
        rests: the claims that it follows from, by the best proof; none where it is stated.
        reference: whether reference works alone hold it, of those that were asked for.
        both: whether it holds both ways.
    """

    name: str
    subject: Cell
    predicate: Cell
    object: Cell
    why: str
    grounds: tuple[Ground, ...]
    rests: tuple[Ground, ...]
    reference: bool
    both: bool

    @property
    def claims(self) -> tuple[str, ...]:
        """Return the names of the claims of texts that it rests on."""
        rests = (*self.grounds, *self.rests)
        return tuple(ground.told.name for ground in rests if not ground.told.source)

    @property
    def path(self) -> str:
        """Return where it leads: to the words if it is stated, else to the reasons."""
        stated = next((g.claim.path for g in self.grounds if not g.told.source), "")
        return stated or self.why


@dataclass(frozen=True, slots=True)
class Thing:
    """What a network tells of a thing.

    Attributes:
        slug: by which it is asked for.
        cell: its name and page.
        kind: `person`, `group`, `place`, `event` or `other`.
        ring: 0 in the middle, 1 around it, 2 outside.
    """

    slug: str
    cell: Cell
    kind: str
    ring: int


@dataclass(frozen=True, slots=True)
class Network:
    """The relations around a thing.

    Attributes:
        things: the one in the middle first; the others by kind and name.
        rows: those of the thing in the middle first, what is stated before what follows.
        left_out: how many more things there would be around it.
    """

    things: tuple[Thing, ...]
    rows: tuple[Row, ...]
    left_out: int


# What is asked for


def slug_of(thing: ox.NamedNode) -> str:
    """Return by what a thing is asked for: `badoglio`, or the path of what has another name."""
    entity = PREFIXES["id"]
    own = thing.value.startswith(entity)
    return thing.value.removeprefix(entity if own else BASE)


def thing_of(graph: Graph, keys: tuple[str, ...], slug: str) -> ox.NamedNode:
    """Return the thing that is asked for by a slug.

    Raises: UnknownName, with the nearest one.
    """
    known = {slug_of(thing): thing for thing in by_thing(relations(graph, keys))}
    if slug in known:
        return known[slug]
    if resources.is_known(graph, f"id/{slug}"):
        return ox.NamedNode(PREFIXES["id"] + slug)
    raise UnknownName(f"there is no thing {slug!r} here", hint=did_you_mean(slug, known))


def property_of(graph: Graph, keys: tuple[str, ...], name: str) -> ox.NamedNode:
    """Return the property that is asked for by its name without a prefix.

    Raises: UnknownName, with the nearest one.
    """
    known = {each.value.removeprefix(PREFIXES["cas"]): each for each in properties(graph, keys)}
    if name not in known:
        hint = did_you_mean(name, known)
        raise UnknownName(f"nothing here stands in a relation {name!r}", hint=hint)
    return known[name]


def properties(graph: Graph, keys: tuple[str, ...]) -> tuple[ox.NamedNode, ...]:
    """Return the properties that relate things, sorted."""
    return tuple(
        sorted({each.predicate for each in relations(graph, keys) if each.predicate}, key=str)
    )


def foremost(
    graph: Graph, keys: tuple[str, ...], relation: ox.NamedNode | None = None
) -> ox.NamedNode | None:
    """Return the thing that is most spoken of: with the most stated relations, then with any."""
    found = by_thing(_chosen(graph, keys, relation))

    def order(thing: ox.NamedNode) -> tuple[int, int, str]:
        own = found[thing]
        return -sum(bool(each.claims) for each in own), -len(own), thing.value

    return min(found, key=order, default=None)


# What holds


@kept(20)
def relations(graph: Graph, keys: tuple[str, ...]) -> tuple[Relation, ...]:
    """Return how things are related in perspectives, each relation once, sorted."""
    found: dict[_Fact, Relation] = {}
    for key in keys:
        for each in _of_perspective(graph, key):
            known = found.setdefault(each.fact, each)
            if known is not each:
                claims = tuple(dict.fromkeys((*known.claims, *each.claims)))
                first = known if known.claims or not each.claims else each
                found[each.fact] = replace(first, claims=claims)
    return tuple(sorted(found.values(), key=lambda each: tuple(map(str, each.fact))))


@kept(50)
def _of_perspective(graph: Graph, key: str) -> tuple[Relation, ...]:
    stated = perspectives.read(graph.store, key).stated
    view, proofs = expand(_VIEWS + key), recorded(graph)
    found = []
    for predicate in _properties(graph):
        for quad in graph.store.quads_for_pattern(None, predicate, None, view):
            s, o = quad.subject, quad.object
            if not (isinstance(s, ox.NamedNode) and isinstance(o, ox.NamedNode)):
                continue
            claims = stated.get(quad.triple, ())
            told = bool(claims) or (predicate not in _ORDER and proofs.find(key, quad.triple))
            if s != o and _is_thing(s) and _is_thing(o) and told:
                found.append(Relation(s, predicate, o, key, claims))
    return tuple(found)


@kept(1)
def _properties(graph: Graph) -> tuple[ox.NamedNode, ...]:
    """Return the properties that relate what there is, but for how it certainly lies in time."""
    quads = graph.store.quads_for_pattern(None, RDF.type, _PROPERTY, _AXIOMS)
    names = {quad.subject for quad in quads if isinstance(quad.subject, ox.NamedNode)}
    return tuple(sorted(names - resources.relations(), key=str))


def _is_thing(term: ox.NamedNode) -> bool:
    return things.is_thing(term.value)


def by_thing(found: Iterable[Relation]) -> Mapping[ox.NamedNode, Sequence[Relation]]:
    """Return the relations of each thing."""
    by: dict[ox.NamedNode, list[Relation]] = defaultdict(list)
    for each in found:
        for end in each.ends:
            by[end].append(each)
    return by


@kept(50)
def _chosen(
    graph: Graph, keys: tuple[str, ...], relation: ox.NamedNode | None
) -> tuple[Relation, ...]:
    """Return the relations of one property, or of all without what others imply."""
    found = relations(graph, keys)
    if relation:
        found = tuple(each for each in found if each.predicate == relation)
    return _unimplied(graph, found)


def _unimplied(graph: Graph, found: Iterable[Relation]) -> tuple[Relation, ...]:
    """Return relations without those that follow and that another one implies."""
    implied = _implied(graph)
    known = {each.fact: each for each in found}
    left = dict(known)
    for (s, p, o), each in known.items():
        for other, turned in implied.get(p, ()) if p else ():
            weaker = known.get((o, other, s) if turned else (s, other, o))
            if not weaker or weaker.claims or weaker is each:
                continue
            back = (p, turned) in implied.get(other, ())
            if each.claims or not back or _rank(graph, each) < _rank(graph, weaker):
                left.pop(weaker.fact, None)
    return tuple(left.values())


def _rank(graph: Graph, each: Relation) -> tuple[bool, str, str]:
    """Return which of two relations that imply each other is told: that of the definition."""
    return each.predicate not in _defining(graph), str(each.predicate), str(each.subject)


@kept(1)
def _defining(graph: Graph) -> frozenset[object]:
    """Return the properties that an inverse is declared of."""
    quads = graph.store.quads_for_pattern(None, _INVERSE, None, _AXIOMS)
    return frozenset(quad.subject for quad in quads)


@kept(1)
def _implied(graph: Graph) -> Mapping[ox.NamedNode, _Implied]:
    """Return what each property implies, and whether from the other side."""
    direct: dict[ox.NamedNode, set[tuple[ox.NamedNode, bool]]] = defaultdict(set)
    for predicate, turned in ((_SUB, False), (_INVERSE, True)):
        for quad in graph.store.quads_for_pattern(None, predicate, None, _AXIOMS):
            s, o = quad.subject, quad.object
            if isinstance(s, ox.NamedNode) and isinstance(o, ox.NamedNode):
                direct[s].add((o, turned))
                if turned:
                    direct[o].add((s, turned))
    for each in _both_ways(graph):
        direct[each].add((each, True))
    return {each: _reached(each, direct) for each in [*direct]}


def _reached(
    start: ox.NamedNode, direct: Mapping[ox.NamedNode, Iterable[tuple[ox.NamedNode, bool]]]
) -> _Implied:
    reached: set[tuple[ox.NamedNode, bool]] = set()
    waiting = [*direct[start]]
    while waiting:
        name, turned = waiting.pop()
        if (name, turned) not in reached and (name, turned) != (start, False):
            reached.add((name, turned))
            waiting += [(other, turned != again) for other, again in direct.get(name, ())]
    return frozenset(reached)


@kept(1)
def _both_ways(graph: Graph) -> frozenset[ox.NamedNode]:
    quads = graph.store.quads_for_pattern(None, RDF.type, _SYMMETRIC, _AXIOMS)
    return frozenset(quad.subject for quad in quads if isinstance(quad.subject, ox.NamedNode))


# What is shown


@kept(200)
def around(
    graph: Graph,
    keys: tuple[str, ...],
    focus: ox.NamedNode,
    relation: ox.NamedNode | None = None,
    steps: int = 1,
    language: str = "en",
) -> Network:
    """Return the relations around a thing, as far as so many steps lead.

    Of more than `MOST` things the nearer are shown, and of those that most claims speak of.
    """
    chosen = _chosen(graph, keys, relation)
    by = by_thing(chosen)
    ring = {focus: 0}
    for each in by.get(focus, ()):
        ring.setdefault(each.other(focus), 1)
    if steps > 1:
        for near in [thing for thing, at in ring.items() if at == 1]:
            for each in by[near]:
                if each.claims:
                    ring.setdefault(each.other(near), 2)

    def order(thing: ox.NamedNode) -> tuple[int, int, str]:
        claims = {claim for each in by[thing] for claim in each.claims}
        return ring[thing], -len(claims), thing.value

    others = sorted((thing for thing in ring if thing != focus), key=order)
    shown = {thing: ring[thing] for thing in (focus, *others[:MOST])}
    told = [
        each
        for each in chosen
        if all(end in shown for end in each.ends) and (focus in each.ends or each.claims)
    ]
    return _network(graph, shown, told, len(others[MOST:]), language)


def rows_for(
    graph: Graph, triples: Iterable[ox.Triple | Relation], language: str
) -> Network | None:
    """Return the network of the triples of an answer; None if they relate no names.

    In the middle is what has the most relations. What the texts say or imply is told as such.
    """
    keys = tuple(f"text/{name}" for name in cards.texts(graph))
    known = {each.fact: each for each in relations(graph, keys)}
    found: dict[_Fact, Relation] = {}
    for triple in triples:
        each = triple if isinstance(triple, Relation) else _relation(triple)
        if each and each.subject != each.object and each.predicate != RDF.type:
            found.setdefault(each.fact, known.get(each.fact, each))
    by = by_thing(found.values())
    if not by:
        return None
    most = sorted(by, key=lambda thing: (-len(by[thing]), thing.value))
    ring = {most[0]: 0}
    for each in by[most[0]]:
        ring.setdefault(each.other(most[0]), 1)
    others = sorted(most[1:], key=lambda thing: (ring.get(thing, 2), -len(by[thing]), thing.value))
    shown = {thing: ring.get(thing, 2) for thing in (most[0], *others[:MOST])}
    told = [each for each in found.values() if all(end in shown for end in each.ends)]
    return _network(graph, shown, told, len(others[MOST:]), language)


def _relation(triple: ox.Triple) -> Relation | None:
    s, p, o = triple
    is_drawn = isinstance(s, ox.NamedNode) and isinstance(o, ox.NamedNode)
    return Relation(s, p, o) if is_drawn else None


def related(columns: Sequence[str], rows: Iterable[Sequence[Term | None]]) -> list[Relation]:
    """Return the relations that the rows of a table tell: each name with the next of its row.

    A property between two names is their relation; else it is called by the column.
    """
    found = []
    for row in rows:
        before: ox.NamedNode | None = None
        predicate: ox.NamedNode | None = None
        for column, term in zip(columns, row, strict=True):
            if not isinstance(term, ox.NamedNode):
                continue
            if before is not None and _is_property(term):
                predicate = term
                continue
            if before is not None:
                words = "" if predicate else cards.heading(column)
                found.append(Relation(before, predicate, term, words=words))
            before, predicate = term, None
    return found


def _is_property(term: ox.NamedNode) -> bool:
    """Return whether a name is that of a property of ours, which begins with a small letter."""
    return re.match(re.escape(PREFIXES["cas"]) + "[a-z]", term.value) is not None


def _network(
    graph: Graph,
    ring: Mapping[ox.NamedNode, int],
    told: Iterable[Relation],
    left_out: int,
    language: str,
) -> Network:
    found = [
        Thing(slug_of(thing), cards.cell(graph, thing, language), kind_of(graph, thing), at)
        for thing, at in ring.items()
    ]
    order = [each for each, _ in _KINDS]
    found.sort(
        key=lambda each: (
            each.ring,
            order.index(each.kind) if each.kind in order else len(order),
            each.cell.label,
            each.slug,
        )
    )
    focus = next(thing for thing, at in ring.items() if not at)
    rows = [(focus not in each.ends, _row(graph, each, language)) for each in told]
    rows.sort(key=lambda each: (each[0], *_place(each[1])))
    named = tuple(replace(row, name=f"r{number}") for number, (_, row) in enumerate(rows, 1))
    return Network(tuple(found), named, left_out)


def _place(row: Row) -> tuple[object, ...]:
    """Return where a row stands: what is stated in the order of the words, then what follows."""
    first = row.grounds[0].told.name if row.grounds else ""
    numbers = [int(each) for each in re.findall(r"\d+", first)]
    names = (row.predicate.label, row.subject.label, row.object.label, row.object.short)
    return not row.grounds, numbers, *names


def _row(graph: Graph, each: Relation, language: str) -> Row:
    subject, value = (cards.cell(graph, end, language) for end in each.ends)
    predicate = (
        cards.cell(graph, each.predicate, language)
        if each.predicate
        else Cell(each.words, "", "", "")
    )
    why = ""
    leaves: Iterable[ox.NamedNode] = ()
    if each.key and each.predicate:
        fact = fact_of(each.key, ox.Triple(each.subject, each.predicate, each.object))
        why = documents.page_of(fact.value, language)
        leaves = () if each.claims else recorded(graph).best(fact).leaves
    grounds, rests = (
        tuple(cards.ground(graph, claim, language) for claim in claims)
        for claims in (each.claims, leaves)
    )
    reference = bool(each.key) and not each.key.startswith("text/")
    both = each.predicate in _both_ways(graph)
    return Row("", subject, predicate, value, why, grounds, rests, reference, both)


@kept(20_000)
def kind_of(graph: Graph, thing: ox.NamedNode) -> str:
    """Return what a thing is drawn as."""
    default = [*graph.store.quads_for_pattern(thing, RDF.type, None, ox.DefaultGraph())]
    quads = default or graph.store.quads_for_pattern(thing, RDF.type, None, None)
    types = {quad.object for quad in quads}
    return next((name for name, each in _KINDS if each in types), _OTHER)


# Drawn


def drawn(network: Network, language: str, asked: str = "") -> Markup:
    """Return the picture of a network; each thing leads to the network around it.

    Args:
        network: what is drawn.
        language: of the pages.
        asked: what else the addresses of other networks ask for, `&steps=2`.
    """
    page = request.script_root + documents.address("network", language=language)
    rests: dict[str, dict[str, None]] = defaultdict(dict)
    for row in network.rows:
        for cell in (row.subject, row.object):
            rests[cell.short] |= dict.fromkeys(row.claims)
    nodes = [
        Node(
            each.cell.short,
            each.cell.label,
            f"{each.cell.label}, {say(language, f'page/network-{each.kind}')}",
            each.kind,
            f"{page}?focus={each.slug}{asked}"
            if each.cell.path.startswith("/")
            else each.cell.path,
            each.ring,
            tuple(rests[each.cell.short]),
        )
        for each in network.things
    ]
    edges = [_edge(row, language) for row in network.rows]
    one = "-one" if len(edges) == 1 else ""
    counts = {"things": str(len(nodes)), "relations": str(len(edges))}
    name = say(language, f"page/network-of{one}", **counts)
    return drawing.draw(nodes, edges, name)


def drawn_triples(here: Served, triples: Iterable[ox.Triple | Relation], language: str) -> Markup:
    """Return the picture of the triples of an answer, empty if they relate no names.

    Of a table of names `related` makes such triples.
    """
    found = rows_for(here.graph, triples, language)
    if found is None:
        return Markup()
    label = say(language, "page/menu-network")
    return Markup(
        '<div class="network"><div class="wide" tabindex="0" role="region" aria-label="{}">'
        "{}</div></div>"
    ).format(label, drawn(found, language))


def _edge(row: Row, language: str) -> Edge:
    told = f"{row.subject.label} {row.predicate.label} {row.object.label}"
    origin = "stated" if row.grounds else "derived" if row.why else ""
    if row.grounds:
        told += ", " + ", ".join(each.claim.label for each in row.grounds)
    elif row.why:
        told += ", " + say(language, "derived")
    if row.reference:
        told += ", " + say(language, "page/map-of-reference")
    signs = tuple(filter(None, (origin, "reference" if row.reference else "")))
    href = request.script_root + row.path if row.path else ""
    return Edge(
        row.name,
        row.subject.short,
        row.object.short,
        row.predicate.label,
        told,
        signs,
        href,
        row.both,
        row.claims,
    )
