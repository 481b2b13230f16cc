"""When it was: the occurrences of a perspective with their days, drawn in time and in words.

The days are those that the build has found; beside them stands what the words of a date alone
allow, and each bound that is tighter than these leads to its proof.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import pyoxigraph as ox
from flask import request
from markupsafe import Markup

from kg import Graph, disagree, perspectives, words
from kg.dates import Bounds
from kg.disagree import Disagreement
from kg.proof.tree import Node, recorded
from kg.store import Term, kept
from kg.terms import CAS, PREFIXES, RDF, expand
from kg.words import say
from kg.words.days import in_words, narrowed
from server import cards, disputing, documents, proving
from server.cards import Cell, Ground
from server.draw import timeline
from server.draw.timeline import Axis, Because, Days

_BOUNDS = (CAS.earliestStart, CAS.latestStart, CAS.earliestEnd, CAS.latestEnd)
_DISPUTES = {CAS.DateConflict, CAS.OrderConflict, CAS.Contradiction}
# By which a bound follows from another one of the same thing; why the other holds says more.
_OWN = re.compile(r"bounds/(?:start-before-end|momentary)-")
_CLAIMS = """SELECT DISTINCT $view ?claim ?subject ?object {
  GRAPH g:claims { ?claim cas:perspective $view ; cas:asserted true }
  GRAPH ?claim { ?subject ?p ?object } }"""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a bound is tighter than the words of a date.

    Attributes:
        bound: what is bounded, in words.
        clause: what made it so, in words; empty where that is a date of its own.
        path: of the proof.
        of_start: whether it bounds the first day.
    """

    bound: str
    clause: str
    path: str
    of_start: bool


@dataclass(frozen=True, slots=True)
class Span:
    """An occurrence with its days, or an interval as it was read.

    Attributes:
        iri: its name.
        key: of the perspective.
        cell: its name for readers, and its page.
        bounds: as tight as they follow.
        stated: what the words of its dates alone allow; None where no date is given.
        words: its days.
        grounds: the claims that speak of it, in the order of the text.
        dated: those of them that give its dates.
        reasons: one for each bound that is tighter than the words of a date.
        disputes: each disagreement about its days in words, with the path to it.
        types: its classes.
        reference: the same in reference works, if they know its days.
        source: the text or the works, in words, where rows of several are shown; else empty.
    """

    iri: ox.NamedNode
    key: str
    cell: Cell
    bounds: Bounds
    stated: Bounds | None
    words: str
    grounds: tuple[Ground, ...]
    dated: tuple[Ground, ...] = ()
    reasons: tuple[Reason, ...] = ()
    disputes: tuple[tuple[str, str], ...] = ()
    types: frozenset[ox.NamedNode] = field(default=frozenset())
    reference: "Span | None" = None
    source: str = ""

    @property
    def name(self) -> str:
        """Return the last part of its name, after that of its text among rows of several."""
        name = self.iri.value.rpartition("/")[2]
        return f"{self.key.rpartition('/')[2]}.{name}" if self.source else name

    @property
    def title(self) -> str:
        """Return its name as a heading."""
        return self.cell.label[:1].upper() + self.cell.label[1:]

    @property
    def by_order(self) -> bool:
        """Return whether only the order of things gives its days."""
        return self.stated is None and self.bounds != Bounds()

    @property
    def claims(self) -> tuple[str, ...]:
        """Return the names of the claims of a text that it rests on."""
        return tuple(each.told.name for each in self.grounds if not each.told.source)

    def said(self, language: str) -> str:
        """Return what it is called in full: name, days, claims, and whether it is disputed."""
        parts = [self.title, self.words]
        parts += [each.claim.label for each in self.grounds if not each.told.source]
        if self.disputes:
            parts.append(say(language, "page/disputed"))
        return ", ".join((*parts, self.source) if self.source else parts)


@kept(20)
def of_perspective(graph: Graph, key: str, language: str) -> tuple[Span, ...]:
    """Return the occurrences of a perspective, by their earliest day; those without one last."""
    found = _Reader(graph, key, language).spans()
    return tuple(sorted(found, key=by_start))


@kept(20)
def beside(graph: Graph, key: str, language: str) -> tuple[Span, ...]:
    """Return the occurrences of a text, each with what reference works know of its days."""
    works = of_perspective(graph, perspectives.REFERENCE, language)
    known = {span.iri: span for span in works if span.bounds != Bounds()}
    return tuple(
        replace(span, reference=known.get(span.iri))
        for span in of_perspective(graph, key, language)
    )


