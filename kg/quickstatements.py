"""What a text can give to Wikidata, as commands of QuickStatements, and what is withheld, and why.

Given is what the words of a text say of linked things, with these words as the reference; never
what is disputed, and what only follows when it is asked for. Written is what both versions of the
tool read alike: no ranks, no removals, no texts with a bar.
Source: https://www.wikidata.org/wiki/Help:QuickStatements
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from ipaddress import ip_address
from urllib.parse import urlsplit

import pyoxigraph as ox

from kg import compare, snaks, statements
from kg.compare import Compared, Verdict
from kg.evidence import Evidence, of_claim
from kg.items import Entities, Entity
from kg.proof.tree import Node
from kg.snaks import Item, Point, Special, Time, Vague, Value, Words
from kg.statements import Links, Part, Statement
from kg.store import Graph
from kg.terms import BASE, CAS, DCT, SKOS, expand, shorten
from kg.wikibase.model import WIKIDATA

_LONGEST = 1500  # characters of a text on Wikidata
_ORDER = ("P580", "P582", "P585", "P1365", "P1366")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]+)*")
_VALUE = re.compile(
    r"[QP][1-9][0-9]*|LAST|somevalue|novalue"
    r"|\"[^\"|\t\n][^|\t\n]*\"|[a-z-]+:\"[^|\t\n]+\""
    r"|[+-][0-9]{4,}-[0-9]{2}-[0-9]{2}T00:00:00Z/[0-9]{1,2}(/J)?|@-?[0-9.]+/-?[0-9.]+"
)
_REMEDIES = {
    "inferred": "--inferred gives it",
    "interpretive": "--interpretive gives it",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One command.

    Attributes:
        subject: the item, or `LAST`, the one just created.
        thing: ours.
        key: `P39`, or `Lpt`, `Apt` for a label or an alias; `CREATE` alone.
        value: as QuickStatements writes values.
        qualifiers: pairs of property and value.
        references: pairs of each reference.
        summary: of the edit.
    """

    subject: str
    thing: ox.NamedNode
    key: str
    value: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    references: tuple[tuple[tuple[str, str], ...], ...] = ()
    summary: str = ""

    def as_v1(self) -> str:
        """Return the command as a line of tab-separated columns."""
        if self.key == "CREATE":
            return "CREATE"
        columns = [self.subject, self.key, self.value]
        for pid, value in self.qualifiers:
            columns += [pid, value]
        for place, reference in enumerate(self.references):
            for number, (pid, value) in enumerate(reference):
                next_one = "!" if place and not number else ""
                columns += [f"{next_one}S{pid[1:]}", value]
        return "\t".join(columns) + (f" /* {self.summary} */" if self.summary else "")


@dataclass(frozen=True, slots=True)
class Withheld:
    """What is not given.

    Attributes:
        thing: ours, of which it is said.
        item: of Wikidata; empty where there is none.
        what: it says, `P39 Q25160174`.
        why: it is withheld.
        claims: that say it.
    """

    thing: ox.NamedNode
    item: str
    what: str
    why: str
    claims: tuple[ox.NamedNode, ...] = ()


