"""TriG: all graphs, each by its name; what a build writes beside its store.

Source: https://www.w3.org/TR/trig/
"""

from typing import IO

import pyoxigraph as ox

from kg import lines
from kg.store import Graph
from kg.terms import PREFIXES

MEDIA_TYPE, SUFFIX = "application/trig", "trig"


def write(graph: Graph, out: IO[bytes]) -> None:
    """Write all graphs."""
    with lines.statements(graph.store, *lines.graphs(graph.store)) as quads:
        ox.serialize(quads, out, format=ox.RdfFormat.TRIG, prefixes=PREFIXES)
