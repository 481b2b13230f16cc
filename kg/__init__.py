"""A historical text as a knowledge graph in which every fact opens back to the words behind it.

>>> import kg
>>> graph = kg.open_graph(BUILD)
>>> for row in graph.query("SELECT ?who { ?who cas:succeeded id:mussolini }"):
...     print(graph.label(row["who"]))
Pietro Badoglio
"""

from kg.build import Report, build, check
from kg.errors import Finding, KgError, Place
from kg.store import Graph, open_graph

__all__ = ["Finding", "Graph", "KgError", "Place", "Report", "build", "check", "open_graph"]