@dataclass(slots=True)
class Offer:
    """What a text can give.

    Attributes:
        lines: in the order of items; new items last.
        only_csv: those of them with a bar, which V1 would read as the end of a column.
        withheld: the rest.
    """

    lines: list[Line] = field(default_factory=list)
    only_csv: list[Line] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms something is given.

    Attributes:
        inferred: whether what only follows is given too.
        interpretive: whether what a careful reader could refuse is.
        retrieved: the day that references are dated with, if any.
        create: things for which a new item is made.
    """

    inferred: bool = False
    interpretive: bool = False
    retrieved: date | None = None
    create: frozenset[ox.NamedNode] = frozenset()


STRICT = Terms()


def offer(
    graph: Graph, key: str, entities: Entities | None = None, terms: Terms = STRICT
) -> Offer:
    """Return what a perspective of a text can give to Wikidata.

    Where items are given, what they have already is withheld, and what they contradict; of items
    that are not given among them, all.
    """
    return _Giver(graph, key, entities, terms).offer()


def as_v1(lines: Iterable[Line]) -> str:
    """Return commands as text, one a line."""
    return "".join(f"{line.as_v1()}\n" for line in lines)


def as_csv(lines: Iterable[Line]) -> dict[str, str]:
    """Return commands as tables by name: one for each set of columns, so that no cell is empty.

    An item that is made, and what is said of it, are V1 alone.
    """
    tables: dict[tuple[str, ...], list[list[str]]] = {}
    for line in lines:
        if line.key != "CREATE" and line.subject != "LAST":
            columns, cells = _row(line)
            tables.setdefault(columns, []).append(cells)
    found: dict[str, str] = {}
    for columns, rows in tables.items():
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([columns, *rows])
        stem = "-".join(c for c in columns if not c.lower().startswith(("qid", "s", "#")))
        name = next(n for n in _names(stem) if n not in found)
        found[name] = out.getvalue()
    return found


def faults(v1: str) -> list[str]:
    """Return what a file of commands has that the tool would read otherwise than it is meant."""
    found = []
    for number, line in enumerate(v1.splitlines(), 1):
        columns = re.sub(r" /\* [^*]* \*/$", "", line).split("\t")
        if columns == ["CREATE"]:
            continue
        told = f"line {number}"
        if len(columns) < 3 or len(columns) % 2 == 0:
            found.append(f"{told}: the columns are not in pairs")
            continue
        if not re.fullmatch(r"Q[1-9][0-9]*|LAST", columns[0]):
            found.append(f"{told}: {columns[0]!r} is no item")
        if not re.fullmatch(r"P[1-9][0-9]*|[LAD][a-z]{2,3}(-[a-z]+)*", columns[1]):
            found.append(f"{told}: {columns[1]!r} is no property, label or alias")
        keys = columns[3::2]
        found += [f"{told}: {k!r} is no qualifier or source" for k in keys
                  if not re.fullmatch(r"P[1-9][0-9]*|!?S[1-9][0-9]*", k)]  # fmt: skip
        found += [f"{told}: {v!r} is no value" for v in columns[2::2] if not _VALUE.fullmatch(v)]
    return found


class _Giver:
    """A perspective, what is known of its items, and the terms."""

    def __init__(self, graph: Graph, key: str, entities: Entities | None, terms: Terms) -> None:
        self._graph = graph
        self._key = key
        self._text = expand(f"text:{key.removeprefix('text/')}")
        self._entities = entities
        self._terms = terms
        self._links = Links(graph.store)
        self._compared: dict[tuple[object, ...], Compared] = {}
        if entities is not None:
            for each in compare.compare(graph, key, entities):
                if each.ours is not None:
                    self._compared[_same(each.thing, each.qualifies, each.ours)] = each
        self._language = self._said(self._text, DCT.language) or "und"
        self._offer = Offer()

    def offer(self) -> Offer:
        """Return all that is given, and all that is not."""
        said = statements.statements(self._graph, self._key)
        for statement in said:
            self._weigh(statement)
        spoken = {statement.subject for statement in said}
        spoken |= {thing for thing in map(self._thing, said) if thing is not None}
        for thing in sorted(spoken, key=str):
            self._name(thing)
        for lines in (self._offer.lines, self._offer.only_csv):
            lines.sort(key=_order)
        created = dict.fromkeys(line.thing for line in self._offer.lines if line.subject == "LAST")
        for thing in created:
            place = next(i for i, line in enumerate(self._offer.lines) if line.thing == thing)
            self._offer.lines.insert(place, Line("", thing, "CREATE"))
        return self._offer

    def _weigh(self, statement: Statement) -> None:
        why = self._against(statement)
        what = f"{statement.pid} {self._told(statement.value)}"
        if why:
            self._withhold(statement.subject, what, why, statement.main.claims)
            return
        qualifiers = []
        parts = [statement.main]
        for part in sorted(statement.qualifiers, key=_place):
            reason = self._against_part(part) or self._against_theirs(
                statement.subject, statement.pid, part
            )
            if reason:
                told = f"{what}, its {part.pid} {self._told(part.value)}"
                self._withhold(statement.subject, told, reason, part.claims)
            else:
                qualifiers.append((part.pid, _written(part.value)))
                parts.append(part)
        claims = sorted({claim for part in parts for claim in part.claims}, key=str)
        evidence = [of_claim(self._graph.store, claim) for claim in claims]
        line = Line(
            self._subject(statement.subject),
            statement.subject,
            statement.pid,
            _written(statement.value),
            tuple(qualifiers),
            tuple(self._reference(each) for each in evidence),
            f"Cassibile {evidence[0].text}/{'+'.join(each.name for each in evidence)}",
        )
        self._give(line, what, tuple(claims))

    def _give(self, line: Line, what: str, claims: tuple[ox.NamedNode, ...]) -> None:
        if "|" in line.as_v1():
            self._offer.only_csv.append(line)
            why = "a | in the words: only the CSV form can say it"
            self._withhold(line.thing, what, why, claims)
        elif found := faults(line.as_v1()):
            self._withhold(line.thing, what, found[0].partition(": ")[2], claims)
        else:
            self._offer.lines.append(line)

    def _against(self, statement: Statement) -> str:
        """Return why a statement is not given; empty if it is."""
        if statement.source or not statement.main.claims:
            return "an editor says it, and no words of the text"
        if reason := self._against_part(statement.main):
            return reason
        if not self._subject(statement.subject):
            return f"{shorten(statement.subject)} waits for an item"
        return self._against_theirs(statement.subject, "", statement.main) or self._against_words(
            statement.main
        )

    def _against_part(self, part: Part) -> str:
        if part.disputed:
            return "disputed: kg disagreements tells by whom"
        if part.inferred and not self._terms.inferred:
            return f"inferred: {_REMEDIES['inferred']}"
        for claim in part.claims:
            told = of_claim(self._graph.store, claim)
            if told.source:
                return "a reference work says it, and not the text"
            if others := self._others(claim):
                return f"its words can be read otherwise: {', '.join(others)}"
        weakest = any(_is_interpretive(node) for node in part.proofs)
        if weakest and not self._terms.interpretive:
            return f"read into the words: {_REMEDIES['interpretive']}"
        return self._against_value(part.value)

    def _against_value(self, value: Value) -> str:
        if isinstance(value, Special):
            return "the text gives no name"
        if isinstance(value, Item) and not snaks.ITEM_ID.fullmatch(value.id):
            return f"{shorten(ox.NamedNode(value.id))} waits for an item"
        if isinstance(value, Vague):
            return f"no one precision tells the date {value.edtf}"
        return ""

    def _against_theirs(self, thing: ox.NamedNode, qualifies: str, part: Part) -> str:
        qid = self._links.item(thing)
        if self._entities is None or not qid:
            return ""
        entity = self._entities.get(qid)
        if entity is None:
            return f"{qid} is not among the items given, so it may be there already"
        found = self._compared.get(_same(thing, qualifies, part))
        if found is None or found.verdict is Verdict.HERE:
            return ""
        theirs = compare.label(self._graph, found.theirs, self._links, "en")
        if found.verdict is Verdict.AGREE:
            return "in Wikidata already; what is missing beside it is entered by hand"
        if found.verdict is Verdict.FINER:
            return f"Wikidata has {theirs}, less precise: to be entered by hand"
        if found.verdict is Verdict.COARSER:
            return f"Wikidata has {theirs}, more precise"
        return f"Wikidata has {theirs}"

    def _against_words(self, part: Part) -> str:
        host = urlsplit(BASE).hostname or ""
        if not self._said(self._text, DCT.source) and not _is_public(host):
            return f"{host or BASE} is no address that others can open: set KG_BASE"
        for claim in part.claims:
            for quote in of_claim(self._graph.store, claim).quotes:
                words = snaks.plain(quote.exact)
                if len(words) > _LONGEST:
                    return f"its words have more than {_LONGEST} characters"
                if set(words) & set("“”"):
                    return "curly quotes in its words, which the tool straightens"
                if "/*" in words:
                    return "a /* in its words, which the tool takes for a summary"
        return ""

    def _others(self, claim: ox.NamedNode) -> list[str]:
        quads = self._graph.store.quads_for_pattern(
            None, CAS.alternativeTo, claim, expand("g:claims")
        )
        return sorted(getattr(quad.subject, "value", "").rpartition("/")[2] for quad in quads)

    def _reference(self, told: Evidence) -> tuple[tuple[str, str], ...]:
        """Return where the words stand, the words, and the day on which they were looked up."""
        item = self._said(self._text, SKOS.exactMatch).removeprefix(WIKIDATA)
        place = self._said(self._text, DCT.source) or told.claim.value
        where = ("P248", item) if item else ("P854", f'"{place}"')
        quotes = [
            ("P1683", f'{self._language.lower()}:"{snaks.plain(quote.exact)}"')
            for quote in told.quotes
        ]
        day = self._terms.retrieved
        dated = [("P813", f"+{day.isoformat()}T00:00:00Z/11")] if day else []
        return (where, *quotes, *dated)

    def _name(self, thing: ox.NamedNode) -> None:
        """Give the names of a thing that its item lacks."""
        subject = self._subject(thing)
        if not subject:
            return
        entity = self._entities.get(subject) if self._entities is not None else None
        names = list(self._names(thing))
        for language, words, is_preferred in names:
            kind = "L" if is_preferred else "A"
            why = self._against_name(subject, entity, language, words, is_preferred=is_preferred)
            if why == _THERE:
                continue
            if why == _AS_ALIAS:
                kind, why = "A", ""
            if why:
                self._withhold(thing, f"{kind}{language} {words}", why)
            else:
                line = Line(subject, thing, f"{kind}{language}", f'"{snaks.plain(words)}"')
                self._give(line, f"{kind}{language} {words}", ())

    def _against_name(
        self, subject: str, entity: Entity | None, language: str, words: str, *, is_preferred: bool
    ) -> str:
        if set(words) & set('“”"|'):
            return "quotes or a bar in the name, which the tool changes"
        if subject == "LAST":
            return ""
        if entity is None:
            if is_preferred:
                return "it would replace the name that is there: give the item to compare"
            return ""
        there = entity.labels.get(language)
        if words in {there, *entity.aliases.get(language, ())}:
            return _THERE
        if not entity.labels and not entity.aliases:
            return "the item is given without its names"
        return _AS_ALIAS if is_preferred and there else ""

    def _names(self, thing: ox.NamedNode) -> Iterator[tuple[str, str, bool]]:
        for predicate in (SKOS.prefLabel, SKOS.altLabel):
            quads = self._graph.store.quads_for_pattern(
                thing, predicate, None, expand("g:entities")
            )
            literals = (q.object for q in quads if isinstance(q.object, ox.Literal))
            names = sorted((o.language or "", o.value) for o in literals)
            for language, words in names:
                if _LANGUAGE.fullmatch(language):
                    yield language, words, predicate == SKOS.prefLabel

    def _thing(self, statement: Statement) -> ox.NamedNode | None:
        if not isinstance(statement.value, Item):
            return None
        return self._links.thing(statement.value.id)

    def _subject(self, thing: ox.NamedNode) -> str:
        return self._links.item(thing) or ("LAST" if thing in self._terms.create else "")

    def _told(self, value: Value) -> str:
        return compare.label(self._graph, value, self._links, "en")

    def _said(self, subject: ox.NamedNode, predicate: ox.NamedNode) -> str:
        quads = self._graph.store.quads_for_pattern(subject, predicate, None, expand("g:claims"))
        return min((getattr(quad.object, "value", "") for quad in quads), default="")

    def _withhold(
        self, thing: ox.NamedNode, what: str, why: str, claims: tuple[ox.NamedNode, ...] = ()
    ) -> None:
        self._offer.withheld.append(Withheld(thing, self._links.item(thing), what, why, claims))


_THERE, _AS_ALIAS = "in Wikidata already", "as another name"


def _same(thing: ox.NamedNode, qualifies: str, part: Part) -> tuple[object, ...]:
    """Return what a part is found again by: read anew, it is equal and another object."""
    return thing, qualifies, part.pid, str(part.value), part.claims


def _is_interpretive(node: Node) -> bool:
    return node.reading == CAS.Interpretive


def _place(part: Part) -> tuple[int, int]:
    known = _ORDER.index(part.pid) if part.pid in _ORDER else len(_ORDER)
    return known, int(part.pid[1:])


def _order(line: Line) -> tuple[object, ...]:
    """Return what lines are sorted by: items by number, new ones last, names before statements."""
    number = int(line.subject[1:]) if line.subject != "LAST" else 10**12
    kind = "LAP".index(line.key[0])
    pid = int(line.key[1:]) if kind == 2 else 0
    return number, line.thing.value, kind, pid, line.key, line.value


def _written(value: Value) -> str:
    if isinstance(value, Time):
        julian = "/J" if value.calendar == snaks.JULIAN else ""
        return f"{value.time}/{value.precision}{julian}"
    if isinstance(value, Point):
        return f"@{value.latitude}/{value.longitude}"
    if isinstance(value, Words):
        return f'{value.language}:"{value.text}"' if value.language else f'"{value.text}"'
    return str(value)


def _row(line: Line) -> tuple[tuple[str, ...], list[str]]:
    """Return the columns and the cells of a command."""
    bare = line.value[1:-1] if line.key[0] in "LA" else line.value
    pairs = [("qid", line.subject), (line.key, bare)]
    pairs += [(f"qal{pid[1:]}", value) for pid, value in line.qualifiers]
    for reference in line.references:
        for number, (pid, value) in enumerate(reference):
            pairs.append((f"{'s' if number else 'S'}{pid[1:]}", value))
    if line.summary:
        pairs.append(("#", line.summary))
    return tuple(column for column, _ in pairs), [cell for _, cell in pairs]


def _names(stem: str) -> Iterator[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1


def _is_public(host: str) -> bool:
    """Return whether a host can be one that anyone reaches."""
    try:
        ip_address(host)
    except ValueError:
        return "." in host and not host.endswith((".local", ".localhost", ".internal", ".test"))
    return False  # a number is no address to cite
