"""The process that writes to an on-disk store: the only one that has it open for writing.

Started as `python -m server.writer FD MEMORY OUTBOUND`. What crosses the socket are frames of
`server.channel`. A request is a line of JSON, in some followed by bytes; it has a number, and its
answer `A` has the same. Kinds of requests, what they have, and what their answers have:

- `O`, open: store, a folder, which is made if it is not there
- `B`, begin anew from a build and go on in what comes of it: build (its store), store (a folder to
  make), protected (graphs not to carry over from the store that is open); answers with protected
  (the graphs of the build) and aside (of each graph whose name the build has too, the new name)
- `U`, update: base (null or an IRI), prefixes; then the text, which is evaluated as it is
- `P`, put, and `M`, merge: graph (an IRI, null for the default graph), parts (of each its syntax,
  a name of `kg.formats`, and its length), base; then the parts; answers with created
- `D`, delete: graph; answers with existed
- `S`, snapshot: folder, to be made; answered at once, even while one of the others is at work
- `L`, load: path, syntax, base: the quads of a file, which a kill may leave half loaded
- `F`, finish: after many loads, put in order what was loaded

An answer with error has failed: "syntax" (of an update), "content" (of a graph or file),
"evaluation" or "store"; then message, and line and column, 0 where they are not known. Each write
but `L` is one transaction: after a failure, or if the process is killed, the store is as before
it or as after it.

MEMORY bounds the address space, in bytes; -1 is no bound. Without OUTBOUND the process leaves the
network where the system lets it.
"""

import gzip
import json
import os
import queue
import re
import sys
import threading
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import count, islice
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pyoxigraph as ox

from kg import formats
from kg.formats import Form
from server.channel import Channel, Frame, confine

_STACK = 64 << 20  # as deep as an update may nest, see kg.updates, with much room
# A file that is loaded in bulk makes files of the store, 6 ms each; a small one is better added.
_SMALL = 1_000_000
_BATCH = 50_000  # quads carried over at a time; a load keeps all of its own in memory
_PATIENCE = 1.0  # seconds for which a store may be locked by a process that is about to end
# The engine expands entities without limit: a kilobyte may become gigabytes. It takes a
# declaration anywhere, and in small letters too.
_DECLARATION = re.compile(rb"<!doctype", re.IGNORECASE)
_PLACE = re.compile(r"^.*?error (?:at|on|between)[^:]*: ")

Head = dict[str, Any]
Graph = ox.NamedNode | ox.DefaultGraph


