"""Turtle: the default graph, a paragraph a subject.

Source: https://www.w3.org/TR/turtle/
"""

from typing import IO

import pyoxigraph as ox

from kg import lines
from kg.store import Graph
from kg.terms import PREFIXES

MEDIA_TYPE, SUFFIX = "text/turtle", "ttl"


def write(graph: Graph, out: IO[bytes]) -> None:
    """Write the default graph."""
    with lines.default_graph(graph.store, graph.dump) as quads:
        ox.serialize(quads, out, format=ox.RdfFormat.TURTLE, prefixes=PREFIXES)
