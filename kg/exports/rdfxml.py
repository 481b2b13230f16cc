"""RDF/XML: the default graph, for tools that read XML.

Source: https://www.w3.org/TR/rdf-syntax-grammar/
"""

from typing import IO

import pyoxigraph as ox

from kg import lines
from kg.store import Graph
from kg.terms import PREFIXES

MEDIA_TYPE, SUFFIX = "application/rdf+xml", "rdf"


def write(graph: Graph, out: IO[bytes]) -> None:
    """Write the default graph."""
    with lines.default_graph(graph.store, graph.dump) as quads:
        ox.serialize(quads, out, format=ox.RdfFormat.RDF_XML, prefixes=PREFIXES)
