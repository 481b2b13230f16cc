"""N-Quads: all graphs, a line a quad, sorted.

Source: https://www.w3.org/TR/n-quads/
"""

from typing import IO

from kg import lines
from kg.store import Graph

MEDIA_TYPE, SUFFIX = "application/n-quads", "nq"


def write(graph: Graph, out: IO[bytes]) -> None:
    """Write all graphs."""
    for block in lines.quads(graph.store, graph.dump):
        out.writelines(block)
