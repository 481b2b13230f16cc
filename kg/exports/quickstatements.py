"""QuickStatements: what the texts say of linked things, as commands that add it to Wikidata.

Written is V1, one command a line, each with the words of the text as its reference; what is
disputed, inferred or read into the words is left out. `kg quickstatements` compares with Wikidata
first, and tells what is left out and why.
Source: https://www.wikidata.org/wiki/Help:QuickStatements
"""

from typing import IO

from kg import perspectives, quickstatements
from kg.store import Graph

MEDIA_TYPE = "text/plain; charset=utf-8"
SUFFIX = "qs.txt"


def write(graph: Graph, out: IO[bytes]) -> None:
    """Write the commands of each text, by name. In memory are those of one text at a time."""
    for key in perspectives.keys(graph.store):
        if key.startswith("text/"):
            lines = quickstatements.offer(graph, key).lines
            out.write(quickstatements.as_v1(lines).encode())
