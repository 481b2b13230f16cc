"""When it happened: the occurrences of the texts in time, and the same rows as a table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import request

from kg import Graph, allen, disagree, perspectives
from kg.allen import NAMES, OWL_TIME
from kg.dates import Bounds
from kg.errors import BadQuery, UnknownName, did_you_mean
from kg.terms import CAS, PREFIXES, shorten
from kg.words import say
from server import cards, documents, layout, spans
from server.draw import timeline
from server.draw.timeline import Axis
from server.spans import Span
from server.state import Served

_TEXT, _REFERENCE, _BOTH = "text", perspectives.REFERENCE, "both"
_PERSPECTIVES = (_BOTH, _TEXT, _REFERENCE)
_SORTS = ("start", "text")
_UNIONS = ("Precedes", "SharesDayWith", "Follows")
_MOST_YEARS = 15  # of links; a longer time is seen as a whole


@dataclass(frozen=True, slots=True)
class Choice:
    """Another state of the page.

    Attributes:
        label: in words.
        value: of the parameter that chooses it.
        path: of it.
        chosen: whether it is this one.
    """

    label: str
    value: str
    path: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Relation:
    """How two occurrences lie in time, by all days that their bounds allow.

    Attributes:
        here: the one.
        there: the other.
        verdict: what is certain, or what is left, in words.
        ways: each relation that holds or may hold, in words, with the path of its proof.
    """

    here: Span
    there: Span
    verdict: str
    ways: tuple[tuple[str, str], ...]


def page(here: Served, language: str) -> str:
    """Return the page with the occurrences that are asked for, in time.

    `?text=` chooses texts, `?perspective=` what they say with reference works beside it (`both`),
    alone (`text`), or what the works say (`reference`); `?kind=` a class and `?focus=` a thing
    that takes part; `?sort=` the order (`start`, `text`), `?from=` and `?to=` the years that are
    drawn, `?a=` and `?b=` two occurrences to be compared.

    Raises: UnknownName and BadQuery, if there is no such thing or value.
    """
    graph = here.graph
    keys, perspective = _asked(graph)
    every = _rows(graph, keys, perspective, language)
    rows = _sorted(_filtered(graph, keys, every))
    drawn = spans.lines_of(rows, language)
    return layout.framed(
        "timeline.html",
        "timeline",
        language,
        drawing=spans.sheet(drawn, language, axis=_axis(drawn)),
        rows=rows,
        signs=[(each, timeline.sample(each)) for each in timeline.signs(drawn)],
        perspectives=_choices("perspective", _PERSPECTIVES, language),
        sorts=_choices("sort", _SORTS, language),
        years=_years(drawn, language),
        kinds=_kinds(graph, every, language),
        actors=_actors(graph, keys, language),
        filtered=len(rows) != len(every),
        reference=disagree.perspective_in_words(_REFERENCE, graph.store, language),
        whose=_whose(graph, keys, language),
        kept=[(name, value) for name, value in _state() if name not in {"kind", "focus"}],
        compared=[(name, value) for name, value in _state() if name not in {"a", "b"}],
        all=every,
        relation=_relation(graph, every, language),
    )


def _asked(graph: Graph) -> tuple[tuple[str, ...], str]:
    """Return the keys of the perspectives whose occurrences are asked for, and which way."""
    known = cards.texts(graph)
    names = request.args.getlist("text") or known
    for name in names:
        if name not in known:
            raise UnknownName(f"there is no text {name!r}", hint=did_you_mean(name, known))
    chosen = _chosen("perspective", _PERSPECTIVES)
    if chosen == _REFERENCE:
        return (_REFERENCE,), chosen
    return tuple(f"text/{name}" for name in dict.fromkeys(names)), chosen


def _chosen(parameter: str, values: Sequence[str]) -> str:
    """Return the value of a parameter: the first of those it may have, if none is given."""
    value = request.args.get(parameter) or values[0]
    if value not in values:
        hint = did_you_mean(value, values) or f"choose one of {', '.join(values)}"
        raise BadQuery(f"there is no {parameter} {value!r}", hint=hint)
    return value


def _rows(graph: Graph, keys: Sequence[str], perspective: str, language: str) -> list[Span]:
    told = spans.beside if perspective == _BOTH else spans.of_perspective
    if len(keys) == 1:
        return [*told(graph, keys[0], language)]
    return [
        replace(span, source=disagree.perspective_in_words(key, graph.store, language))
        for key in keys
        for span in told(graph, key, language)
    ]


def _filtered(graph: Graph, keys: Sequence[str], rows: Iterable[Span]) -> list[Span]:
    """Return the rows of the kind that is asked for, or that have to do with a thing."""
    found = list(rows)
    if kind := request.args.get("kind", "").removeprefix("cas:"):
        known = {shorten(each).removeprefix("cas:") for row in found for each in row.types}
        if kind not in known:
            hint = did_you_mean(kind, known)
            raise UnknownName(f"there is no kind of event {kind!r} here", hint=hint)
        found = [row for row in found if getattr(CAS, kind) in row.types]
    if focus := request.args.get("focus", "").removeprefix("id:"):
        name = f"id:{focus}"
        if name not in graph.names:
            raise UnknownName(f"{name} is not in the graph", hint=did_you_mean(name, graph.names))
        thing = ox.NamedNode(PREFIXES["id"] + focus)
        near = {thing}.union(*(spans.around(graph, key, thing) for key in keys))
        found = [row for row in found if row.iri in near]
    return found


def _sorted(rows: list[Span]) -> list[Span]:
    by_text = _chosen("sort", _SORTS) == "text"
    return sorted(rows, key=spans.by_text if by_text else spans.by_start)


def _axis(rows: Sequence[timeline.Row]) -> Axis | None:
    """Return the time that is asked for, or the one that holds the rows."""
    asked = [request.args.get(name, "") for name in ("from", "to")]
    if not any(asked):
        return timeline.axis_of(rows)
    if not all(each.isascii() and each.isdigit() and 1 <= int(each[:5]) <= 9999 for each in asked):
        raise BadQuery("the time to draw needs two years", hint="like ?from=1943&to=1944")
    first, last = map(int, asked)
    if last < first:
        raise BadQuery(f"the time to draw ends before it begins: {first} to {last}")
    return timeline.years(first, last)


def _state() -> list[tuple[str, str]]:
    """Return the parameters of this page that say something, in a fixed order."""
    names = ("text", "perspective", "kind", "focus", "sort", "from", "to", "a", "b")
    return [(name, value) for name in names for value in request.args.getlist(name) if value]


def _path(language: str, **changes: str) -> str:
    """Return the path of this page with some parameters changed; an empty one is left out."""
    kept = [(name, value) for name, value in _state() if name not in changes]
    asked = urlencode([*kept, *((name, value) for name, value in changes.items() if value)])
    path = documents.address("timeline", language=language)
    return f"{path}?{asked}" if asked else path


def _choices(parameter: str, values: Sequence[str], language: str) -> list[Choice]:
    chosen = _chosen(parameter, values)
    return [
        Choice(
            say(language, f"page/timeline-{parameter}-{value}"),
            value,
            _path(language, **{parameter: "" if value == values[0] else value}),
            value == chosen,
        )
        for value in values
    ]


def _years(rows: Sequence[timeline.Row], language: str) -> list[Choice]:
    """Return the years that the rows lie in, to see one of them alone, and all of them."""
    axis, whole = timeline.axis_of(rows), timeline.whole(rows)
    if not (axis and whole):
        return []
    first, last = (timeline.date_of(day)[0] for day in (axis.first, axis.after - 1))
    given = request.args.get("from", ""), request.args.get("to", "")
    found = []
    if last - first in range(1, _MOST_YEARS):
        for year in map(str, range(first, last + 1)):
            path = _path(language, **{"from": year, "to": year})
            found.append(Choice(year, year, path, given == (year, year)))
    if whole.first < axis.first or axis.after < whole.after:
        edges = [str(timeline.date_of(day)[0]) for day in (whole.first, whole.after - 1)]
        label = " … ".join(dict.fromkeys(edges))
        path = _path(language, **{"from": edges[0], "to": edges[1]})
        found.append(Choice(label, label, path, given == tuple(edges)))
    if found:
        path = _path(language, **{"from": "", "to": ""})
        found.insert(0, Choice(say(language, "page/timeline-all"), "", path, given == ("", "")))
    return found


def _kinds(graph: Graph, rows: Iterable[Span], language: str) -> list[Choice]:
    """Return the classes that some rows have, and not all."""
    rows = list(rows)
    chosen = request.args.get("kind", "").removeprefix("cas:")
    found = {each for row in rows for each in row.types if each.value.startswith(PREFIXES["cas"])}
    some = (each for each in found if not all(each in row.types for row in rows))
    return _listed(graph, some, "kind", chosen, language)


def _actors(graph: Graph, keys: Iterable[str], language: str) -> list[Choice]:
    """Return who takes part in something; whatever else is asked for is listed too."""
    chosen = request.args.get("focus", "").removeprefix("id:")
    found = {each for key in keys for each in spans.actors(graph, key)}
    if chosen:
        found.add(ox.NamedNode(PREFIXES["id"] + chosen))
    return _listed(graph, found, "focus", chosen, language)


def _listed(
    graph: Graph, terms: Iterable[ox.NamedNode], parameter: str, chosen: str, language: str
) -> list[Choice]:
    found = []
    for term in terms:
        name = shorten(term).partition(":")[2]
        path = _path(language, **{parameter: name})
        found.append(Choice(graph.label(term, language), name, path, name == chosen))
    return sorted(found, key=lambda each: (each.label.casefold(), each.value))


def _whose(graph: Graph, keys: Iterable[str], language: str) -> str:
    return ", ".join(disagree.perspective_in_words(key, graph.store, language) for key in keys)


def _relation(graph: Graph, rows: Sequence[Span], language: str) -> Relation | None:
    """Return how the two rows that are asked for lie to one another; None unless two are."""
    pair = [_row(rows, name) for name in ("a", "b") if request.args.get(name)]
    if len(pair) < 2 or pair[0] == pair[1]:
        return None
    here, there = pair
    found = dict(allen.relations(here.bounds, there.bounds))
    return Relation(
        here, there, _verdict(found, language), tuple(_ways(graph, here, there, found, language))
    )


def _row(rows: Sequence[Span], parameter: str) -> Span:
    name = request.args[parameter].removeprefix("id:")
    known = {row.name: row for row in rows}
    if name not in known:
        hint = did_you_mean(name, known)
        raise UnknownName(f"there is no event {name!r} on this timeline", hint=hint)
    return known[name]


def _verdict(found: dict[str, allen.Strength], language: str) -> str:
    """Return which of before, together and after are left, in words."""
    left = [each for each in _UNIONS if each in found]
    if not found or len(left) == len(_UNIONS):
        return say(language, "relation/open")
    told = [say(language, f"relation/{each}") for each in left]
    if len(left) == 1:
        return say(language, "relation/certain", how=told[0])
    never = say(language, f"relation/{next(each for each in _UNIONS if each not in found)}")
    return say(language, "relation/possible", one=told[0], other=told[1], never=never)


def _ways(
    graph: Graph, here: Span, there: Span, found: dict[str, allen.Strength], language: str
) -> Iterator[tuple[str, str]]:
    """Yield each of the relations, the certain ones first; of the unions only what is certain."""
    if Bounds() in {here.bounds, there.bounds} or here.key != there.key:
        return  # the graph relates what has days, in one perspective
    shown = [name for name in NAMES if name in OWL_TIME or found.get(name) == "certain"]
    sides = {"s": shorten(here.iri), "o": shorten(there.iri)}
    for strength, adverb in (("certain", "certainly"), ("possible", "possibly")):
        for name in shown:
            if found.get(name) == strength:
                relation = getattr(CAS, adverb + name)
                asked = urlencode({**sides, "p": shorten(relation)})
                path = f"{documents.address('why', language=language)}?{asked}"
                yield graph.label(relation, language), path
