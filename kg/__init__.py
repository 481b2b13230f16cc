"""A historical text as a knowledge graph in which every fact opens back to the words behind it.

>>> import kg
>>> graph = kg.open_graph(BUILD)
>>> for row in graph.query("SELECT ?who { ?who cas:succeeded id:mussolini }"):
...     print(graph.label(row["who"]))
Pietro Badoglio
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kg.errors import Finding, KgError, Place
    from kg.pipeline import Report, build, check
    from kg.store import Graph, open_graph

__all__ = ["Finding", "Graph", "KgError", "Place", "Report", "build", "check", "open_graph"]
_MODULES = {
    **dict.fromkeys(["Finding", "KgError", "Place"], "kg.errors"),
    **dict.fromkeys(["Report", "build", "check"], "kg.pipeline"),
    **dict.fromkeys(["Graph", "open_graph"], "kg.store"),
}


def __getattr__(name: str) -> Any:
    """Return what is asked for first: a worker that needs one module does not wait for all."""
    if name not in _MODULES:
        raise AttributeError(f"module 'kg' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
