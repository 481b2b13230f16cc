"""What a perspective says beside what Wikidata has: statement by statement, and who is finer.

Compared are the properties of ontology/wikibase/properties.tsv. Nothing here says who is right.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import pyoxigraph as ox

from kg import perspectives, snaks, statements
from kg.evidence import of_claim
from kg.items import Entities, Entity, Theirs
from kg.snaks import Item, Point, Special, Stand, Time, Vague, Value, Words
from kg.statements import HUMAN, Part, Reader, Statement
from kg.store import Graph
from kg.terms import CAS
from kg.wikibase.model import YEAR

# One dies in one place. Dates and points are taken to be one too; of other things there may be
# several, so that another one is no disagreement.
_ONE = frozenset({"P20"})
_LONGEST = 1500  # characters of a value in Mismatch Finder
MISMATCH = (
    "item_id",
    "statement_guid",
    "property_id",
    "wikidata_value",
    "meta_wikidata_value",
    "external_value",
    "external_url",
    "type",
)


class Verdict(Enum):
    """How what is said here stands to what is said there."""

    AGREE = "agree"
    FINER = "more precise here"
    COARSER = "more precise there"
    TENSION = "tension"
    DISAGREE = "disagree"
    HERE = "only here"
    THERE = "only there"
    UNLIKE = "not comparable"


_VERDICTS = {
    Stand.SAME: Verdict.AGREE,
    Stand.FINER: Verdict.FINER,
    Stand.COARSER: Verdict.COARSER,
    Stand.OVERLAP: Verdict.TENSION,
    Stand.APART: Verdict.DISAGREE,
    Stand.UNLIKE: Verdict.UNLIKE,
}
_NEAREST = (Stand.SAME, Stand.FINER, Stand.COARSER, Stand.OVERLAP, Stand.APART, Stand.UNLIKE)


@dataclass(frozen=True, slots=True)
class Compared:
    """A statement, or a qualifier of one, here and there.

    Attributes:
        verdict: how the two stand.
        qid: the item that it is about.
        thing: ours.
        pid: of the property.
        qualifies: the property of the statement of which it is a qualifier; else empty.
        ours: None if only they say it.
        theirs: the value; None if only we say it.
        statement: of theirs, in which the value is; None if there is none.
        remark: what the verdict leaves out: `deprecated there`, `other kind`.
        reference: what reference works say in its place.
    """

    verdict: Verdict
    qid: str
    thing: ox.NamedNode
    pid: str
    qualifies: str
    ours: Part | None
    theirs: Value | None
    statement: Theirs | None
    remark: str = ""
    reference: tuple[Value, ...] = ()
    source: str = ""


def compare(graph: Graph, key: str, entities: Entities) -> list[Compared]:
    """Return how what a perspective says stands to the items that are given.

    Sorted by item and property. Of an item that is not given nothing is said.
    """
    return list(_Comparison(graph, key, entities).all())


class _Comparison:
    """A perspective of a graph, and items."""

    def __init__(self, graph: Graph, key: str, entities: Entities) -> None:
        keys = perspectives.keys(graph.store)
        self._entities = entities
        self._readers = [Reader(graph, each) for each in dict.fromkeys([key, *keys])]
        self._links = self._readers[0].links
        self._ours = statements.statements(graph, key)
        reference = perspectives.REFERENCE
        told = (
            statements.statements(graph, reference)
            if reference in keys and key != reference
            else []
        )
        self._reference = told
        self._parts = {row.pid for row in statements.rows() if row.note.startswith("qualifier")}
        self._pids = sorted({row.pid for row in statements.rows() if row.is_main}, key=_number)

    def all(self) -> Iterator[Compared]:
        """Yield all that is compared."""
        ours: dict[tuple[str, str], list[Statement]] = {}
        for each in self._ours:
            if each.qid:
                ours.setdefault((each.qid, each.pid), []).append(each)
        for qid in self._links.items():
            entity = self._entities.get(qid)
            thing = self._links.thing(qid)
            if entity is None or thing is None:
                continue
            for pid in self._pids:
                here = ours.get((qid, pid), [])
                there = entity.of(pid)
                if entity.whole or there:
                    yield from self._property(entity, qid, thing, pid, here, there)

    def _property(
        self,
        entity: Entity,
        qid: str,
        thing: ox.NamedNode,
        pid: str,
        here: Sequence[Statement],
        there: Sequence[Theirs],
    ) -> Iterator[Compared]:
        free = list(there)
        # What agrees goes first, so that no other takes its place.
        for own in sorted(
            here, key=lambda s: not any(self._is_same(s.value, t.value) for t in free)
        ):
            beside = self._told(thing, pid)
            match = self._match(own, free)
            if match is None:
                verdict, value, remark = self._absent(entity, own)
                yield Compared(
                    verdict, qid, thing, pid, "", own.main, value, None, remark, beside, own.source
                )
                continue
            stand, theirs, remark = match
            free.remove(theirs)
            verdict = _VERDICTS[stand]
            if theirs.rank == "deprecated" and stand in {Stand.SAME, Stand.FINER, Stand.COARSER}:
                verdict, remark = Verdict.DISAGREE, "deprecated there"
            if isinstance(theirs.value, Special):
                verdict, remark = _special(theirs.value)
            if isinstance(own.value, Special):
                verdict, remark = Verdict.COARSER, "without a name here"
            yield Compared(
                verdict,
                qid,
                thing,
                pid,
                "",
                own.main,
                theirs.value,
                theirs,
                remark,
                beside,
                own.source,
            )
            if verdict not in {Verdict.DISAGREE, Verdict.UNLIKE}:
                yield from self._qualifiers(qid, thing, own, theirs)
        for theirs in free:
            if theirs.rank != "deprecated":
                beside = self._told(thing, pid)
                yield Compared(
                    Verdict.THERE, qid, thing, pid, "", None, theirs.value, theirs, "", beside
                )

    def _match(self, own: Statement, there: Sequence[Theirs]) -> tuple[Stand, Theirs, str] | None:
        """Return what of theirs a statement of ours is to be held against, and how they stand."""
        found: list[tuple[bool, int, int, int, Stand, Theirs, str]] = []
        for place, theirs in enumerate(there):
            stand, remark = self._stand(own, theirs.value)
            if isinstance(own.value, Item) and stand is Stand.SAME:
                overlap = _overlap(own, theirs)
                if overlap is None:  # another term of the same office
                    continue
            else:
                overlap = 0
            is_other = stand is Stand.APART or (
                stand is Stand.UNLIKE and not isinstance(theirs.value, Special)
            )
            if is_other and not self._is_single(own.main):
                continue
            last = theirs.rank == "deprecated"
            found.append((last, _NEAREST.index(stand), -overlap, place, stand, theirs, remark))
        if not found:
            return None
        *_, stand, theirs, remark = min(found, key=lambda each: each[:4])
        return stand, theirs, remark

    def _stand(self, own: Statement, theirs: Value) -> tuple[Stand, str]:
        """Return how two values stand, as far as our graph knows them."""
        ours = own.value
        if isinstance(ours, Special) and not isinstance(theirs, Special):
            return Stand.COARSER, "without a name here"
        if not isinstance(ours, Item) or not isinstance(theirs, Item):
            return snaks.compare(ours, theirs), ""
        if self._is_same(ours, theirs):
            return Stand.SAME, ""
        mine, other = self._thing(ours), self._links.thing(theirs.id)
        if mine is None or other is None or own.pid == "P31":
            return Stand.APART, ""
        for reader in self._readers:
            if reader.is_part(mine, other):
                return Stand.FINER, ""
            if reader.is_part(other, mine):
                return Stand.COARSER, ""
        if own.pid not in _SEVERAL and self._is_group(mine) != self._is_group(other):
            return Stand.OVERLAP, "other kind"
        return Stand.APART, ""

    def _is_same(self, ours: Value, theirs: Value) -> bool:
        if isinstance(ours, Item) and isinstance(theirs, Item):
            return self._entities.now(ours.id) == self._entities.now(theirs.id)
        return snaks.compare(ours, theirs) is Stand.SAME

    def _absent(self, entity: Entity, own: Statement) -> tuple[Verdict, Value | None, str]:
        """Return the verdict on what they do not say under the same property."""
        if own.pid == "P585":  # there it may have a first and a last day
            days = [snaks.days_of(t.value) for pid in ("P580", "P582") for t in entity.of(pid)[:1]]
            if len(days) == 2 and days[0] and days[1]:
                first, last = days[0][0], days[1][1]
                span = Vague(first, last, f"{first}/{last}")
                verdict = _VERDICTS[snaks.compare(own.value, span)]
                return verdict, span, "first and last day there"
        return Verdict.HERE, None, ""

    def _qualifiers(
        self, qid: str, thing: ox.NamedNode, own: Statement, theirs: Theirs
    ) -> Iterator[Compared]:
        told: set[str] = set()
        for part in own.qualifiers:
            told.add(part.pid)
            there = theirs.qualifier(part.pid)
            best: tuple[Stand, Value] | None = None
            for value in there:
                as_own = Statement(own.subject, own.qid, part)
                stand, _ = self._stand(as_own, value)
                if best is None or _NEAREST.index(stand) < _NEAREST.index(best[0]):
                    best = stand, value
            if best is None:
                yield Compared(Verdict.HERE, qid, thing, part.pid, own.pid, part, None, theirs)
                continue
            verdict, remark = _VERDICTS[best[0]], ""
            if isinstance(best[1], Special):
                verdict, remark = _special(best[1])
            if theirs.rank == "deprecated":
                remark = remark or "deprecated there"
            yield Compared(verdict, qid, thing, part.pid, own.pid, part, best[1], theirs, remark)
        for pid in sorted(self._parts - told, key=_number):
            for value in theirs.qualifier(pid):
                yield Compared(Verdict.THERE, qid, thing, pid, own.pid, None, value, theirs)

    def _told(self, thing: ox.NamedNode, pid: str) -> tuple[Value, ...]:
        return tuple(s.value for s in self._reference if s.subject == thing and s.pid == pid)

    def _thing(self, item: Item) -> ox.NamedNode | None:
        return ox.NamedNode(item.id) if ":" in item.id else self._links.thing(item.id)

    def _is_group(self, thing: ox.NamedNode) -> bool:
        return any(CAS.Group in reader.kinds(thing) for reader in self._readers)

    def _is_single(self, part: Part) -> bool:
        return isinstance(part.value, Time | Vague | Point) or part.pid in _ONE


# Persons and groups take part in one event side by side.
_SEVERAL = frozenset({"P710", "P1344", "P361", "P527", "P463"})


def _special(theirs: Special) -> tuple[Verdict, str]:
    if theirs is Special.SOME:
        return Verdict.FINER, "unknown there"
    return Verdict.DISAGREE, "none there"


def _overlap(own: Statement, theirs: Theirs) -> int | None:
    """Return how many days two terms may share; None if they certainly share none.

    An end that is not told is open. The days of both ends of each side are taken as widely as
    they are written.
    """
    first = max(_ends(own, theirs, "P580"), default=0)
    last = min(_ends(own, theirs, "P582"), default=3_652_059)  # the last day that Python has
    return last - first if last >= first else None


def _ends(own: Statement, theirs: Theirs, pid: str) -> Iterator[int]:
    ours = (part.value for part in own.qualifiers if part.pid == pid)
    for value in (*ours, *theirs.qualifier(pid)):
        days = snaks.days_of(value)
        day = days and (days[0] if pid == "P580" else days[1])
        if day:
            yield day.toordinal()


def _number(pid: str) -> int:
    return int(pid[1:])


def mismatches(graph: Graph, found: Iterable[Compared]) -> str:
    """Return what disagrees, as the Mismatch Finder imports it.

    Only what their statement and ours both tell as one value of a kind that it takes, and what no
    disagreement among texts and reference works touches.
    Source: https://github.com/wmde/wikidata-mismatch-finder/blob/main/docs/UserGuide.md
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(MISMATCH)
    for each in found:
        if row := _mismatch(graph, each):
            writer.writerow(row)
    return out.getvalue()


