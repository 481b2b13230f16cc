"""GraphML: entities and their relations as a property graph, for network tools.

A node has its English name, its classes, its days and its links; an edge has the property that it
is, and the claims that state it, none where it follows. Several values in one have a space between
them. What the claims state is held in memory, the rest streams.
Source: http://graphml.graphdrawing.org/specification.html
"""

from collections.abc import Iterable
from functools import cache
from typing import IO
from xml.sax.saxutils import escape, quoteattr

import pyoxigraph as ox

from kg.store import Graph
from kg.terms import PREFIXES
from kg.things import BOUNDS, stated, things

MEDIA_TYPE, SUFFIX = "application/graphml+xml", "graphml"
_NODE = ("label", "kinds", "exact", "close", *BOUNDS)
_EDGE = ("label", "property", "claims")
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns
    http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">
"""


def write(graph: Graph, out: IO[bytes]) -> None:
    """Write the things of the default graph."""

    def put(text: str) -> None:
        out.write(text.encode())

    put(_HEAD)
    for kind, names in (("node", _NODE), ("edge", _EDGE)):
        for name in names:
            put(
                f'  <key id="{kind}-{name}" for="{kind}" attr.name="{name}" attr.type="string"/>\n'
            )
    put('  <graph edgedefault="directed">\n')
    with things(graph.store) as found:  # all nodes first: some readers refuse an edge before them
        for thing in found:
            values = [thing.label, thing.kinds, thing.exact, thing.close]
            days = [thing.days.get(bound, ()) for bound in BOUNDS]
            put(f"    <node id={quoteattr(thing.iri)}>")
            put(f"{_data('node', _NODE, [*values, *days])}</node>\n")
    known = stated(graph.store)
    label = cache(lambda iri: graph.label(ox.NamedNode(iri)))
    number = 0
    with things(graph.store) as found:
        for thing in found:
            for predicate, other in thing.relations:
                number += 1
                ends = f"source={quoteattr(thing.iri)} target={quoteattr(other)}"
                claims = known.get((thing.iri, predicate, other), ())
                values = [label(predicate), predicate.removeprefix(PREFIXES["cas"]), claims]
                put(f'    <edge id="e{number}" {ends}>{_data("edge", _EDGE, values)}</edge>\n')
    put("  </graph>\n</graphml>\n")


def _data(kind: str, names: Iterable[str], values: Iterable[str | Iterable[str]]) -> str:
    """Return what a node or an edge has, without what is empty."""
    joined = (value if isinstance(value, str) else " ".join(value) for value in values)
    return "".join(
        f'<data key="{kind}-{name}">{escape(value)}</data>'
        for name, value in zip(names, joined, strict=True)
        if value
    )
