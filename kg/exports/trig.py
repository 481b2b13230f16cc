"""TriG: all graphs, each by its name; what a build writes beside its store.

Source: https://www.w3.org/TR/trig/
"""

import shutil
from typing import IO

import pyoxigraph as ox

from kg import lines
from kg.store import Graph
from kg.terms import PREFIXES

MEDIA_TYPE, SUFFIX = "application/trig", "trig"
_BLOCK = 1 << 20


def write(graph: Graph, out: IO[bytes]) -> None:
    """Write all graphs; the file that is beside the store, where it is there."""
    if graph.dump:
        with graph.dump.open("rb") as file:
            shutil.copyfileobj(file, out, _BLOCK)
        return
    with lines.statements(graph.store, *lines.graphs(graph.store)) as quads:
        ox.serialize(quads, out, format=ox.RdfFormat.TRIG, prefixes=PREFIXES)
