"""What the pages are drawn from: the open graph, and the service that evaluates."""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from functools import cached_property
from threading import Lock, Thread
from typing import Any, TypeVar

import pyoxigraph as ox
from flask import current_app, g, has_app_context

from kg import Graph, open_graph
from kg.store import CURRENT, REPORT
from server.service import Page, Service
from server.settings import Config

T = TypeVar("T")
_WITHOUT_TEXTS = Graph(ox.Store(), {"texts": []})


class Served:
    """The graph that is served, opened once for each build, and what evaluates queries.

    Attributes:
        config: how this copy is run.
        service: that evaluates.
    """

    def __init__(self, config: Config, service: Service | None) -> None:
        self.config = config
        self._lock = Lock()
        self._build = self._current()
        self._graph = open_graph(config.build) if self.has_texts else _WITHOUT_TEXTS
        self._own = service is None
        self.service = service or Service(config)

    @property
    def has_texts(self) -> bool:
        """Return whether a build is served, and no other data."""
        return not (self.config.data or self.config.store)

    @property
    def graph(self) -> Graph:
        """Return the graph of the current build; a new one is opened by the next request after it.

        Where other data are served, the pages of texts have an empty one.

        Raises: NoGraph, if a new build cannot be opened.
        """
        build = self._current()
        with self._lock:
            if build and build != self._build:
                self._graph = open_graph(self.config.build)
                self._build = build
            return self._graph

    @property
    def build(self) -> str:
        """Return the name of the current build, a digest of what it was made from."""
        return self._current().decode().strip()

    @property
    def modified(self) -> datetime | None:
        """Return when the current build was made: a build of the same sources is never anew."""
        report = self.config.build / self.build / REPORT
        if not (self.build and report.is_file()):
            return None
        return datetime.fromtimestamp(int(report.stat().st_mtime), tz=UTC)

    def page(
        self,
        query: str,
        client: str,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
    ) -> Page:
        """Return the answer to a user's query, as much of it as a page shows.

        Raises: Problem and BadQuery, if there is none.
        """
        return self._in_loop(self.service.page(query, client, default_graphs, named_graphs))

    @cached_property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop of the service: the server's, or under a WSGI server one of its own."""
        if not self._own:
            assert self.service.loop is not None, "requests come when the service has started"
            return self.service.loop
        loop = asyncio.new_event_loop()
        self._thread = Thread(target=_run, args=(loop,), daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.service.start(), loop).result()
        return loop

    def close(self) -> None:
        """End the processes of a service of our own, if it was ever asked."""
        if self._own and "loop" in vars(self):
            self._in_loop(self.service.close())
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join()

    def _in_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def _current(self) -> bytes:
        """Return what the pointer to the build says, the same all through a request."""
        if not has_app_context():
            return self._read()
        if "current_build" not in g:
            g.current_build = self._read()
        found: bytes = g.current_build
        return found

    def _read(self) -> bytes:
        if not self.has_texts:
            return b""
        try:
            return (self.config.build / CURRENT).read_bytes()
        except FileNotFoundError:  # the folder was removed; what is open is served on
            return b""


def _run(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_forever()
    loop.close()


def served() -> Served:
    """Return what the application of this request serves."""
    found = current_app.extensions["cassibile"]
    assert isinstance(found, Served), "create_app registers it"
    return found