def rows_for(graph: Graph, iris: Iterable[Term], language: str) -> list[Span]:
    """Return the occurrences and intervals among some names, each once, in their order.

    An occurrence has the days of the first perspective that knows it, the texts' before that of
    reference works, which stand beside those of a text.
    """
    known = _by_name(graph, language)
    names = dict.fromkeys(each for each in iris if isinstance(each, ox.NamedNode))
    spans = (known.get(iri) or _interval(graph, iri, language) for iri in names)
    return [span for span in spans if span]


@kept(20)
def _by_name(graph: Graph, language: str) -> dict[ox.NamedNode, Span]:
    """Return every occurrence by its name, as the first perspective has it that knows it."""
    found: dict[ox.NamedNode, Span] = {}
    for key in reversed(perspectives.keys_of(graph)):
        told = beside if key.startswith("text/") else of_perspective
        found |= {span.iri: span for span in told(graph, key, language)}
    return found


def drawn(
    rows: Sequence[Span], language: str, *, small: bool = False, name: str = "timeline"
) -> Markup:
    """Return the rows as a drawing; empty if there are none.

    Small, it has the form for narrow columns alone, with the names above the bars. Two drawings on
    one page need two names.
    """
    return sheet(lines_of(rows, language), language, small=small, name=name)


def sheet(
    lines: Sequence[timeline.Row],
    language: str,
    *,
    small: bool = False,
    axis: Axis | None = None,
    name: str = "timeline",
) -> Markup:
    """Return what is drawn of rows, over the time that is given, else that of the rows."""
    if not lines:
        return Markup()
    key = "page/timeline-of" if len(lines) > 1 else "page/timeline-of-one"
    title = say(language, key, count=str(len(lines)))
    months = say(language, "when/months").split()
    svg = [
        timeline.drawn(lines, title, months, narrow=narrow, axis=axis, name=name)
        for narrow in ((True,) if small else (False, True))
    ]
    size = " small" if small else ""
    return Markup('<div class="timeline{}">\n{}\n</div>').format(size, Markup("\n").join(svg))


def lines_of(rows: Iterable[Span], language: str) -> list[timeline.Row]:
    """Return what is drawn of rows."""
    return [_line(row, language) for row in rows]


def _line(span: Span, language: str) -> timeline.Row:
    root = request.script_root
    because = {
        reason.of_start: Because(
            root + reason.path, _because(span, reason, language), reason.of_start
        )
        for reason in reversed(span.reasons)  # the bounds farthest out have their links
    }
    return timeline.Row(
        span.name,
        span.title,
        root + span.cell.path,
        span.said(language),
        _days(span.bounds),
        _days(span.stated) if span.stated else None,
        span.by_order,
        _days(span.reference.bounds) if span.reference else None,
        bool(span.disputes),
        span.claims,
        tuple(because[side] for side in (True, False) if side in because),
    )


def _because(span: Span, reason: Reason, language: str) -> str:
    told = f"{span.title}: {reason.bound}"
    if not reason.clause:
        return told
    return f"{told}, {say(language, 'because', clause=reason.clause)}"


def _days(bounds: Bounds) -> Days:
    days = (
        bounds.earliest_start,
        bounds.latest_start,
        bounds.earliest_end,
        bounds.latest_end,
    )
    return Days(*(day.toordinal() if day else None for day in days))


def by_start(span: Span) -> tuple[date, date, date, str, str]:
    """Return where a row stands in the order of time; last, if no day is known."""
    last = span.bounds.latest_end or date.max
    latest = span.bounds.latest_start or last
    start = span.bounds.earliest_start or min(latest, span.bounds.earliest_end or date.max)
    return start, latest, last, span.cell.label, span.name


@kept(1000)
def around(graph: Graph, key: str, thing: ox.NamedNode) -> frozenset[ox.NamedNode]:
    """Return what a perspective tells of together with a thing, by one triple."""
    store, view = graph.store, expand(f"g:view/{key}")
    subjects = {quad.subject for quad in store.quads_for_pattern(None, None, thing, view)}
    objects = {quad.object for quad in store.quads_for_pattern(thing, None, None, view)}
    return frozenset(each for each in subjects | objects if isinstance(each, ox.NamedNode))