class _Failed(Exception):
    """A request that has changed nothing."""

    def __init__(self, kind: str, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.answer = {"error": kind, "message": message, "line": line, "column": column}


class Writer:
    """The open store, and what is done to it."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._sending = threading.Lock()
        self._store: ox.Store | None = None
        self._writes: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self._handlers: dict[bytes, Callable[[Head, bytes], Head]] = {
            b"O": self._open,
            b"B": self._begin,
            b"U": self._update,
            b"P": self._put,
            b"M": self._merge,
            b"D": self._delete,
            b"S": self._snapshot,
            b"L": self._load,
            b"F": self._finish,
        }

    def run(self) -> None:
        """Answer until the web process is gone.

        Writes have a thread of their own, so that the state before a long one can be read.
        """
        threading.Thread(target=self._write, daemon=True).start()
        for frame in self._channel.requests():
            if frame.kind == b"S":
                self._answer(frame)
            else:
                self._writes.put(frame)

    def _write(self) -> None:
        with suppress(ConnectionError):
            while True:
                self._answer(self._writes.get())

    def _answer(self, frame: Frame) -> None:
        line, _, content = frame.payload.partition(b"\n")
        head = json.loads(line)
        try:
            answer = self._handlers[frame.kind](head, content)
        except _Failed as failed:
            answer = failed.answer
        except (OSError, RuntimeError, ValueError) as error:
            answer = _Failed("store", str(error)).answer
        written = json.dumps({**answer, "number": head["number"]}).encode()
        with self._sending:
            self._channel.send(Frame(b"A", written))

    @property
    def _opened(self) -> ox.Store:
        if self._store is None:
            raise _Failed("store", "no store is open")
        return self._store

    def _open(self, head: Head, _: bytes) -> Head:
        until = monotonic() + _PATIENCE
        while True:
            try:
                self._store = ox.Store(head["store"])
            except OSError as error:
                if "lock" not in str(error).lower() or monotonic() > until:
                    raise
                sleep(0.1)
            else:
                return {}

    def _begin(self, head: Head, _: bytes) -> Head:
        build = ox.Store.read_only(head["build"])
        build.backup(head["store"])  # hard links: the files of a store are never changed
        store = ox.Store(head["store"])
        protected = {graph.value for graph in build.named_graphs() if _is_named(graph)}
        written = self._written(set(head["protected"]))
        names = _names(written, protected)
        for name in names.values():
            store.add_graph(ox.NamedNode(name))
        quads = (
            ox.Quad(quad.subject, quad.predicate, quad.object, ox.NamedNode(name))
            for graph, name in names.items()
            for quad in self._opened.quads_for_pattern(None, None, None, ox.NamedNode(graph))
        )
        while batch := list(islice(quads, _BATCH)):
            store.bulk_extend(batch)
        store.flush()
        self._store = store
        aside = {graph: name for graph, name in names.items() if graph != name}
        return {"protected": sorted(protected), "aside": aside}

    def _written(self, protected: set[str]) -> list[str]:
        """Return the graphs of the open store that are not of the build it began from."""
        if self._store is None:
            return []
        graphs = {graph.value for graph in self._store.named_graphs() if _is_named(graph)}
        return sorted(graphs - protected)

    def _update(self, head: Head, content: bytes) -> Head:
        try:
            self._opened.update(content.decode(), base_iri=head["base"], prefixes=head["prefixes"])
        except SyntaxError as error:
            raise _Failed("syntax", str(error)) from error
        except (OSError, RuntimeError, ValueError) as error:
            raise _Failed("evaluation", str(error)) from error
        return {}

    def _put(self, head: Head, content: bytes) -> Head:
        graph = _graph(head["graph"])
        triples = _triples(head, content)
        exists = self._has(graph)
        if not exists:  # nothing to take away; to add is half the work of an update
            self._add(graph, triples)
        elif isinstance(graph, ox.DefaultGraph):
            self._opened.update(f"CLEAR DEFAULT ; INSERT DATA {{ {_block(triples)} }}")
        else:
            data = f"INSERT DATA {{ GRAPH {graph} {{ {_block(triples)} }} }}"
            self._opened.update(f"CLEAR GRAPH {graph} ; {data}")
        return {"created": not exists}

    def _merge(self, head: Head, content: bytes) -> Head:
        graph = _graph(head["graph"])
        triples = _triples(head, content)
        exists = self._has(graph)
        self._add(graph, triples)
        return {"created": not exists}

    def _delete(self, head: Head, _: bytes) -> Head:
        graph = _graph(head["graph"])
        exists = self._has(graph)
        if isinstance(graph, ox.DefaultGraph):
            self._opened.update("CLEAR DEFAULT")
        elif exists:
            self._opened.update(f"DROP GRAPH {graph}")
        return {"existed": exists}

    def _has(self, graph: Graph) -> bool:
        """Return whether there is such a graph, empty or not; the default graph always is."""
        return isinstance(graph, ox.DefaultGraph) or self._opened.contains_named_graph(graph)

    def _add(self, graph: Graph, triples: list[ox.Triple]) -> None:
        if triples:
            self._opened.extend(ox.Quad(s, p, o, graph) for s, p, o in triples)
        elif not isinstance(graph, ox.DefaultGraph):
            self._opened.add_graph(graph)

    def _snapshot(self, head: Head, _: bytes) -> Head:
        self._opened.backup(head["folder"])
        return {}

    def _load(self, head: Head, _: bytes) -> Head:
        path = Path(head["path"])
        syntax = formats.named(head["syntax"], formats.RDF_SYNTAXES)
        is_small = path.suffix != ".gz" and path.stat().st_size < _SMALL
        load = self._opened.load if is_small else self._opened.bulk_load
        try:
            with formats.opened(path) as file:
                load(file, format=syntax.engine, base_iri=head["base"])
        except SyntaxError as error:
            raise _broken(error) from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise _Failed("store", str(error)) from error
        return {}

    def _finish(self, _: Head, __: bytes) -> Head:
        self._opened.optimize()
        self._opened.flush()
        return {}


def _is_named(graph: object) -> bool:
    return isinstance(graph, ox.NamedNode)


def _names(written: Iterable[str], protected: set[str]) -> dict[str, str]:
    """Return the names that graphs get beside those of a build, which keeps its own.

    >>> _names(["urn:mine", "urn:new"], {"urn:new"})
    {'urn:mine': 'urn:mine', 'urn:new': 'urn:new/written'}
    """
    graphs = list(written)
    names: dict[str, str] = {graph: graph for graph in graphs if graph not in protected}
    taken = protected | set(graphs)
    for graph in graphs:
        if graph in protected:
            tried = (f"{graph}/written{'' if n == 1 else f'-{n}'}" for n in count(1))
            names[graph] = next(name for name in tried if name not in taken)
            taken.add(names[graph])
    return names


def _graph(name: str | None) -> Graph:
    return ox.DefaultGraph() if name is None else ox.NamedNode(name)


def _triples(head: Head, content: bytes) -> list[ox.Triple]:
    """Return what a client sent for one graph, in one part or more."""
    found, start = [], 0
    for syntax, length in head["parts"]:
        part = content[start : start + length]
        found += _parsed(part, formats.named(syntax, formats.RDF_SYNTAXES), head["base"])
        start += length
    return found


def _parsed(content: bytes, syntax: Form[ox.RdfFormat], base: str) -> list[ox.Triple]:
    """Return the triples of a document; its blank nodes are those of no other."""
    if syntax.name == "rdfxml" and (found := _DECLARATION.search(content)):
        line = content.count(b"\n", 0, found.start()) + 1
        message = "declarations (<!DOCTYPE) are not read; write out what the entities stand for"
        raise _Failed("content", message, line)
    try:
        quads = ox.parse(
            content,
            format=syntax.engine,
            base_iri=base,
            without_named_graphs=True,
            rename_blank_nodes=True,
        )
        return [quad.triple for quad in quads]
    except SyntaxError as error:
        raise _broken(error) from error


def _broken(error: SyntaxError) -> _Failed:
    message = _PLACE.sub("", str(error.msg))
    return _Failed("content", message, error.lineno or 0, error.offset or 0)


def _block(triples: Iterable[ox.Triple]) -> str:
    return " .\n".join(map(str, triples))


def main() -> None:
    """Serve one web process."""
    descriptor, memory, outbound = map(int, sys.argv[1:])
    channel = Channel(descriptor)
    confine(memory, outbound=bool(outbound))
    threading.stack_size(_STACK)
    with suppress(ConnectionError):
        Writer(channel).run()
    os._exit(0)  # in the midst of a write there is no one left to tell; it is undone


if __name__ == "__main__":
    main()
