"""Which things have no item of Wikidata yet, what a service proposes, and writing it down.

Items are proposed by a reconciliation service; people decide. What is accepted is written into
the map where the thing has its names, and nothing else in the file changes.
Source: https://reconciliation-api.github.io/specs/0.2/
"""

import http.client
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pyoxigraph as ox

from kg import evidence, fetching, formats, paths, perspectives, snaks
from kg.errors import BrokenSyntax, CannotWrite, Place, UnknownName, UnreadableInput, did_you_mean
from kg.items import Entities
from kg.positions import Token, tokens
from kg.snaks import ITEM_ID
from kg.statements import Links, Reader
from kg.store import Graph
from kg.terms import CAS, PREFIXES, RDF, SKOS, expand, shorten
from kg.wikibase.model import WIKIDATA

SERVICE = "https://wikidata.reconci.link/en/api"
_BATCH = 10  # names asked for at once: Wikidata's service takes a second for each
_NO_ITEMS = (CAS.Tenure, CAS.Prospect, CAS.NonEvent, CAS.Condition, CAS.UnnamedPerson)
_NAMES = (SKOS.prefLabel, SKOS.altLabel)


@dataclass(frozen=True, slots=True)
class Link:
    """How a thing stands to Wikidata.

    Attributes:
        status: `to be reconciled`, without an item; `to be checked`, with one that is only near;
            `linked`; where items are given, `agrees`, `moved` to another id, or `not given`.
        thing: ours.
        item: linked; of several near ones all, else empty.
        kind: its most exact class.
        claims: the number of claims that speak of it.
        quote: the shortest words of them; empty if only reference works speak of it.
        note: where it was moved.
    """

    status: str
    thing: ox.NamedNode
    item: str
    kind: ox.NamedNode
    claims: int
    quote: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a service proposes.

    Attributes:
        id: in the service, `Q220`.
        name: of it.
        score: the service's own, the higher the better.
        is_match: whether the service is sure.
        description: what it is; may be empty.
    """

    id: str
    name: str
    score: float
    is_match: bool
    description: str


def links(graph: Graph, entities: Entities | None = None) -> list[Link]:
    """Return the things that can have an item, what is open first, by name.

    Tenures, plans, conditions and persons without a name have none, and are not there.
    """
    store = graph.store
    known = Links(store)
    readers = [Reader(graph, key) for key in perspectives.keys(store)]
    near = _near(store)
    found = []
    for thing, claims in sorted(_spoken(store).items(), key=lambda pair: pair[0].value):
        kinds = frozenset[ox.NamedNode]().union(*(reader.kinds(thing) for reader in readers))
        if not kinds or kinds & set(_NO_ITEMS) or not _named(store, thing):
            continue
        item = known.item(thing)
        status, note = _status(item, near.get(thing, []), entities)
        told = [evidence.of_claim(store, claim) for claim in claims]
        words = [quote.exact for each in told for quote in each.quotes]
        found.append(
            Link(
                status,
                thing,
                item or ", ".join(near.get(thing, [])),
                _exact(store, claims, thing, kinds),
                len(claims),
                snaks.plain(min(words, key=lambda w: (len(w), w), default="")),
                note,
            )
        )
    order = ("to be reconciled", "to be checked", "moved", "not given", "agrees", "linked")
    return sorted(found, key=lambda link: (order.index(link.status), link.thing.value))


def propose(
    graph: Graph,
    things: Sequence[ox.NamedNode],
    service: str = SERVICE,
    language: str = "en",
    *,
    limit: int = 5,
    wait: Callable[[float], None] | None = None,
) -> Iterator[tuple[ox.NamedNode, list[Candidate]]]:
    """Yield what a service proposes for each thing, best first; it is asked for a few at a time.

    Raises: UnreadableInput, if the service cannot be reached or does not answer as one.
    """
    for start in range(0, len(things), _BATCH):
        batch = things[start : start + _BATCH]
        queries = {
            f"q{number}": {"query": graph.label(thing, language), "limit": limit}
            for number, thing in enumerate(batch)
        }
        answer = _ask(service, queries, wait)
        for number, thing in enumerate(batch):
            yield thing, _candidates(answer.get(f"q{number}"), service)


def accept(seeds: Path, text: str, thing: ox.NamedNode, qid: str) -> Place:
    """Write into the map of a text that a thing is an item; return where.

    Raises: UnknownName, if that is no item, no map of the text names the thing, or one of the two
            is linked already; UnreadableInput and BrokenSyntax, if a map cannot be read;
            CannotWrite, if it cannot be written.
    """
    if not ITEM_ID.fullmatch(qid):
        raise UnknownName(f"{qid!r} is no item", hint="an item is written Q220")
    files = [seeds / text / name for name in ("map.trig", "reference.trig", "wikidata.trig")]
    read = [(file, list(formats.read(file))) for file in files if file.is_file()]
    item = ox.NamedNode(WIKIDATA + qid)
    for _, quads in read:
        for quad in quads:
            if quad.predicate == SKOS.exactMatch and thing == quad.subject:
                raise UnknownName(f"{shorten(thing)} is {shorten(quad.object)} already")
            if quad.predicate == SKOS.exactMatch and item == quad.object:
                raise UnknownName(f"{qid} is {shorten(quad.subject)} already")
    for file, quads in read:
        if any(q.subject == thing and q.predicate == SKOS.prefLabel for q in quads):
            return _write(file, quads, thing, item)
    known = {shorten(q.subject) for _, quads in read for q in quads if q.predicate in _NAMES}
    hint = did_you_mean(shorten(thing), known) or f"the maps of {text} name {len(known)} things"
    raise UnknownName(f"no map of {text} names {shorten(thing)}", hint=hint)


def _spoken(store: ox.Store) -> dict[ox.NamedNode, list[ox.NamedNode]]:
    """Return the things that asserted claims speak of, with these claims, sorted."""
    found: dict[ox.NamedNode, set[ox.NamedNode]] = {}
    for key in perspectives.keys(store):
        for claim, triples in perspectives.read(store, key).claims.items():
            for triple in triples:
                for term in (triple.subject, triple.object):
                    if isinstance(term, ox.NamedNode) and term.value.startswith(PREFIXES["id"]):
                        found.setdefault(term, set()).add(claim)
    return {thing: sorted(claims, key=str) for thing, claims in found.items()}


def _near(store: ox.Store) -> dict[ox.NamedNode, list[str]]:
    found: dict[ox.NamedNode, list[str]] = {}
    quads = store.quads_for_pattern(None, SKOS.closeMatch, None, expand("g:entities"))
    for quad in sorted(quads, key=str):
        qid = getattr(quad.object, "value", "").removeprefix(WIKIDATA)
        if isinstance(quad.subject, ox.NamedNode) and ITEM_ID.fullmatch(qid):
            found.setdefault(quad.subject, []).append(qid)
    return found


def _named(store: ox.Store, thing: ox.NamedNode) -> bool:
    quads = store.quads_for_pattern(thing, SKOS.prefLabel, None, expand("g:entities"))
    return any(True for _ in quads)


def _status(item: str, near: Sequence[str], entities: Entities | None) -> tuple[str, str]:
    if not item:
        return ("to be checked" if near else "to be reconciled"), ""
    if entities is None:
        return "linked", ""
    if item not in entities:
        return "not given", ""
    now = entities.now(item)
    return ("agrees", "") if now == item else ("moved", f"now {now}")


def _exact(
    store: ox.Store,
    claims: Iterable[ox.NamedNode],
    thing: ox.NamedNode,
    kinds: Iterable[ox.NamedNode],
) -> ox.NamedNode:
    """Return the class that a claim gives a thing, else the first of all that it has."""
    for claim in claims:
        for quad in store.quads_for_pattern(thing, RDF.type, None, claim):
            if isinstance(quad.object, ox.NamedNode):
                return quad.object
    return min(kinds, key=str)


def _ask(
    service: str, queries: dict[str, Any], wait: Callable[[float], None] | None
) -> dict[str, Any]:
    body = urlencode({"queries": json.dumps(queries, ensure_ascii=False)}).encode()
    place = Place(Path(service))
    hint = "name another with --service URL"
    try:
        written = fetching.get(service, body, **({"wait": wait} if wait else {}))
        answer = json.loads(written)
    except (OSError, http.client.HTTPException) as error:
        raise UnreadableInput(f"the service cannot be asked: {error}", place, hint) from error
    except ValueError as error:
        raise UnreadableInput(
            f"the service does not answer in JSON: {error}", place, hint
        ) from error
    if not isinstance(answer, dict) or not set(queries) & set(answer):
        raise UnreadableInput("this is no answer of a reconciliation service", place, hint)
    return answer


def _candidates(answer: Any, service: str) -> list[Candidate]:
    """Return the candidates of one query, the best first; what is none is left out."""
    listed = answer.get("result") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        raise UnreadableInput("an answer of the service has no result", Place(Path(service)))
    found = []
    for each in listed:
        if isinstance(each, dict) and isinstance(each.get("id"), str):
            score = each.get("score")
            found.append(
                Candidate(
                    each["id"],
                    str(each.get("name", "")),
                    float(score) if isinstance(score, int | float) else 0.0,
                    bool(each.get("match")),
                    str(each.get("description") or ""),
                )
            )
    return sorted(found, key=lambda candidate: -candidate.score)


def _write(path: Path, quads: Sequence[ox.Quad], thing: ox.NamedNode, item: ox.NamedNode) -> Place:
    """Insert the link after the names of a thing, and make sure that nothing else is changed."""
    raw = path.read_bytes().decode()  # as it is on disk: formats.read_text changes our names
    told, at = _after_names(raw, thing, path)
    newline = "\r\n" if "\r\n" in raw else "\n"
    link = f" ;{newline}  {told[0]} {_term(item, told[1])}"
    changed = f"{raw[:at]}{link}{raw[at:]}"
    added = ox.Quad(thing, SKOS.exactMatch, item)
    written = changed.replace(paths.CANONICAL, paths.BASE)
    if set(formats.parse(written, path)) != {*quads, added}:
        place = Place(path, raw[:at].count("\n") + 1)
        raise BrokenSyntax("the link cannot be put here", place, "write it by hand")
    partial = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        partial.write_bytes(changed.encode())
        partial.chmod(path.stat().st_mode)
        partial.replace(path.resolve())  # a link to a file stays one
    except OSError as error:
        partial.unlink(missing_ok=True)
        why = (error.strerror or str(error)).lower()
        raise CannotWrite(f"cannot write the map: {why}", Place(path)) from error
    return Place(path, changed[: at + len(link)].count("\n") + 1)


def _after_names(
    text: str, thing: ox.NamedNode, path: Path
) -> tuple[tuple[str, dict[str, str]], int]:
    """Return how skos:exactMatch is written, the prefixes, and where the names of a thing end."""
    prefixes: dict[str, str] = {}
    depth, subject, predicate, end = 0, "", "", -1
    found = -1
    previous: list[Token] = []
    is_start = True
    for token in tokens(text):
        if token.kind == "comment":
            continue
        iri = _iri(token, prefixes)
        if token.kind == "iri" and previous and previous[-1].text.endswith(":"):
            prefixes[previous[-1].text[:-1]] = token.text[1:-1]
        if token.kind == "mark" and token.text in "{}":
            depth += 1 if token.text == "{" else -1
            is_start = True
        elif depth == 0 and token.kind == "mark" and token.text in ".;":
            if subject == thing.value and predicate in {name.value for name in _NAMES}:
                found = end
            is_start = is_start or token.text == "."
            subject = "" if token.text == "." else subject
            predicate = ""
        elif depth == 0 and is_start and iri and not subject:
            subject, is_start, predicate = iri, False, ""
        elif depth == 0 and subject and not predicate and iri:
            predicate = iri
        end = token.offset + len(token.text)
        previous = [token]
    if found < 0:
        raise BrokenSyntax(f"the names of {shorten(thing)} are not found", Place(path))
    written = next((p for p, iri in prefixes.items() if iri == PREFIXES["skos"]), None)
    match = f"{written}:exactMatch" if written is not None else f"<{SKOS.exactMatch.value}>"
    return (match, prefixes), found


def _iri(token: Token, prefixes: dict[str, str]) -> str:
    if token.kind == "iri":
        return token.text[1:-1].replace(paths.CANONICAL, paths.BASE)
    if token.kind == "name":
        prefix, _, local = token.text.partition(":")
        whole = prefixes.get(prefix, "") + local.replace("\\", "")
        return whole.replace(paths.CANONICAL, paths.BASE)
    return ""


def _term(item: ox.NamedNode, prefixes: dict[str, str]) -> str:
    prefix = next((p for p, iri in prefixes.items() if iri == WIKIDATA), None)
    if prefix is None:
        return f"<{item.value}>"
    return f"{prefix}:{item.value.removeprefix(WIKIDATA)}"
