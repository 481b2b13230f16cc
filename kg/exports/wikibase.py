"""Wikibase RDF: what each text and the reference works say, as Wikidata would keep it, in TriG.

A graph a perspective; statements, values and references have names of ours. It is what the texts
say in the shape of Wikidata, not what Wikidata says. The view is held in memory.
Source: https://www.mediawiki.org/wiki/Wikibase/Indexing/RDF_Dump_Format
"""

from typing import IO

import pyoxigraph as ox

from kg import formats
from kg.store import Graph
from kg.terms import QUERY_PREFIXES
from kg.wikibase import view

MEDIA_TYPE, SUFFIX = "application/trig", "trig"


def write(graph: Graph, out: IO[bytes]) -> None:
    """Write the view of each perspective."""
    found = formats.ordered(view.quads(view.entities(graph.store)))
    ox.serialize(found, out, format=ox.RdfFormat.TRIG, prefixes=QUERY_PREFIXES)
