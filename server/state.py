"""The open graph of an application; a new build is opened by the next request after it."""

from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from flask import current_app

from kg import Graph, open_graph
from kg.store import CURRENT


@dataclass(frozen=True, slots=True)
class Config:
    """How this copy is served.

    Attributes:
        build: folder of the built graph.
        longest_body: bytes of a request that are read.
        most_rows: rows that a page shows; the endpoint itself gives all.
    """

    build: Path
    longest_body: int = 1_000_000
    most_rows: int = 1000


class Served:
    """The graph that is served, opened once for each build."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._lock = Lock()
        self._build = self._current()
        self._graph = open_graph(config.build)

    @property
    def graph(self) -> Graph:
        """Return the graph of the current build.

        Raises: NoGraph, if a new build cannot be opened.
        """
        build = self._current()
        with self._lock:
            if build and build != self._build:
                self._graph = open_graph(self.config.build)
                self._build = build
            return self._graph

    def _current(self) -> bytes:
        try:
            return (self.config.build / CURRENT).read_bytes()
        except FileNotFoundError:  # the folder was removed; what is open is served on
            return b""


def served() -> Served:
    """Return what the application of this request serves."""
    found = current_app.extensions["cassibile"]
    assert isinstance(found, Served), "create_app registers it"
    return found
