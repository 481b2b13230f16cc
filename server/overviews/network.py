"""The network: who did what with whom, where and under whom, around one thing.

`focus` is the thing, `relation` a property, `steps` 1 or 2; `text` and `perspective` are whose
account it is.
"""

from urllib.parse import urlencode

from flask import request

from kg.errors import BadQuery
from kg.terms import PREFIXES
from server import cards, layout, networking, placing
from server.cards import Cell
from server.draw import network as drawing
from server.state import Served

_STEPS = ("1", "2")


def page(here: Served, language: str) -> str:
    """Return the page with the picture of a network, and the same as a table."""
    graph = here.graph
    keys = placing.asked(graph)
    given = {name: request.args.get(name, "") for name in ("focus", "relation")}
    steps = request.args.get("steps", _STEPS[0])
    if steps not in _STEPS:
        raise BadQuery(f"a network has no {steps!r} steps", hint="choose 1 or 2")
    relation = (
        networking.property_of(graph, keys, given["relation"]) if given["relation"] else None
    )
    focus = (
        networking.thing_of(graph, keys, given["focus"])
        if given["focus"]
        else networking.foremost(graph, keys, relation)
    )
    found = focus and networking.around(graph, keys, focus, relation, int(steps), language)
    asked = {
        name: request.args.getlist(name)
        for name in ("relation", "steps", "text", "perspective")
        if any(request.args.getlist(name))
    }
    more = f"&{urlencode(asked, doseq=True)}" if asked else ""
    things = _things(here, keys, language)
    slug = networking.slug_of(focus) if focus else ""
    return layout.framed(
        "network.html",
        "network",
        language,
        focus=focus and cards.cell(graph, focus, language),
        slug=slug,
        listed=any(slug == name for each in things.values() for name, _ in each),
        network=found,
        picture=networking.drawn(found, language, more) if found and found.rows else "",
        stated=sum(bool(row.grounds) for row in found.rows) if found else 0,
        things=things,
        kinds=drawing.SHAPES,
        shape=drawing.shape,
        relation=given["relation"],
        relations=_relations(here, keys, language),
        steps=steps,
        perspectives=placing.PERSPECTIVES,
        perspective=request.args.get("perspective", placing.PERSPECTIVES[0]),
        texts=request.args.getlist("text"),
    )


def _things(
    here: Served, keys: tuple[str, ...], language: str
) -> dict[str, list[tuple[str, str]]]:
    """Return what can be in the middle, as (slug, name), by kind."""
    found: dict[str, list[tuple[str, str]]] = {kind: [] for kind in drawing.SHAPES}
    for thing in networking.by_thing(networking.relations(here.graph, keys)):
        label = cards.cell(here.graph, thing, language).label
        kind = networking.kind_of(here.graph, thing)
        found[kind].append((networking.slug_of(thing), label))
    return {
        kind: sorted(each, key=lambda thing: (thing[1].casefold(), thing[0]))
        for kind, each in found.items()
        if each
    }


def _relations(here: Served, keys: tuple[str, ...], language: str) -> list[tuple[str, Cell]]:
    """Return the properties that can be chosen, by their names."""
    found = [
        (each.value.removeprefix(PREFIXES["cas"]), cards.cell(here.graph, each, language))
        for each in networking.properties(here.graph, keys)
    ]
    return sorted(found, key=lambda each: (each[1].label.casefold(), each[0]))
