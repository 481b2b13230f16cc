"""GraphML: entities and their relations as a property graph, for network tools.

A node has its English name, its classes, its days and its links; an edge has the property that it
is, and the claims that state it, none where it follows. Several values in one have a space between
them. What the claims state is held in memory, the rest streams, edges by way of a temporary file.
Source: http://graphml.graphdrawing.org/specification.html
"""

import shutil
from collections.abc import Iterable
from functools import cache
from tempfile import TemporaryFile
from typing import IO
from xml.sax.saxutils import escape, quoteattr

import pyoxigraph as ox

from kg.store import Graph
from kg.terms import PREFIXES
from kg.things import BOUNDS, stated, things

MEDIA_TYPE, SUFFIX = "application/graphml+xml", "graphml"
_BLOCK = 1 << 20
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
    known = stated(graph.store)

    @cache
    def property_of(iri: str) -> str:
        label = graph.label(ox.NamedNode(iri))
        return _data("edge", _EDGE[:2], [label, iri.removeprefix(PREFIXES["cas"])])

    out.write(_HEAD.encode())
    for kind, names in (("node", _NODE), ("edge", _EDGE)):
        for name in names:
            key = f'<key id="{kind}-{name}" for="{kind}" attr.name="{name}" attr.type="string"/>'
            out.write(f"  {key}\n".encode())
    out.write(b'  <graph edgedefault="directed">\n')
    number = 0
    # All nodes first: some readers refuse an edge before them.
    with TemporaryFile() as edges, things(graph.store, graph.dump) as found:
        for thing in found:
            values = [thing.label, thing.kinds, thing.exact, thing.close]
            days = [thing.days.get(bound, ()) for bound in BOUNDS]
            source = quoteattr(thing.iri)
            data = _data("node", _NODE, [*values, *days])
            out.write(f"    <node id={source}>{data}</node>\n".encode())
            for predicate, other in thing.relations:
                number += 1
                ends = f"source={source} target={quoteattr(other)}"
                claims = known.get((thing.iri, predicate, other), ())
                data = property_of(predicate) + _data("edge", _EDGE[2:], [claims])
                edges.write(f'    <edge id="e{number}" {ends}>{data}</edge>\n'.encode())
        edges.seek(0)
        shutil.copyfileobj(edges, out, _BLOCK)
    out.write(b"  </graph>\n</graphml>\n")


def _data(kind: str, names: Iterable[str], values: Iterable[str | Iterable[str]]) -> str:
    """Return what a node or an edge has, without what is empty."""
    joined = (value if isinstance(value, str) else " ".join(value) for value in values)
    return "".join(
        f'<data key="{kind}-{name}">{escape(value)}</data>'
        for name, value in zip(names, joined, strict=True)
        if value
    )