@kept(20)
def actors(graph: Graph, key: str) -> tuple[ox.NamedNode, ...]:
    """Return the actors of the occurrences of a perspective, sorted by name."""
    view = expand(f"g:view/{key}")
    quads = graph.store.quads_for_pattern(None, RDF.type, CAS.Actor, view)
    found = {quad.subject for quad in quads if isinstance(quad.subject, ox.NamedNode)}
    occurrences = {span.iri for span in of_perspective(graph, key, "en")}
    acting = (each for each in found if around(graph, key, each) & occurrences)
    return tuple(sorted(acting, key=str))


def by_text(span: Span) -> tuple[str, list[list[int]], str]:
    """Return where a row stands in the order of its text."""
    return span.key, [place_of(name) for name in span.claims[:1]] or [[1 << 30]], span.name


def place_of(claim: str) -> list[int]:
    """Return where a claim stands among the others of its text.

    >>> place_of("s03-2") < place_of("s03-10") < place_of("s04-1")
    True
    """
    return [int(number) for number in re.findall(r"\d+", claim)]


class _Reader:
    """What a perspective knows of days."""

    def __init__(self, graph: Graph, key: str, language: str) -> None:
        self._graph, self._key, self._language = graph, key, language
        self._view, self._dated = expand(f"g:view/{key}"), expand(f"g:bounds/{key}")
        self._proofs = recorded(graph)
        self._claims = self._of_claims()
        self._disputes: dict[ox.NamedNode, list[Disagreement]] = defaultdict(list)
        for each in disagree.read(graph.store):
            if each.kind in _DISPUTES and key in {each.here, each.there} and not each.under:
                about_days = each.kind != CAS.Contradiction or {*each.properties} & {*_BOUNDS}
                if about_days:
                    self._disputes[each.subject].append(each)

    def spans(self) -> Iterator[Span]:
        store = self._graph.store
        for quad in store.quads_for_pattern(None, RDF.type, CAS.Occurrence, self._view):
            assert isinstance(quad.subject, ox.NamedNode), "an occurrence has a name"
            yield self._span(quad.subject)

    def _span(self, iri: ox.NamedNode) -> Span:
        types = frozenset(self._objects(iri, RDF.type))
        momentary = CAS.Momentary in types
        bounds = _read(self._graph.store, iri, self._dated)
        stated = self._stated(iri, momentary=momentary)
        by_order = stated is None
        claims = self._claims.get(iri, ())
        return Span(
            iri,
            self._key,
            cards.cell(self._graph, iri, self._language),
            bounds,
            stated,
            in_words(bounds, self._language, momentary=momentary, by_order=by_order),
            self._grounds(claims),
            self._grounds(claim for claim in claims if self._dates(claim, iri)),
            tuple(self._reasons(iri, bounds, stated or Bounds())),
            tuple(self._disputed(iri)),
            types,
        )

    def _grounds(self, claims: Iterable[ox.NamedNode]) -> tuple[Ground, ...]:
        return tuple(cards.ground(self._graph, claim, self._language) for claim in claims)

    def _dates(self, claim: ox.NamedNode, iri: ox.NamedNode) -> bool:
        quads = self._graph.store.quads_for_pattern(iri, CAS.hasInterval, None, claim)
        return any(True for _ in quads)

    def _objects(self, iri: ox.NamedNode, predicate: ox.NamedNode) -> list[ox.NamedNode]:
        quads = self._graph.store.quads_for_pattern(iri, predicate, None, self._view)
        return [quad.object for quad in quads if isinstance(quad.object, ox.NamedNode)]

    def _stated(self, iri: ox.NamedNode, *, momentary: bool) -> Bounds | None:
        """Return what the dates of an occurrence allow together, before any order is asked."""
        read = [
            _read(self._graph.store, interval, self._view)
            for interval in self._objects(iri, CAS.hasInterval)
        ]
        if not read:
            return None
        found = narrowed(
            Bounds(
                max((b.earliest_start for b in read if b.earliest_start), default=None),
                min((b.latest_start for b in read if b.latest_start), default=None),
                max((b.earliest_end for b in read if b.earliest_end), default=None),
                min((b.latest_end for b in read if b.latest_end), default=None),
            )
        )
        if not momentary:
            return found
        first, last = found.earliest_end, found.latest_start
        return Bounds(first, last, first, last)

    def _reasons(self, iri: ox.NamedNode, bounds: Bounds, stated: Bounds) -> Iterator[Reason]:
        """Yield why bounds are tighter than stated, those that lie farthest out first."""
        # These two say nothing new where they follow from the others.
        latest = None if bounds.latest_start == bounds.latest_end else bounds.latest_start
        earliest = None if bounds.earliest_end == bounds.earliest_start else bounds.earliest_end
        known = (
            (CAS.earliestStart, bounds.earliest_start, stated.earliest_start),
            (CAS.latestEnd, bounds.latest_end, stated.latest_end),
            (CAS.latestStart, latest, stated.latest_start),
            (CAS.earliestEnd, earliest, stated.earliest_end),
        )
        told = set()
        for predicate, day, allowed in known:
            if day is None or day == allowed:
                continue
            node = self._why(iri, predicate, day)
            if node is None or node.fact in told:
                continue
            told.add(node.fact)
            key = f"when/{predicate.value.removeprefix(PREFIXES['cas'])}"
            yield Reason(
                say(self._language, key, day=words.day(self._language, day)),
                self._clause(node),
                documents.page_of(node.fact.value, self._language),
                predicate in {CAS.earliestStart, CAS.latestStart},
            )

    def _why(self, iri: ox.NamedNode, predicate: ox.NamedNode, day: date) -> Node | None:
        """Return the best proof of a bound, or of the one of another thing that it comes from."""
        literal = ox.Literal(day.isoformat(), datatype=ox.NamedNode(PREFIXES["xsd"] + "date"))
        fact = self._proofs.find(self._key, ox.Triple(iri, predicate, literal))
        node = self._proofs.best(fact) if fact else None
        while node and node.step and _OWN.match(node.step.rule):
            node = next(each for each in node.premises if each.triple.predicate in _BOUNDS)
        return node

    def _clause(self, node: Node) -> str:
        """Return what made a bound, as a sentence: an order as it is told, if it is told."""
        told = next((p for p in node.premises if p.triple.predicate not in _BOUNDS), None)
        while told and told.step and len(told.premises) == 1:
            told = told.premises[0]
        return proving.in_words(self._graph, told.triple, self._language) if told else ""

    def _of_claims(self) -> dict[Term, list[ox.NamedNode]]:
        """Return the claims of each thing, sorted: of which it is the subject, else any."""
        rows = self._graph.store.query(
            _CLAIMS,
            prefixes=PREFIXES,
            substitutions={ox.Variable("view"): self._view},
        )
        assert isinstance(rows, ox.QuerySolutions), "it is a SELECT"
        found: tuple[dict[Term, set[ox.NamedNode]], ...] = (defaultdict(set), defaultdict(set))
        for _, claim, *sides in rows:
            assert isinstance(claim, ox.NamedNode), "a claim has a name"
            for side, term in enumerate(sides):
                assert term is not None, "the query binds it"
                found[side][term].add(claim)
        return {
            term: sorted(claims, key=lambda each: (place_of(each.value), each.value))
            for term, claims in (found[1] | found[0]).items()
        }

    def _disputed(self, iri: ox.NamedNode) -> Iterator[tuple[str, str]]:
        for each in self._disputes.get(iri, ()):
            label = self._graph.label(each.name, self._language)
            yield label, disputing.place(each, self._language)


def _interval(graph: Graph, iri: ox.NamedNode, language: str) -> Span | None:
    """Return an interval as it was read; None if the name is not that of one."""
    for quad in graph.store.quads_for_pattern(iri, RDF.type, CAS.TimeInterval, None):
        if not isinstance(quad.graph_name, ox.NamedNode):
            continue
        claim = quad.graph_name
        if not any(True for _ in graph.store.quads_for_pattern(claim, CAS.asserted, None, None)):
            continue
        bounds = _read(graph.store, iri, claim)
        ground = cards.ground(graph, claim, language)
        cell = cards.cell(graph, iri, language)
        told = in_words(bounds, language)
        return Span(iri, ground.told.text, cell, bounds, bounds, told, (ground,), (ground,))
    return None


def _read(store: ox.Store, iri: ox.NamedNode, graph: ox.NamedNode) -> Bounds:
    """Return the bounds that a graph gives."""
    days = []
    for predicate in _BOUNDS:
        found = (quad.object for quad in store.quads_for_pattern(iri, predicate, None, graph))
        known = [date.fromisoformat(each.value) for each in found if isinstance(each, ox.Literal)]
        days.append(known[0] if known else None)
    return Bounds(*days)