def _mismatch(graph: Graph, found: Compared) -> tuple[str, ...] | None:
    ours, theirs, statement = found.ours, found.theirs, found.statement
    if found.verdict is not Verdict.DISAGREE or not ours or ours.disputed or statement is None:
        return None
    if found.source:  # it is the editor's, and no perspective says it
        return None
    if statement.rank == "deprecated" or isinstance(theirs, Special | None):
        return None
    here, there = _as_text(ours.value), _as_text(theirs)
    if not statement.id.startswith(f"{found.qid}$") or not here or not there:
        return None
    calendar = theirs.calendar if isinstance(theirs, Time) else ""
    kind = "qualifier" if found.qualifies else "statement"
    url = address(graph, ours, found.source)
    return found.qid, statement.id, found.pid, there, calendar, here, url, kind


def _as_text(value: Value | None) -> str:
    """Return a value as Wikidata's own parser reads it; empty where it would not."""
    if isinstance(value, Time) and value.precision >= YEAR:
        return str(value).removesuffix(" (Julian)")
    if isinstance(value, Item) and snaks.ITEM_ID.fullmatch(value.id):
        return value.id
    if isinstance(value, Point):
        return str(value)
    if isinstance(value, Words) and len(value.text) <= _LONGEST:
        return snaks.plain(value.text)
    return ""


def address(graph: Graph, part: Part, source: str = "") -> str:
    """Return where one can read what a part rests on: the claim, or the work that says it."""
    for claim in part.claims:
        return of_claim(graph.store, claim).source or claim.value
    return source


def label(graph: Graph, value: Value | None, links: statements.Links, language: str) -> str:
    """Return a value for a reader: the name of a thing of ours, with its item."""
    if value is None:
        return ""
    if not isinstance(value, Item):
        return str(value)
    if ":" in value.id:
        return graph.label(ox.NamedNode(value.id), language)
    thing = links.thing(value.id)
    name = graph.label(thing, language) if thing else statements.labels().get(value.id, "")
    if value.id == HUMAN:
        name = statements.labels().get(HUMAN, name)
    return f"{name} ({value.id})" if name else value.id
