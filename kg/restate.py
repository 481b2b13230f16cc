"""What Wikidata says, in our terms: claims for the file wikidata.trig of a text.

Such a file stands beside `reference.trig` and is read as a perspective of its own, so that the
disagreements with texts are found like any others. Said again is what is not deprecated, of things
that are linked on both sides; of offices held, what we know a tenure of.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pyoxigraph as ox

from kg import formats, snaks, statements
from kg.items import Entities, Theirs
from kg.snaks import Item, Value
from kg.statements import Links
from kg.store import Graph
from kg.terms import CAS, DCT, PREFIXES, RDF, RDFS, expand
from kg.wikibase.model import DAY

_STATEMENT = "http://www.wikidata.org/entity/statement/"
_DIGITS = 2  # of the number of a claim, at least
# Wikidata says of the person what we say of the event.
_FATES = {
    "P20": (CAS.Death, CAS.tookPlaceAt),
    "P157": (CAS.Execution, CAS.carriedOutBy),
    "P2632": (CAS.Detention, CAS.tookPlaceAt),
}


@dataclass(slots=True)
class _Said:
    """What one statement of theirs says in our terms.

    Attributes:
        source: their statement.
        triples: with names of ours.
        dated: what is dated, and its date in EDTF.
    """

    source: str
    triples: list[ox.Triple] = field(default_factory=list)
    dated: list[tuple[ox.NamedNode, str]] = field(default_factory=list)


def as_trig(graph: Graph, text: str, entities: Entities) -> str:
    """Return what items say as the file `wikidata.trig` of a text.

    Writes: a claim for each statement, `c:w01` and on, with its statement as dct:source, and a
            class for each thing that it speaks of.
    """
    teller = _Teller(graph)
    base = f"{PREFIXES['text']}{text}"
    quads = list[ox.Quad]()
    said = [each for each in teller.all(entities) if each.triples or each.dated]
    digits = max(_DIGITS, len(str(len(said))))
    for number, each in enumerate(said, 1):
        name = f"w{number:0{digits}}"
        claim = ox.NamedNode(f"{base}/claim/{name}")
        quads.append(ox.Quad(claim, DCT.source, ox.NamedNode(each.source)))
        triples = [*each.triples]
        for place, (thing, edtf) in enumerate(each.dated):
            last = f"-{place + 1}" if place else ""
            interval = ox.NamedNode(f"{base}/time/{name}{last}")
            triples += [
                ox.Triple(thing, CAS.hasInterval, interval),
                ox.Triple(interval, RDF.type, CAS.TimeInterval),
                ox.Triple(interval, CAS.edtf, ox.Literal(edtf)),
            ]
        triples += teller.classes(triples)
        quads += [ox.Quad(t.subject, t.predicate, t.object, claim) for t in dict.fromkeys(triples)]
    prefixes = {"c": f"{base}/claim/", "t": f"{base}/time/", **PREFIXES}
    trig = formats.named("trig", formats.RDF_SYNTAXES)
    return formats.write(quads, trig, prefixes).decode()


class _Teller:
    """The names and tenures of a graph."""

    def __init__(self, graph: Graph) -> None:
        self._store = graph.store
        self._links = Links(graph.store)
        self._direct = {row.pid: row.term for row in statements.direct()}
        self._direct |= {"P131": "cas:within", "P706": "cas:within"}

    def all(self, entities: Entities) -> Iterator[_Said]:
        """Yield what each statement says, in the order of items and properties."""
        for entity in entities:
            thing = self._links.thing(entity.id) or next(
                (each for qid in sorted(entity.asked) if (each := self._links.thing(qid))), None
            )
            if thing is None:
                continue
            pids = sorted(
                {each.pid for each in entity.statements}, key=lambda pid: (len(pid), pid)
            )
            for pid in pids:
                for theirs in _best(entity.of(pid)):
                    yield self._said(entities, thing, theirs)

    def classes(self, triples: Iterable[ox.Triple]) -> list[ox.Triple]:
        """Return a class for each thing of ours in some triples, as claims state it."""
        terms = [term for triple in triples for term in (triple.subject, triple.object)]
        things = [t for t in terms if isinstance(t, ox.NamedNode)]
        ours = [t for t in dict.fromkeys(things) if t.value.startswith(PREFIXES["id"])]
        return [ox.Triple(thing, RDF.type, kind) for thing in ours for kind in self._class(thing)]

    def _class(self, thing: ox.NamedNode) -> list[ox.NamedNode]:
        found = [
            quad.object
            for quad in self._store.quads_for_pattern(thing, RDF.type, None)
            if isinstance(quad.object, ox.NamedNode)
            and isinstance(quad.graph_name, ox.NamedNode)
            and quad.graph_name.value.startswith(PREFIXES["text"])
        ]
        ontology = expand("g:ontology")
        above = {
            quad.object
            for each in found
            for quad in self._store.quads_for_pattern(each, RDFS.subClassOf, None, ontology)
        }
        return sorted(set(found) - above, key=str)[:1]

    def _said(self, entities: Entities, thing: ox.NamedNode, theirs: Theirs) -> _Said:
        said = _Said(_STATEMENT + theirs.id.replace("$", "-", 1))
        value = self._value(entities, theirs.value)
        edtf = _edtf(theirs.value)
        if theirs.pid in {"P585", "P580", "P582"} and edtf and self._is(thing, CAS.Event):
            sides = {"P580": f"{edtf}/..", "P582": f"../{edtf}"}
            said.dated.append((thing, sides.get(theirs.pid, edtf)))
        elif theirs.pid == "P570" and edtf:
            for event in self._fates(thing, CAS.Death):
                said.triples.append(ox.Triple(event, CAS.affected, thing))
                said.dated.append((event, edtf))
        elif theirs.pid in _FATES and value:
            kind, relation = _FATES[theirs.pid]
            for event in self._fates(thing, kind):
                said.triples.append(ox.Triple(event, CAS.affected, thing))
                said.triples.append(ox.Triple(event, relation, value))
        elif theirs.pid == "P39" and value:
            self._tell_tenure(said, thing, value, theirs)
        elif theirs.pid in self._direct and value and value != thing:
            term = self._direct[theirs.pid]
            s, o = (value, thing) if term.startswith("^") else (thing, value)
            said.triples.append(ox.Triple(s, expand(term.removeprefix("^")), o))
        return said

    def _tell_tenure(
        self, said: _Said, holder: ox.NamedNode, office: ox.NamedNode, theirs: Theirs
    ) -> None:
        tenures = sorted(
            {
                quad.subject
                for quad in self._store.quads_for_pattern(None, CAS.holder, holder)
                if any(
                    True for _ in self._store.quads_for_pattern(quad.subject, CAS.office, office)
                )
            },
            key=str,
        )
        if len(tenures) != 1 or not isinstance(tenures[0], ox.NamedNode):
            return  # which of two terms it is, no one has said
        said.triples += [
            ox.Triple(tenures[0], CAS.holder, holder),
            ox.Triple(tenures[0], CAS.office, office),
        ]
        for pid, form in (("P580", "{}/.."), ("P582", "../{}")):
            dates = [edtf for value in theirs.qualifier(pid) if (edtf := _edtf(value))]
            said.dated += [(tenures[0], form.format(edtf)) for edtf in dates[:1]]

    def _fates(self, person: ox.NamedNode, kind: ox.NamedNode) -> list[ox.NamedNode]:
        """Return the one event of a class that befell a person, if we know of one alone."""
        quads = self._store.quads_for_pattern(None, CAS.affected, person)
        found = {q.subject for q in quads if isinstance(q.subject, ox.NamedNode)}
        events = sorted((each for each in found if self._is(each, kind)), key=str)
        return events if len(events) == 1 else []

    def _is(self, thing: ox.NamedNode, kind: ox.NamedNode) -> bool:
        return any(True for _ in self._store.quads_for_pattern(thing, RDF.type, kind))

    def _value(self, entities: Entities, value: Value) -> ox.NamedNode | None:
        if not isinstance(value, Item):
            return None
        return self._links.thing(value.id) or self._links.thing(entities.now(value.id))


def _best(found: Iterable[Theirs]) -> list[Theirs]:
    """Return the statements of best rank: the preferred, else the normal ones, never others."""
    listed = list(found)
    preferred = [each for each in listed if each.rank == "preferred"]
    return preferred or [each for each in listed if each.rank == "normal"]


def _edtf(value: Value) -> str:
    """Return a date as EDTF, in the Gregorian calendar; empty for what is none."""
    days = snaks.days_of(value)
    if days is None or not isinstance(value, snaks.Time):
        return ""
    if value.calendar == snaks.JULIAN:
        return days[0].isoformat() if days[0] and value.precision >= DAY else ""
    return str(value)
