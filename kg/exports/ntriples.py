"""N-Triples: the default graph, a line a triple, sorted.

Source: https://www.w3.org/TR/n-triples/
"""

from typing import IO

import pyoxigraph as ox

from kg import lines
from kg.store import Graph

MEDIA_TYPE, SUFFIX = "application/n-triples", "nt"


def write(graph: Graph, out: IO[bytes]) -> None:
    """Write the default graph."""
    for block in lines.triples(graph.store, ox.DefaultGraph()):
        out.writelines(block)
