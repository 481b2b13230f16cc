"""Entity JSON, as Wikidata gives it and keeps it: files of it read into statements.

Read are `wbgetentities` and Special:EntityData (`{"entities": …}`), one entity by itself,
`wbgetclaims` (`{"claims": …}`), and dumps, an entity a line. What cannot be read is a finding;
the rest is read.
Source: https://doc.wikimedia.org/Wikibase/master/php/docs_topics_json.html
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kg import formats, snaks
from kg.errors import Finding, Place, UnreadableInput
from kg.snaks import Value

RANKS = ("preferred", "normal", "deprecated")


@dataclass(frozen=True, slots=True)
class Theirs:
    """A statement of theirs.

    Attributes:
        pid: of its property, `P39`.
        value: of it.
        rank: one of `RANKS`.
        id: of the statement, its item in capitals.
        qualifiers: the values of each property.
    """

    pid: str
    value: Value
    rank: str
    id: str
    qualifiers: Mapping[str, tuple[Value, ...]]

    def qualifier(self, pid: str) -> tuple[Value, ...]:
        """Return the values of a qualifier."""
        return self.qualifiers.get(pid, ())


@dataclass(frozen=True, slots=True)
class Entity:
    """An item of theirs.

    Attributes:
        id: under which it is kept.
        asked: ids under which it was asked for; more than its own where items were merged.
        labels: by language.
        aliases: by language.
        statements: in their order.
        whole: whether all is known of it, not only some statements.
    """

    id: str
    asked: frozenset[str]
    labels: Mapping[str, str]
    aliases: Mapping[str, tuple[str, ...]]
    statements: tuple[Theirs, ...]
    whole: bool = True

    def of(self, pid: str) -> list[Theirs]:
        """Return the statements of a property."""
        return [each for each in self.statements if each.pid == pid]


class Entities:
    """Items by their ids, those that were merged into others too."""

    def __init__(self, found: Iterable[Entity] = ()) -> None:
        self._known: dict[str, Entity] = {}
        for entity in found:
            self._add(entity)

    def __contains__(self, qid: object) -> bool:
        return qid in self._known

    def __iter__(self) -> Iterator[Entity]:
        """Yield each item once, by its id."""
        found = {entity.id: entity for entity in self._known.values()}
        return iter(sorted(found.values(), key=lambda entity: number(entity.id)))

    def get(self, qid: str) -> Entity | None:
        """Return an item, None if nothing is known of it."""
        return self._known.get(qid)

    def now(self, qid: str) -> str:
        """Return the id under which an item is kept now."""
        return self._known[qid].id if qid in self._known else qid

    def _add(self, entity: Entity) -> None:
        before = self._known.get(entity.id)
        if before and not (
            before.whole or entity.whole
        ):  # answers of wbgetclaims, a property each
            entity = replace(
                entity,
                asked=before.asked | entity.asked,
                statements=(*before.statements, *entity.statements),
            )
        for qid in {entity.id, *entity.asked}:
            self._known[qid] = entity


def number(qid: str) -> tuple[int, str]:
    """Return what ids are sorted by, Q9 before Q10."""
    return int(qid[1:]) if qid[1:].isdigit() else 0, qid


def read(paths: Iterable[Path]) -> tuple[Entities, list[Finding]]:
    """Return the items of files, and of the .json files of folders, and what cannot be read.

    Raises: UnreadableInput, for a file that is not there.
    """
    found: list[Entity] = []
    findings: list[Finding] = []
    for path in paths:
        if path.is_dir():
            files = sorted(path.glob("*.json"))
            if not files:
                raise UnreadableInput("there is no .json file in this folder", Place(path))
        else:
            files = [path]
        for file in files:
            found += _read_file(file, findings)
    return Entities(found), findings


def parse(text: str, path: Path) -> tuple[list[Entity], list[Finding]]:
    """Return the items of a text of JSON, and what cannot be read of it."""
    findings: list[Finding] = []
    return list(_parse(text, path, findings)), findings


def _read_file(path: Path, findings: list[Finding]) -> Iterator[Entity]:
    yield from _parse(formats.read_text(path), path, findings)


def _parse(text: str, path: Path, findings: list[Finding]) -> Iterator[Entity]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        lines = text.splitlines()
        if len(lines) > 1 and _is_dump_line(lines[0] if lines[0].strip() != "[" else lines[1]):
            yield from _lines(lines, path, findings)
        else:
            why = "it ends in the middle" if _is_cut(text, error) else str(error)
            findings.append(_fault(Place(path, line), f"this is not JSON: {why}"))
        return
    yield from _document(document, Place(path), findings)


def _is_cut(text: str, error: Exception) -> bool:
    return getattr(error, "pos", 0) >= len(text.rstrip()) - 1 or "Unterminated" in str(error)


def _is_dump_line(line: str) -> bool:
    try:
        return isinstance(json.loads(line.strip().rstrip(",")), dict)
    except (ValueError, RecursionError):
        return False


def _lines(lines: Iterable[str], path: Path, findings: list[Finding]) -> Iterator[Entity]:
    for line, written in enumerate(lines, 1):
        entity = written.strip().rstrip(",")
        if entity in {"", "[", "]"}:
            continue
        try:
            document = json.loads(entity)
        except (ValueError, RecursionError) as error:
            why = getattr(error, "msg", str(error))
            findings.append(_fault(Place(path, line), f"this line is not JSON: {why}"))
            continue
        yield from _document(document, Place(path, line), findings)


def _document(document: Any, place: Place, findings: list[Finding]) -> Iterator[Entity]:
    if isinstance(document, list):
        for each in document:
            yield from _document(each, place, findings)
        return
    if not isinstance(document, dict):
        findings.append(_fault(place, "this is JSON, but no entity", _FORMS))
        return
    if "error" in document and isinstance(document["error"], dict):
        info = document["error"].get("info") or document["error"].get("code")
        findings.append(_fault(place, f"this is an error of the API, not an entity: {info}"))
        return
    if isinstance(document.get("entities"), dict | list):
        listed = document["entities"]
        pairs = listed.items() if isinstance(listed, dict) else ((None, each) for each in listed)
        for asked, each in pairs:
            yield from _entity(each, asked, place, findings)
        return
    if "id" in document and (
        "claims" in document or "statements" in document or "labels" in document
    ):
        yield from _entity(document, None, place, findings)
        return
    if "claims" in document:
        yield from _claims(document["claims"], place, findings)
        return
    findings.append(_fault(place, "this is JSON, but no entity", _FORMS))


_FORMS = "an entity has an id and claims, as Special:EntityData and wbgetentities give it"


def _entity(
    written: Any, asked: str | None, place: Place, findings: list[Finding]
) -> Iterator[Entity]:
    if not isinstance(written, dict):
        findings.append(_fault(place, f"{asked or 'an entity'} is no object"))
        return
    qid = str(written.get("id") or asked or "").upper()
    if not snaks.ITEM_ID.fullmatch(qid):
        if not qid.startswith(
            ("P", "L", "M")
        ):  # properties and lexemes are no items, and no fault
            findings.append(_fault(place, f"{qid or 'an entity without an id'} is no item"))
        return
    if "missing" in written:
        hint = "it was deleted, or never there: look for it again with kg links"
        findings.append(_fault(place, f"Wikidata has no item {qid}", hint))
        return
    told = "claims" in written or "statements" in written
    if not told:
        hint = "ask for its claims too: what is not told is not compared"
        findings.append(Finding("warning", "entity-json", place, f"{qid} is without claims", hint))
    statements = written.get("claims", written.get("statements")) or {}
    redirected = written.get("redirects")
    came = redirected.get("from") if isinstance(redirected, dict) else None
    yield Entity(
        qid,
        frozenset(str(each).upper() for each in (asked, qid, came) if each),
        _labels(written.get("labels")),
        {
            language: tuple(_text(each) for each in many if _text(each))
            for language, many in _mapping(written.get("aliases")).items()
            if isinstance(many, list)
        },
        tuple(_statements(statements, qid, place, findings)),
        whole=told,
    )


def _claims(written: Any, place: Place, findings: list[Finding]) -> Iterator[Entity]:
    """Yield the items of an answer of wbgetclaims: their ids stand in those of statements."""
    owners: dict[str, list[Any]] = {}
    for each in _each(written):
        identifier = str(each.get("id", "")) if isinstance(each, dict) else ""
        owners.setdefault(identifier.partition("$")[0].upper(), []).append(each)
    for qid, listed in sorted(owners.items()):
        if not snaks.ITEM_ID.fullmatch(qid):
            findings.append(_fault(place, "a statement whose id names no item"))
            continue
        told = tuple(_statements(listed, qid, place, findings))
        yield Entity(qid, frozenset({qid}), {}, {}, told, whole=False)


def _statements(written: Any, qid: str, place: Place, findings: list[Finding]) -> Iterator[Theirs]:
    for each in _each(written):
        try:
            yield _statement(each)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            name = each.get("id") if isinstance(each, dict) else None
            why = str(error) if isinstance(error, ValueError) else f"it lacks {error}"
            findings.append(
                _fault(place, f"{qid}: the statement {name or '?'} cannot be read: {why}")
            )


def _statement(written: Any) -> Theirs:
    if not isinstance(written, dict):
        raise ValueError("it is no object")  # noqa: TRY004 it is said of data
    snak = written["mainsnak"]
    value = snaks.read(snak)
    rank = written.get("rank", "normal")
    if rank not in RANKS:
        raise ValueError(f"its rank {rank!r} is none of {', '.join(RANKS)}")
    qid, dollar, rest = str(written.get("id", "")).partition("$")
    qualifiers = {
        pid: tuple(snaks.read(each) for each in many)
        for pid, many in _mapping(written.get("qualifiers")).items()
    }
    return Theirs(
        str(snak["property"]).upper(), value, rank, qid.upper() + dollar + rest, qualifiers
    )


def _each(statements: Any) -> Iterator[Any]:
    """Yield statements, which are in lists by property; PHP writes an empty map as a list."""
    listed = statements.values() if isinstance(statements, dict) else [statements]
    for many in listed:
        yield from many if isinstance(many, list) else [many]


def _labels(written: Any) -> dict[str, str]:
    return {language: _text(each) for language, each in _mapping(written).items() if _text(each)}


def _text(term: Any) -> str:
    return str(term.get("value", "")) if isinstance(term, dict) else ""


def _mapping(written: Any) -> dict[str, Any]:
    return written if isinstance(written, dict) else {}


def _fault(place: Place, message: str, hint: str = "") -> Finding:
    return Finding("error", "entity-json", place, message, hint)
